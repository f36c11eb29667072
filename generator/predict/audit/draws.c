/* How unevenly rows fall on experts. A count of rows is close to normal; the largest of `experts` exchangeable counts
 * whose sum is fixed is mean + sqrt(experts / (experts - 1)) x deviation x the mean maximum of as many independent
 * standard normal numbers. tests/unit/audit.c compares this with rows that are really drawn. */
#include "predict/audit/parts.h"

/* E[max] = integral over x of x d(F(x)^count) = the integral of (1 - F^count) above 0 less that of F^count below. */
double normal_maximum(int count)
{
    enum { STEPS = 9000 }; /* up to 9 */
    const double step = 1e-3;
    double sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double x = (i + 0.5) * step;
        double above = 0.5 * erfc(-x / sqrt(2)), below = 0.5 * erfc(x / sqrt(2));
        sum += (1 - pow(above, count) - pow(below, count)) * step;
    }
    return sum;
}

double uniform_imbalance(double rows, int experts, int top_k)
{
    double share = (double)top_k / experts;
    if (experts <= top_k || rows <= 0)
        return 0;
    double deviation = sqrt(rows * share * (1 - share));
    return sqrt(experts / (experts - 1.0)) * normal_maximum(experts) * deviation / (rows * share);
}

/* The chance that fewer than `top_k` of the other experts come before time t, when each comes at a rate of its share.
 */
static double few_before(const double *share, int experts, int top_k, double t)
{
    double few[MAX_TOP_K + 1] = {1}; /* [i] that exactly i have come */
    for (int expert = 1; expert < experts; expert++) {
        double come = 1 - exp(-share[expert] * t);
        for (int i = top_k - 1; i >= 0; i--)
            few[i] = few[i] * (1 - come) + (i > 0 ? few[i - 1] * come : 0);
    }
    double sum = 0;
    for (int i = 0; i < top_k; i++)
        sum += few[i];
    return sum;
}

/* Choosing without repeating is a race of exponential clocks: the favourite is among the first top_k when fewer than
 * that many of the others ring before it. */
double zipf_imbalance(int experts, int top_k)
{
    enum { STEPS = 2000 };
    double share[MAX_EXPERTS] = {1}, sum = 0, chosen = 0;
    for (int i = 0; i < experts; i++)
        sum += 1.0 / (i + 1);
    for (int i = 0; i < experts; i++)
        share[i] = 1.0 / (i + 1) / sum;
    for (int i = 0; i < STEPS; i++) { /* t at the middle of equal shares of the favourite's ring */
        double t = -log(1 - (i + 0.5) / STEPS) / share[0];
        chosen += few_before(share, experts, top_k, t) / STEPS;
    }
    return chosen * experts / top_k - 1;
}
