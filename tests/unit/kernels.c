/* The kernels of every instruction set that this processor has, against sums in double precision. */
#include "kernels/kernels.h"

#include "run_case.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {"portable", "avx2", "avx512"};
enum { TABLES = sizeof NAMES / sizeof NAMES[0] };

/* Written where nothing may be written, and expected to survive. */
static const float CANARY = -12345.5f;
enum { CANARIES = 16 };

/* The table that a looped test is about; NULL where the processor lacks it. */
static const struct kernels *table(int index)
{
    return kernels_named(NAMES[index]);
}

static uint32_t seed;

static void start_seed(void)
{
    seed = 1;
}

/* In [-1, 1). */
static float number(void)
{
    seed = seed * 1664525U + 1013904223U;
    return (float)(int32_t)seed * 0x1p-31f;
}

static float *numbers(int count)
{
    float *values = malloc(sizeof *values * (size_t)count);
    for (int i = 0; i < count; i++)
        values[i] = number();
    return values;
}

/* `count` floats and then canaries. */
static float *guarded(int count)
{
    float *values = malloc(sizeof *values * (size_t)(count + CANARIES));
    for (int i = 0; i < count + CANARIES; i++)
        values[i] = CANARY;
    return values;
}

static void expect_canaries(const float *values, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_msg(values[i] == CANARY, "float %d past the end was written", i);
}

static void expect_near(double value, double expected, double tolerance, const char *what)
{
    ck_assert_msg(fabs(value - expected) <= tolerance, "%s: %.9g instead of %.9g", what, value, expected);
}

/* ---- matmul ---- */

/* Weights as float (outputs, inputs), and the same packed. */
struct matrix {
    struct packed packed;
    float *plain;
    void *panels;
};

static void put_weight(const struct matrix *m, int output, int input, float value)
{
    char *panel = (char *)m->panels + (size_t)(output / PANEL) * panel_bytes(m->packed.dtype, m->packed.inputs);
    if (m->packed.dtype == DTYPE_F32)
        ((float *)panel)[input * PANEL + output % PANEL] = value;
    else
        ((uint16_t *)panel)[(input / 2 * PANEL + output % PANEL) * 2 + input % 2] = f32_to_bf16(value);
}

static struct matrix random_matrix(enum dtype dtype, int outputs, int inputs)
{
    const size_t bytes = packed_bytes(dtype, outputs, inputs);
    struct matrix m = {
        .packed = {.outputs = outputs, .inputs = inputs, .dtype = dtype},
        .plain = numbers(outputs * inputs),
        .panels = aligned_alloc(64, bytes),
    };
    memset(m.panels, 0, bytes);
    m.packed.panels = m.panels;
    for (int output = 0; output < outputs; output++)
        for (int input = 0; input < inputs; input++) {
            float *value = &m.plain[output * inputs + input];
            *value = dtype == DTYPE_F32 ? *value : bf16_to_f32(f32_to_bf16(*value));
            put_weight(&m, output, input, *value);
        }
    return m;
}

static void free_matrix(struct matrix *m)
{
    free(m->plain);
    free(m->panels);
}

/* Rows that lie apart, each with a NaN past its end that shows in any sum that reads it. */
static float **random_rows(int count, int inputs)
{
    float **rows = malloc(sizeof *rows * (size_t)count);
    for (int row = 0; row < count; row++) {
        rows[row] = numbers(inputs + 1);
        rows[row][inputs] = NAN;
    }
    return rows;
}

static void free_rows(float **rows, int count)
{
    for (int row = 0; row < count; row++)
        free(rows[row]);
    free(rows);
}

static const struct shape {
    int rows, outputs, inputs;
} SHAPES[] = {
    {1, 1, 1},     {1, 16, 2},     {1, 17, 3},    {2, 64, 128},    {3, 65, 129},  {4, 100, 31},  {5, 15, 64},
    {6, 130, 77},  {7, 33, 256},   {8, 48, 1},    {9, 96, 33},     {11, 31, 65},  {13, 80, 130}, {16, 64, 64},
    {17, 5, 9},    {25, 70, 101},  {40, 200, 63}, {40, 16, 16},    {130, 20, 35}, {300, 37, 12}, {1, 90, 1025},
    {3, 64, 2047}, {10, 70, 1024}, {9, 19, 2049}, {129, 17, 1030},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof SHAPES[0] };

