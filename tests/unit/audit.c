/* The audit of claims: each quantity against numbers worked out by hand for a small model, each verdict, and the text
 * of the audit of moe10b-256, in tests/cases/audit (UPDATE_GOLDEN=1 rewrites it). */
#include "predict/audit/audit.h"
#include "base/file.h"
#include "plan/make.h"
#include "predict/audit/parts.h"
#include "read/claim_text.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct pool pool;
static struct strategy strategy;
static struct plan plan;
static struct audit audit;

static void audit_file(const char *path, const struct prediction *prediction)
{
    struct error error = {0};
    bool done = strategy_read(path, NULL, &pool, &strategy, &error) && plan_make(&strategy, &plan, &error);
    ck_assert_msg(done, "%s:%d: %s", error.file, error.line, error.text);
    if (prediction)
        strategy.hardware = strategy.claims->accelerators[0];
    ck_assert_msg(audit_claims(&strategy, &plan, prediction, &pool, &audit, &error), "%s", error.text);
}

static void forget(void)
{
    plan_free(&plan);
    pool_free(&pool);
}

/* Parameters: embedding and head 16,384 each, attention 49,152, norms 576, routers 2,048, experts 98,304: 182,848 in
 * all, of which a token of top 2 uses 109,120. 8 ranks in 2 stages of 2 layers; 8 sequences in each of 2 lanes. */
static void audit_claim_predicted(const char *claims, const struct prediction *prediction)
{
    char path[] = "/tmp/rankc-audit-XXXXXX";
    struct error error = {0};
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    char *text = pool_format(&pool,
                             "return strategy { name = 'small', model = { model_type = 'mixtral', hidden_size = 64,\n"
                             "  num_hidden_layers = 4, num_attention_heads = 8, num_key_value_heads = 4,\n"
                             "  num_local_experts = 8, num_experts_per_tok = 2, intermediate_size = 16,\n"
                             "  vocab_size = 256, eos_token_id = 2, max_position_embeddings = 512,\n"
                             "  rms_norm_eps = 1e-5, rope_theta = 1e4 },\n"
                             "  grid = { dp = 2, pp = 2, tp = 2 }, batch = { context = 32, prefill_rows = 64 },\n"
                             "  target = { memory = '1 MB' }, claims = { %s } }",
                             claims);
    ck_assert(file_write(path, text, strlen(text), 0644, &error));
    audit_file(path, prediction);
    unlink(path);
}

static void audit_claim(const char *claims)
{
    audit_claim_predicted(claims, NULL);
}

#define ON_H100 ", assume = { accelerator = { 'h100-sxm' } }"
#define ON_BOTH ", assume = { accelerator = { 'a100-sxm-80gb', 'h100-sxm' } }"

/* ---- quantities */

/* FLOPs of a token. */
#define TOKEN (2 * (109120 - 16384 - 576) + 4 * 4 * 64 * 16)

