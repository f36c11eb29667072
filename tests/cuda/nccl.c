/* The tests' NCCL does what NCCL does: sums, gathers and messages between processes, whatever the schedules. */
#include "ranks.h"

#include "run_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SEEDS = 4, COUNTS = 5, LARGE = 20000 };
static const size_t counts[COUNTS] = {1, 7, 64, 1000, LARGE}; /* the last takes several chunks */

/* What rank `rank` gives at place i: whole and small, so that any order of a sum of 8 is exact in bf16 too. */
static float given(int rank, size_t i, int round)
{
    return (float)((rank * 5 + (int)(i % 31) + round * 3) % 16);
}

static float sum_of(int ranks, size_t i, int round)
{
    float sum = 0;
    for (int rank = 0; rank < ranks; rank++)
        sum += given(rank, i, round);
    return sum;
}

static void give(const struct side *side, int rank, void *device, ncclDataType_t type, size_t count, int round)
{
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = given(rank, i, round);
    put_values(side, device, type, values, count);
    free(values);
}

static void leave(const struct side *side, ncclComm_t comm)
{
    MUST(cudaStreamSynchronize(side->stream) == cudaSuccess);
    settle(comm, ncclCommFinalize(comm));
    MUST(ncclCommDestroy(comm) == ncclSuccess);
}

/* ---- all-reduce */

static void must_be_sum(const struct side *side, const void *device, ncclDataType_t type, size_t count, int round)
{
    float *values = malloc(count * sizeof *values);
    get_values(side, values, device, type, count);
    for (size_t i = 0; i < count; i++)
        MUST(values[i] == sum_of(side->ranks, i, round));
    free(values);
}

static void all_reduce(struct side *side)
{
    ncclComm_t comm = join(side, *(const ncclUniqueId *)side->context, side->rank, side->ranks);
    for (int c = 0; c < COUNTS * 2; c++) {
        ncclDataType_t type = c % 2 ? ncclBfloat16 : ncclFloat32;
        size_t count = counts[c / 2];
        void *sent = device_values(side, type, count), *received = device_values(side, type, count);
        give(side, side->rank, sent, type, count, c);
        settle(comm, ncclAllReduce(sent, received, count, type, ncclSum, comm, side->stream));
        must_be_sum(side, received, type, count, c);
        settle(comm, ncclAllReduce(sent, sent, count, type, ncclSum, comm, side->stream));
        must_be_sum(side, sent, type, count, c);
        MUST(cudaFree(sent) == cudaSuccess && cudaFree(received) == cudaSuccess);
    }
    leave(side, comm);
}

static void run(int ranks, unsigned seed, void (*body)(struct side *))
{
    ncclUniqueId id;
    ck_assert_int_eq(ncclGetUniqueId(&id), ncclSuccess);
    struct outcome outcome = run_ranks(ranks, seed, body, &id);
    must_succeed(&outcome);
    char path[NCCL_UNIQUE_ID_BYTES + 16];
    snprintf(path, sizeof path, "/dev/shm%s", id.internal);
    ck_assert_msg(access(path, F_OK) != 0, "%s is left", path);
}

static const int sizes[] = {1, 2, 3, 8};

START_TEST(sums_are_the_same_on_all)
{
    run(sizes[_i % 4], (unsigned)_i / 4, all_reduce);
}
END_TEST

/* Numbers whose sum depends on the order: what every rank got goes to memory that the ranks share. */
struct order {
    ncclUniqueId id;
    float sums[RANKS][2];
};

static void sum_in_some_order(struct side *side)
{
    struct order *order = side->context;
    static const float numbers[4] = {3e8f, 1, -3e8f, 17};
    ncclComm_t comm = join(side, order->id, side->rank, side->ranks);
    void *device = device_values(side, ncclFloat32, 2);
    put_values(side, device, ncclFloat32, (float[]){numbers[side->rank], numbers[side->rank]}, 2);
    settle(comm, ncclAllReduce(device, device, 2, ncclFloat32, ncclSum, comm, side->stream));
    get_values(side, order->sums[side->rank], device, ncclFloat32, 2);
    leave(side, comm);
}

