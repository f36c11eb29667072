/* Which candidates are simulated, in which order, and which of them nothing beats.
 *
 * Estimates say who is likely to be in the Pareto set: front 0 are those that no other estimate beats, front 1 those
 * that only front 0 beats, and so on. They are simulated front by front; within one, the best left in throughput, in
 * time to first token and in memory take turns. A candidate is ruled out, and never simulated, when a simulated one
 * beats even what it could reach: its estimate, corrected by the kindest error seen so far, and by the margin. */
#include "predict/search/parts.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* Sums in another order differ in their last digits: nobody is better by those. */
static bool less(double left, double right)
{
    const double same = 1e-9;
    return left < right * (1 - same);
}

bool beats(const struct score *left, const struct score *right)
{
    bool worse = less(right->ttft_s, left->ttft_s) || less(left->tokens_per_s, right->tokens_per_s) ||
                 left->memory > right->memory;
    bool better = less(left->ttft_s, right->ttft_s) || less(right->tokens_per_s, left->tokens_per_s) ||
                  left->memory < right->memory;
    return better && !worse;
}

/* ---- fronts */

static const int no_front = INT_MAX;

/* Whether an estimate beats the candidate's that is not in a front before `front`. */
static bool is_beaten(const struct selection *selection, int index, int front)
{
    const struct candidate *all = selection->result->candidates;
    for (int i = 0; i < selection->result->count; i++)
        if (all[i].fits && selection->fronts[i] >= front && beats(&all[i].estimate, &all[index].estimate))
            return true;
    return false;
}

/* Fronts until `wanted` candidates are in one; the rest stay in none. */
static void find_fronts(struct selection *selection, int wanted)
{
    const struct search_result *result = selection->result;
    int placed = 0;
    for (int front = 0; placed < wanted && placed < result->fitting; front++)
        for (int i = 0; i < result->count; i++)
            if (result->candidates[i].fits && selection->fronts[i] == no_front && !is_beaten(selection, i, front)) {
                selection->fronts[i] = front;
                placed++;
            }
}

struct selection selection_make(const struct search_request *request, struct search_result *result)
{
    size_t count = (size_t)result->count;
    struct selection selection = {.request = request, .result = result, .ttft_ratio = 1, .tokens_ratio = 1};
    selection.fronts = pool_take(&result->pool, count, sizeof *selection.fronts);
    selection.done = pool_take(&result->pool, count, sizeof *selection.done);
    for (size_t i = 0; i < count; i++) {
        selection.fronts[i] = no_front;
        selection.done[i] = !result->candidates[i].fits;
    }
    find_fronts(&selection, request->most_simulated);
    return selection;
}

/* ---- the next one */

/* Negative where `left` is the better by one objective. */
static int by_tokens(const struct score *left, const struct score *right)
{
    return (left->tokens_per_s < right->tokens_per_s) - (left->tokens_per_s > right->tokens_per_s);
}

static int by_ttft(const struct score *left, const struct score *right)
{
    return (left->ttft_s > right->ttft_s) - (left->ttft_s < right->ttft_s);
}

static int by_memory(const struct score *left, const struct score *right)
{
    return (left->memory > right->memory) - (left->memory < right->memory);
}

static int (*const objectives[])(const struct score *, const struct score *) = {by_tokens, by_ttft, by_memory};
enum { OBJECTIVES = sizeof objectives / sizeof *objectives };

/* Ties go to the earlier candidate, which is the plainer one. */
static int best_left(const struct selection *selection)
{
    const struct candidate *all = selection->result->candidates;
    int best = -1;
    for (int i = 0; i < selection->result->count; i++) {
        if (selection->done[i])
            continue;
        if (best >= 0 && selection->fronts[i] > selection->fronts[best])
            continue;
        if (best < 0 || selection->fronts[i] < selection->fronts[best] ||
            objectives[selection->turn % OBJECTIVES](&all[i].estimate, &all[best].estimate) < 0)
            best = i;
    }
    return best;
}

