/* Non-negative least squares for a handful of unknowns: coordinate descent on the normal equations, which ends at the
 * one minimum since the problem is convex. */
#include "tool/calibrate/fit.h"

#include <math.h>

enum { ROUNDS = 4000 };

void solve_non_negative(const double *rows, const double *values, const double *weights, int count, int unknowns,
                        double x[MOST_UNKNOWNS])
{
    double square[MOST_UNKNOWNS][MOST_UNKNOWNS] = {{0}}, right[MOST_UNKNOWNS] = {0}, scale[MOST_UNKNOWNS];
    for (int i = 0; i < count; i++)
        for (int j = 0; j < unknowns; j++) {
            for (int k = 0; k < unknowns; k++)
                square[j][k] += weights[i] * rows[i * unknowns + j] * rows[i * unknowns + k];
            right[j] += weights[i] * rows[i * unknowns + j] * values[i];
        }
    for (int j = 0; j < unknowns; j++) { /* all unknowns on one scale, or the small ones would hardly move */
        scale[j] = square[j][j] > 0 ? 1 / sqrt(square[j][j]) : 0;
        x[j] = 0;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int j = 0; j < unknowns; j++) {
            double rest = right[j] * scale[j];
            for (int k = 0; k < unknowns; k++)
                rest -= k == j ? 0 : square[j][k] * scale[j] * scale[k] * x[k];
            x[j] = rest > 0 ? rest : 0;
        }
    for (int j = 0; j < unknowns; j++)
        x[j] *= scale[j];
}