START_TEST(order_of_sum_differs_by_seed_but_not_by_rank)
{
    struct order *order = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(order, MAP_FAILED);
    bool differs = false;
    float first = 0;
    for (unsigned seed = 2; seed < 12; seed++) {
        ck_assert_int_eq(ncclGetUniqueId(&order->id), ncclSuccess);
        struct outcome outcome = run_ranks(4, seed, sum_in_some_order, order);
        must_succeed(&outcome);
        for (int rank = 1; rank < 4; rank++)
            ck_assert_mem_eq(order->sums[rank], order->sums[0], sizeof order->sums[0]);
        first = seed == 2 ? order->sums[0][1] : first;
        differs = differs || order->sums[0][1] != first;
    }
    munmap(order, sizeof *order);
    ck_assert_msg(differs, "ten seeds add up in the same order");
}
END_TEST

/* ---- all-gather */

static void must_be_gathered(const struct side *side, const void *device, ncclDataType_t type, size_t count, int round)
{
    size_t all = count * (size_t)side->ranks;
    float *values = malloc(all * sizeof *values);
    get_values(side, values, device, type, all);
    for (size_t i = 0; i < all; i++)
        MUST(values[i] == given((int)(i / count), i % count, round));
    free(values);
}

static void all_gather(struct side *side)
{
    ncclComm_t comm = join(side, *(const ncclUniqueId *)side->context, side->rank, side->ranks);
    for (int c = 0; c < COUNTS * 2; c++) {
        ncclDataType_t type = c % 2 ? ncclBfloat16 : ncclFloat32;
        size_t count = counts[c / 2], all = count * (size_t)side->ranks;
        void *sent = device_values(side, type, count), *received = device_values(side, type, all);
        give(side, side->rank, sent, type, count, c);
        settle(comm, ncclAllGather(sent, received, count, type, comm, side->stream));
        must_be_gathered(side, received, type, count, c);
        unsigned char *own = (unsigned char *)received + count * (size_t)side->rank * (type == ncclBfloat16 ? 2 : 4);
        MUST(cudaMemsetAsync(received, 0xff, all * (type == ncclBfloat16 ? 2 : 4), side->stream) == cudaSuccess);
        give(side, side->rank, own, type, count, c + 1);
        settle(comm, ncclAllGather(own, received, count, type, comm, side->stream));
        must_be_gathered(side, received, type, count, c + 1);
        MUST(cudaFree(sent) == cudaSuccess && cudaFree(received) == cudaSuccess);
    }
    leave(side, comm);
}

START_TEST(gathers_put_all_in_order)
{
    run(sizes[_i % 4], (unsigned)_i / 4, all_gather);
}
END_TEST

/* ---- all-to-all */

/* How much rank `from` sends to rank `to`: nothing, little, or several chunks. */
static size_t load(int from, int to, int round)
{
    static const size_t loads[] = {0, 1, 40, 9000, 300};
    return loads[(from * 3 + to + round) % 5];
}

struct pile {
    void *sent[RANKS], *received[RANKS];
};

/* One exchange with all, oneself too, in one group; the order of the calls in it differs from rank to rank. */
static void exchange(const struct side *side, ncclComm_t comm, int rank, int ranks, int round)
{
    struct pile pile;
    float *values = malloc(9000 * sizeof *values);
    for (int i = 0; i < ranks; i++) {
        size_t out = load(rank, i, round);
        pile.sent[i] = device_values(side, ncclFloat32, out);
        pile.received[i] = device_values(side, ncclFloat32, load(i, rank, round));
        if (out)
            give(side, rank * RANKS + i, pile.sent[i], ncclFloat32, out, round);
    }
    MUST(ncclGroupStart() == ncclSuccess);
    for (int k = 0; k < ranks; k++) {
        int i = (rank + k + round) % ranks;
        MUST(ncclSend(pile.sent[i], load(rank, i, round), ncclFloat32, i, comm, side->stream) == ncclSuccess);
        MUST(ncclRecv(pile.received[i], load(i, rank, round), ncclFloat32, i, comm, side->stream) == ncclSuccess);
    }
    settle(comm, ncclGroupEnd());
    for (int i = 0; i < ranks; i++) {
        size_t in = load(i, rank, round);
        get_values(side, values, pile.received[i], ncclFloat32, in);
        for (size_t j = 0; j < in; j++)
            MUST(values[j] == given(i * RANKS + rank, j, round));
        MUST(cudaFree(pile.sent[i]) == cudaSuccess && cudaFree(pile.received[i]) == cudaSuccess);
    }
    free(values);
}

