/* What goes wrong on GPUs goes wrong in the tests' NCCL, and says what it was: each case plants a mistake and names the
 * report that it must lead to. */
#include "ranks.h"

#include "run_case.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STANDS_STILL = 94, REFUSED = 97, COUNT = 256, SEEDS = 3 };

struct ids {
    ncclUniqueId first, second;
};

struct buffers {
    void *sent, *received;
};

static struct buffers buffers_of(const struct side *side)
{
    struct buffers buffers = {device_values(side, ncclFloat32, COUNT), device_values(side, ncclFloat32, COUNT)};
    return buffers;
}

static ncclComm_t join_first(const struct side *side)
{
    const struct ids *ids = side->context;
    return join(side, ids->first, side->rank, side->ranks);
}

static struct outcome run(int ranks, unsigned seed, void (*body)(struct side *))
{
    struct ids ids;
    ck_assert_int_eq(ncclGetUniqueId(&ids.first), ncclSuccess);
    ck_assert_int_eq(ncclGetUniqueId(&ids.second), ncclSuccess);
    return run_ranks(ranks, seed, body, &ids);
}

static void finish(const struct side *side)
{
    MUST(cudaStreamSynchronize(side->stream) == cudaSuccess);
}

/* ---- orders that stand still */

/* Two ranks sum over two communicators; rank 1 the other way round. */
static void swap_order(struct side *side)
{
    const struct ids *ids = side->context;
    ncclComm_t comms[2] = {join(side, ids->first, side->rank, 2), join(side, ids->second, side->rank, 2)};
    struct buffers buffers = buffers_of(side);
    void *places[2] = {buffers.sent, buffers.received};
    for (int i = 0; i < 2; i++) {
        ncclComm_t comm = comms[i ^ side->rank];
        settle(comm, ncclAllReduce(places[i], places[i], COUNT, ncclFloat32, ncclSum, comm, side->stream));
    }
    finish(side);
}

START_TEST(swapped_order_of_communicators)
{
    struct outcome outcome = run(2, (unsigned)_i, swap_order);
    must_report(&outcome, 0, STANDS_STILL,
                "rank 0 waits in all-reduce number 1 of its communicator 1 for rank 1, which");
    must_report(&outcome, 1, STANDS_STILL,
                "rank 1 waits in all-reduce number 1 of its communicator 2 for rank 0, which");
    /* Whoever reports first sees the other wait. */
    ck_assert(strstr(outcome.output, "which waits in all-reduce number 1 of its communicator"));
}
END_TEST