static const struct {
    const char *claims;
    double low, high;
    enum verdict verdict;
} quantities[] = {
    {"gpus = '8'", 8, 8, VERDICT_HOLDS},
    {"gpus = '9'", 8, 8, VERDICT_FALSE},
    {"grid = { pp = '2' }", 2, 2, VERDICT_HOLDS},
    {"grid = { ep = '2' }", 1, 1, VERDICT_FALSE},
    {"rank_stride = { dp = '4' }", 4, 4, VERDICT_HOLDS},
    {"rank_stride = { pp = '1' }", 2, 2, VERDICT_FALSE},
    {"rank_stride = { ep = '1' }", -INFINITY, INFINITY, VERDICT_UNSUPPORTED},
    {"rank_numbers = '0-7'", 0, 7, VERDICT_HOLDS},
    {"rank_numbers = '0-8'", 0, 7, VERDICT_FALSE},
    {"layers = '4'", 4, 4, VERDICT_HOLDS},
    {"layers_per_stage = '2'", 2, 2, VERDICT_HOLDS},
    {"experts = '32'", 32, 32, VERDICT_HOLDS},
    {"experts_per_layer = '8'", 8, 8, VERDICT_HOLDS},
    {"experts_per_gpu_layer = '4'", 8, 8, VERDICT_FALSE},
    {"experts_per_token = '2-4'", 2, 2, VERDICT_HOLDS},
    {"gpus_per_expert = '1'", 4, 4, VERDICT_FALSE},
    {"shards_per_expert = '2'", 2, 2, VERDICT_HOLDS},
    {"shards_per_gpu = '2'", 16, 16, VERDICT_FALSE},
    {"sequences = '16'", 16, 16, VERDICT_HOLDS},
    {"sequences_per_replica = '16'", 8, 8, VERDICT_FALSE},
    {"context = '32'", 32, 32, VERDICT_HOLDS},
    {"parameters = '0.183 M'", 182848, 182848, VERDICT_HOLDS},
    {"parameters = '0.182 M'", 182848, 182848, VERDICT_FALSE},
    {"active_parameters = '109120'", 109120, 109120, VERDICT_HOLDS},
    {"sparsity = '1.7x'", 182848.0 / 109120, 182848.0 / 109120, VERDICT_HOLDS},
    {"sparsity = '4x'", 182848.0 / 109120, 182848.0 / 109120, VERDICT_FALSE},
    {"weights = '366 KB'", 365696, 365696, VERDICT_HOLDS},
    {"weights_per_gpu = '46 KB'", 99584, 99584, VERDICT_FALSE},
    {"weights_per_gpu = '99584 B'", 99584, 99584, VERDICT_HOLDS},
    {"kv_per_gpu = '65536 B'", 65536, 65536, VERDICT_HOLDS},
    {"kv_per_gpu = '10 GB'", 65536, 65536, VERDICT_FALSE},
    {"overhead_per_gpu = '4 GB'", -INFINITY, INFINITY, VERDICT_UNSUPPORTED},
    {"gpu_memory = '80 GB'" ON_H100, 80e9, 80e9, VERDICT_HOLDS},
    {"gpu_memory = '64 GB'" ON_H100, 80e9, 80e9, VERDICT_UNSUPPORTED},
    {"gpu_memory = '64 GB'", -INFINITY, INFINITY, VERDICT_UNSUPPORTED},
    {"placement_imbalance = '0.000'", 0, 0, VERDICT_HOLDS},
    {"mfu = '85 %'", 0, 1, VERDICT_UNSUPPORTED},
    {"overlap_gain = '20 %'", -INFINITY, INFINITY, VERDICT_UNSUPPORTED},
    {"throughput = { '1 tokens/ms/gpu', mfu = '50 %' }", -INFINITY, INFINITY, VERDICT_UNSUPPORTED},
    {"throughput = { '2 tokens/ms/gpu', mfu = '40 %' }" ON_H100, 989e12 * 0.4 / TOKEN, 989e12 * 0.4 / TOKEN,
     VERDICT_FALSE},
    {"throughput = { '>= 2 tokens/ms/gpu', mfu = '40 %' }" ON_H100, 989e12 * 0.4 / TOKEN, 989e12 * 0.4 / TOKEN,
     VERDICT_HOLDS},
    {"throughput = { '>= 2 tokens/ms/gpu', mfu = '85 %' }" ON_H100, 989e12 * 0.85 / TOKEN, 989e12 * 0.85 / TOKEN,
     VERDICT_UNSUPPORTED},
    {"throughput = { '2 tokens/ms/gpu', mfu = '40 %', charged = 'all' }" ON_H100, 989e12 * 0.4 / 365696,
     989e12 * 0.4 / 365696, VERDICT_FALSE},
    {"throughput = '2000 tokens/ms/gpu'" ON_H100, 0, 989e12 / TOKEN, VERDICT_UNSUPPORTED},
    {"throughput = '9000000 tokens/ms/gpu'" ON_H100, 0, 989e12 / TOKEN, VERDICT_FALSE},
    {"ttft = '1 s'" ON_H100, 512 * TOKEN / (8 * 989e12), INFINITY, VERDICT_UNSUPPORTED},
    {"ttft = { '1 s', mfu = '100 %' }" ON_H100, 512 * TOKEN / (8 * 989e12), 512 * TOKEN / (8 * 989e12), VERDICT_FALSE},
    {"published = { switch_transformer = '16 tokens/ms' }", 16e3, 16e3, VERDICT_HOLDS},
    {"published = { switch_transformer = '>= 100 tokens/ms' }", 16e3, 16e3, VERDICT_UNSUPPORTED},
    {"published = { fairseq_moe = '90-110 tokens/ms' }", 0, 2e3, VERDICT_UNSUPPORTED},
};

static bool near(double left, double right)
{
    return left == right || fabs(left - right) <= 1e-9 * fabs(right);
}

