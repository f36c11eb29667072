/* One rank's part of routing, without peers: choices, drops, places and records; arrivals sorted by expert; returned
 * sums added. Each against plain loops. Built for several splits and dtypes by -D options (fixture/class.h). */
#include "rows.h"

#include "run_case.h"
#include <algorithm>

#include <check.h>
#include <cmath>
#include <cstring>

struct setting {
    struct gpu *r;
    struct router_weights weights;
};

static struct setting open_rank(int ep, bool captured)
{
    struct gpu *r = harness_open();
    r->ep = ep;
    r->captured = captured;
    return {r, put_router_weights(r)};
}

/* Row counts that fill, and do not fill, tiles and blocks; those of decode when captured. */
static std::vector<int> counts_of(const struct gpu *r)
{
    if (r->captured)
        return {1, 3, DECODE_ROWS};
    return {0, 1, 5, 16, PREFILL_ROWS};
}

static void for_each_case(void (*check)(struct setting *, int count, uint64_t seed))
{
    for (int ep = 0; ep < EP; ep++)
        for (int captured = 0; captured < 2; captured++) {
            struct setting setting = open_rank(ep, captured != 0);
            for (int count : counts_of(setting.r))
                check(&setting, count, (uint64_t)(count * 100 + ep + 1));
            harness_close(setting.r);
        }
}

static struct rows route(struct gpu *r, int count, uint64_t seed)
{
    struct rows rows = put_rows(r, count, seed);
    add_and_route(r, B, LAYER_1);
    harness_finish(r);
    return rows;
}

/* ---- choices */

static void check_normed(const struct setting *setting, const struct rows &rows)
{
    std::vector<float> residual = harness_values<float>(setting->r, residual_of(setting->r, B), rows.residual.size());
    std::vector<float> routed = get_elements(setting->r, routed_of(setting->r, B), rows.residual.size());
    for (int i = 0; i < rows.count; i++) {
        double squares = 0;
        for (int j = i * HIDDEN; j < (i + 1) * HIDDEN; j++) {
            ck_assert(residual[j] == rows.residual[j] + rows.partial[j]);
            squares += (double)residual[j] * residual[j];
        }
        double factor = 1 / std::sqrt(squares / HIDDEN + RMS_EPSILON);
        for (int j = 0; j < HIDDEN; j++)
            ck_assert(is_near(routed[i * HIDDEN + j], residual[i * HIDDEN + j] * factor * setting->weights.norm[j],
                              ROUNDING));
    }
}

static std::vector<double> logits_of(const struct setting *setting, const float *routed)
{
    std::vector<double> logits(EXPERTS);
    for (int expert = 0; expert < EXPERTS; expert++)
        for (int j = 0; j < HIDDEN; j++)
            logits[expert] += (double)routed[j] * setting->weights.router[expert * HIDDEN + j];
    return logits;
}

static void check_choices(struct setting *setting, int count, uint64_t seed)
{
    struct rows rows = route(setting->r, count, seed);
    check_normed(setting, rows);
    struct routes routes = get_routes(setting->r);
    std::vector<float> routed = get_elements(setting->r, routed_of(setting->r, B), rows.residual.size());
    for (int i = 0; i < count; i++) {
        std::vector<double> logits = logits_of(setting, &routed[i * HIDDEN]);
        std::vector<int> order(EXPERTS);
        double sum = 0;
        for (int expert = 0; expert < EXPERTS; expert++)
            order[expert] = expert;
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
        for (int k = 0; k < TOP_K; k++)
            sum += std::exp(logits[order[k]] - logits[order[0]]);
        for (int k = 0; k < TOP_K; k++) {
            ck_assert_int_eq(routes.chosen[i][k].expert, order[k]);
            ck_assert(is_near(routes.chosen[i][k].weight, std::exp(logits[order[k]] - logits[order[0]]) / sum, 2e-5));
        }
    }
}

START_TEST(rows_go_to_their_largest_logits_the_lower_expert_first_among_equals)
{
    for_each_case(check_choices);
}
END_TEST

START_TEST(logits_that_are_not_numbers_still_give_distinct_experts)
{
    struct setting setting = open_rank(0, false);
    put_rows(setting.r, 5, 1);
    std::vector<float> residual(5 * HIDDEN, NAN);
    harness_put(setting.r, residual_of(setting.r, B), residual.data(), residual.size() * sizeof(float));
    add_and_route(setting.r, B, LAYER_1);
    struct routes routes = get_routes(setting.r);
    for (int i = 0; i < 5; i++) {
        ck_assert(0 <= routes.chosen[i][0].expert && routes.chosen[i][0].expert < EXPERTS);
        ck_assert(0 <= routes.chosen[i][1].expert && routes.chosen[i][1].expert < EXPERTS);
        ck_assert_int_ne(routes.chosen[i][0].expert, routes.chosen[i][1].expert);
    }
    harness_close(setting.r);
}
END_TEST

