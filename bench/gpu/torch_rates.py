"""torch's matmul and grouped matmul at as many FLOPs as the MoE layer of moe-layer.lua: two rows of the table.

    torch_rates.py RATE        the layer's own, TFLOP/s
"""

import statistics
import sys

import torch

PAIRS, HIDDEN, EXPERT_HIDDEN, EXPERTS = 8192 * 2, 4096, 14336, 8
WARM_UP, RUNS = 3, 11


def values(*shape):
    return (torch.rand(shape, device="cuda", dtype=torch.float32) - 0.5).to(torch.bfloat16)


def tflops(work):
    times = []
    for _ in range(WARM_UP + RUNS):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return 2 * PAIRS * 3 * EXPERT_HIDDEN * HIDDEN / statistics.median(times[WARM_UP:]) / 1e12


def row(layer, what, goal, rate):
    print(f"| MoE layer / torch's {what} | {layer / rate:.2f} | {goal} | torch {torch.__version__}: {rate:.1f} TFLOP/s |")


def main():
    layer = float(sys.argv[1])
    rows, weight = values(PAIRS, HIDDEN), values(HIDDEN, 3 * EXPERT_HIDDEN)
    row(layer, "matmul", ">= 0.80", tflops(lambda: torch.matmul(rows, weight)))
    del weight
    if not hasattr(torch, "_grouped_mm"):
        print("this torch has no grouped matmul: it is not measured", file=sys.stderr)
        return
    gate_up = values(EXPERTS, 2 * EXPERT_HIDDEN, HIDDEN).transpose(1, 2)
    down = values(EXPERTS, HIDDEN, EXPERT_HIDDEN).transpose(1, 2)
    product = values(PAIRS, EXPERT_HIDDEN)
    ends = torch.arange(1, EXPERTS + 1, device="cuda", dtype=torch.int32) * (PAIRS // EXPERTS)

    def both():
        torch._grouped_mm(rows, gate_up, offs=ends)
        torch._grouped_mm(product, down, offs=ends)

    row(layer, "grouped matmul", "", tflops(both))


main()
