/* The attention op against loops in double precision: prefill and decode, any mix of sequences and positions, windows,
 * micro-batches, layers. Built once for each shape (-D options of the fixture). */
#include "cuda/ops/matmul.h"
#include "harness.h"

#include "run_case.h"
#include <algorithm>
#include <cassert>

#include <check.h>
#include <cmath>
#include <cstdlib>

/* Of the largest expected value. bf16 rounds after each of five steps. */
static const double TOLERANCE = sizeof(element) == 4 ? 2e-5 : 3e-2;

/* ---- stands in for cuBLASLt: a thread an output */

__global__ void plain_product(const element *in, int rows, const element *weight, int outputs, int inputs, element *out)
{
    const int at = (int)(blockIdx.x * blockDim.x + threadIdx.x), row = at / outputs, output = at % outputs;
    if (row >= rows)
        return;
    float sum = 0;
    for (int i = 0; i < inputs; i++)
        sum = fmaf(to_float(in[(size_t)row * inputs + i]), to_float(weight[(size_t)output * inputs + i]), sum);
    out[at] = from_float<element>(sum);
}

void matmul(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, element *out)
{
    launch(r, r->compute, dim3((unsigned)(rows * outputs + 63) / 64), dim3(64), 0, plain_product, in, rows,
           (const element *)weight, outputs, inputs, out);
}

/* ---- what both sides start from */

static uint32_t seed;

static double number(void) /* in [-1, 1) */
{
    seed = seed * 1664525U + 1013904223U;
    return (int32_t)seed * 0x1p-31;
}

static int below(int count)
{
    seed = seed * 1664525U + 1013904223U;
    return (int)(((uint64_t)seed * (uint64_t)count) >> 32);
}

static double rounded(double value)
{
    return to_float(from_float<element>((float)value));
}

typedef std::vector<double> doubles;

static doubles random_values(size_t count, double scale)
{
    doubles values(count);
    for (double &value : values)
        value = rounded(number() * scale);
    return values;
}

template <class T> static void put_values(struct gpu *r, const void *device, const doubles &values)
{
    std::vector<T> converted;
    for (double value : values)
        converted.push_back(from_float<T>((float)value));
    harness_put(r, (void *)device, converted.data(), converted.size() * sizeof(T));
}

enum { CACHE_VALUES = LAYERS * KV_BLOCKS * KV_HEADS * 2 * KV_BLOCK * HEAD_DIM };

/* One rank's weights, its cache and the sequences in it, as numbers that elements hold exactly. */
struct world {
    struct gpu *r;
    doubles norm[LAYERS], qkv[LAYERS], out[LAYERS];
    doubles cache;
    std::vector<char> written; /* by value of the cache */
    std::vector<uint32_t> tables;
};

static size_t cache_at(const struct world *w, int layer, int sequence, int position, int head, bool value)
{
    size_t block = w->tables[(size_t)(sequence * SEQUENCE_BLOCKS + position / KV_BLOCK)];
    assert(block < KV_BLOCKS);
    return (((((size_t)layer * KV_BLOCKS + block) * KV_HEADS + (size_t)head) * 2 + value) * KV_BLOCK +
            (size_t)(position % KV_BLOCK)) *
           HEAD_DIM;
}