/* ---- places */

/* Homes and places of chosen experts, by the rule: in row order, an expert takes EXPERT_CAPACITY rows. */
static uint64_t place_again(const struct gpu *r, int count, struct routes *routes)
{
    int taken[EXPERTS] = {};
    uint64_t dropped = 0;
    memset(routes->sent, 0, sizeof routes->sent);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < TOP_K; k++) {
            struct routes::choice *choice = &routes->chosen[i][k];
            bool drop = ++taken[choice->expert] > EXPERT_CAPACITY, first = true;
            dropped += drop;
            choice->home = drop ? -1 : home_of(r, LAYER_1, choice->expert);
            choice->place = -1;
            if (drop)
                continue;
            for (int earlier = 0; earlier < k; earlier++)
                first &= routes->chosen[i][earlier].home != choice->home;
            if (first)
                choice->place = routes->sent[choice->home].rows++;
            routes->sent[choice->home].wishes[slot_of(r, LAYER_1, choice->expert)]++;
        }
    return dropped;
}

/* Both buffers of records on the host. */
struct travellers {
    std::vector<struct travelling_row> outgoing, incoming;
};

static struct travellers get_travellers(struct gpu *r)
{
    return {get_records(r, ARENA(r, B, OUTGOING), OUTGOING_RECORDS),
            get_records(r, ARENA(r, B, INCOMING), EP * DISPATCH_ROWS)};
}

/* The record at a place for an ep coordinate: own ones are in INCOMING. */
static struct travelling_row *record_at(const struct gpu *r, struct travellers *travellers, const struct routes *routes,
                                        const struct routes::choice *choice)
{
    int first = choice->home * (r->captured ? (int)DECODE_DISPATCH_ROWS : (int)DISPATCH_ROWS);
    if (choice->home == r->ep)
        return &travellers->incoming[choice->home * DISPATCH_ROWS + choice->place];
    if (!r->captured && EXACT_DISPATCH) {
        first = 0;
        for (int peer = 0; peer < choice->home; peer++)
            first += peer == r->ep ? 0 : routes->sent[peer].rows;
    }
    return &travellers->outgoing[first + choice->place];
}

static void check_record(const struct gpu *r, const struct routes *routes, int row, int home,
                         const struct travelling_row *record, const element *routed)
{
    ck_assert(memcmp(record->values, routed + row * HIDDEN, sizeof record->values) == 0);
    int wishes = 0;
    for (int k = 0; k < TOP_K; k++) {
        const struct routes::choice *choice = &routes->chosen[row][k];
        if (choice->home != home)
            continue;
        ck_assert_int_eq(record->wishes[wishes].slot, slot_of(r, LAYER_1, choice->expert));
        ck_assert(record->wishes[wishes++].weight == choice->weight);
    }
    for (; wishes < TOP_K; wishes++)
        ck_assert_int_eq(record->wishes[wishes].slot, -1);
}

static void check_places(struct setting *setting, int count, uint64_t seed)
{
    struct gpu *r = setting->r;
    route(r, count, seed);
    struct routes routes = get_routes(r), again = routes;
    ck_assert(get_dropped(r, LAYER_1) == place_again(r, count, &again));
    ck_assert(memcmp(routes.chosen, again.chosen, (size_t)count * sizeof routes.chosen[0]) == 0);
    ck_assert(memcmp(routes.sent, again.sent, sizeof routes.sent) == 0);
    std::vector<element> routed = harness_values<element>(r, routed_of(r, B), (size_t)(count * HIDDEN));
    struct travellers travellers = get_travellers(r);
    for (int i = 0; i < count * TOP_K; i++) {
        const struct routes::choice *choice = &routes.chosen[i / TOP_K][i % TOP_K];
        if (choice->place >= 0)
            check_record(r, &routes, i / TOP_K, choice->home, record_at(r, &travellers, &routes, choice),
                         routed.data());
    }
}

START_TEST(each_row_goes_once_to_every_ep_coordinate_that_has_an_expert_for_it)
{
    for_each_case(check_places);
}
END_TEST

/* ---- arrivals */

/* Messages of made-up rows from every peer, beside what this rank sent to itself. */
static void put_messages(struct gpu *r, struct arrivals *sent, uint64_t seed)
{
    struct numbers numbers = {seed};
    std::vector<struct travelling_row> records(DISPATCH_ROWS);
    for (int sender = 0; sender < EP; sender++) {
        if (sender == r->ep)
            continue;
        struct message_counts *counts = &sent->got[sender];
        *counts = {};
        counts->rows = r->captured ? (int)DECODE_DISPATCH_ROWS - 1 : (int)DISPATCH_ROWS - (int)(seed % 3);
        for (int i = 0; i < counts->rows; i++) {
            int first = i % EXPERT_SLOTS, wishes = 1 + (i % 3 == 0 && WISHES > 1);
            memset(&records[i], 0, sizeof records[i]);
            for (int k = 0; k < TOP_K; k++)
                records[i].wishes[k] = {k < wishes ? (first + k) % EXPERT_SLOTS : -1, numbers.next()};
            for (int k = 0; k < wishes; k++)
                counts->wishes[records[i].wishes[k].slot]++;
        }
        harness_put(r, (struct travelling_row *)ARENA(r, B, INCOMING) + sender * DISPATCH_ROWS, records.data(),
                    records.size() * sizeof records[0]);
        harness_put(r, &((struct arrivals *)ARENA(r, B, ARRIVALS))->got[sender], counts, sizeof *counts);
    }
}

