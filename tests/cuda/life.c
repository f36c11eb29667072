/* The life of a CUDA rank, on emulated GPUs: what it refuses to start on, what its steps bring the head, and how it
 * leaves when a peer is gone. */
#include "small_job.h"

#include "run_case.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct small_job job;

static void set_up(void)
{
    small_job_open(&job);
}

static void tear_down(void)
{
    small_job_close(&job);
}

/* ---- steps */

/* Of the order in which the emulated streams and blocks take turns: each test of steps runs under several. */
enum { SEEDS = 4 };

static void start_ready(int seed)
{
    char text[16];
    snprintf(text, sizeof text, "%d", seed);
    setenv("CUDA_ON_CPU_SEED", text, 1);
    small_job_start_all(&job);
    ck_assert_msg(small_job_ready(&job), "%s", small_job_control(&job, 0)->message);
}

enum { UNTOUCHED = 0x7f7f7f7f };

/* The mailboxes of the last stage, after a step in which micro-batch m wanted the logits of wanted[m] rows. */
static void expect_results(int active, const int wanted[SMALL_MICRO_BATCHES], int first_token)
{
    for (int rank = SMALL_WORLD - SMALL_TP; rank < SMALL_WORLD; rank++)
        for (int m = 0; m < active; m++) {
            const float *logits = small_job_logits(&job, rank, m);
            for (int i = 0; i < wanted[m] * SMALL_SLICE; i++)
                ck_assert_float_eq(logits[i], small_job_value(i));
            if (wanted[m] > 0)
                ck_assert_int_eq(small_job_tokens(&job, rank, m)[0], first_token + m);
        }
}

static void expect_untouched(const void *words, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(((const int32_t *)words)[i], UNTOUCHED);
}

START_TEST(a_step_brings_what_is_wanted)
{
    start_ready(_i);
    /* Rows 0-2 are micro-batch A's, rows 3-6 B's. */
    ck_assert(small_job_step(&job, false, 2, 7, 50, 0x04 | 0x38));
    expect_results(2, (int[]){1, 3}, 50);
    for (int rank = 2; rank < SMALL_WORLD; rank++) {
        expect_untouched(small_job_logits(&job, rank, 0) + SMALL_SLICE, 3 * SMALL_SLICE);
        expect_untouched(small_job_logits(&job, rank, 1) + 3 * SMALL_SLICE, SMALL_SLICE);
        expect_untouched(small_job_tokens(&job, rank, 0) + 1, 3);
    }
    small_job_end(&job, JOB_DONE);
    for (int rank = 0; rank < SMALL_WORLD; rank++) {
        ck_assert_int_eq(job.statuses[rank], EXIT_DONE);
        ck_assert_uint_eq(small_job_load(&job, rank)->header.rows, 7); /* of all stages, read when all have ended */
        ck_assert_uint_gt(atomic_load(&small_job_control(&job, rank)->resident_bytes), 40 << 20);
    }
}
END_TEST

START_TEST(a_micro_batch_out_of_use_is_left_alone)
{
    start_ready(_i);
    ck_assert(small_job_step(&job, false, 1, 2, 9, 3));
    expect_results(1, (int[]){2, 0}, 9);
    for (int rank = 2; rank < SMALL_WORLD; rank++)
        expect_untouched(small_job_tokens(&job, rank, 1), SMALL_LOGIT_ROWS);
    small_job_end(&job, JOB_DONE);
}
END_TEST

/* Graphs are captured for one micro-batch and for two, and replayed with other headers, prefills between them. */
START_TEST(decode_is_replayed_with_each_steps_header)
{
    start_ready(_i);
    for (int step = 0; step < 12; step++) {
        int active = 1 + step / 2 % 2, token = 1000 + 10 * step;
        ck_assert(small_job_step(&job, step % 5 != 4, active, active, token, 3));
        expect_results(active, (int[]){1, 1}, token);
        for (int rank = 2; rank < SMALL_WORLD; rank++) {
            const struct small_load *load = small_job_load(&job, rank);
            ck_assert_uint_eq(load->header.decode, step % 5 != 4);
            ck_assert_uint_eq(load->header.active, (uint32_t)active);
            ck_assert_uint_eq(load->table, (uint32_t)token + 5);
            ck_assert_uint_eq(load->never_written, 0); /* the arena begins as zeros */
        }
    }
    small_job_end(&job, JOB_DONE);
    for (int rank = 0; rank < SMALL_WORLD; rank++)
        ck_assert_int_eq(job.statuses[rank], EXIT_DONE);
}
END_TEST

/* ---- what a rank refuses to start on */