/* Sequence i has past[i] positions in the cache of each layer, and blocks for so many and `more`. */
static struct world *open_world(uint32_t first_seed, const std::vector<int> &past, int more)
{
    struct world *w = new struct world();
    seed = first_seed * 2654435761U + 1;
    w->r = harness_open();
    for (int layer = 0; layer < LAYERS; layer++) {
        w->norm[layer] = random_values(HIDDEN, 0.25);
        for (double &value : w->norm[layer])
            value += 1;
        w->qkv[layer] = random_values((size_t)QKV * HIDDEN, 0.4);
        w->out[layer] = random_values((size_t)HIDDEN * QUERY, 0.1);
        put_values<float>(w->r, DENSE_WEIGHT(w->r, INPUT_NORM, layer), w->norm[layer]);
        put_values<element>(w->r, DENSE_WEIGHT(w->r, QKV, layer), w->qkv[layer]);
        put_values<element>(w->r, DENSE_WEIGHT(w->r, ATTENTION_OUT, layer), w->out[layer]);
    }
    std::vector<uint32_t> blocks(KV_BLOCKS);
    for (uint32_t i = 0; i < KV_BLOCKS; i++)
        std::swap(blocks[i] = i, blocks[(size_t)below((int)i + 1)]);
    w->tables.assign((size_t)SEQUENCES * SEQUENCE_BLOCKS, 0x7fffffff);
    w->cache.assign(CACHE_VALUES, NAN);
    w->written.assign(CACHE_VALUES, 0);
    for (int sequence = 0; sequence < (int)past.size(); sequence++) {
        int positions = past[(size_t)sequence];
        for (int block = 0; block * KV_BLOCK < std::min(positions + more, (int)CONTEXT); block++) {
            w->tables[(size_t)(sequence * SEQUENCE_BLOCKS + block)] = blocks.back();
            blocks.pop_back();
        }
        for (int at = 0; at < positions * LAYERS * KV_HEADS * 2; at++) {
            int layer = at % LAYERS, head = at / LAYERS % KV_HEADS, value = at / LAYERS / KV_HEADS % 2;
            size_t place = cache_at(w, layer, sequence, at / LAYERS / KV_HEADS / 2, head, value);
            for (size_t i = place; i < place + HEAD_DIM; i++)
                w->cache[i] = rounded(2 * number());
        }
    }
    put_values<element>(w->r, w->r->arena + KV_OFFSET, w->cache);
    return w;
}

static void close_world(struct world *w)
{
    harness_close(w->r);
    delete w;
}

/* ---- what is expected */

static doubles expected_qkv(const struct world *w, int layer, const double *residual)
{
    double squares = 0, normed[HIDDEN];
    for (int i = 0; i < HIDDEN; i++)
        squares += residual[i] * residual[i];
    for (int i = 0; i < HIDDEN; i++)
        normed[i] = rounded(residual[i] / sqrt(squares / HIDDEN + (double)RMS_EPSILON) * w->norm[layer][(size_t)i]);
    doubles qkv(QKV);
    for (size_t output = 0; output < QKV; output++) {
        double sum = 0;
        for (size_t i = 0; i < HIDDEN; i++)
            sum += normed[i] * w->qkv[layer][output * HIDDEN + i];
        qkv[output] = rounded(sum);
    }
    return qkv;
}

/* Turns queries and keys, and puts keys and values into the expected cache. */
static void expect_append(struct world *w, int layer, const struct step_row &row, doubles &qkv)
{
    for (int head = 0; head < HEADS + KV_HEADS; head++)
        for (int pair = 0; pair < HEAD_DIM / 2; pair++) {
            double angle = row.position * pow(ROPE_THETA, -2.0 * pair / HEAD_DIM);
            double *first = &qkv[(size_t)(head * HEAD_DIM + pair)], *second = first + HEAD_DIM / 2, x = *first;
            *first = rounded(x * cos(angle) - *second * sin(angle));
            *second = rounded(*second * cos(angle) + x * sin(angle));
        }
    for (int head = 0; head < KV_HEADS; head++)
        for (int value = 0; value < 2; value++) {
            size_t place = cache_at(w, layer, row.sequence, row.position, head, value);
            const double *from = &qkv[(size_t)(QUERY + value * KEY + head * HEAD_DIM)];
            std::copy(from, from + HEAD_DIM, &w->cache[place]);
            std::fill_n(&w->written[place], (int)HEAD_DIM, (char)1);
        }
}

static void expect_head(const struct world *w, int layer, const struct step_row &row, int head, const double *query,
                        double *attended)
{
    int end = row.position + 1, begin = std::max(0, end - (int)WINDOW);
    double maximum = -INFINITY, sum = 0;
    doubles scores, out(HEAD_DIM);
    for (int position = begin; position < end; position++) {
        const double *key = &w->cache[cache_at(w, layer, row.sequence, position, head / GROUP, false)];
        double score = 0;
        for (int i = 0; i < HEAD_DIM; i++)
            score += query[i] * key[i];
        scores.push_back(score / sqrt((double)HEAD_DIM));
        maximum = std::max(maximum, scores.back());
    }
    for (int position = begin; position < end; position++) {
        const double *value = &w->cache[cache_at(w, layer, row.sequence, position, head / GROUP, true)];
        double weight = exp(scores[(size_t)(position - begin)] - maximum);
        sum += weight;
        for (int i = 0; i < HEAD_DIM; i++)
            out[(size_t)i] += weight * value[i];
    }
    for (int i = 0; i < HEAD_DIM; i++)
        attended[i] = rounded(out[(size_t)i] / sum);
}

