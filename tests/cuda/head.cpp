/* Logits of one rank against plain loops: of the rows that want them and no others, in order, in this rank's slice. */
#include "rows.h"

#include "run_case.h"

#include <check.h>
#include <cmath>
#include <cstring>

struct head_weights {
    std::vector<float> norm, head; /* (HIDDEN), (VOCABULARY_SLICE, HIDDEN) */
};

static struct head_weights put_head(struct gpu *r)
{
    struct numbers numbers = {5};
    struct head_weights weights;
    std::vector<element> head((size_t)VOCABULARY_SLICE * HIDDEN);
    for (element &value : head) {
        value = from_float<element>(numbers.next());
        weights.head.push_back(to_float(value));
    }
    for (int i = 0; i < HIDDEN; i++)
        weights.norm.push_back(1 + 0.25F * numbers.next());
    harness_put(r, (void *)(r->dense + LM_HEAD_WEIGHT), head.data(), head.size() * sizeof head[0]);
    harness_put(r, (void *)(r->dense + FINAL_NORM_WEIGHT), weights.norm.data(), HIDDEN * sizeof(float));
    return weights;
}

/* The step's rows in micro-batch B: those that want logits are the ones that `wants` says. */
static std::vector<float> put_rows_that(struct gpu *r, int count, bool (*wants)(int row), struct numbers *numbers)
{
    std::vector<struct step_row> step;
    for (int i = 0; i < 2 * count; i++)
        step.push_back({1, i, i % SEQUENCES, i >= count && wants(i - count)});
    harness_step(r, step, 2, std::vector<struct sampling>(SEQUENCES),
                 std::vector<uint32_t>(SEQUENCES * SEQUENCE_BLOCKS));
    std::vector<float> residual;
    for (int i = 0; i < count * HIDDEN; i++)
        residual.push_back(3 * numbers->next());
    if (count > 0)
        harness_put(r, residual_of(r, B), residual.data(), residual.size() * sizeof(float));
    return residual;
}

static void check_logits(const struct head_weights &weights, const float *residual, const float *logits)
{
    double squares = 0;
    std::vector<double> normed;
    for (int i = 0; i < HIDDEN; i++)
        squares += (double)residual[i] * residual[i];
    const double factor = 1 / sqrt(squares / HIDDEN + RMS_EPSILON);
    for (int i = 0; i < HIDDEN; i++)
        normed.push_back(to_float(from_float<element>((float)(residual[i] * factor * weights.norm[(size_t)i]))));
    for (int token = 0; token < VOCABULARY_SLICE; token++) {
        double sum = 0;
        for (int i = 0; i < HIDDEN; i++)
            sum += normed[(size_t)i] * weights.head[(size_t)(token * HIDDEN + i)];
        ck_assert_msg(is_near(logits[token], sum, IN_BF16 ? ROUNDING : 1e-5), "logit %d is %g, not %g", token,
                      (double)logits[token], sum);
    }
}

static void check_head(int count, bool (*wants)(int row), bool captured)
{
    for (int tp = 0; tp < TP; tp++) {
        struct gpu *r = harness_open();
        r->tp = tp;
        r->captured = captured;
        struct numbers numbers = {(uint64_t)(31 + count)};
        const struct head_weights weights = put_head(r);
        const std::vector<float> residual = put_rows_that(r, count, wants, &numbers);
        head(r, B);
        const size_t slice = (size_t)LOGIT_ROWS * VOCABULARY_SLICE;
        const std::vector<float> logits = harness_values<float>(r, ARENA(r, B, LOGITS), TP * slice);
        size_t number = 0;
        for (int i = 0; i < count; i++)
            if (wants(i))
                check_logits(weights, &residual[(size_t)(i * HIDDEN)],
                             &logits[(size_t)tp * slice + number++ * VOCABULARY_SLICE]);
        /* Nothing is written beside the own slice: memory begins as NaN. */
        for (size_t i = 0; i < TP * slice; i++)
            ck_assert(i / slice == (size_t)tp || std::isnan(logits[i]));
        harness_close(r);
    }
}

static bool some(int row)
{
    return row % 7 == 3 || row == 0;
}

static bool last(int row)
{
    return row == PREFILL_ROWS - 1;
}

static bool nobody(int row)
{
    return row < 0;
}

START_TEST(prefill_has_logits_of_the_rows_that_want_them)
{
    check_head(PREFILL_ROWS, some, false);
    check_head(PREFILL_ROWS, last, false);
    check_head(PREFILL_ROWS, nobody, false);
    check_head(0, some, false);
}
END_TEST

START_TEST(decode_has_logits_of_the_rows_that_want_them)
{
    for (int count = 0; count <= DECODE_ROWS; count++)
        check_head(count, some, true);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("head");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, prefill_has_logits_of_the_rows_that_want_them);
    tcase_add_test(tests, decode_has_logits_of_the_rows_that_want_them);
    return run_case("the head of CUDA ranks", tests);
}