static bool is_ruled_out(const struct selection *selection, const struct candidate *candidate)
{
    const struct candidate *all = selection->result->candidates;
    double margin = selection->request->margin;
    struct score hoped = {.ttft_s = candidate->estimate.ttft_s * selection->ttft_ratio / (1 + margin),
                          .tokens_per_s = candidate->estimate.tokens_per_s * selection->tokens_ratio * (1 + margin),
                          .memory = candidate->estimate.memory};
    for (int i = 0; i < selection->result->count; i++)
        if (all[i].simulated && beats(&all[i].score, &hoped))
            return true;
    return false;
}

int selection_next(struct selection *selection)
{
    for (;;) {
        int best = best_left(selection);
        if (best < 0)
            return -1;
        selection->done[best] = true;
        if (!is_ruled_out(selection, &selection->result->candidates[best])) {
            selection->turn++;
            return best;
        }
        selection->result->pruned++;
    }
}

void selection_rule_out_rest(struct selection *selection)
{
    struct search_result *result = selection->result;
    for (int i = 0; i < result->count; i++)
        result->pruned += !selection->done[i] && is_ruled_out(selection, &result->candidates[i]);
}

void selection_note(struct selection *selection, const struct candidate *candidate)
{
    double ttft = candidate->score.ttft_s / candidate->estimate.ttft_s;
    double tokens = candidate->score.tokens_per_s / candidate->estimate.tokens_per_s;
    bool first = selection->result->simulated == 1;
    selection->ttft_ratio = first ? ttft : fmin(selection->ttft_ratio, ttft);
    selection->tokens_ratio = first ? tokens : fmax(selection->tokens_ratio, tokens);
}

/* ---- the Pareto set */

static int by_throughput(const void *left, const void *right, void *context)
{
    int first = *(const int *)left, second = *(const int *)right;
    const struct candidate *all = context;
    const struct score *one = &all[first].score, *other = &all[second].score;
    int order = by_tokens(one, other);
    return order ? order : first - second;
}

/* Of candidates that are equal in everything, the first is in the set. */
void select_best(struct search_result *result)
{
    const struct candidate *all = result->candidates;
    result->best = pool_take(&result->pool, (size_t)result->simulated, sizeof *result->best);
    for (int i = 0; i < result->count; i++) {
        bool beaten = !all[i].simulated;
        for (int j = 0; j < result->count && !beaten; j++)
            beaten = all[j].simulated &&
                     (beats(&all[j].score, &all[i].score) ||
                      (j < i && !beats(&all[i].score, &all[j].score) && by_tokens(&all[i].score, &all[j].score) == 0 &&
                       by_ttft(&all[i].score, &all[j].score) == 0 && by_memory(&all[i].score, &all[j].score) == 0));
        if (!beaten)
            result->best[result->best_count++] = i;
    }
    qsort_r(result->best, (size_t)result->best_count, sizeof *result->best, by_throughput, result->candidates);
}

/* ---- the base's own split */

/* How simulations came out over their estimates, on average. */
static struct score mean_ratios(const struct search_result *result)
{
    struct score mean = {0};
    for (int i = 0; i < result->count; i++) {
        const struct candidate *candidate = &result->candidates[i];
        if (!candidate->simulated)
            continue;
        mean.ttft_s += candidate->score.ttft_s / candidate->estimate.ttft_s / result->simulated;
        mean.tokens_per_s += candidate->score.tokens_per_s / candidate->estimate.tokens_per_s / result->simulated;
    }
    return mean;
}

struct standing base_standing(const struct search_result *result)
{
    const struct score *own = &result->base.score, ratios = mean_ratios(result);
    struct standing standing = {.by_throughput = 1, .by_ttft = 1, .of = result->fitting};
    for (int i = 0; i < result->count; i++) {
        const struct candidate *candidate = &result->candidates[i];
        if (!candidate->fits)
            continue;
        struct score score = candidate->score;
        if (!candidate->simulated) {
            score.ttft_s = candidate->estimate.ttft_s * ratios.ttft_s;
            score.tokens_per_s = candidate->estimate.tokens_per_s * ratios.tokens_per_s;
        }
        standing.by_throughput += score.tokens_per_s > own->tokens_per_s;
        standing.by_ttft += score.ttft_s < own->ttft_s;
    }
    for (int i = 0; i < result->best_count && !standing.beaten_by; i++)
        if (beats(&result->candidates[result->best[i]].score, own))
            standing.beaten_by = &result->candidates[result->best[i]];
    return standing;
}