/* (rows, hidden) of the micro-batch; the expected cache grows. */
static doubles expect_attention(struct world *w, int layer, const struct step_row *rows, int count,
                                const doubles &residual)
{
    std::vector<doubles> qkv;
    for (int i = 0; i < count; i++) {
        qkv.push_back(expected_qkv(w, layer, &residual[(size_t)i * HIDDEN]));
        expect_append(w, layer, rows[i], qkv.back());
    }
    doubles partial;
    for (int i = 0; i < count; i++) {
        double attended[QUERY];
        for (int head = 0; head < HEADS; head++)
            expect_head(w, layer, rows[i], head, &qkv[(size_t)i][(size_t)(head * HEAD_DIM)],
                        attended + head * HEAD_DIM);
        for (size_t output = 0; output < HIDDEN; output++) {
            double sum = 0;
            for (size_t j = 0; j < QUERY; j++)
                sum += attended[j] * w->out[layer][output * QUERY + j];
            partial.push_back(sum);
        }
    }
    return partial;
}

static void compare(const doubles &expected, const std::vector<element> &values, const char *what)
{
    double largest = 0;
    for (double value : expected)
        largest = std::max(largest, fabs(value));
    for (size_t i = 0; i < expected.size(); i++)
        if (!(fabs(to_float(values[i]) - expected[i]) <= TOLERANCE * largest))
            ck_abort_msg("%s: value %zu is %g, expected %g, the largest %g", what, i, (double)to_float(values[i]),
                         expected[i], largest);
}

/* The cache holds what was appended, and all else is as it was. */
static void compare_cache(const struct world *w)
{
    std::vector<element> cache = harness_values<element>(w->r, w->r->arena + KV_OFFSET, CACHE_VALUES);
    for (size_t i = 0; i < CACHE_VALUES; i++) {
        double value = to_float(cache[i]), expected = w->cache[i];
        bool same = w->written[i] ? fabs(value - expected) <= TOLERANCE * (1 + fabs(expected))
                                  : value == expected || (std::isnan(value) && std::isnan(expected));
        if (!same)
            ck_abort_msg("cache: value %zu is %g, expected %g", i, value, expected);
    }
}

/* ---- steps */

static struct step_row row_of(int sequence, int position)
{
    return {0, position, sequence, 0};
}

static void add_chunk(std::vector<struct step_row> &rows, int sequence, int first, int count)
{
    for (int position = first; position < first + count; position++)
        rows.push_back(row_of(sequence, position));
}

/* Runs the op of each micro-batch and layer and compares. */
static void check_step(struct world *w, const std::vector<struct step_row> &rows, int active)
{
    struct gpu *r = w->r;
    harness_step(r, rows, active, {}, w->tables);
    for (int layer = LAYERS - 1; layer >= 0; layer--)
        for (int m = 0; m < active; m++) {
            const struct gpu_slice slice = r->slices[m];
            const doubles residual = random_values((size_t)slice.rows * HIDDEN, 2);
            if (slice.rows > 0)
                put_values<float>(r, residual_of(r, (enum micro_batch)m), residual);
            rotary(r, (enum micro_batch)m);
            attention(r, (enum micro_batch)m, (enum layer)layer);
            harness_finish(r);
            const doubles expected = expect_attention(w, layer, rows.data() + slice.begin, slice.rows, residual);
            if (slice.rows > 0)
                compare(expected, harness_values<element>(r, partial_of(r, (enum micro_batch)m), expected.size()),
                        "partial");
        }
    compare_cache(w);
}

enum { LONG = CONTEXT - 60 }; /* a past after which a chunk still fits */

START_TEST(a_prompt_from_its_beginning)
{
    struct world *w = open_world((uint32_t)_i, {0}, 48);
    std::vector<struct step_row> rows;
    add_chunk(rows, 0, 0, 48);
    check_step(w, rows, 1);
    close_world(w);
}
END_TEST

