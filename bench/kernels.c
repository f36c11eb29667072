/* How near the matrix kernels come to what this processor can do, in one run on one thread: an expert's projection of
 * 1024 inputs to 4096 outputs, 16 experts after another so that their weights come from memory, beside the peak of
 * multiply-adds in the same instruction set and the rate at which memory is read. Prints a Markdown table.
 *
 *     bench_kernels [table]     all tables this processor can run, or the named one */
#define _GNU_SOURCE
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    INPUTS = 1024,
    OUTPUTS = 4096,
    EXPERTS = 16,
    MOST_ROWS = 512,
    REPEATS = 7, /* the best one counts */
    PEAK_REPEATS = 50,
};

static const int ROWS[] = {1, 2, 4, 8, 16, 64, 128, 512};
enum { ROW_COUNTS = sizeof ROWS / sizeof ROWS[0] };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Huge pages where the kernel grants them: with small ones the walk of the page tables is what gets measured. */
static void *allocate(size_t bytes)
{
    const size_t huge = (size_t)2 << 20;
    bytes = (bytes + huge - 1) / huge * huge;
    void *memory = aligned_alloc(huge, bytes);
    if (memory == NULL) {
        fprintf(stderr, "bench_kernels: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static volatile float sink; /* keeps the compiler from leaving out what nobody uses */

/* The two limits of an instruction set: multiply-adds on registers alone, and the sum of all that lies in memory. */
#define DEFINE_LIMITS(NAME, TARGET, LANES, CHAINS)                                                                     \
    TARGET static double NAME##_flops(void)                                                                            \
    {                                                                                                                  \
        typedef float vector __attribute__((vector_size(4 * LANES)));                                                  \
        enum { TURNS = 1000000 };                                                                                      \
        vector sum[CHAINS], factor = (vector){0} + 0.999f;                                                             \
        for (int i = 0; i < CHAINS; i++)                                                                               \
            sum[i] = (vector){0} + (float)i + sink;                                                                    \
        const double start = seconds();                                                                                \
        for (int turn = 0; turn < TURNS; turn++) {                                                                     \
            _Pragma("GCC unroll 32") for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * factor + factor;               \
        }                                                                                                              \
        const double time = seconds() - start;                                                                         \
        for (int i = 0; i < CHAINS; i++)                                                                               \
            sink += sum[i][0];                                                                                         \
        return 2.0 * TURNS * CHAINS * LANES / time;                                                                    \
    }                                                                                                                  \
    TARGET static void NAME##_read(const void *memory, size_t bytes)                                                   \
    {                                                                                                                  \
        typedef float vector __attribute__((vector_size(4 * LANES)));                                                  \
        enum { CHAINS_READ = 8 };                                                                                      \
        const vector *from = memory;                                                                                   \
        vector sum[CHAINS_READ] = {{0}};                                                                               \
        for (size_t i = 0; i < bytes / sizeof *from; i += CHAINS_READ) {                                               \
            _Pragma("GCC unroll 8") for (int j = 0; j < CHAINS_READ; j++) sum[j] += from[i + j];                       \
        }                                                                                                              \
        for (int i = 0; i < CHAINS_READ; i++)                                                                          \
            sink += sum[i][0];                                                                                         \
    }

DEFINE_LIMITS(portable, , 4, 12)
#ifdef __x86_64__
DEFINE_LIMITS(avx2, __attribute__((target("avx2,fma"))), 8, 12)
DEFINE_LIMITS(avx512, __attribute__((target("avx512f,prefer-vector-width=512"))), 16, 24)
#endif

static const struct limits {
    const char *name; /* of the table of kernels */
    double (*flops)(void);
    void (*read)(const void *memory, size_t bytes);
} LIMITS[] = {
    {"portable", portable_flops, portable_read},
#ifdef __x86_64__
    {"avx2", avx2_flops, avx2_read},
    {"avx512", avx512_flops, avx512_read},
#endif
};
enum { LIMIT_COUNT = sizeof LIMITS / sizeof LIMITS[0] };

/* The operands of all measurements. */
struct work {
    char *weights;      /* EXPERTS matrices, one after another */
    float *x, *y;       /* (MOST_ROWS, INPUTS), (MOST_ROWS, OUTPUTS) */
    const float **rows; /* of x */
};

static struct work prepare(void)
{
    struct work work = {
        .weights = allocate(EXPERTS * packed_bytes(DTYPE_F32, OUTPUTS, INPUTS)),
        .x = allocate(sizeof(float) * MOST_ROWS * INPUTS),
        .y = allocate(sizeof(float) * MOST_ROWS * OUTPUTS),
        .rows = allocate(sizeof(float *) * MOST_ROWS),
    };
    /* Ordinary numbers in both types: 0x3c3c3c3c is 0.0115 in f32, and so is 0x3c3c in bf16. */
    memset(work.weights, 0x3c, EXPERTS * packed_bytes(DTYPE_F32, OUTPUTS, INPUTS));
    memset(work.y, 0, sizeof(float) * MOST_ROWS * OUTPUTS);
    for (int i = 0; i < MOST_ROWS * INPUTS; i++)
        work.x[i] = (float)(i % 7 - 3);
    for (int row = 0; row < MOST_ROWS; row++)
        work.rows[row] = work.x + row * INPUTS;
    return work;
}

static double best_flops(const struct limits *limits)
{
    double best = 0;
    for (int repeat = 0; repeat < PEAK_REPEATS; repeat++) {
        const double flops = limits->flops();
        best = flops > best ? flops : best;
    }
    return best;
}

/* Seconds to read all weights once. */
static double time_of_read(const struct limits *limits, const struct work *work, enum dtype dtype)
{
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = seconds();
        limits->read(work->weights, EXPERTS * packed_bytes(dtype, OUTPUTS, INPUTS));
        const double time = seconds() - start;
        best = time < best ? time : best;
    }
    return best;
}

/* Seconds to multiply `count` rows by every expert. */
static double time_of_experts(const struct kernels *kernels, const struct work *work, enum dtype dtype, int count)
{
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = seconds();
        for (int expert = 0; expert < EXPERTS; expert++) {
            const struct packed weight = {
                .panels = work->weights + (size_t)expert * packed_bytes(dtype, OUTPUTS, INPUTS),
                .outputs = OUTPUTS,
                .inputs = INPUTS,
                .dtype = dtype,
            };
            kernels->matmul(work->rows, count, &weight, work->y, OUTPUTS);
        }
        const double time = seconds() - start;
        best = time < best ? time : best;
    }
    return best;
}

static void print_row(const struct limits *limits, const struct kernels *kernels, const struct work *work,
                      enum dtype dtype)
{
    const double peak = best_flops(limits);
    const double bytes = (double)(EXPERTS * packed_bytes(dtype, OUTPUTS, INPUTS));
    printf("| %s %s | %.0f | %.1f |", kernels->name, dtype == DTYPE_F32 ? "f32" : "bf16", peak / 1e9,
           bytes / time_of_read(limits, work, dtype) / 1e9);
    for (int i = 0; i < ROW_COUNTS; i++) {
        const double time = time_of_experts(kernels, work, dtype, ROWS[i]);
        const double flops = 2.0 * EXPERTS * INPUTS * OUTPUTS * ROWS[i] / time;
        printf(" %.1f (%.0f%%)", flops / 1e9, 100 * flops / peak);
        if (ROWS[i] == 1)
            printf(", %.1f GB/s", bytes / time / 1e9);
        printf(" |");
        fflush(stdout);
    }
    printf("\n");
}

static void print_processor(void)
{
    char line[256] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "model name", 10) != 0)
        continue;
    if (file != NULL)
        fclose(file);
    const char *name = strchr(line, ':');
    printf("Processor: %s\n", name != NULL ? name + 2 : "unknown\n");
}

static void print_head(void)
{
    print_processor();
    printf("Rows of %d inputs by %d experts of %d outputs, one thread: GFLOP/s (part of the peak).\n\n", INPUTS,
           EXPERTS, OUTPUTS);
    printf("| kernels | peak GFLOP/s | read GB/s |");
    for (int i = 0; i < ROW_COUNTS; i++)
        printf(" %d |", ROWS[i]);
    printf("\n|---|--:|--:|");
    for (int i = 0; i < ROW_COUNTS; i++)
        printf("--:|");
    printf("\n");
}

int main(int argument_count, char **arguments)
{
    const struct work work = prepare();
    print_head();
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct kernels *kernels = kernels_named(LIMITS[i].name);
        if (kernels == NULL || (argument_count > 1 && strcmp(arguments[1], kernels->name) != 0))
            continue;
        print_row(&LIMITS[i], kernels, &work, DTYPE_F32);
        print_row(&LIMITS[i], kernels, &work, DTYPE_BF16);
    }
    free(work.weights);
    free(work.x);
    free(work.y);
    free(work.rows);
    return 0;
}
