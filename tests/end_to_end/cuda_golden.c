/* CUDA ranks, their generated sources and kernels executed on a processor (tests/cuda_on_cpu/), compute what the
 * reference computed: the shipped strategy for eight GPUs, and each axis of the grid on its own. Weights are bf16 as
 * they will be on GPUs; with f32 weights all of a rank is f32, which shows a wrong row or position as bf16 would not.
 * Built with RANKC_GPU_TESTS, for GPUs: a case that needs more than there are is skipped, with a line. */
#include "golden_cases.h"
#include "splittings.h"
#ifndef CUDA_ON_CPU
#include "cuda/devices.h"
#endif

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77 }; /* CTest's SKIP_RETURN_CODE */

static int gpus;

static const struct splitting *splitting_named(const char *name)
{
    for (size_t i = 0; i < splitting_count; i++)
        if (strcmp(splittings[i].name, name) == 0)
            return &splittings[i];
    ck_abort_msg("no way of splitting is called %s", name);
}

static bool are_enough(int ranks, const char *name)
{
    if (ranks > gpus)
        fprintf(stderr, "skipped: %s needs %d GPUs, there are %d\n", name, ranks, gpus);
    return ranks <= gpus;
}

static void expect_splitting(const char *name, const char *dtype, double tolerance)
{
    char strategy[PATH_ROOM];
    struct splitting splitting = *splitting_named(name);
    if (!are_enough(splitting.dp * splitting.pp * splitting.ep * splitting.tp, name))
        return;
    splitting.keys = dtype;
    write_splitting_on(strategy, &splitting, SHAKESPEARE, "device = \"cuda\", memory = \"4 GiB\"");
    expect_golden(name, &shakespeare, strategy, tolerance);
}

/* Replicas along dp do not meet: f32 would show nothing there that it does not show without them. */
START_TEST(each_axis_along_which_ranks_meet_agrees_in_f32)
{
    static const char *const axes[] = {"tp-2", "ep-2", "pp-2"};
    for (size_t i = 0; i < COUNT(axes); i++)
        expect_splitting(axes[i], "dtype = { weights = \"f32\" },", F32_TOLERANCE);
}
END_TEST

START_TEST(each_axis_agrees_in_bf16)
{
    static const char *const axes[] = {"single", "tp-2", "ep-2", "pp-2", "dp-2"};
    for (size_t i = 0; i < COUNT(axes); i++)
        expect_splitting(axes[i], "", BF16_TOLERANCE);
}
END_TEST

START_TEST(the_shipped_strategy_agrees)
{
    if (are_enough(8, "demo-8-cuda"))
        expect_golden("demo-8-cuda", &shakespeare, TEST_SOURCE_DIR "/strategies/demo-8-cuda.lua", BF16_TOLERANCE);
}
END_TEST

/* How many ranks can run: on a processor, any number. */
static int find_gpus(void)
{
#ifdef CUDA_ON_CPU
    setenv("RANKC_CUDA_ON_CPU", CUDA_ON_CPU, 1);
    setenv("LD_LIBRARY_PATH", CUDA_ON_CPU "/lib", 1);
    return INT_MAX;
#else
    char message[512];
    const int count = count_gpus(message, sizeof message);
    if (count == 0)
        fprintf(stderr, "no GPU: %s\n", message);
    return count;
#endif
}

int main(void)
{
    const TTest *const tests[] = {each_axis_along_which_ranks_meet_agrees_in_f32, each_axis_agrees_in_bf16,
                                  the_shipped_strategy_agrees};
    if (sanitized) { /* slow as fibers are; tests/cuda/ runs every op with sanitizers */
        puts("skipped: ranks whose kernels are executed are not built with sanitizers");
        return SKIPPED;
    }
    gpus = find_gpus();
    if (gpus == 0)
        return 1;
    return run_suite("cuda_golden", tests, COUNT(tests));
}