/* The same, with a stream for each communicator: GPUs need not run both. */
static void swap_order_on_streams(struct side *side)
{
    const struct ids *ids = side->context;
    ncclComm_t comms[2] = {join(side, ids->first, side->rank, 2), join(side, ids->second, side->rank, 2)};
    struct buffers buffers = buffers_of(side);
    cudaStream_t other = NULL;
    MUST(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
    finish(side);
    settle(comms[0], ncclAllReduce(buffers.sent, buffers.sent, COUNT, ncclFloat32, ncclSum, comms[0], side->stream));
    settle(comms[1], ncclAllReduce(buffers.received, buffers.received, COUNT, ncclFloat32, ncclSum, comms[1], other));
    finish(side);
    MUST(cudaStreamSynchronize(other) == cudaSuccess);
}

/* Of many schedules, some pick different communicators on the two ranks. */
START_TEST(two_streams_may_stand_still)
{
    int stuck = 0;
    for (unsigned seed = 2; seed < 22 && !stuck; seed++) {
        struct outcome outcome = run(2, seed, swap_order_on_streams);
        stuck += outcome.status[0] == STANDS_STILL;
    }
    ck_assert_int_gt(stuck, 0);
}
END_TEST

/* Both send before they receive, outside of a group. */
static void send_first(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    settle(comm, ncclSend(buffers.sent, COUNT, ncclFloat32, 1 - side->rank, comm, side->stream));
    settle(comm, ncclRecv(buffers.received, COUNT, ncclFloat32, 1 - side->rank, comm, side->stream));
    finish(side);
}

START_TEST(send_against_send)
{
    struct outcome outcome = run(2, (unsigned)_i, send_first);
    must_report(&outcome, 0, STANDS_STILL, "rank 0 waits in send number 1 of its communicator 1 for rank 1, which");
    must_report(&outcome, 1, STANDS_STILL, "rank 1 waits in send number 1 of its communicator 1 for rank 0, which");
    ck_assert(strstr(outcome.output, "which waits in send number 1"));
}
END_TEST

/* Even one number is not buffered: a send ends only when its receive runs. */
static void send_twice(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    for (int i = 0; i < 2 - side->rank; i++)
        settle(comm, side->rank ? ncclRecv(buffers.received, 1, ncclFloat32, 0, comm, side->stream)
                                : ncclSend(buffers.sent, 1, ncclFloat32, 1, comm, side->stream));
    finish(side);
    await_state(comm, side->rank ? ncclRemoteError : ncclSuccess); /* stays until rank 0 gives up */
}

START_TEST(missing_receive)
{
    struct outcome outcome = run(2, (unsigned)_i, send_twice);
    must_report(&outcome, 0, STANDS_STILL,
                "rank 0 waits in send number 2 of its communicator 1 for rank 1, which runs no operation that waits");
    must_report(&outcome, 1, 0, "");
}
END_TEST

static void stay_away(struct side *side)
{
    if (side->rank)
        return;
    join_first(side);
}

START_TEST(missing_member)
{
    struct outcome outcome = run(2, (unsigned)_i, stay_away);
    must_report(&outcome, 0, STANDS_STILL, "rank 0 waits for all to join its communicator 1: 1 of 2 have");
}
END_TEST

/* ---- calls that do not match */

static void send_less(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    settle(comm, side->rank ? ncclRecv(buffers.received, COUNT, ncclFloat32, 0, comm, side->stream)
                            : ncclSend(buffers.sent, COUNT - 1, ncclFloat32, 1, comm, side->stream));
    finish(side);
}

START_TEST(mismatched_counts)
{
    struct outcome outcome = run(2, (unsigned)_i, send_less);
    must_report(&outcome, 1, REFUSED,
                "rank 1 of communicator 1 waits in receive number 1 (part 0, 256 x f32) for rank 0, which sends for "
                "send number 1 (part 0, 255 x f32)");
}
END_TEST

static void sum_and_gather(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    settle(comm, ncclAllReduce(buffers.sent, buffers.sent, COUNT, ncclFloat32, ncclSum, comm, side->stream));
    settle(comm, side->rank
                     ? ncclAllReduce(buffers.sent, buffers.sent, COUNT, ncclBfloat16, ncclSum, comm, side->stream)
                     : ncclAllGather(buffers.sent, buffers.received, COUNT / 2, ncclFloat32, comm, side->stream));
    finish(side);
}

START_TEST(mismatched_collectives)
{
    struct outcome outcome = run(2, (unsigned)_i, sum_and_gather);
    int refused = outcome.status[0] == REFUSED ? 0 : 1; /* whichever looks first */
    must_report(&outcome, refused, REFUSED, "number 2 (part 0, 256 x bf16)");
    must_report(&outcome, refused, REFUSED, "all-gather number 2 (part 0, 128 x f32)");
}
END_TEST

static void send_host_memory(struct side *side)
{
    static float values[COUNT];
    ncclComm_t comm = join_first(side);
    ncclAllReduce(values, values, COUNT, ncclFloat32, ncclSum, comm, side->stream);
}

START_TEST(host_memory)
{
    struct outcome outcome = run(2, (unsigned)_i, send_host_memory);
    must_report(&outcome, 0, REFUSED, "all-reduce of 256 x f32: its memory is not all in one allocation");
}
END_TEST

/* ---- peers that are gone */

static void wait_for_the_dead(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    finish(side);
    if (side->rank == 1)
        abort();
    settle(comm, ncclAllReduce(buffers.sent, buffers.sent, COUNT, ncclFloat32, ncclSum, comm, side->stream));
    await_state(comm, ncclRemoteError);
    MUST(cudaStreamQuery(side->stream) == cudaErrorNotReady); /* still there, as on a GPU, until it is aborted */
    MUST(ncclCommAbort(comm) == ncclSuccess);
    finish(side);
}

START_TEST(dead_peer)
{
    struct outcome outcome = run(3, (unsigned)_i, wait_for_the_dead);
    must_report(&outcome, 0, 0, "");
    must_report(&outcome, 2, 0, "");
}
END_TEST

/* As wait_for_the_dead, but the host waits for the stream and learns of nothing. */
static void wait_blindly(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    finish(side);
    if (side->rank == 1)
        abort();
    settle(comm, ncclRecv(buffers.sent, COUNT, ncclFloat32, 1, comm, side->stream));
    finish(side);
}

START_TEST(dead_peer_of_a_host_that_does_not_look)
{
    struct outcome outcome = run(2, (unsigned)_i, wait_blindly);
    must_report(&outcome, 0, STANDS_STILL,
                "rank 0 waits in receive number 1 of its communicator 1 for rank 1, which is gone");
}
END_TEST

/* Rank 0 waits for what never comes; rank 1 aborts after a while. */
static void abort_others(struct side *side)
{
    const struct timespec pause = {0, 50000000};
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    if (side->rank == 1) {
        nanosleep(&pause, NULL);
        MUST(ncclCommAbort(comm) == ncclSuccess);
        finish(side);
        return;
    }
    settle(comm, ncclRecv(buffers.received, COUNT, ncclFloat32, 1, comm, side->stream));
    await_state(comm, ncclRemoteError);
    MUST(ncclCommAbort(comm) == ncclSuccess);
    finish(side);
}

START_TEST(abort_releases_peers)
{
    struct outcome outcome = run(2, (unsigned)_i, abort_others);
    must_succeed(&outcome);
}
END_TEST

/* ---- what the host must wait for */

/* Of the polls that a communicator needs, some schedules need more than none; a call before them is refused. */
static void use_too_early(struct side *side)
{
    const struct ids *ids = side->context;
    ncclComm_t comm = NULL;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    struct buffers buffers = buffers_of(side);
    finish(side);
    MUST(ncclCommInitRankConfig(&comm, 2, ids->first, side->rank, &config) == ncclInProgress);
    MUST(ncclSend(buffers.sent, COUNT, ncclFloat32, 1, comm, side->stream) == ncclInvalidArgument);
    await_state(comm, ncclSuccess);
    MUST(ncclCommDestroy(comm) == ncclSuccess);
}

START_TEST(use_before_ready)
{
    struct outcome outcome = run(2, (unsigned)_i, use_too_early);
    must_succeed(&outcome);
}
END_TEST

/* An event that is recorded inside a group covers nothing of it: it passes although the message never comes. */
static void record_inside(struct side *side)
{
    ncclComm_t comm = join_first(side);
    struct buffers buffers = buffers_of(side);
    cudaEvent_t event = NULL;
    MUST(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
    MUST(ncclGroupStart() == ncclSuccess);
    MUST(ncclGroupStart() == ncclSuccess);
    MUST(ncclRecv(buffers.received, COUNT, ncclFloat32, 1 - side->rank, comm, side->stream) == ncclSuccess);
    MUST(ncclGroupEnd() == ncclSuccess);
    MUST(cudaEventRecord(event, side->stream) == cudaSuccess);
    settle(comm, ncclGroupEnd());
    MUST(cudaEventSynchronize(event) == cudaSuccess);
    MUST(cudaStreamQuery(side->stream) == cudaErrorNotReady);
    MUST(ncclCommAbort(comm) == ncclSuccess);
    finish(side);
}

START_TEST(event_inside_a_group)
{
    struct outcome outcome = run(2, (unsigned)_i, record_inside);
    must_succeed(&outcome);
}
END_TEST

int main(void)
{
    setenv("NCCL_ON_CPU_STANDSTILL", "0.3", 1);
    TCase *failures = tcase_create("failures");
    tcase_add_loop_test(failures, swapped_order_of_communicators, 0, SEEDS);
    tcase_add_test(failures, two_streams_may_stand_still);
    tcase_add_loop_test(failures, send_against_send, 0, SEEDS);
    tcase_add_loop_test(failures, missing_receive, 0, SEEDS);
    tcase_add_loop_test(failures, missing_member, 0, SEEDS);
    tcase_add_loop_test(failures, mismatched_counts, 0, SEEDS);
    tcase_add_loop_test(failures, mismatched_collectives, 0, SEEDS);
    tcase_add_loop_test(failures, host_memory, 0, SEEDS);
    tcase_add_loop_test(failures, dead_peer, 0, SEEDS);
    tcase_add_loop_test(failures, dead_peer_of_a_host_that_does_not_look, 0, SEEDS);
    tcase_add_loop_test(failures, abort_releases_peers, 0, SEEDS);
    tcase_add_loop_test(failures, use_before_ready, 0, SEEDS);
    tcase_add_loop_test(failures, event_inside_a_group, 0, SEEDS);
    tcase_set_timeout(failures, 120);
    return run_case("nccl_failures", failures);
}