static void all_to_all(struct side *side)
{
    ncclComm_t comm = join(side, *(const ncclUniqueId *)side->context, side->rank, side->ranks);
    for (int round = 0; round < 5; round++)
        exchange(side, comm, side->rank, side->ranks, round);
    leave(side, comm);
}

START_TEST(groups_exchange_with_all)
{
    run(sizes[_i % 4], (unsigned)_i / 4, all_to_all);
}
END_TEST

/* Several messages of one way in a group arrive in their order, long ones before short ones too. */
static void send_several(struct side *side)
{
    enum { MESSAGES = 3 };
    static const size_t lengths[MESSAGES] = {LARGE, 1, 9000};
    ncclComm_t comm = join(side, *(const ncclUniqueId *)side->context, side->rank, side->ranks);
    int next = (side->rank + 1) % side->ranks, last = (side->rank + side->ranks - 1) % side->ranks;
    void *sent[MESSAGES], *received[MESSAGES];
    for (int i = 0; i < MESSAGES; i++) {
        sent[i] = device_values(side, ncclFloat32, lengths[i]);
        received[i] = device_values(side, ncclFloat32, lengths[i]);
        give(side, side->rank, sent[i], ncclFloat32, lengths[i], i);
    }
    MUST(ncclGroupStart() == ncclSuccess);
    for (int i = 0; i < MESSAGES; i++)
        MUST(ncclRecv(received[i], lengths[i], ncclFloat32, last, comm, side->stream) == ncclSuccess);
    for (int i = 0; i < MESSAGES; i++)
        MUST(ncclSend(sent[i], lengths[i], ncclFloat32, next, comm, side->stream) == ncclSuccess);
    settle(comm, ncclGroupEnd());
    for (int i = 0; i < MESSAGES; i++) {
        float value = 0;
        get_values(side, &value, (float *)received[i] + lengths[i] - 1, ncclFloat32, 1);
        MUST(value == given(last, lengths[i] - 1, i));
        MUST(cudaFree(sent[i]) == cudaSuccess && cudaFree(received[i]) == cudaSuccess);
    }
    leave(side, comm);
}

START_TEST(messages_of_one_way_stay_in_order)
{
    run(sizes[_i % 4], (unsigned)_i / 4, send_several);
}
END_TEST

/* ---- several communicators: rank = row * 2 + column; rows and columns each have one */

struct grid {
    ncclUniqueId rows[4], columns[2], stages;
};

/* From stage to stage without groups, as a pipeline does. */
static void pass_on(const struct side *side, ncclComm_t stages, int round)
{
    void *device = device_values(side, ncclFloat32, LARGE);
    float value = 0;
    if (side->rank > 0)
        settle(stages, ncclRecv(device, LARGE, ncclFloat32, side->rank - 1, stages, side->stream));
    else
        give(side, 0, device, ncclFloat32, LARGE, round);
    if (side->rank < side->ranks - 1)
        settle(stages, ncclSend(device, LARGE, ncclFloat32, side->rank + 1, stages, side->stream));
    get_values(side, &value, (float *)device + LARGE - 1, ncclFloat32, 1);
    MUST(value == given(0, LARGE - 1, round));
    MUST(cudaFree(device) == cudaSuccess);
}

