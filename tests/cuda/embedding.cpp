/* Embeddings, rotary angles and the residual stream against plain loops; two micro-batches, and rows that are not the
 * step's stay as they are. */
#include "harness.h"

#include "run_case.h"

#include <check.h>
#include <cmath>
#include <cstdlib>
#include <cstring>

enum { STEP = 13 }; /* rows: 6 in the first micro-batch, 7 in the second */

static uint32_t seed;

static float number(void) /* in [-1, 1) */
{
    seed = seed * 1664525U + 1013904223U;
    return (float)(int32_t)seed * 0x1p-31F;
}

template <class T> static std::vector<T> random_values(size_t count)
{
    std::vector<T> values;
    for (size_t i = 0; i < count; i++)
        values.push_back(from_float<T>(number()));
    return values;
}

template <class T> static void put(struct gpu *r, const void *device, const std::vector<T> &values)
{
    harness_put(r, (void *)device, values.data(), values.size() * sizeof(T));
}

static struct gpu *open_step(std::vector<struct step_row> &rows)
{
    struct gpu *r = harness_open();
    for (int i = 0; i < STEP; i++)
        rows.push_back({i * 83 % VOCABULARY, i * i * 1009 % 131072, i % SEQUENCES, 0});
    rows[2].token = 0;
    rows[3].token = VOCABULARY - 1;
    harness_step(r, rows, 2, {}, std::vector<uint32_t>((size_t)SEQUENCES * SEQUENCE_BLOCKS));
    return r;
}

/* A check costs little where it holds: there are many. */
static void expect(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        ck_abort_msg("%s is %.9g, expected %.9g", what, value, expected);
}

/* Row `row` is still what harness_open() left: every byte 0xff. */
static void expect_untouched(struct gpu *r, const void *buffer, int row, size_t row_bytes)
{
    std::vector<unsigned char> bytes =
        harness_values<unsigned char>(r, (const unsigned char *)buffer + (size_t)row * row_bytes, row_bytes);
    for (unsigned char byte : bytes)
        expect(byte, 0xff, 0, "a byte beyond the rows");
}

START_TEST(angles_of_each_row)
{
    std::vector<struct step_row> rows;
    struct gpu *r = open_step(rows);
    for (int m = 0; m < 2; m++) {
        const struct gpu_slice slice = r->slices[m];
        rotary(r, (enum micro_batch)m);
        std::vector<float> angles = harness_values<float>(r, ARENA(r, m, ROTARY), (size_t)slice.rows * HEAD_DIM);
        for (int i = 0; i < slice.rows * HEAD_DIM / 2; i++) {
            int row = i / (HEAD_DIM / 2), pair = i % (HEAD_DIM / 2);
            double angle = rows[(size_t)(slice.begin + row)].position * pow(ROPE_THETA, -2.0 * pair / HEAD_DIM);
            expect(angles[(size_t)(row * HEAD_DIM + pair)], cos(angle), 1e-6, "a cosine");
            expect(angles[(size_t)(row * HEAD_DIM + HEAD_DIM / 2 + pair)], sin(angle), 1e-6, "a sine");
        }
        expect_untouched(r, ARENA(r, m, ROTARY), slice.rows, HEAD_DIM * sizeof(float));
    }
    harness_close(r);
}
END_TEST

START_TEST(embedding_of_each_row)
{
    std::vector<struct step_row> rows;
    struct gpu *r = open_step(rows);
    const std::vector<element> table = random_values<element>((size_t)VOCABULARY_SLICE * HIDDEN);
    put(r, DENSE_WEIGHT(r, EMBEDDING, 0), table);
    for (auto &row : rows)
        row.token %= VOCABULARY_SLICE;
    harness_step(r, rows, 2, {}, std::vector<uint32_t>((size_t)SEQUENCES * SEQUENCE_BLOCKS));
    for (int m = 0; m < 2; m++) {
        const struct gpu_slice slice = r->slices[m];
        embed(r, (enum micro_batch)m);
        std::vector<float> residual =
            harness_values<float>(r, residual_of(r, (enum micro_batch)m), (size_t)slice.rows * HIDDEN);
        for (size_t i = 0; i < residual.size(); i++) {
            size_t token = (size_t)rows[(size_t)slice.begin + i / HIDDEN].token;
            expect(residual[i], to_float(table[token * HIDDEN + i % HIDDEN]), 0, "the residual");
        }
        expect_untouched(r, residual_of(r, (enum micro_batch)m), slice.rows, HIDDEN * sizeof(float));
    }
    harness_close(r);
}
END_TEST

/* Of each tp coordinate: its tokens' rows, zeros for the others. */
START_TEST(embedding_slice_of_each_row)
{
    std::vector<struct step_row> rows;
    struct gpu *r = open_step(rows);
    r->tp = _i;
    const std::vector<element> table = random_values<element>((size_t)VOCABULARY_SLICE * HIDDEN);
    put(r, DENSE_WEIGHT(r, EMBEDDING, 0), table);
    for (int m = 0; m < 2; m++) {
        const struct gpu_slice slice = r->slices[m];
        embed_slice(r, (enum micro_batch)m);
        std::vector<element> partial =
            harness_values<element>(r, partial_of(r, (enum micro_batch)m), (size_t)slice.rows * HIDDEN);
        for (size_t i = 0; i < partial.size(); i++) {
            int token = rows[(size_t)slice.begin + i / HIDDEN].token - _i * VOCABULARY_SLICE;
            bool here = token >= 0 && token < VOCABULARY_SLICE;
            expect(to_float(partial[i]), here ? to_float(table[(size_t)token * HIDDEN + i % HIDDEN]) : 0, 0,
                   "the partial");
        }
        expect_untouched(r, partial_of(r, (enum micro_batch)m), slice.rows, HIDDEN * sizeof(element));
    }
    harness_close(r);
}
END_TEST

/* 0: the sum over tp becomes the residual stream, 1: it is added. */
START_TEST(residual_of_each_row)
{
    std::vector<struct step_row> rows;
    struct gpu *r = open_step(rows);
    for (int m = 0; m < 2; m++) {
        const struct gpu_slice slice = r->slices[m];
        const size_t count = (size_t)slice.rows * HIDDEN;
        const std::vector<element> partial = random_values<element>(count + HIDDEN);
        const std::vector<float> before = random_values<float>(count);
        put(r, partial_of(r, (enum micro_batch)m), partial);
        if (_i) {
            put(r, residual_of(r, (enum micro_batch)m), before);
            add_experts(r, (enum micro_batch)m, LAYER_1);
        } else {
            add_embedding(r, (enum micro_batch)m);
        }
        std::vector<float> residual = harness_values<float>(r, residual_of(r, (enum micro_batch)m), count);
        for (size_t i = 0; i < count; i++)
            expect(residual[i], (_i ? before[i] : 0.0F) + to_float(partial[i]), 0, "the residual");
        expect_untouched(r, residual_of(r, (enum micro_batch)m), slice.rows, HIDDEN * sizeof(float));
    }
    harness_close(r);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("embedding");
    tcase_set_timeout(cases, 600);
    tcase_add_test(cases, angles_of_each_row);
    tcase_add_test(cases, embedding_of_each_row);
    tcase_add_loop_test(cases, embedding_slice_of_each_row, 0, TP);
    tcase_add_loop_test(cases, residual_of_each_row, 0, 2);
    return run_case("CUDA embedding", cases);
}
