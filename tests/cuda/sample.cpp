/* Sampling on a GPU against runtime/sample.c: greedy choices are equal; draws are among exactly the same candidates,
 * each with the same weight. What is kept is found here by a plain sort; that the processor's sampler keeps the same is
 * seen from its own draws, for they depend on every candidate's weight. Built for several splits of the vocabulary. */
#include "rows.h"

extern "C" {
/* sample.h and what it includes is C; these are its only words. */
struct candidate {
    float logit;
    int32_t token;
};
int32_t sample_token(struct candidate *candidates, int count, const struct sampling *sampling, int position);
}

#include "draw.h"

#include "run_case.h"
#include <algorithm>

#include <check.h>
#include <cmath>
#include <cstring>

/* How the logits of a row are distributed. */
enum shape { SMOOTH, ROUNDED, EQUAL, ONE_PEAK, FLAT_TAIL, SIGNED_ZEROS, WITH_INFINITIES, SHAPES };

static float logit_of_shape(enum shape shape, int token, struct numbers *numbers)
{
    const float x = 4 * (numbers->next() + numbers->next() + numbers->next());
    switch (shape) {
    case ROUNDED:
        return floorf(x);
    case EQUAL:
        return 1.5F;
    case ONE_PEAK:
        return token == VOCABULARY / 2 ? 60 : x;
    case FLAT_TAIL: /* as heavy as the best, in small equal parts */
        return token == VOCABULARY / 2 ? logf(VOCABULARY) : 0;
    case SIGNED_ZEROS:
        return token % 3 == 0 ? -0.0F : token % 3 == 1 ? 0.0F : -fabsf(x);
    case WITH_INFINITIES:
        return token % 2 ? -INFINITY : x;
    default:
        return x;
    }
}

/* Candidates that are drawn among, best first. */
static std::vector<struct candidate> kept_of(const std::vector<float> &logits, const struct sampling &sampling)
{
    std::vector<struct candidate> all;
    for (int token = 0; token < VOCABULARY; token++)
        all.push_back({logits[(size_t)token], token});
    std::stable_sort(all.begin(), all.end(), [](const auto &a, const auto &b) { return a.logit > b.logit; });
    if (sampling.top_k > 0 && sampling.top_k < VOCABULARY)
        all.resize((size_t)sampling.top_k);
    double sum = 0, kept = 0;
    for (const struct candidate &candidate : all)
        sum += weight_of(candidate.logit, all[0].logit, sampling.temperature);
    for (size_t i = 0; i < all.size() && sampling.top_p < 1; i++) {
        kept += weight_of(all[i].logit, all[0].logit, sampling.temperature);
        if (kept >= (double)sampling.top_p * sum)
            all.resize(i + 1);
    }
    return all;
}

/* The candidate at the draw's place of their mass, in the order given. */
static int32_t drawn(const std::vector<struct candidate> &candidates, float best, const struct sampling &sampling,
                     int position)
{
    double sum = 0;
    for (const struct candidate &candidate : candidates)
        sum += weight_of(candidate.logit, best, sampling.temperature);
    double left = draw(sampling.seed, position) * sum;
    for (const struct candidate &candidate : candidates) {
        left -= weight_of(candidate.logit, best, sampling.temperature);
        if (left < 0)
            return candidate.token;
    }
    return candidates.back().token;
}

static void check_token(const std::vector<float> &logits, const struct sampling &sampling, int position, int32_t token)
{
    std::vector<struct candidate> all;
    for (int i = 0; i < VOCABULARY; i++)
        all.push_back({logits[(size_t)i], i});
    const int32_t processor = sample_token(all.data(), VOCABULARY, &sampling, position);
    if (sampling.temperature <= 0) {
        ck_assert_int_eq(token, processor);
        return;
    }
    std::vector<struct candidate> kept = kept_of(logits, sampling);
    const float best = kept[0].logit;
    /* Without a cut, all are kept and the processor does not sort. */
    if (kept.size() < VOCABULARY)
        ck_assert_int_eq(drawn(kept, best, sampling, position), processor);
    std::sort(kept.begin(), kept.end(), [](const auto &a, const auto &b) { return a.token < b.token; });
    ck_assert_msg(drawn(kept, best, sampling, position) == token,
                  "token %d of %d kept, not %d (temperature %g, top-k %d, top-p %g)", token, (int)kept.size(),
                  drawn(kept, best, sampling, position), (double)sampling.temperature, sampling.top_k,
                  (double)sampling.top_p);
}

