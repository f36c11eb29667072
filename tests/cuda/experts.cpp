/* The experts of one rank against plain loops: exact and captured messages, even, uneven and empty experts, and one
 * that gets all rows. Built for several splits, dtypes and tiles by -D options (fixture/class.h). */
#include "rows.h"

#include "run_case.h"

#include <check.h>
#include <cmath>
#include <cstring>

/* Which slots rows want. */
enum pattern { EVEN, FIRST_ONLY, LAST_ONLY, UNEVEN, PATTERNS };

/* What arrived, on the host: micro-batch B's records and their order. */
struct arrived {
    std::vector<struct travelling_row> records; /* (EP, DISPATCH_ROWS) */
    struct arrivals *arrivals;
    struct host_counts counts;
};

struct expert_weights {
    std::vector<float> gate_up, down; /* (slots, 2 EXPERT_HIDDEN, HIDDEN), (slots, HIDDEN, EXPERT_HIDDEN) */
};

/* As the device has it. */
static float rounded(float value)
{
    return to_float(from_float<element>(value));
}

static void put_matrices(struct gpu *r, size_t weight, size_t values, struct numbers *numbers, float scale,
                         std::vector<float> *host)
{
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        std::vector<element> matrix(values);
        for (element &value : matrix) {
            value = from_float<element>(scale * numbers->next());
            host->push_back(to_float(value));
        }
        harness_put(r, (void *)(r->experts + weight + EXPERT_LAYER_STRIDE + (size_t)slot * EXPERT_SLOT_STRIDE),
                    matrix.data(), values * sizeof(element));
    }
}

static struct expert_weights put_experts(struct gpu *r)
{
    struct numbers numbers = {11};
    struct expert_weights weights;
    const size_t values = (size_t)EXPERT_HIDDEN * HIDDEN;
    put_matrices(r, GATE_UP_WEIGHT, 2 * values, &numbers, 3 / sqrtf(HIDDEN), &weights.gate_up);
    put_matrices(r, DOWN_WEIGHT, values, &numbers, 3 / sqrtf(EXPERT_HIDDEN), &weights.down);
    return weights;
}

/* The wishes of a row: different slots, as far as the sender's share of an expert goes. */
static void wish(struct travelling_row *row, enum pattern pattern, int number, struct numbers *numbers, int *left)
{
    const float draw = 0.5F + 0.5F * numbers->next();
    const int uneven = (int)((float)EXPERT_SLOTS * draw * draw * draw);
    const int first[PATTERNS] = {number % EXPERT_SLOTS, 0, EXPERT_SLOTS - 1, uneven < EXPERT_SLOTS ? uneven : 0};
    const int count = pattern == FIRST_ONLY || pattern == LAST_ONLY ? 1 : 1 + (number % 3 != 0) * (WISHES - 1);
    for (int i = 0; i < TOP_K; i++)
        row->wishes[i] = {-1, 0};
    for (int i = 0, wishes = 0; i < count; i++) {
        const int slot = (first[pattern] + 3 * i) % EXPERT_SLOTS;
        if (left[slot]-- > 0)
            row->wishes[wishes++] = {slot, 0.3F + 0.2F * numbers->next()};
    }
}

/* Sorts by slot, as dispatch_finish does, and counts. */
static void sort_by_slot(struct arrived *arrived)
{
    struct arrivals *arrivals = arrived->arrivals;
    memset(arrivals->entry_of, 0xff, sizeof arrivals->entry_of);
    int entry = 0;
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        arrivals->begin[slot] = entry;
        for (int sender = 0; sender < EP; sender++)
            for (int row = 0; row < arrivals->got[sender].rows; row++)
                for (int i = 0; i < WISHES; i++) {
                    const auto &wish = arrived->records[(size_t)(sender * DISPATCH_ROWS + row)].wishes[i];
                    if (wish.slot != slot)
                        continue;
                    arrivals->got[sender].wishes[slot]++;
                    arrivals->entry_of[sender][row][i] = entry;
                    arrivals->entries[entry++] = {sender, row, wish.weight};
                }
    }
    arrivals->begin[EXPERT_SLOTS] = entry;
}

static struct arrived put_arrivals(struct gpu *r, enum pattern pattern, int most, uint64_t seed)
{
    struct numbers numbers = {seed};
    struct arrived arrived = {
        std::vector<struct travelling_row>((size_t)(EP * DISPATCH_ROWS)), new struct arrivals(), {}};
    for (int sender = 0; sender < EP; sender++) {
        /* One sender has nothing where there are several. */
        const int rows = EP > 1 && sender == (int)(seed % EP) && pattern == UNEVEN ? 0 : most;
        std::vector<int> left(EXPERT_SLOTS, EXPERT_CAPACITY);
        arrived.arrivals->got[sender].rows = rows;
        for (int row = 0; row < rows; row++) {
            struct travelling_row *record = &arrived.records[(size_t)(sender * DISPATCH_ROWS + row)];
            for (element &value : record->values)
                value = from_float<element>(numbers.next());
            wish(record, pattern, row, &numbers, left.data());
        }
    }
    sort_by_slot(&arrived);
    memcpy(arrived.counts.got, arrived.arrivals->got, sizeof arrived.counts.got);
    *host_counts_of(r, B) = arrived.counts;
    harness_put(r, ARENA(r, B, INCOMING), arrived.records.data(), arrived.records.size() * sizeof arrived.records[0]);
    harness_put(r, ARENA(r, B, ARRIVALS), arrived.arrivals, sizeof *arrived.arrivals);
    std::vector<uint64_t> load((size_t)LAYERS * (EXPERT_SLOTS + 1), 5);
    harness_put(r, r->arena + LOAD_OFFSET, load.data(), load.size() * sizeof load[0]);
    return arrived;
}