static void use_grid(struct side *side)
{
    const struct grid *grid = side->context;
    int row = side->rank / 2, column = side->rank % 2;
    ncclComm_t along_row = join(side, grid->rows[row], column, 2);
    ncclComm_t along_column = join(side, grid->columns[column], row, 4);
    ncclComm_t stages = join(side, grid->stages, side->rank, 8);
    void *device = device_values(side, ncclBfloat16, 1000);
    float value = 0;
    for (int round = 0; round < 4; round++) {
        exchange(side, along_column, row, 4, round);
        give(side, side->rank, device, ncclBfloat16, 1000, round);
        settle(along_row, ncclAllReduce(device, device, 1000, ncclBfloat16, ncclSum, along_row, side->stream));
        settle(along_column, ncclAllReduce(device, device, 1000, ncclBfloat16, ncclSum, along_column, side->stream));
        get_values(side, &value, (unsigned char *)device + 2 * 999, ncclBfloat16, 1);
        MUST(value == sum_of(8, 999, round));
        pass_on(side, stages, round);
    }
    MUST(cudaFree(device) == cudaSuccess);
    leave(side, along_row);
    leave(side, along_column);
    leave(side, stages);
}

START_TEST(communicators_share_processes)
{
    struct grid grid;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ncclGetUniqueId(&grid.rows[i]), ncclSuccess);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(ncclGetUniqueId(&grid.columns[i]), ncclSuccess);
    ck_assert_int_eq(ncclGetUniqueId(&grid.stages), ncclSuccess);
    struct outcome outcome = run_ranks(8, (unsigned)_i, use_grid, &grid);
    must_succeed(&outcome);
}
END_TEST

/* ---- graphs */

static void replay(struct side *side)
{
    ncclComm_t comm = join(side, *(const ncclUniqueId *)side->context, side->rank, side->ranks);
    int next = (side->rank + 1) % side->ranks, last = (side->rank + side->ranks - 1) % side->ranks;
    void *own = device_values(side, ncclFloat32, LARGE), *other = device_values(side, ncclFloat32, LARGE);
    cudaGraph_t graph = NULL;
    cudaGraphExec_t executable = NULL;
    MUST(cudaStreamBeginCapture(side->stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    MUST(ncclGroupStart() == ncclSuccess);
    MUST(ncclSend(own, LARGE, ncclFloat32, next, comm, side->stream) == ncclSuccess);
    MUST(ncclRecv(other, LARGE, ncclFloat32, last, comm, side->stream) == ncclSuccess);
    settle(comm, ncclGroupEnd());
    settle(comm, ncclAllReduce(own, own, LARGE, ncclFloat32, ncclSum, comm, side->stream));
    MUST(cudaStreamEndCapture(side->stream, &graph) == cudaSuccess);
    MUST(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
    for (int round = 0; round < 3; round++) {
        float value = 0;
        give(side, side->rank, own, ncclFloat32, LARGE, round);
        MUST(cudaGraphLaunch(executable, side->stream) == cudaSuccess);
        must_be_sum(side, own, ncclFloat32, LARGE, round);
        get_values(side, &value, (float *)other + LARGE - 1, ncclFloat32, 1);
        MUST(value == given(last, LARGE - 1, round));
    }
    MUST(cudaGraphExecDestroy(executable) == cudaSuccess && cudaGraphDestroy(graph) == cudaSuccess);
    leave(side, comm);
}

START_TEST(graphs_replay_operations)
{
    run(sizes[1 + _i % 3], (unsigned)_i / 3, replay);
}
END_TEST

int main(void)
{
    TCase *works = tcase_create("works");
    tcase_add_loop_test(works, sums_are_the_same_on_all, 0, 4 * SEEDS);
    tcase_add_test(works, order_of_sum_differs_by_seed_but_not_by_rank);
    tcase_add_loop_test(works, gathers_put_all_in_order, 0, 4 * SEEDS);
    tcase_add_loop_test(works, groups_exchange_with_all, 0, 4 * SEEDS);
    tcase_add_loop_test(works, messages_of_one_way_stay_in_order, 0, 4 * SEEDS);
    tcase_add_loop_test(works, communicators_share_processes, 0, SEEDS);
    tcase_add_loop_test(works, graphs_replay_operations, 0, 3 * SEEDS);
    tcase_set_timeout(works, 120);
    return run_case("nccl", works);
}