START_TEST(quantities_are_what_they_come_to_by_hand)
{
    for (size_t i = 0; i < COUNT(quantities); i++) {
        audit_claim(quantities[i].claims);
        const struct audit_case *first = &audit.lines[0].cases[0];
        ck_assert_int_eq(audit.claims->count, 1);
        ck_assert_msg(near(first->low, quantities[i].low) && near(first->high, quantities[i].high),
                      "%s: computed %.12g to %.12g", quantities[i].claims, first->low, first->high);
        ck_assert_msg(audit.lines[0].verdict == quantities[i].verdict, "%s: %s", quantities[i].claims,
                      verdict_names[audit.lines[0].verdict]);
        ck_assert_int_gt((int)strlen(audit.lines[0].because), 0);
        forget();
    }
}
END_TEST

START_TEST(parameters_are_those_of_the_plan)
{
    audit_claim("parameters = '1 M'");
    double sum = 0; /* of one replica: norms and routers are on every tp rank, and are counted once */
    for (int i = 0; i < plan.class_count; i++) {
        const struct rank_class *class = &plan.classes[i];
        uint64_t replicated = (uint64_t) class->shape.layers * (2 * 64 + 8 * 64) + (class->last_stage ? 64 : 0);
        sum += 2.0 * (double)(class_parameters(class) - replicated) + (double)replicated;
    }
    ck_assert(sum == 182848);
    forget();
}
END_TEST

START_TEST(memory_is_the_ledger)
{
    audit_claim(
        "gpu_memory = '1 MB', memory_per_gpu = '1 B', headroom = '1 B', memory_used = '1 %', memory_free = '1 %'");
    uint64_t most = 0;
    for (int i = 0; i < plan.class_count; i++)
        most = plan.classes[i].ledger_bytes > most ? plan.classes[i].ledger_bytes : most;
    double expected[] = {(double)most, 1e6 - (double)most, (double)most / 1e6, 1 - (double)most / 1e6};
    for (int i = 0; i < audit.claims->count; i++) /* all on one line: in the order of their names */
        for (size_t j = 0; j < COUNT(expected); j++)
            if (audit.lines[i].claim->quantity == (enum quantity[]){QUANTITY_memory_per_gpu, QUANTITY_headroom,
                                                                    QUANTITY_memory_used, QUANTITY_memory_free}[j])
                ck_assert_msg(near(audit.lines[i].cases[0].low, expected[j]), "%s", audit.lines[i].claim->name);
    forget();
}
END_TEST

/* ---- verdicts */

static struct text list;

static void list_item(void *context, enum verdict verdict, const char *setting)
{
    (void)context;
    text_format(&list, "%s at %s\n", verdict_names[verdict], setting);
}

START_TEST(says_on_what_a_verdict_depends)
{
    audit_claim(
        "kv_per_gpu = '131072 B', assume = { context = { 32, 64, 512 }, kv = { 'f32', 'bf16' }, top_k = { 2, 4 } }");
    ck_assert_int_eq(audit.lines[0].verdict, VERDICT_DEPENDS);
    ck_assert_int_eq(audit.lines[0].case_count, 6); /* top_k bears on no cache */
    ck_assert_uint_eq(audit.lines[0].matters, A(context) | A(kv));
    audit_dependence(&audit, &audit.lines[0], list_item, NULL);
    ck_assert_str_eq(list.bytes, "false at kv f32 and context 32 or 512\n"
                                 "holds at kv f32 and context 64\n"
                                 "false at kv bf16\n");
    text_free(&list);
    list = (struct text){0};
    forget();
}
END_TEST