/* A step of `count` rows in micro-batch B, of which two in three want a token, at most LOGIT_ROWS. */
static std::vector<struct step_row> put_step(struct gpu *r, int count, const std::vector<struct sampling> &sampling)
{
    std::vector<struct step_row> rows;
    int wanted = 0;
    for (int i = 0; i < 2 * count; i++) {
        const bool wants = i >= count && i % 3 != 0 && wanted < LOGIT_ROWS;
        wanted += wants;
        rows.push_back({7, 13 * i + 1, (5 * i) % SEQUENCES, wants});
    }
    harness_step(r, rows, 2, sampling, std::vector<uint32_t>(SEQUENCES * SEQUENCE_BLOCKS));
    return {rows.begin() + count, rows.end()};
}

/* Logits of the rows that want them, also put where the ranks of the tp group leave them. */
static std::vector<std::vector<float>> put_logits(struct gpu *r, enum shape shape, struct numbers *numbers)
{
    std::vector<std::vector<float>> rows(LOGIT_ROWS);
    std::vector<float> slices((size_t)TP * LOGIT_ROWS * VOCABULARY_SLICE, 1e9F);
    for (int row = 0; row < LOGIT_ROWS; row++)
        for (int token = 0; token < VOCABULARY; token++) {
            const float logit = logit_of_shape(shape, token, numbers);
            rows[(size_t)row].push_back(logit);
            slices[(size_t)((token / VOCABULARY_SLICE * LOGIT_ROWS + row) * VOCABULARY_SLICE +
                            token % VOCABULARY_SLICE)] = logit;
        }
    harness_put(r, ARENA(r, B, LOGITS), slices.data(), slices.size() * sizeof slices[0]);
    return rows;
}

static void check_step(struct gpu *r, int count, enum shape shape, const std::vector<struct sampling> &sampling,
                       struct numbers *numbers)
{
    const std::vector<struct step_row> rows = put_step(r, count, sampling);
    const std::vector<std::vector<float>> logits = put_logits(r, shape, numbers);
    const std::vector<int32_t> nothing(LOGIT_ROWS, -7);
    harness_put(r, ARENA(r, B, TOKENS), nothing.data(), sizeof(int32_t) * LOGIT_ROWS);
    sample(r, B);
    const std::vector<int32_t> tokens = harness_values<int32_t>(r, ARENA(r, B, TOKENS), LOGIT_ROWS);
    size_t wanted = 0;
    for (const struct step_row &row : rows)
        if (row.wants) {
            check_token(logits[wanted], sampling[(size_t)row.sequence], row.position, tokens[wanted]);
            wanted++;
        }
    for (; wanted < LOGIT_ROWS; wanted++)
        ck_assert_int_eq(tokens[wanted], -7);
}

/* Every combination of cuts, a sequence each. */
static void check_cuts(const std::vector<float> &temperatures, const std::vector<int32_t> &top_k,
                       const std::vector<float> &top_p, bool captured)
{
    struct gpu *r = harness_open();
    r->captured = captured;
    struct numbers numbers = {17};
    std::vector<struct sampling> sampling;
    for (float temperature : temperatures)
        for (int32_t k : top_k)
            for (float p : top_p)
                sampling.push_back({temperature, p, k, 0, 1000 * sampling.size() + 3});
    for (size_t first = 0; first < sampling.size(); first += SEQUENCES)
        for (int shape = 0; shape < SHAPES; shape++) {
            std::vector<struct sampling> part(SEQUENCES);
            for (size_t i = 0; i < SEQUENCES; i++)
                part[i] = sampling[(first + i) % sampling.size()];
            check_step(r, captured ? DECODE_ROWS : 12, (enum shape)shape, part, &numbers);
        }
    harness_close(r);
}

START_TEST(greedy_takes_the_lowest_of_the_best)
{
    check_cuts({0}, {0, 5}, {1, 0.5F}, false);
}
END_TEST

START_TEST(draws_are_among_the_candidates_that_a_processor_keeps)
{
    check_cuts({0.3F, 1, 2.5F}, {0, 1, 7, VOCABULARY / 3, VOCABULARY}, {1, 0.95F, 0.5F, 0.01F, 0}, false);
}
END_TEST

START_TEST(captured_steps_sample_only_the_rows_there_are)
{
    check_cuts({0, 1}, {0, 40}, {1, 0.9F}, true);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sample");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, greedy_takes_the_lowest_of_the_best);
    tcase_add_test(tests, draws_are_among_the_candidates_that_a_processor_keeps);
    tcase_add_test(tests, captured_steps_sample_only_the_rows_there_are);
    return run_case("sampling of CUDA ranks", tests);
}
