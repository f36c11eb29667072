/* An MoE layer against one dense product of as many FLOPs: moe-layer.lua's. */
#include "rank.h"

int main(void)
{
    struct gpu *r = bench_open();
    bench_step(r, 1, PREFILL_ROWS, 0, false);
    enum { GATHERED = 1 };
    const double seconds = bench_seconds(
        r, [&] { bench_fill_rows(r); },
        [&] {
            add_and_route(r, A, LAYER_0);
            gather(r, A, LAYER_0);
            record_compute(r, GATHERED);
            host_awaits(r, GATHERED);
            experts(r, A, LAYER_0);
            scatter(r, A, LAYER_0);
        });
    const int pairs = PREFILL_ROWS * TOP_K;
    const double rate = 2.0 * pairs * 3 * EXPERT_HIDDEN * HIDDEN / seconds;
    const double dense = bench_dense_rate(r, pairs, 3 * EXPERT_HIDDEN, HIDDEN);
    bench_row("MoE layer / dense matmul", "%.2f", rate / dense, ">= 0.80",
              "%.3f ms, %.1f TFLOP/s; cuBLASLt, as many FLOPs in one product: %.1f TFLOP/s", seconds * 1e3, rate / 1e12,
              dense / 1e12);
    return 0;
}
