/* Goes through the claims, each under every combination of the alternatives that matter to its quantity. */
#include "plan/make.h"
#include "predict/audit/parts.h"

#include <assert.h>
#include <string.h>

const char *const verdict_names[VERDICTS] = {"holds", "false", "unsupported", "depends"};

typedef struct computed compute(const struct scenario *, const struct claim *);

static compute *const computes[QUANTITY_COUNT] = {
#define X(name, dimension, label, assumptions, text) [QUANTITY_##name] = audit_##name,
    QUANTITIES(X)
#undef X
};

/* Plans of alternatives, made when first asked for. */
struct variant {
    int hidden_size, top_k, context, sequences;
    struct strategy strategy;
    struct plan plan;
    struct variant *next;
};

struct auditor {
    const struct strategy *strategy;
    const struct plan *plan;
    const struct prediction *prediction;
    struct variant *variants;
    struct pool *pool;
    struct error *error;
};

static int chosen_number(const struct claims *claims, const int *chosen, enum assumption assumption)
{
    return claims->assume[assumption].numbers[chosen[assumption]];
}

static const struct variant *find_variant(struct auditor *auditor, const int *chosen)
{
    const struct claims *claims = auditor->strategy->claims;
    const struct change change = {
        .hidden_size = chosen_number(claims, chosen, ASSUME_hidden_size),
        .top_k = chosen_number(claims, chosen, ASSUME_top_k),
        .context = chosen_number(claims, chosen, ASSUME_context),
        .sequences = chosen_number(claims, chosen, ASSUME_sequences),
    };
    for (struct variant *variant = auditor->variants; variant; variant = variant->next)
        if (variant->hidden_size == change.hidden_size && variant->top_k == change.top_k &&
            variant->context == change.context && variant->sequences == change.sequences)
            return variant;
    struct variant *variant = pool_take(auditor->pool, 1, sizeof *variant);
    *variant =
        (struct variant){change.hidden_size, change.top_k, change.context, change.sequences, .next = auditor->variants};
    auditor->variants = variant;
    struct error why;
    if (variant_plan(auditor->strategy, &change, auditor->pool, &variant->strategy, &variant->plan, &why))
        return variant;
    fail(auditor->error, auditor->strategy->path, auditor->strategy->lines[KEY_claims],
         "hidden_size %d with top_k %d, context %d and %d sequences is assumed but cannot be planned: %s",
         change.hidden_size, change.top_k, change.context, change.sequences, why.text);
    return NULL;
}

/* As planned; of accelerators a strategy has none of its own among the alternatives. */
static bool is_own(const struct claims *claims, const int *chosen)
{
    for (int i = 0; i < ASSUME_accelerator; i++)
        if (chosen[i] != claims->assume[i].own)
            return false;
    return true;
}

static bool set_scene(struct auditor *auditor, const int *chosen, struct scenario *scenario)
{
    const struct claims *claims = auditor->strategy->claims;
    const struct variant *variant = find_variant(auditor, chosen);
    if (!variant)
        return false;
    const struct hardware *accelerator = claims->accelerators[chosen[ASSUME_accelerator]];
    const struct hardware *own = auditor->strategy->hardware;
    bool is_predicted = is_own(claims, chosen) && accelerator && own && strcmp(accelerator->name, own->name) == 0;
    *scenario = (struct scenario){
        .claims = claims,
        .strategy = &variant->strategy,
        .plan = &variant->plan,
        .accelerator = accelerator,
        .kv = chosen_number(claims, chosen, ASSUME_kv),
        .weights = chosen_number(claims, chosen, ASSUME_weights),
        .prediction = is_predicted ? auditor->prediction : NULL,
        .pool = auditor->pool,
    };
    return true;
}

/* ---- verdicts */

static enum verdict judge(const struct computed *computed, const struct figure *figure)
{
    bool apart = computed->high < figure->low || computed->low > figure->high;
    bool within = computed->low >= figure->low && computed->high <= figure->high;
    if (computed->whole_range && (computed->low != figure->low || computed->high != figure->high))
        return VERDICT_FALSE;
    if (apart)
        return computed->evidence_only ? VERDICT_UNSUPPORTED : VERDICT_FALSE;
    return within && !computed->premise ? VERDICT_HOLDS : VERDICT_UNSUPPORTED;
}

