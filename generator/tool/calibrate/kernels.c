/* Kernels that are no matrix products, each by itself in the first cache: what they take in ops grows with features
 * that other work of the same op grows with too, so a fit to whole ops could not tell them apart. */
#include "kernels/kernels.h"
#include "base/heap.h"
#include "base/machine.h"
#include "tool/calibrate/fit.h"
#include "tool/calibrate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 24, CALLS = 64, MOST_POSITIONS = 512, MOST_DIM = 128, MOST_HEADS = 8, SWIGLU_VALUES = 512 };

/* What one call of attend works on. */
struct attention_case {
    int heads, head_dim, positions;
};

struct memory {
    const struct kernels *kernels;
    float *pool, *query, *scores, *out;
    uint32_t table[MOST_POSITIONS / KV_BLOCK];
};

/* So that samples are not all taken while a neighbour slows this processor down: the least of them counts. */
static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

static double time_attention(struct memory *memory, const struct attention_case *shape)
{
    double least_s = INFINITY;
    for (int sample = 0; sample < SAMPLES; sample++) {
        double begin = seconds_now();
        for (int call = 0; call < CALLS; call++)
            memory->kernels->attend(memory->query, shape->heads, shape->head_dim, memory->pool, memory->table,
                                    2 * KV_BLOCK * shape->head_dim, 0, shape->positions, 0.1F, memory->scores,
                                    memory->out);
        double call_s = (seconds_now() - begin) / CALLS;
        least_s = call_s < least_s ? call_s : least_s;
        rest();
    }
    return least_s;
}

/* Fits positions x head_dim, positions x heads x head_dim and positions x heads of one key/value head: features 2, 3
 * and 4 of OP_ATTENTION. */
static void measure_attention(struct memory *memory, double op_s[OP_FEATURES])
{
    static const int dims[] = {32, 64, 128}, heads[] = {1, 2, 4}, positions[] = {16, 64, 160, 400};
    enum { UNKNOWNS = 3, CASES = 3 * 3 * 4 };
    double rows[CASES * UNKNOWNS], values[CASES], weights[CASES], found[MOST_UNKNOWNS];
    for (int i = 0; i < CASES; i++) {
        const struct attention_case shape = {heads[i / 4 % 3], dims[i / 12], positions[i % 4]};
        double *row = rows + (size_t)i * UNKNOWNS;
        row[0] = (double)shape.positions * shape.head_dim;
        row[1] = (double)shape.positions * shape.heads * shape.head_dim;
        row[2] = (double)shape.positions * shape.heads;
        values[i] = time_attention(memory, &shape);
        weights[i] = 1 / (values[i] * values[i]);
    }
    solve_non_negative(rows, values, weights, CASES, UNKNOWNS, found);
    for (int i = 0; i < UNKNOWNS; i++)
        op_s[2 + i] = found[i];
}

static double time_swiglu(struct memory *memory)
{
    double least_s = INFINITY;
    for (int sample = 0; sample < SAMPLES; sample++) {
        double begin = seconds_now();
        for (int call = 0; call < CALLS; call++)
            memory->kernels->swiglu(memory->pool, SWIGLU_VALUES, memory->out);
        double value_s = (seconds_now() - begin) / CALLS / SWIGLU_VALUES;
        least_s = value_s < least_s ? value_s : least_s;
        rest();
    }
    return least_s;
}

bool measure_kernels(struct calibration *calibration, struct error *error)
{
    (void)error;
    struct memory memory = {.kernels = kernels_best()};
    memory.pool = heap_take((size_t)MOST_POSITIONS * 2 * MOST_DIM, sizeof(float));
    memory.query = heap_take((size_t)MOST_HEADS * MOST_DIM, sizeof(float));
    memory.scores = heap_take((size_t)MOST_HEADS * MOST_POSITIONS, sizeof(float));
    memory.out = heap_take((size_t)MOST_HEADS * MOST_DIM, sizeof(float));
    for (uint32_t block = 0; block < MOST_POSITIONS / KV_BLOCK; block++)
        memory.table[block] = block;
    measure_attention(&memory, calibration->op_s[OP_ATTENTION]);
    calibration->op_s[OP_EXPERTS][2] = time_swiglu(&memory);
    free(memory.pool);
    free(memory.query);
    free(memory.scores);
    free(memory.out);
    return true;
}
