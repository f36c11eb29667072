/* Ranks that meet: rows to their experts and back, sums over tp, slices of the logits, stages. A process a rank, over
 * the tests' NCCL. */
#include "rows.h"

#include "run_case.h"

#include <check.h>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

enum { RANKS = EP > TP ? EP : TP };
static_assert(RANKS > 1, "ranks meet in one group, along ep or tp");

static const struct nccl_library nccl = {
#define X(function) &::function,
    NCCL_FUNCTIONS(X)
#undef X
};

/* One rank of the group, which stands for every axis: its number is each coordinate. */
static struct gpu *open_member(ncclUniqueId id, int number)
{
    struct gpu *r = harness_open();
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    r->nccl = &nccl;
    r->ep = EP > 1 ? number : 0;
    r->tp = TP > 1 ? number : 0;
    r->pp = number;
    NCCL_CHECK(r, nccl.ncclCommInitRankConfig(&r->ep_comm, RANKS, id, number, &config));
    r->tp_comm = r->pp_comm = r->ep_comm;
    return r;
}

/* Runs `member` in a process a rank. Each ends by itself; all must end well. */
static void run_group(void (*member)(struct gpu *r, int number))
{
    ncclUniqueId id;
    ck_assert(nccl.ncclGetUniqueId(&id) == ncclSuccess);
    pid_t ranks[RANKS];
    for (int number = 0; number < RANKS; number++) {
        ranks[number] = fork();
        if (ranks[number] != 0)
            continue;
        struct gpu *r = open_member(id, number);
        member(r, number);
        harness_finish(r);
        nccl.ncclCommDestroy(r->ep_comm);
        harness_close(r);
        _exit(0);
    }
    for (pid_t rank : ranks) {
        int status = -1;
        ck_assert_int_eq(waitpid(rank, &status, 0), rank);
        ck_assert_int_eq(status, 0);
    }
}

/* Ends a member's process, and so its test, where `truth` is not. */
static void demand(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "rank: not so: %s\n", what);
    _exit(1);
}
#define DEMAND(truth) demand(truth, #truth)

/* ---- there and back */

/* What an expert of this test makes of a row, per unit of weight: the row and a number that tells the expert. */
static float apply_expert(int home, int slot, float value)
{
    return value + (float)(1 + home * EXPERT_SLOTS + slot) / 4;
}

/* Stands in for experts(): each record becomes its weighted sum. */
static void apply_experts(struct gpu *r)
{
    struct arrivals arrivals = get_arrivals(r);
    for (int sender = 0; sender < EP; sender++) {
        struct travelling_row *first = (struct travelling_row *)ARENA(r, B, INCOMING) + sender * DISPATCH_ROWS;
        std::vector<struct travelling_row> records = get_records(r, first, (size_t)arrivals.got[sender].rows);
        for (struct travelling_row &record : records) {
            float sums[HIDDEN] = {};
            for (int k = 0; k < TOP_K && record.wishes[k].slot >= 0; k++)
                for (int j = 0; j < HIDDEN; j++)
                    sums[j] += record.wishes[k].weight *
                               apply_expert(r->ep, record.wishes[k].slot, to_float(record.values[j]));
            for (int j = 0; j < HIDDEN; j++)
                record.values[j] = from_float<element>(sums[j]);
        }
        if (!records.empty())
            harness_put(r, first, records.data(), records.size() * sizeof records[0]);
    }
}

static void check_round_trip(struct gpu *r, int count, uint64_t seed)
{
    put_rows(r, count, seed);
    add_and_route(r, B, LAYER_1);
    harness_finish(r);
    struct routes routes = get_routes(r);
    std::vector<float> routed = get_elements(r, routed_of(r, B), (size_t)(count * HIDDEN));
    if (sends_exactly(r))
        dispatch_counts(r, B, LAYER_1);
    harness_finish(r); /* as the schedule does: the host reads the counts */
    dispatch_start(r, B, LAYER_1);
    harness_finish(r);
    dispatch_finish(r, B, LAYER_1);
    harness_finish(r);
    struct host_counts *host = host_counts_of(r, B);
    DEMAND(!sends_exactly(r) || memcmp(host->sent, routes.sent, sizeof routes.sent) == 0);
    DEMAND(!sends_exactly(r) || memcmp(host->got, get_arrivals(r).got, sizeof host->got) == 0);
    apply_experts(r);
    combine_start(r, B, LAYER_1);
    harness_finish(r);
    combine_finish(r, B, LAYER_1);
    std::vector<float> partial = get_elements(r, partial_of(r, B), routed.size());
    for (int i = 0; i < count; i++)
        for (int j = 0; j < HIDDEN; j++) {
            double sum = 0;
            for (int k = 0; k < TOP_K; k++) {
                const struct routes::choice *choice = &routes.chosen[i][k];
                if (choice->home >= 0)
                    sum += choice->weight * apply_expert(choice->home, slot_of(r, LAYER_1, choice->expert),
                                                         routed[(size_t)(i * HIDDEN + j)]);
            }
            DEMAND(is_near(partial[(size_t)(i * HIDDEN + j)], sum, 2 * ROUNDING));
        }
}