/* One expert's output for one row, added onto sums (HIDDEN) with its weight. */
static void add_expert(const struct expert_weights &weights, const struct travelling_row &row,
                       const struct travelling_row::wish &wish, std::vector<double> *sums)
{
    double product[EXPERT_HIDDEN];
    const float *gate = &weights.gate_up[(size_t)wish.slot * 2 * EXPERT_HIDDEN * HIDDEN];
    for (int i = 0; i < EXPERT_HIDDEN; i++) {
        double g = 0, u = 0;
        for (int k = 0; k < HIDDEN; k++) {
            g += (double)to_float(row.values[k]) * gate[i * HIDDEN + k];
            u += (double)to_float(row.values[k]) * gate[(EXPERT_HIDDEN + i) * HIDDEN + k];
        }
        product[i] = rounded((float)(g / (1 + exp(-g)) * u));
    }
    const float *down = &weights.down[(size_t)wish.slot * HIDDEN * EXPERT_HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
        double sum = 0;
        for (int k = 0; k < EXPERT_HIDDEN; k++)
            sum += product[k] * down[i * EXPERT_HIDDEN + k];
        (*sums)[(size_t)i] += wish.weight * sum;
    }
}

static void check_row(const struct expert_weights &weights, const struct travelling_row &row,
                      const struct travelling_row &answer)
{
    std::vector<double> sums(HIDDEN);
    for (int i = 0; i < TOP_K && row.wishes[i].slot >= 0; i++)
        add_expert(weights, row, row.wishes[i], &sums);
    for (int i = 0; i < HIDDEN; i++)
        ck_assert_msg(is_near(to_float(answer.values[i]), sums[(size_t)i], IN_BF16 ? 2 * ROUNDING : 1e-5),
                      "column %d is %g, not %g", i, (double)to_float(answer.values[i]), sums[(size_t)i]);
    ck_assert_mem_eq(answer.wishes, row.wishes, sizeof row.wishes);
}

static void check_load(struct gpu *r, const struct arrivals *arrivals)
{
    const size_t places = (size_t)LAYERS * (EXPERT_SLOTS + 1);
    std::vector<uint64_t> load = harness_values<uint64_t>(r, r->arena + LOAD_OFFSET, places);
    for (size_t i = 0; i < places; i++) {
        const size_t slot = i - (EXPERT_SLOTS + 1);
        const bool counted = i > EXPERT_SLOTS && slot < EXPERT_SLOTS;
        ck_assert_uint_eq(load[i], 5 + (counted ? (uint64_t)(arrivals->begin[slot + 1] - arrivals->begin[slot]) : 0));
    }
}

static void check_experts(struct gpu *r, const struct expert_weights &weights, enum pattern pattern, int rows,
                          uint64_t seed)
{
    struct arrived arrived = put_arrivals(r, pattern, rows, seed);
    experts(r, B, LAYER_1);
    harness_finish(r);
    std::vector<struct travelling_row> answers = get_records(r, ARENA(r, B, INCOMING), arrived.records.size());
    for (int sender = 0; sender < EP; sender++)
        for (int row = 0; row < arrived.arrivals->got[sender].rows; row++) {
            const size_t place = (size_t)(sender * DISPATCH_ROWS + row);
            check_row(weights, arrived.records[place], answers[place]);
        }
    check_load(r, arrived.arrivals);
    delete arrived.arrivals;
}

static void check_modes(bool captured, const std::vector<int> &counts)
{
    struct gpu *r = harness_open();
    const struct expert_weights weights = put_experts(r);
    r->active = MICRO_BATCHES;
    r->captured = captured;
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int rows : counts)
            check_experts(r, weights, (enum pattern)pattern, rows, (uint64_t)(100 * pattern + rows + 1));
    harness_close(r);
}

START_TEST(prefill_computes_what_experts_say)
{
    check_modes(false, {0, 1, 17, DISPATCH_ROWS});
}
END_TEST

START_TEST(decode_computes_what_experts_say)
{
    check_modes(true, {0, 1, DECODE_DISPATCH_ROWS - 1, DECODE_DISPATCH_ROWS});
}
END_TEST

START_TEST(an_unused_micro_batch_is_left_alone)
{
    struct gpu *r = harness_open();
    struct arrived arrived = put_arrivals(r, EVEN, 3, 1);
    r->active = 1;
    experts(r, B, LAYER_1);
    harness_finish(r);
    std::vector<struct travelling_row> records = get_records(r, ARENA(r, B, INCOMING), arrived.records.size());
    ck_assert_mem_eq(records.data(), arrived.records.data(), records.size() * sizeof records[0]);
    delete arrived.arrivals;
    harness_close(r);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("experts");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, prefill_computes_what_experts_say);
    tcase_add_test(tests, decode_computes_what_experts_say);
    tcase_add_test(tests, an_unused_micro_batch_is_left_alone);
    return run_case("experts of CUDA ranks", tests);
}
