/* The layers of one GPU of 256, strategies/moe10b-256.lua's middle stages, in prefill: its schedule, both streams, but
 * nothing between GPUs (mirror.h), and no embedding nor head.
 *   bench-stack [PEAK]     TFLOP/s of the device, as its data sheet has it */
#include "rank.h"

#include <cstdlib>

extern "C" void schedule_prefill(struct gpu *r);

/* Of a step of `rows` rows from position `first` on; pairs: of rows and this rank's experts, over all layers. */
static double flops_of(int rows, int first, double pairs)
{
    const double positions = (double)rows * first + rows * (rows + 1.0) / 2;
    const double layer = 2.0 * rows * HIDDEN * (QKV + QUERY) + 4.0 * QUERY * positions + 2.0 * rows * HIDDEN * EXPERTS;
    return LAYERS * layer + pairs * 6 * HIDDEN * EXPERT_HIDDEN;
}

int main(int argc, char **argv)
{
    const double peak = argc > 1 ? atof(argv[1]) * 1e12 : 0;
    struct gpu *r = bench_open();
    double seconds = 0, flops = 0;
    int steps = 0;
    for (int first = 0; first + STEP_ROWS <= CONTEXT; first += STEP_ROWS, steps++) {
        bench_step(r, 1, STEP_ROWS, first, false);
        double pairs = 0;
        seconds += bench_seconds(
            r,
            [&] {
                bench_fill_rows(r);
                bench_load(r);
            },
            [&] { schedule_prefill(r); });
        for (uint64_t rows : bench_load(r))
            pairs += (double)rows;
        flops += flops_of(STEP_ROWS, first, pairs);
    }
    const double tokens = (double)steps * STEP_ROWS / (seconds * 1e3) / (TP * PP), rate = flops / seconds;
    const int side = HIDDEN < 8192 ? 4 * HIDDEN : (int)HIDDEN;
    const double dense = bench_dense_rate(r, side, side, side);
    bench_row("layer stack / dense matmul", "%.2f", rate / dense, "",
              "%.3f ms a step of %d rows, %.1f TFLOP/s; cuBLASLt, %d x %d x %d: %.1f TFLOP/s", seconds * 1e3 / steps,
              (int)STEP_ROWS, rate / 1e12, side, side, side, dense / 1e12);
    if (peak > 0)
        bench_row("layer stack, MFU", "%.0f %%", rate / peak * 100, ">= 60 %", "of the data sheet's %.0f TFLOP/s",
                  peak / 1e12);
    else
        bench_row("layer stack, MFU", "%.0f %%", rate / dense * 100, ">= 60 %",
                  "of the dense matmul; no preset has this device");
    bench_row("layer stack, tokens/ms/GPU", "%.1f", tokens, ">= 100",
              "%d rows a step over tp %d x pp %d GPUs, with a full pipeline; without wires, embedding and head",
              (int)STEP_ROWS, (int)TP, (int)PP);
    return 0;
}