static void check_sorted(struct gpu *r, const struct arrivals *sent)
{
    struct arrivals arrivals = get_arrivals(r);
    std::vector<struct travelling_row> incoming = get_records(r, ARENA(r, B, INCOMING), EP * DISPATCH_ROWS);
    int next = 0;
    ck_assert(memcmp(arrivals.got, sent->got, sizeof sent->got) == 0);
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        ck_assert_int_eq(arrivals.begin[slot], next);
        for (int sender = 0; sender < EP; sender++)
            for (int row = 0; row < sent->got[sender].rows; row++)
                for (int k = 0; k < WISHES; k++) {
                    const struct travelling_row::wish *wish = &incoming[sender * DISPATCH_ROWS + row].wishes[k];
                    if (wish->slot < 0)
                        ck_assert_int_eq(arrivals.entry_of[sender][row][k], -1);
                    if (wish->slot != slot)
                        continue;
                    ck_assert_int_eq(arrivals.entry_of[sender][row][k], next);
                    ck_assert_int_eq(arrivals.entries[next].sender, sender);
                    ck_assert_int_eq(arrivals.entries[next].row, row);
                    ck_assert(arrivals.entries[next++].weight == wish->weight);
                }
    }
    ck_assert_int_eq(arrivals.begin[EXPERT_SLOTS], next);
}

static void check_arrivals(struct setting *setting, int count, uint64_t seed)
{
    struct gpu *r = setting->r;
    struct arrivals sent;
    route(r, count, seed);
    put_messages(r, &sent, seed);
    sent.got[r->ep] = get_routes(r).sent[r->ep];
    struct host_counts *host = host_counts_of(r, B);
    memset((void *)host, 0xff, sizeof *host);
    if (EP > 1)
        dispatch_finish(r, B, LAYER_1);
    else
        gather(r, B, LAYER_1);
    harness_finish(r);
    check_sorted(r, &sent);
    if (EP == 1 && EXACT_DISPATCH && !r->captured) {
        ck_assert(memcmp(host->got, sent.got, sizeof sent.got) == 0);
    }
}

START_TEST(arrivals_are_sorted_by_expert_then_sender_then_row)
{
    for_each_case(check_arrivals);
}
END_TEST

/* ---- the way back */

static void check_sums(struct setting *setting, int count, uint64_t seed)
{
    struct gpu *r = setting->r;
    route(r, count, seed);
    struct routes routes = get_routes(r);
    struct travellers travellers = get_travellers(r);
    struct numbers numbers = {seed};
    std::vector<double> sums((size_t)(count * HIDDEN));
    for (int i = 0; i < count * TOP_K; i++) {
        const struct routes::choice *choice = &routes.chosen[i / TOP_K][i % TOP_K];
        for (int j = 0; choice->place >= 0 && j < HIDDEN; j++) {
            element *value = &record_at(r, &travellers, &routes, choice)->values[j];
            *value = from_float<element>(numbers.next());
            sums[(size_t)(i / TOP_K * HIDDEN + j)] += to_float(*value);
        }
    }
    harness_put(r, ARENA(r, B, OUTGOING), travellers.outgoing.data(), OUTGOING_RECORDS * sizeof(struct travelling_row));
    harness_put(r, ARENA(r, B, INCOMING), travellers.incoming.data(),
                travellers.incoming.size() * sizeof(struct travelling_row));
    if (EP > 1)
        combine_finish(r, B, LAYER_1);
    else
        scatter(r, B, LAYER_1);
    std::vector<float> partial = get_elements(r, partial_of(r, B), sums.size());
    for (size_t i = 0; i < sums.size(); i++)
        ck_assert(is_near(partial[i], sums[i], ROUNDING));
}

START_TEST(each_row_becomes_the_sum_of_its_records)
{
    for_each_case(check_sums);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("routing");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, rows_go_to_their_largest_logits_the_lower_expert_first_among_equals);
    tcase_add_test(tests, logits_that_are_not_numbers_still_give_distinct_experts);
    tcase_add_test(tests, each_row_goes_once_to_every_ep_coordinate_that_has_an_expert_for_it);
    tcase_add_test(tests, arrivals_are_sorted_by_expert_then_sender_then_row);
    tcase_add_test(tests, each_row_becomes_the_sum_of_its_records);
    return run_case("routing", tests);
}
