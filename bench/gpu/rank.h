/* What the benchmarks of CUDA ranks share: a rank of the class at hand without a job, with weights at random, timed by
 * events. Where CUDA, cuBLASLt or a GPU is missing, the process ends with a line and status 1. */
#pragma once

#include "class.h"
#include "cuda/ops/matmul.h"

#include <algorithm>
#include <vector>

/* The first GPU, streams, arena, weights, and mirror.h in NCCL's place; the process lets go of them. */
struct gpu *bench_open(void);

/* The next step: of each of `sequences` sequences `rows` rows from position `first` on, all wanted in decode. Waits
 * until it is on the device. */
void bench_step(struct gpu *r, int sequences, int rows, int first, bool decode);

/* New values, as large as normed rows, in the residual stream and PARTIAL of every micro-batch. */
void bench_fill_rows(struct gpu *r);

/* Rows of each expert, by layer and slot, that were counted since the last call. */
std::vector<uint64_t> bench_load(struct gpu *r);

/* FLOP/s of one dense product through cuBLASLt, (rows, inputs) x (inputs, outputs). */
double bench_dense_rate(struct gpu *r, int rows, int outputs, int inputs);

/* Bytes read and written a second by copies within the device. */
double bench_copy_rate(struct gpu *r);

/* Seconds between two events around `work`, median; `prepare` comes before each and is not measured. */
double bench_elapsed(struct gpu *r, cudaEvent_t begin, cudaEvent_t end);
template <class Prepare, class Work> double bench_seconds(struct gpu *r, Prepare prepare, Work work)
{
    enum { WARM_UP = 3, RUNS = 11 };
    cudaEvent_t begin, end;
    std::vector<double> seconds;
    GPU_CHECK(r, cudaEventCreate(&begin));
    GPU_CHECK(r, cudaEventCreate(&end));
    for (int run = 0; run < WARM_UP + RUNS; run++) {
        prepare();
        GPU_CHECK(r, cudaEventRecord(begin, r->compute));
        work();
        GPU_CHECK(r, cudaEventRecord(end, r->compute));
        seconds.push_back(bench_elapsed(r, begin, end));
    }
    GPU_CHECK(r, cudaEventDestroy(begin));
    GPU_CHECK(r, cudaEventDestroy(end));
    std::sort(seconds.begin() + WARM_UP, seconds.end());
    return seconds[WARM_UP + RUNS / 2];
}

/* A row of the table: a figure, first; what is asked of it; what it comes from. Executed on a processor, the row says
 * that nothing was measured. */
void bench_row(const char *what, const char *figure_format, double figure, const char *goal, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