START_TEST(alternatives_are_planned_anew)
{
    audit_claim("weights_per_gpu = '1 B', assume = { hidden_size = { 64, 128 }, weights = { 'bf16', 'f32', 'adam' } }");
    const struct audit_line *line = &audit.lines[0];
    double planned = 0, wide = 0, single = 0, training = 0;
    for (int i = 0; i < line->case_count; i++) {
        const int *chosen = line->cases[i].chosen;
        double low = line->cases[i].low;
        if (chosen[ASSUME_hidden_size] == 1 && chosen[ASSUME_weights] == 0)
            wide = low;
        if (chosen[ASSUME_hidden_size] == 0)
            *(chosen[ASSUME_weights] == 0 ? &planned : chosen[ASSUME_weights] == 1 ? &single : &training) = low;
    }
    ck_assert(planned == 99584);
    /* Of the last stage: norms 4 x 64, final norm 64 and routers 2 x 8 x 64 in f32 (routers are padded to 16 rows only
     * as planned); all else twice as large. */
    double f32_kept = 4 * (4 * 64 + 64 + 2 * 8 * 64), padding = 4 * 2 * 8 * 64;
    ck_assert(single == 2 * (planned - f32_kept - padding) + f32_kept);
    ck_assert(training == 16 * ((planned - f32_kept - padding) / 2 + f32_kept / 4));
    /* Twice as wide: head, norms and routers double, attention grows fourfold; 4 of an expert's 8 hidden values are on
     * a rank, whose 8 rows of gate and up are padded to 16. */
    ck_assert(wide == 2 * 16384 + 4 * 24576 + 2 * 8 * 2 * (16 * 128 + 128 * 4) + 2 * (2 * 512 + 2 * 4096) + 2 * 256);
    forget();
}
END_TEST

START_TEST(a_gain_beyond_the_peak_is_false)
{
    audit_claim("overlap_gain = '20 %', mfu = '85 %'");
    ck_assert_int_eq(audit.lines[1].claim->quantity, QUANTITY_overlap_gain);
    ck_assert_int_eq(audit.lines[1].verdict, VERDICT_FALSE);
    ck_assert(near(audit.lines[1].cases[0].high, 1 / 0.85 - 1));
    forget();
}
END_TEST

START_TEST(a_margin_is_as_good_as_its_premise)
{
    audit_claim("ttft = { required = '<= 10 s', achieved = '0.472 s' }, ttft_margin = '21x'" ON_BOTH);
    for (int i = 0; i < audit.claims->count; i++) {
        bool required = strcmp(audit.lines[i].claim->name, "ttft.required") == 0;
        ck_assert_int_eq(audit.lines[i].verdict, required ? VERDICT_HOLDS : VERDICT_UNSUPPORTED);
    }
    forget();
}
END_TEST

START_TEST(the_documents_own_sums_are_checked)
{
    audit_claim("weights_per_gpu = '0.078 GB', activations_per_gpu = '8 GB', kv_per_gpu = '10 GB',\n"
                "overhead_per_gpu = '4 GB', memory_per_gpu = { right = '22.1 GB', wrong = '22.2 GB' },\n"
                "sequences = { one = '128', other = '512' }");
    int seen = 0;
    for (int i = 0; i < audit.claims->count; i++) {
        const struct audit_line *line = &audit.lines[i];
        const char *wanted = strcmp(line->claim->name, "memory_per_gpu.right") == 0   ? "which does round to 22.1 GB"
                             : strcmp(line->claim->name, "memory_per_gpu.wrong") == 0 ? "which is not 22.2 GB"
                             : strcmp(line->claim->name, "sequences.one") == 0        ? "sequences.other says 512"
                                                                                      : NULL;
        if (!wanted)
            continue;
        ck_assert_msg(line->own_figures && strstr(line->own_figures, wanted), "%s", line->own_figures);
        seen++;
    }
    ck_assert_int_eq(seen, 3);
    forget();
}
END_TEST

START_TEST(a_prediction_takes_the_place_of_bounds)
{
    struct prediction prediction = {.ttft_s = 0.5, .phases[PREFILL] = {.tokens_per_s = 80e3, .mfu = 0.3}};
    audit_claim_predicted("throughput = { '10 tokens/ms/gpu' }, ttft = '0.5 s', mfu = '30 %'" ON_BOTH, &prediction);
    double expected[QUANTITY_COUNT] = {[QUANTITY_throughput] = 10e3, [QUANTITY_ttft] = 0.5, [QUANTITY_mfu] = 0.3};
    for (int i = 0; i < audit.claims->count; i++)
        ck_assert(audit.lines[i].cases[0].low == expected[audit.lines[i].claim->quantity] &&
                  audit.lines[i].cases[0].verdict == VERDICT_HOLDS);
    forget();
}
END_TEST

/* ---- what would meet a claim */

static void try_every_grid(const struct strategy *from, const int *grid, uint64_t *least)
{
    struct pool grid_pool = {0};
    struct strategy changed;
    struct plan grid_plan;
    struct error error;
    if (variant_plan(from, &(struct change){.grid = grid}, &grid_pool, &changed, &grid_plan, &error)) {
        uint64_t bytes = class_weight_bytes(heaviest_class(&grid_plan, STORE_BF16), STORE_BF16);
        *least = bytes < *least ? bytes : *least;
    }
    plan_free(&grid_plan);
    pool_free(&grid_pool);
}