/* Ranks have different rows, some none, time after time; then those of decode, whose messages are of one size. */
static void travel(struct gpu *r, int number)
{
    put_router_weights(r);
    for (int round = 0; round < 4; round++)
        check_round_trip(r, (PREFILL_ROWS + number + 1) * round / 3 % (PREFILL_ROWS + 1),
                         (uint64_t)(round * RANKS + number));
    r->captured = true;
    for (int round = 0; round < 2; round++)
        check_round_trip(r, DECODE_ROWS - round, (uint64_t)(round * RANKS + number + 100));
}

START_TEST(rows_come_back_as_the_sums_of_their_experts)
{
    if (EP > 1)
        run_group(travel);
}
END_TEST

/* ---- sums, logits, stages */

static void sum_shares(struct gpu *r, int number)
{
    void (*const sums[])(struct gpu *) = {[](struct gpu *rank) { sum_embedding(rank, B); },
                                          [](struct gpu *rank) { sum_attention(rank, B, LAYER_1); },
                                          [](struct gpu *rank) { sum_experts(rank, B, LAYER_1); }};
    for (int round = 0; round < 3; round++) {
        struct rows rows = put_rows(r, PREFILL_ROWS - round, 3);
        std::vector<element> mine;
        for (float value : rows.partial)
            mine.push_back(from_float<element>(value * (float)(number + 1)));
        harness_put(r, partial_of(r, B), mine.data(), mine.size() * sizeof mine[0]);
        sums[round](r);
        harness_finish(r);
        std::vector<float> sum = get_elements(r, partial_of(r, B), rows.partial.size());
        for (size_t i = 0; i < sum.size(); i++)
            DEMAND(is_near(sum[i], rows.partial[i] * (RANKS * (RANKS + 1) / 2.0), 4 * ROUNDING));
    }
}

START_TEST(shares_are_summed_over_tp)
{
    run_group(sum_shares);
}
END_TEST

/* Logits that tell rank, row and token. */
static float logit_at(int number, int row, int token)
{
    return (float)(number * LOGIT_ROWS + row) + (float)token / VOCABULARY_SLICE;
}

static void gather_slices(struct gpu *r, int number)
{
    const int wanted = 5;
    put_rows(r, PREFILL_ROWS, 1);
    r->slices[B].wanted = wanted;
    std::vector<float> slice((size_t)LOGIT_ROWS * VOCABULARY_SLICE);
    for (int i = 0; i < LOGIT_ROWS * VOCABULARY_SLICE; i++)
        slice[i] = logit_at(number, i / VOCABULARY_SLICE, i % VOCABULARY_SLICE);
    float *logits = (float *)ARENA(r, B, LOGITS);
    harness_put(r, logits + (size_t)number * slice.size(), slice.data(), slice.size() * sizeof(float));
    gather_logits(r, B);
    harness_finish(r);
    std::vector<float> all = harness_values<float>(r, logits, TP * slice.size());
    for (int tp = 0; tp < TP; tp++)
        for (int i = 0; i < wanted * VOCABULARY_SLICE; i++)
            DEMAND(all[(size_t)(tp * LOGIT_ROWS * VOCABULARY_SLICE + i)] ==
                   logit_at(tp, i / VOCABULARY_SLICE, i % VOCABULARY_SLICE));
}

START_TEST(slices_of_logits_are_where_each_tp_rank_puts_its_own)
{
    if (TP > 1)
        run_group(gather_slices);
}
END_TEST

static void pass_on(struct gpu *r, int number)
{
    struct rows rows = put_rows(r, PREFILL_ROWS - 1, (uint64_t)number + 1);
    if (number > 0)
        receive_stage(r, B);
    harness_finish(r);
    std::vector<float> residual = harness_values<float>(r, residual_of(r, B), rows.residual.size());
    struct numbers first = {1}; /* rank 0's: residual and partial take turns */
    for (float value : residual) {
        DEMAND(value == first.next());
        first.next();
    }
    if (number < RANKS - 1)
        send_stage(r, B);
}

START_TEST(rows_of_the_first_stage_reach_the_last)
{
    run_group(pass_on);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("exchange");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, rows_come_back_as_the_sums_of_their_experts);
    tcase_add_test(tests, shares_are_summed_over_tp);
    tcase_add_test(tests, slices_of_logits_are_where_each_tp_rank_puts_its_own);
    tcase_add_test(tests, rows_of_the_first_stage_reach_the_last);
    return run_case("exchange", tests);
}
