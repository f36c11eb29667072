/* Rotary angles: the same for all layers and heads, so computed once a step. */
#include "ops/op.h"

#include <math.h>

void rotary(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "rotary angles"))
        return;
    struct slice slice = rows_of(r, m);
    float *angles = ARENA(r, m, ROTARY); /* (rows, head_dim): cosines, then sines */
    const double ratio = pow(ROPE_THETA, -2.0 / HEAD_DIM);
    for (int i = 0; i < slice.count; i++, angles += HEAD_DIM) {
        double frequency = 1.0;
        for (int pair = 0; pair < HEAD_DIM / 2; pair++, frequency *= ratio) {
            double angle = slice.rows[i].position * frequency;
            angles[pair] = (float)cos(angle);
            angles[HEAD_DIM / 2 + pair] = (float)sin(angle);
        }
    }
}