START_TEST(the_lightest_grid_is_that_of_brute_force)
{
    audit_claim("weights_per_gpu = '1 B'");
    uint64_t least = UINT64_MAX;
    for (int dp = 1; dp <= 8; dp *= 2)
        for (int pp = 1; dp * pp <= 8 && pp <= 4; pp *= 2)
            for (int ep = 1; dp * pp * ep <= 8; ep *= 2)
                try_every_grid(&strategy, (const int[]){dp, pp, ep, 8 / dp / pp / ep}, &least);
    const struct scenario scenario = {.strategy = &strategy, .plan = &plan, .weights = STORE_BF16};
    ck_assert_uint_eq(lightest_grid(&scenario).bytes, least);
    ck_assert_uint_lt(least, 99584);
    ck_assert_ptr_nonnull(strstr(audit.lines[0].meets, whole(&pool, least)));
    forget();
}
END_TEST

/* ---- draws */

static uint64_t random_state = 42;

static double random_share(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(random_state >> 11) / (double)(UINT64_C(1) << 53);
}

enum { EXPERTS = 16, TOP_K = 2 };

/* Most over mean, less one, when `rows` rows each choose TOP_K different experts by their shares. */
static double drawn_imbalance(int rows, const double *share)
{
    int counts[EXPERTS] = {0}, most = 0;
    for (int row = 0; row < rows; row++)
        for (int k = 0, chosen[TOP_K] = {-1, -1}; k < TOP_K;) {
            double at = random_share();
            int expert = 0;
            while (expert < EXPERTS - 1 && (at -= share[expert]) >= 0)
                expert++;
            if (expert == chosen[0])
                continue;
            chosen[k++] = expert;
            counts[expert]++;
        }
    for (int i = 0; i < EXPERTS; i++)
        most = counts[i] > most ? counts[i] : most;
    return (double)most * EXPERTS / (rows * TOP_K) - 1;
}

START_TEST(imbalance_is_that_of_rows_that_are_drawn)
{
    double uniform[EXPERTS], zipf[EXPERTS], sum = 0, mean = 0;
    for (int i = 0; i < EXPERTS; i++)
        sum += 1.0 / (i + 1);
    for (int i = 0; i < EXPERTS; i++) {
        uniform[i] = 1.0 / EXPERTS;
        zipf[i] = 1.0 / (i + 1) / sum;
    }
    for (int i = 0; i < 400; i++)
        mean += drawn_imbalance(1024, uniform) / 400;
    ck_assert_double_eq_tol(uniform_imbalance(1024, EXPERTS, TOP_K), mean, 0.03 * mean);
    double favourite = drawn_imbalance(200000, zipf);
    ck_assert_double_eq_tol(zipf_imbalance(EXPERTS, TOP_K), favourite, 0.01 * favourite);
    ck_assert_double_eq_tol(normal_maximum(1), 0, 1e-6);
    ck_assert_double_eq_tol(normal_maximum(2), 0.5641896, 1e-6); /* 1 / sqrt(pi) */
    ck_assert_double_eq_tol(zipf_imbalance(1, 1), 0, 1e-9);
}
END_TEST

/* ---- figures */

START_TEST(a_figure_stands_for_what_rounds_to_it)
{
    static const struct {
        const char *text;
        enum dimension dimension;
        double low, high;
    } figures[] = {
        {"0.078 GB", IN_MEMORY, 77.5e6, 78.5e6},
        {"10 B", IN_PARAMETERS, 9.5e9, 10.5e9},
        {"12.0 tokens/ms/gpu", IN_RATE, 11950, 12050},
        {"<= 10 s", IN_TIME, -INFINITY, 10},
        {">=100 tokens/ms", IN_ANY_RATE, 100e3, INFINITY},
        {"2-4", IN_NUMBER, 2, 4},
        {"65 %", IN_SHARE, 0.645, 0.655},
        {"0.000", IN_SHARE, -0.0005, 0.0005},
        {"21x", IN_TIMES, 20.5, 21.5},
        {"256", IN_NUMBER, 256, 256},
    };
    for (size_t i = 0; i < COUNT(figures); i++) {
        struct figure figure;
        ck_assert_int_eq(figure_read(figures[i].text, figures[i].dimension, &figure), FIGURE_RIGHT);
        ck_assert_msg(near(figure.low, figures[i].low) && near(figure.high, figures[i].high), "%s: %.12g to %.12g",
                      figures[i].text, figure.low, figure.high);
    }
}
END_TEST