static const struct {
    const char *variable, *value;
    const char *more[2];
    const char *says;
} REFUSED[] = {
    {"CUDA_ON_CPU_DRIVER", "0", {NULL}, "this machine has no NVIDIA driver ("},
    {"CUDA_ON_CPU_DRIVER",
     "12040",
     {NULL},
     "the NVIDIA driver knows CUDA 12.4, this program is built with 13.0; install a newer driver"},
    {"CUDA_ON_CPU_DEVICES", "0", {NULL}, "no usable GPU: "},
    {"CUDA_ON_CPU_DEVICES",
     "1",
     {NULL},
     "takes GPU 1, but CUDA shows 1; start fewer ranks on this machine, or set CUDA_VISIBLE_DEVICES or --gpu"},
    {"UNUSED", "", {"--gpu", "9"}, "takes GPU 9, but CUDA shows 8; "},
    {"CUDA_ON_CPU_CAPABILITY", "75", {NULL}, "GPU 1 has compute capability 7.5; 8.0 or newer is needed"},
    {"CUDA_ON_CPU_MEMORY_MIB",
     "20",
     {NULL},
     "GPU 1 has 0.02 of 0.02 GiB free, the plan needs 0.03 GiB; end what else "},
    {"RANKC_NCCL",
     "/nowhere/libnccl.so",
     {NULL},
     "NCCL cannot be opened: /nowhere/libnccl.so: cannot open shared object file: No such file or directory; install "
     "NCCL, or name its file in RANKC_NCCL"},
    {"RANKC_NCCL",
     TEST_OLD_LIBRARY,
     {NULL},
     TEST_OLD_LIBRARY " is NCCL 2.17.1; install 2.18 or newer, or name its file in RANKC_NCCL"},
    {"RANKC_CUBLASLT",
     "/nowhere/libcublasLt.so",
     {NULL},
     "cuBLASLt cannot be opened: /nowhere/libcublasLt.so: cannot open shared object file: "},
    {"RANKC_CUBLASLT",
     TEST_OLD_LIBRARY,
     {NULL},
     TEST_OLD_LIBRARY " lacks cublasLtGetVersion; install a newer cuBLASLt"},
    {"UNUSED", "", {"--kernels", "avx2"}, "--kernels names kernels of processors, and this rank is built for a GPU"},
};

START_TEST(a_machine_that_will_not_do_is_refused)
{
    job.ledger_bytes = 30 << 20;
    const char *more[] = {REFUSED[_i].more[0], REFUSED[_i].more[1], NULL};
    setenv(REFUSED[_i].variable, REFUSED[_i].value, 1);
    small_job_start(&job, 1, more);
    ck_assert_int_eq(small_job_wait(&job, 1), EXIT_RANK_FAILED);
    const char *message = small_job_control(&job, 1)->message;
    size_t length = strlen(REFUSED[_i].says), room = sizeof small_job_control(&job, 1)->message - 1;
    ck_assert_msg(strncmp(message, REFUSED[_i].says, length < room ? length : room) == 0, "%s", message);
    ck_assert_uint_eq(atomic_load(&job.job->culprit), 2);
}
END_TEST

/* ---- peers that are gone */

/* The test does not end the job, as the head of another machine would not: ranks find out by themselves. */
START_TEST(without_a_head_survivors_name_who_is_gone)
{
    bool decode = _i;
    if (!decode)
        job.mishap = (struct mishap){.rank = 3, .step = 2, .kind = MISHAP_DIES};
    start_ready(_i);
    ck_assert(small_job_step(&job, decode, 1, 1, 0, 1));
    if (decode) /* before the graph, which all have by now, is replayed */
        kill(job.ranks[3], SIGKILL);
    ck_assert(!small_job_step(&job, decode, 1, 1, 0, 1));
    for (int rank = 0; rank < 3; rank++) {
        ck_assert_int_eq(small_job_wait(&job, rank), EXIT_RANK_FAILED);
        ck_assert_str_eq(small_job_control(&job, rank)->message, "rank 3 is gone");
    }
    ck_assert_int_eq(small_job_wait(&job, 3), -SIGKILL);
    ck_assert_uint_eq(atomic_load(&job.job->culprit), 4);
    ck_assert_uint_eq(atomic_load(&small_job_control(&job, 2)->waits_for), 4);
    /* What its host had enqueued was further on. */
    ck_assert_uint_eq(atomic_load(&small_job_control(&job, 2)->op), decode ? (uint32_t)OP_WHOLE_STEP : 2);
}
END_TEST

START_TEST(with_a_head_survivors_say_where_they_were)
{
    job.mishap = (struct mishap){.rank = 3, .step = 1, .kind = _i ? MISHAP_STOPS : MISHAP_DIES};
    start_ready(_i);
    small_job_begin_step(&job, false, 1, 1, 0, 1);
    /* The head ends the job when rank 2 has missed the dead one; or, for it cannot see that one stands still, waits. */
    const struct rank_control *control = small_job_control(&job, 2);
    while (_i == 0 ? atomic_load(&control->waits_for) != 4 : atomic_load(&control->op) != 3)
        usleep(1000);
    usleep(_i == 0 ? 0 : 500000); /* op 1, which waits for nobody, ends meanwhile */
    atomic_store(&job.job->end, JOB_ABORTED);
    for (int rank = 0; rank < 3; rank++)
        ck_assert_int_eq(small_job_wait(&job, rank), EXIT_RANK_FAILED);
    ck_assert_uint_eq(atomic_load(&job.job->culprit), 0); /* the head names who it was */
    ck_assert_str_eq(control->message,
                     _i ? "waited in op 2 \"layer 0 sum\"" : "waited for rank 3 in op 2 \"layer 0 sum\"");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("life");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_step_brings_what_is_wanted, 0, SEEDS);
    tcase_add_loop_test(cases, a_micro_batch_out_of_use_is_left_alone, 0, SEEDS);
    tcase_add_loop_test(cases, decode_is_replayed_with_each_steps_header, 0, SEEDS);
    tcase_add_loop_test(cases, a_machine_that_will_not_do_is_refused, 0, sizeof REFUSED / sizeof *REFUSED);
    tcase_add_loop_test(cases, without_a_head_survivors_name_who_is_gone, 0, 2);
    tcase_add_loop_test(cases, with_a_head_survivors_say_where_they_were, 0, 2);
    return run_case("life of a CUDA rank", cases);
}