static void check_product(const struct kernels *kernels, enum dtype dtype, const struct shape *shape)
{
    const int count = shape->rows, outputs = shape->outputs, inputs = shape->inputs, stride = outputs + CANARIES;
    struct matrix m = random_matrix(dtype, outputs, inputs);
    float **rows = random_rows(count, inputs), *y = guarded(count * stride);
    kernels->matmul((const float *const *)rows, count, &m.packed, y, stride);

    for (int row = 0; row < count; row++) {
        for (int output = 0; output < outputs; output++) {
            double sum = 0, size = 0;
            for (int input = 0; input < inputs; input++) {
                const double term = (double)rows[row][input] * (double)m.plain[output * inputs + input];
                sum += term;
                size += fabs(term);
            }
            expect_near(y[row * stride + output], sum, 1e-6 * size + 1e-12, "matmul");
        }
        expect_canaries(y + row * stride + outputs, CANARIES);
    }
    expect_canaries(y + count * stride, CANARIES);
    free_rows(rows, count);
    free(y);
    free_matrix(&m);
}

START_TEST(matmul_equals_the_sum_of_products_and_writes_nothing_else)
{
    const struct kernels *kernels = table(_i);
    for (int i = 0; kernels != NULL && i < SHAPE_COUNT; i++) {
        check_product(kernels, DTYPE_F32, &SHAPES[i]);
        check_product(kernels, DTYPE_BF16, &SHAPES[i]);
    }
}
END_TEST

/* Rows [first, first + some) alone give the bits that they have among all of them. */
static void check_rows_alone(const struct kernels *kernels, const struct packed *weight, const float *const *rows,
                             const float *together, int first, int some)
{
    float *alone = guarded(some * weight->outputs);
    kernels->matmul(rows + first, some, weight, alone, weight->outputs);
    ck_assert_msg(memcmp(alone, together + first * weight->outputs, sizeof *alone * (size_t)(some * weight->outputs)) ==
                      0,
                  "%d rows from row %d on, of %d inputs", some, first, weight->inputs);
    free(alone);
}

static void check_invariance(const struct kernels *kernels, enum dtype dtype, int outputs, int inputs)
{
    enum { ALL = 140 };
    static const int SOME[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 23, 40, 128, 129};
    struct matrix m = random_matrix(dtype, outputs, inputs);
    float **rows = random_rows(ALL, inputs), *together = guarded(ALL * outputs);
    kernels->matmul((const float *const *)rows, ALL, &m.packed, together, outputs);
    for (size_t i = 0; i < sizeof SOME / sizeof SOME[0]; i++)
        for (int first = 0; first + SOME[i] <= ALL; first += 11)
            check_rows_alone(kernels, &m.packed, (const float *const *)rows, together, first, SOME[i]);
    free_rows(rows, ALL);
    free(together);
    free_matrix(&m);
}

START_TEST(a_rows_bits_depend_on_no_other_row)
{
    const struct kernels *kernels = table(_i);
    if (kernels == NULL)
        return;
    for (enum dtype dtype = DTYPE_BF16; dtype <= DTYPE_F32; dtype++) {
        check_invariance(kernels, dtype, 90, 129);
        check_invariance(kernels, dtype, 71, 1500);
    }
}
END_TEST

START_TEST(matmul_of_no_rows_does_nothing)
{
    const struct kernels *kernels = table(_i);
    if (kernels == NULL)
        return;
    struct matrix m = random_matrix(DTYPE_F32, 3, 5);
    float y[CANARIES] = {0};
    kernels->matmul(NULL, 0, &m.packed, y, 3);
    for (int i = 0; i < CANARIES; i++)
        ck_assert_float_eq(y[i], 0);
    free_matrix(&m);
}
END_TEST

/* ---- attend ---- */

/* A sequence's cache in blocks of a pool, in an order that the table shuffles. */
struct cache {
    float *pool;
    uint32_t *block_table;
    int64_t block_stride;
    int head_dim;
};

static struct cache random_cache(int positions, int head_dim)
{
    const int blocks = (positions + KV_BLOCK - 1) / KV_BLOCK;
    struct cache cache = {
        .block_table = malloc(sizeof *cache.block_table * (size_t)blocks),
        .block_stride = 2 * KV_BLOCK * head_dim,
        .head_dim = head_dim,
    };
    cache.pool = numbers((int)cache.block_stride * blocks);
    for (int block = 0; block < blocks; block++)
        cache.block_table[block] = (uint32_t)((block + blocks / 2) % blocks); /* neither in order nor in place */
    return cache;
}

static float *block_of(const struct cache *cache, int position)
{
    return cache->pool + cache->block_table[position / KV_BLOCK] * cache->block_stride;
}