/* Steps to the next combination of the alternatives that vary; false after the last. */
static bool next_combination(const struct claims *claims, unsigned varies, int *chosen)
{
    for (int i = 0; i < ASSUMPTIONS_ALL; i++) {
        if (!(varies & 1u << i))
            continue;
        const struct alternatives *list = &claims->assume[i];
        chosen[i] = (chosen[i] + 1) % list->count;
        if (chosen[i] != list->own)
            return true;
    }
    return false;
}

static bool differ_only_in(const int *left, const int *right, int assumption)
{
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if ((left[i] != right[i]) != (i == assumption))
            return false;
    return true;
}

/* The assumptions in which two cases with different verdicts differ, and nothing else. */
static unsigned decisive_assumptions(const struct audit_line *line)
{
    unsigned matters = 0;
    for (int i = 0; i < line->case_count; i++)
        for (int j = 0; j < i; j++)
            for (int assumption = 0; assumption < ASSUMPTIONS_ALL; assumption++)
                if (line->cases[i].verdict != line->cases[j].verdict &&
                    differ_only_in(line->cases[i].chosen, line->cases[j].chosen, assumption))
                    matters |= 1u << assumption;
    return matters;
}

/* ---- one claim */

static bool add_case(struct auditor *auditor, struct audit_line *line, const int *chosen)
{
    struct scenario scenario;
    if (!set_scene(auditor, chosen, &scenario))
        return false;
    struct computed computed = computes[line->claim->quantity](&scenario, line->claim);
    struct audit_case *this_case = &line->cases[line->case_count++];
    *this_case = (struct audit_case){.low = computed.low, .high = computed.high};
    this_case->verdict = judge(&computed, &line->claim->figure);
    memcpy(this_case->chosen, chosen, sizeof this_case->chosen);
    if (line->case_count > 1)
        return true;
    line->because =
        computed.premise ? pool_format(auditor->pool, "%s; %s", computed.because, computed.premise) : computed.because;
    line->meets = computed.meets;
    return true;
}

static bool audit_claim(struct auditor *auditor, const struct claim *claim, struct audit_line *line)
{
    const struct claims *claims = auditor->strategy->claims;
    int chosen[ASSUMPTIONS_ALL], combinations = 1;
    assert(claims); /* the claim is one of them */
    *line = (struct audit_line){.claim = claim};
    for (int i = 0; i < ASSUMPTIONS_ALL; i++) {
        chosen[i] = claims->assume[i].own;
        if (claims->assume[i].count > 1)
            line->varies |= quantity_table[claim->quantity].assumptions & 1u << i;
        if (line->varies & 1u << i)
            combinations *= claims->assume[i].count;
    }
    line->cases = pool_take(auditor->pool, (size_t)combinations, sizeof *line->cases);
    do
        if (!add_case(auditor, line, chosen))
            return false;
    while (next_combination(claims, line->varies, chosen));
    line->verdict = line->cases[0].verdict;
    for (int i = 1; i < line->case_count; i++)
        if (line->cases[i].verdict != line->cases[0].verdict)
            line->verdict = VERDICT_DEPENDS;
    line->matters = decisive_assumptions(line);
    if (line->verdict == VERDICT_HOLDS)
        line->meets = NULL;
    line->own_figures = own_figures(claims, claim, auditor->pool);
    return true;
}

bool audit_claims(const struct strategy *strategy, const struct plan *plan, const struct prediction *prediction,
                  struct pool *pool, struct audit *out, struct error *error)
{
    static const struct claims none;
    struct auditor auditor = {strategy, plan, prediction, NULL, pool, error};
    *out = (struct audit){.claims = strategy->claims ? strategy->claims : &none};
    out->lines = pool_take(pool, (size_t)out->claims->count + 1, sizeof *out->lines);
    bool done = true;
    for (int i = 0; done && i < out->claims->count; i++) {
        done = audit_claim(&auditor, &out->claims->list[i], &out->lines[i]);
        out->verdicts[out->lines[i].verdict]++;
    }
    for (struct variant *variant = auditor.variants; variant; variant = variant->next)
        plan_free(&variant->plan);
    return done;
}