START_TEST(chunks_of_several_sequences_in_two_micro_batches)
{
    struct world *w = open_world((uint32_t)_i, {0, 5, LONG, 17, 100}, 33);
    std::vector<struct step_row> rows;
    add_chunk(rows, 2, LONG, 20);
    add_chunk(rows, 0, 0, 33); /* cut by the micro-batches */
    add_chunk(rows, 4, 100, 1);
    add_chunk(rows, 3, 17, 11);
    add_chunk(rows, 1, 5, 2);
    check_step(w, rows, 2);
    close_world(w);
}
END_TEST

START_TEST(rows_in_any_order)
{
    const std::vector<int> past = {0, 30, 64, LONG, 15, 16};
    struct world *w = open_world((uint32_t)_i, past, 8);
    std::vector<struct step_row> rows;
    for (int sequence = 0; sequence < (int)past.size(); sequence++)
        add_chunk(rows, sequence, past[(size_t)sequence], 8);
    for (size_t i = 1; i < rows.size(); i++)
        std::swap(rows[i], rows[(size_t)below((int)i + 1)]);
    check_step(w, rows, 1);
    close_world(w);
}
END_TEST

START_TEST(decode_of_sequences_of_any_length)
{
    const std::vector<int> lengths = {0, CONTEXT - 1, 15, 127, 16, 128, 129, CONTEXT / 2};
    struct world *w = open_world((uint32_t)_i, lengths, 1);
    std::vector<struct step_row> rows;
    for (int sequence = 7; sequence >= 0; sequence--)
        rows.push_back(row_of(sequence, lengths[(size_t)sequence]));
    w->r->decode = true;
    check_step(w, rows, 2);
    close_world(w);
}
END_TEST

START_TEST(a_captured_step_of_fewer_rows_than_its_capacity)
{
    struct world *w = open_world((uint32_t)_i, {40, CONTEXT - 1, 0}, 1);
    w->r->captured = true;
    check_step(w, {row_of(1, CONTEXT - 1), row_of(0, 40), row_of(2, 0)}, 1);
    close_world(w);
}
END_TEST

START_TEST(a_micro_batch_without_rows)
{
    struct world *w = open_world((uint32_t)_i, {3}, 1);
    check_step(w, {row_of(0, 3)}, 2);
    close_world(w);
}
END_TEST

/* The same bits, whatever rows are beside it. */
START_TEST(decode_of_a_row_does_not_depend_on_the_others)
{
    struct world *w = open_world((uint32_t)_i, {CONTEXT - 1, 30, 90}, 1);
    const doubles residual = random_values(3 * HIDDEN, 2);
    const std::vector<struct step_row> rows = {row_of(0, CONTEXT - 1), row_of(1, 30), row_of(2, 90)};
    std::vector<element> partial[2];
    w->r->decode = true;
    put_values<float>(w->r, residual_of(w->r, A), residual);
    for (size_t alone = 0; alone < 2; alone++) {
        harness_step(w->r, alone ? std::vector<struct step_row>{rows[0]} : rows, 1, {}, w->tables);
        rotary(w->r, A);
        attention(w->r, A, LAYER_0);
        partial[alone] = harness_values<element>(w->r, partial_of(w->r, A), HIDDEN);
    }
    ck_assert_mem_eq(partial[0].data(), partial[1].data(), HIDDEN * sizeof(element));
    close_world(w);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("attention");
    enum { SEEDS = 3 };
    tcase_set_timeout(cases, 600);
    tcase_add_loop_test(cases, a_prompt_from_its_beginning, 0, SEEDS);
    tcase_add_loop_test(cases, chunks_of_several_sequences_in_two_micro_batches, 0, SEEDS);
    tcase_add_loop_test(cases, rows_in_any_order, 0, SEEDS);
    tcase_add_loop_test(cases, decode_of_sequences_of_any_length, 0, SEEDS);
    tcase_add_loop_test(cases, a_captured_step_of_fewer_rows_than_its_capacity, 0, SEEDS);
    tcase_add_loop_test(cases, a_micro_batch_without_rows, 0, 1);
    tcase_add_loop_test(cases, decode_of_a_row_does_not_depend_on_the_others, 0, 1);
    return run_case("CUDA attention", cases);
}