static float *key(const struct cache *cache, int position, int dimension)
{
    return &block_of(cache, position)[dimension * KV_BLOCK + position % KV_BLOCK];
}

static float *value(const struct cache *cache, int position, int dimension)
{
    return &block_of(cache, position)[(KV_BLOCK + position % KV_BLOCK) * cache->head_dim + dimension];
}

/* What no row may look at: a NaN there poisons every sum that it enters. */
static void poison_outside(const struct cache *cache, int first, int end)
{
    for (int p = 0; p < (end + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK; p++)
        for (int d = 0; d < cache->head_dim && (p < first || p >= end); d++)
            *key(cache, p, d) = *value(cache, p, d) = NAN;
}

/* out (head_dim) in double precision, for one head. */
static void attend_slowly(const float *query, const struct cache *cache, int first, int end, float scale, double *out)
{
    double *weight = calloc((size_t)end, sizeof *weight), largest = -INFINITY, sum = 0;
    for (int p = first; p < end; p++) {
        for (int d = 0; d < cache->head_dim; d++)
            weight[p] += (double)query[d] * (double)*key(cache, p, d) * (double)scale;
        largest = fmax(largest, weight[p]);
    }
    for (int p = first; p < end; p++)
        sum += weight[p] = exp(weight[p] - largest);
    for (int d = 0; d < cache->head_dim; d++) {
        out[d] = 0;
        for (int p = first; p < end; p++)
            out[d] += weight[p] / sum * (double)*value(cache, p, d);
    }
    free(weight);
}

static void check_attention(const struct kernels *kernels, int heads, int head_dim, int first, int end)
{
    const int width = (end + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    const float scale = 3 / sqrtf((float)head_dim);
    struct cache cache = random_cache(end, head_dim);
    poison_outside(&cache, first, end);
    float *query = numbers(heads * head_dim), *scores = guarded(heads * width), *out = guarded(heads * head_dim);
    double *expected = malloc(sizeof *expected * (size_t)head_dim);

    kernels->attend(query, heads, head_dim, cache.pool, cache.block_table, cache.block_stride, first, end, scale,
                    scores, out);
    for (int head = 0; head < heads; head++) {
        attend_slowly(query + head * head_dim, &cache, first, end, scale, expected);
        for (int d = 0; d < head_dim; d++)
            expect_near(out[head * head_dim + d], expected[d], 2e-6, "attend");
    }
    expect_canaries(out + heads * head_dim, CANARIES);
    expect_canaries(scores + heads * width, CANARIES);

    free(query);
    free(scores);
    free(out);
    free(expected);
    free(cache.pool);
    free(cache.block_table);
}

START_TEST(attention_sees_its_positions_and_no_others)
{
    static const int HEADS[] = {1, 2, 3, 7, 20}, DIMENSIONS[] = {1, 8, 17, 32, 33, 64, 80, 128};
    static const struct {
        int first, end;
    } SEEN[] = {{0, 1}, {0, 2}, {0, 16}, {0, 17}, {0, 100}, {5, 6}, {15, 17}, {16, 33}, {31, 32}, {40, 333}};
    const struct kernels *kernels = table(_i);
    for (size_t h = 0; kernels != NULL && h < sizeof HEADS / sizeof HEADS[0]; h++)
        for (size_t d = 0; d < sizeof DIMENSIONS / sizeof DIMENSIONS[0]; d++)
            for (size_t s = 0; s < sizeof SEEN / sizeof SEEN[0]; s++)
                check_attention(kernels, HEADS[h], DIMENSIONS[d], SEEN[s].first, SEEN[s].end);
}
END_TEST

START_TEST(attention_to_one_overwhelming_key_is_its_value)
{
    enum { HEAD_DIM = 32, END = 40, LOUD = 37 };
    const struct kernels *kernels = table(_i);
    if (kernels == NULL)
        return;
    struct cache cache = random_cache(END, HEAD_DIM);
    float query[HEAD_DIM], scores[48], out[HEAD_DIM];
    for (int d = 0; d < HEAD_DIM; d++) {
        query[d] = 1e4f;
        *key(&cache, LOUD, d) = 1e4f;
    }
    kernels->attend(query, 1, HEAD_DIM, cache.pool, cache.block_table, cache.block_stride, 0, END, 1, scores, out);
    for (int d = 0; d < HEAD_DIM; d++)
        ck_assert_float_eq(out[d], *value(&cache, LOUD, d));
    free(cache.pool);
    free(cache.block_table);
}
END_TEST

START_TEST(a_nan_among_the_keys_is_not_hidden)
{
    enum { HEAD_DIM = 16, END = 40, BROKEN = 21 };
    const struct kernels *kernels = table(_i);
    if (kernels == NULL)
        return;
    struct cache cache = random_cache(END, HEAD_DIM);
    float *query = numbers(HEAD_DIM), scores[48], out[HEAD_DIM];
    *key(&cache, BROKEN, 3) = NAN;
    kernels->attend(query, 1, HEAD_DIM, cache.pool, cache.block_table, cache.block_stride, 0, END, 1, scores, out);
    for (int d = 0; d < HEAD_DIM; d++)
        ck_assert(isnan(out[d]));
    free(query);
    free(cache.pool);
    free(cache.block_table);
}
END_TEST

/* ---- one row at a time ---- */

static const int LENGTHS[] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100, 128, 1000};
enum { LENGTH_COUNT = sizeof LENGTHS / sizeof LENGTHS[0] };

START_TEST(rms_norm_divides_by_the_root_of_the_mean_square_also_in_place)
{
    const struct kernels *kernels = table(_i);
    for (int i = 0; kernels != NULL && i < LENGTH_COUNT; i++) {
        const int n = LENGTHS[i];
        float *x = numbers(n), *weight = numbers(n), *y = guarded(n);
        double squares = 0;
        for (int j = 0; j < n; j++)
            squares += (double)x[j] * (double)x[j];
        const double root = sqrt(squares / n + 1e-5);
        kernels->rms_norm(x, weight, 1e-5f, n, y);
        for (int j = 0; j < n; j++)
            expect_near(y[j], (double)weight[j] * (double)x[j] / root, 1e-6, "rms_norm");
        expect_canaries(y + n, CANARIES);
        kernels->rms_norm(x, weight, 1e-5f, n, x);
        ck_assert_mem_eq(x, y, sizeof *x * (size_t)n);
        free(x);
        free(weight);
        free(y);
    }
}
END_TEST

START_TEST(swiglu_is_within_a_few_units_in_the_last_place)
{
    const struct kernels *kernels = table(_i);
    enum { COUNT = 20003 };
    float *gate_up = malloc(sizeof *gate_up * 2 * COUNT), *y = guarded(COUNT);
    for (int j = 0; j < COUNT; j++) {
        gate_up[j] = ((float)j - COUNT / 2.0f) * (80.0f / (COUNT / 2.0f)); /* -80 … 80 */
        gate_up[COUNT + j] = 1;
    }
    if (kernels != NULL) {
        kernels->swiglu(gate_up, COUNT, y);
        for (int j = 0; j < COUNT; j++) {
            const double z = gate_up[j], expected = z / (1 + exp(-z));
            expect_near(y[j], expected, 4e-7 * fabs(expected), "swiglu");
        }
        expect_canaries(y + COUNT, CANARIES);
    }
    free(gate_up);
    free(y);
}
END_TEST

START_TEST(swiglu_multiplies_by_up_at_any_length)
{
    const struct kernels *kernels = table(_i);
    for (int i = 0; kernels != NULL && i < LENGTH_COUNT; i++) {
        const int n = LENGTHS[i];
        float *gate_up = numbers(2 * n), *y = guarded(n);
        kernels->swiglu(gate_up, n, y);
        for (int j = 0; j < n; j++)
            expect_near(y[j], gate_up[j] / (1 + exp(-(double)gate_up[j])) * gate_up[n + j], 3e-7, "swiglu");
        expect_canaries(y + n, CANARIES);
        free(gate_up);
        free(y);
    }
}
END_TEST

START_TEST(swiglu_of_extreme_gates_has_no_nan)
{
    static const float GATES[] = {-FLT_MAX, -1e10f, -105, -89, -88, 0, 88, 89, 105, 1e10f, FLT_MAX};
    enum { COUNT = sizeof GATES / sizeof GATES[0] };
    const struct kernels *kernels = table(_i);
    float gate_up[2 * COUNT], y[COUNT];
    for (int j = 0; j < COUNT; j++) {
        gate_up[j] = GATES[j];
        gate_up[COUNT + j] = 1;
    }
    if (kernels == NULL)
        return;
    kernels->swiglu(gate_up, COUNT, y);
    for (int j = 0; j < COUNT; j++)
        expect_near(y[j], GATES[j] > 0 ? GATES[j] : 0, 1e-30, "swiglu");
}
END_TEST

START_TEST(a_nan_gate_stays_nan)
{
    const struct kernels *kernels = table(_i);
    float gate_up[] = {NAN, 1}, y = 0;
    if (kernels == NULL)
        return;
    kernels->swiglu(gate_up, 1, &y);
    ck_assert(isnan(y));
}
END_TEST

START_TEST(sums_are_added_to_what_is_there)
{
    const struct kernels *kernels = table(_i);
    for (int i = 0; kernels != NULL && i < LENGTH_COUNT; i++) {
        const int n = LENGTHS[i];
        float *parts[3] = {numbers(n), numbers(n), numbers(n)}, *scaled = guarded(n), *summed = guarded(n);
        for (int j = 0; j < n; j++)
            scaled[j] = summed[j] = (float)j;
        kernels->add_scaled(parts[0], 0.3f, n, scaled);
        kernels->add_parts((const float *const *)parts, 3, n, summed);
        for (int j = 0; j < n; j++) {
            expect_near(scaled[j], j + (double)0.3f * (double)parts[0][j], 1e-7 * (j + 1), "add_scaled");
            ck_assert_float_eq(summed[j], (float)j + (parts[0][j] + parts[1][j] + parts[2][j]));
        }
        expect_canaries(scaled + n, CANARIES);
        expect_canaries(summed + n, CANARIES);
        for (int part = 0; part < 3; part++)
            free(parts[part]);
        free(scaled);
        free(summed);
    }
}
END_TEST

START_TEST(rotate_turns_pairs_half_a_row_apart)
{
    const struct kernels *kernels = table(_i);
    for (int i = 0; kernels != NULL && i < LENGTH_COUNT; i++) {
        const int half = LENGTHS[i];
        float *before = numbers(2 * half), *x = guarded(2 * half), *cosines = numbers(half), *sines = numbers(half);
        memcpy(x, before, sizeof *x * 2 * (size_t)half);
        kernels->rotate(x, cosines, sines, 2 * half);
        for (int j = 0; j < half; j++) {
            const double a = before[j], b = before[half + j], c = cosines[j], s = sines[j];
            expect_near(x[j], a * c - b * s, 2e-7, "rotate");
            expect_near(x[half + j], b * c + a * s, 2e-7, "rotate");
        }
        expect_canaries(x + 2 * half, CANARIES);
        free(before);
        free(x);
        free(cosines);
        free(sines);
    }
}
END_TEST

/* ---- select ---- */

START_TEST(the_best_table_is_a_named_one_and_unknown_names_are_none)
{
    const struct kernels *best = kernels_best();
    ck_assert_ptr_nonnull(best);
    ck_assert_ptr_eq(kernels_named(best->name), best);
    ck_assert_ptr_nonnull(kernels_named("portable"));
    ck_assert_ptr_null(kernels_named("avx1024"));
    ck_assert_ptr_null(kernels_named(""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tables = tcase_create("every table");
    tcase_set_timeout(tables, 120);
    tcase_add_checked_fixture(tables, start_seed, NULL);
    tcase_add_loop_test(tables, matmul_equals_the_sum_of_products_and_writes_nothing_else, 0, TABLES);
    tcase_add_loop_test(tables, a_rows_bits_depend_on_no_other_row, 0, TABLES);
    tcase_add_loop_test(tables, matmul_of_no_rows_does_nothing, 0, TABLES);
    tcase_add_loop_test(tables, attention_sees_its_positions_and_no_others, 0, TABLES);
    tcase_add_loop_test(tables, attention_to_one_overwhelming_key_is_its_value, 0, TABLES);
    tcase_add_loop_test(tables, a_nan_among_the_keys_is_not_hidden, 0, TABLES);
    tcase_add_loop_test(tables, rms_norm_divides_by_the_root_of_the_mean_square_also_in_place, 0, TABLES);
    tcase_add_loop_test(tables, swiglu_is_within_a_few_units_in_the_last_place, 0, TABLES);
    tcase_add_loop_test(tables, swiglu_multiplies_by_up_at_any_length, 0, TABLES);
    tcase_add_loop_test(tables, swiglu_of_extreme_gates_has_no_nan, 0, TABLES);
    tcase_add_loop_test(tables, a_nan_gate_stays_nan, 0, TABLES);
    tcase_add_loop_test(tables, sums_are_added_to_what_is_there, 0, TABLES);
    tcase_add_loop_test(tables, rotate_turns_pairs_half_a_row_apart, 0, TABLES);
    suite_add_tcase(suite, tables);
    TCase *selection = tcase_create("selection");
    tcase_add_test(selection, the_best_table_is_a_named_one_and_unknown_names_are_none);
    suite_add_tcase(suite, selection);
    return run_whole_suite(suite);
}
