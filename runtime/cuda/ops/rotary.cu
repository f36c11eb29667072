/* Rotary angles: the same for all layers and heads, so computed once a step. */
#include "cuda/ops/op.h"

enum { ROTARY_THREADS = 128, ROTARY_PAIRS = HEAD_DIM / 2 };

/* A thread a row and pair of values. The angle is f64, as it counts turns; what is left of the last turn fits f32. Rows
 * are few and this runs once a step: bounded by nothing that matters. */
__global__ void __launch_bounds__(ROTARY_THREADS) rotary_angles(const struct step_header *step, int m, float *angles)
{
    const struct slice slice = slice_of(step, m);
    const int at = (int)(blockIdx.x * ROTARY_THREADS + threadIdx.x), row = at / ROTARY_PAIRS, pair = at % ROTARY_PAIRS;
    if (row >= slice.count)
        return;
    const double turn = 6.283185307179586476925286766559;
    const double turns = slice.rows[row].position * pow((double)ROPE_THETA, -2.0 * pair / HEAD_DIM) / turn;
    float sine, cosine;
    sincosf((float)((turns - rint(turns)) * turn), &sine, &cosine);
    angles[row * HEAD_DIM + pair] = cosine;
    angles[row * HEAD_DIM + ROTARY_PAIRS + pair] = sine;
}

void rotary(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "rotary angles"))
        return;
    const unsigned blocks = (unsigned)(rows_of(r, m) * ROTARY_PAIRS + ROTARY_THREADS - 1) / ROTARY_THREADS;
    launch(r, r->compute, dim3(blocks), dim3(ROTARY_THREADS), 0, rotary_angles, step_of(r), (int)m,
           (float *)ARENA(r, m, ROTARY));
}
