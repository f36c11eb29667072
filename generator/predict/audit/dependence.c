/* On what a verdict depends: a decision tree over the cases, printed leaf by leaf. At each node the assumption is asked
 * that leaves the fewest cases undecided; alternatives that lead to the same verdicts everywhere are kept together. */
#include "predict/audit/parts.h"

#include <string.h>

struct tree {
    const struct audit *audit;
    const struct audit_line *line;
    dependence_item *item;
    void *context;
    struct pool pool;
};

/* Cases by index, among which a node decides. */
struct cases {
    int *index;
    int count;
};

static const struct audit_case *case_at(const struct tree *tree, struct cases cases, int i)
{
    return &tree->line->cases[cases.index[i]];
}

static struct cases with_alternative(struct tree *tree, struct cases cases, int assumption, int alternative)
{
    struct cases found = {pool_take(&tree->pool, (size_t)cases.count, sizeof(int)), 0};
    for (int i = 0; i < cases.count; i++)
        if (case_at(tree, cases, i)->chosen[assumption] == alternative)
            found.index[found.count++] = cases.index[i];
    return found;
}

/* Cases that do not have the most frequent verdict among them. */
static int undecided(const struct tree *tree, struct cases cases)
{
    int counts[VERDICTS] = {0}, most = 0;
    for (int i = 0; i < cases.count; i++) {
        int count = ++counts[case_at(tree, cases, i)->verdict];
        most = count > most ? count : most;
    }
    return cases.count - most;
}

/* Cases come in the order of their combinations, so those of two alternatives correspond one by one. */
static bool alike(const struct tree *tree, struct cases left, struct cases right)
{
    for (int i = 0; i < left.count; i++)
        if (case_at(tree, left, i)->verdict != case_at(tree, right, i)->verdict)
            return false;
    return left.count == right.count;
}

static int best_question(struct tree *tree, struct cases cases, unsigned open)
{
    int best = -1, fewest = 0;
    for (int assumption = ASSUMPTIONS_ALL - 1; assumption >= 0; assumption--) {
        if (!(open & 1u << assumption))
            continue;
        int left = 0;
        for (int i = 0; i < tree->audit->claims->assume[assumption].count; i++)
            left += undecided(tree, with_alternative(tree, cases, assumption, i));
        if (best < 0 || left < fewest) {
            best = assumption;
            fewest = left;
        }
    }
    return best;
}

static void decide(struct tree *tree, struct cases cases, unsigned open, const char *setting)
{
    int question = undecided(tree, cases) > 0 ? best_question(tree, cases, open) : -1;
    if (question < 0) {
        tree->item(tree->context, case_at(tree, cases, 0)->verdict, setting);
        return;
    }
    const struct alternatives *list = &tree->audit->claims->assume[question];
    struct cases parts[MOST_ALTERNATIVES];
    bool grouped[MOST_ALTERNATIVES] = {false};
    for (int i = 0; i < list->count; i++)
        parts[i] = with_alternative(tree, cases, question, i);
    for (int i = 0; i < list->count; i++) {
        if (grouped[i])
            continue;
        const char *words = list->words[i];
        for (int j = i + 1; j < list->count; j++)
            if (!grouped[j] && alike(tree, parts[i], parts[j])) {
                grouped[j] = true;
                words = pool_format(&tree->pool, "%s or %s", words, list->words[j]);
            }
        decide(
            tree, parts[i], open & ~(1u << question),
            pool_format(&tree->pool, "%s%s%s %s", setting, *setting ? " and " : "", assumption_names[question], words));
    }
}

void audit_dependence(const struct audit *audit, const struct audit_line *line, dependence_item *item, void *context)
{
    struct tree tree = {audit, line, item, context, {0}};
    struct cases all = {pool_take(&tree.pool, (size_t)line->case_count, sizeof(int)), line->case_count};
    for (int i = 0; i < all.count; i++)
        all.index[i] = i;
    decide(&tree, all, line->matters, "");
    pool_free(&tree.pool);
}