START_TEST(numbers_are_rounded_for_people)
{
    static const struct {
        double value;
        const char *text;
    } numbers[] = {{0, "0"},
                   {0.28423, "0.2842"},
                   {41.9, "41.9"},
                   {10.0637, "10.06"},
                   {76293.9, "76,294"},
                   {1e15, "1e+15"},
                   {INFINITY, "inf"},
                   {-3, "-3"},
                   {1e-9, "1e-09"},
                   {999.96, "1000"},
                   {1234567, "1,234,567"},
                   {0.5, "0.5"}};
    for (size_t i = 0; i < COUNT(numbers); i++)
        ck_assert_str_eq(number_text(&pool, numbers[i].value), numbers[i].text);
    pool_free(&pool);
}
END_TEST

/* ---- the document */

START_TEST(audits_moe10b_256_as_before)
{
    static const char path[] = "tests/cases/audit/moe10b-256.txt";
    struct text text = {0}, golden = {0};
    struct error error = {0};
    audit_file("strategies/moe10b-256.lua", NULL);
    audit_text(&strategy, &plan, &audit, &text);
    if (getenv("UPDATE_GOLDEN"))
        ck_assert_msg(file_write(path, text.bytes, text.length, 0644, &error), "%s", error.text);
    ck_assert_msg(file_read(path, 1 << 20, &golden, &error), "%s", error.text);
    for (char *line = strtok(golden.bytes, "\n"); line; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 100, "%s", line);
    text_free(&golden);
    golden = (struct text){0};
    ck_assert(file_read(path, 1 << 20, &golden, &error));
    ck_assert_msg(strcmp(text.bytes, golden.bytes) == 0, "the audit differs: look at it, then UPDATE_GOLDEN=1");
    text_free(&golden);
    text_free(&text);
    forget();
}
END_TEST

START_TEST(writes_the_same_for_programs)
{
    struct text text = {0};
    audit_file("strategies/moe10b-256.lua", NULL);
    audit_json(&strategy, &plan, &audit, &text);
    json_t *root = json_loads(text.bytes, 0, NULL), *claims = json_object_get(root, "claims");
    ck_assert_uint_eq(json_array_size(claims), (size_t)audit.claims->count);
    for (int i = 0; i < audit.claims->count; i++) {
        const json_t *claim = json_array_get(claims, (size_t)i);
        ck_assert_str_eq(json_string_value(json_object_get(claim, "claim")), audit.lines[i].claim->name);
        ck_assert_str_eq(json_string_value(json_object_get(claim, "verdict")), verdict_names[audit.lines[i].verdict]);
        ck_assert_uint_eq(json_array_size(json_object_get(claim, "cases")), (size_t)audit.lines[i].case_count);
    }
    json_decref(root);
    text_free(&text);
    forget();
}
END_TEST

int main(void)
{
    if (chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    TCase *tests = tcase_create("audit");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, quantities_are_what_they_come_to_by_hand);
    tcase_add_test(tests, parameters_are_those_of_the_plan);
    tcase_add_test(tests, memory_is_the_ledger);
    tcase_add_test(tests, says_on_what_a_verdict_depends);
    tcase_add_test(tests, alternatives_are_planned_anew);
    tcase_add_test(tests, a_gain_beyond_the_peak_is_false);
    tcase_add_test(tests, a_margin_is_as_good_as_its_premise);
    tcase_add_test(tests, the_documents_own_sums_are_checked);
    tcase_add_test(tests, a_prediction_takes_the_place_of_bounds);
    tcase_add_test(tests, the_lightest_grid_is_that_of_brute_force);
    tcase_add_test(tests, imbalance_is_that_of_rows_that_are_drawn);
    tcase_add_test(tests, a_figure_stands_for_what_rounds_to_it);
    tcase_add_test(tests, numbers_are_rounded_for_people);
    tcase_add_test(tests, audits_moe10b_256_as_before);
    tcase_add_test(tests, writes_the_same_for_programs);
    return run_case("audit", tests);
}
