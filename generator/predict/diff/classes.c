/* Which class of the old plan each class of the new one takes the place of: the one of its name; else one with the same
 * end of the pipeline, so that "only" is laid over "first" and "last". */
#include "predict/diff/passes.h"

#include <string.h>

static int class_index(const struct plan *plan, const struct rank_class *class)
{
    return (int)(class - plan->classes);
}

static const struct rank_class *find_name(const struct plan *plan, const char *name)
{
    for (int i = 0; i < plan->class_count; i++)
        if (strcmp(plan->classes[i].name, name) == 0)
            return &plan->classes[i];
    return NULL;
}

/* A middle class has another name only where there are several; any of the same role will do then. */
static const struct rank_class *find_role(const struct plan *plan, const struct rank_class *like)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        bool middle = !class->first_stage && !class->last_stage, like_middle = !like->first_stage && !like->last_stage;
        if ((class->first_stage && like->first_stage) || (class->last_stage && like->last_stage) ||
            (middle && like_middle))
            return class;
    }
    return NULL;
}

/* The layer of the model that is layer 0 of every rank of the class; -1 where they differ. */
static int common_base(const struct plan *plan, const struct rank_class *class)
{
    int base = -1;
    for (int rank = 0; rank < plan->world; rank++) {
        if (plan->ranks[rank].class_index != class_index(plan, class))
            continue;
        if (base >= 0 && plan->ranks[rank].layer_base != base)
            return -1;
        base = plan->ranks[rank].layer_base;
    }
    return base;
}

static void add_pair(struct diff *diff, const struct rank_class *old, const struct rank_class *new)
{
    struct diff_class *pair = &diff->classes[diff->class_count++];
    *pair = (struct diff_class){.old = old, .new = new};
    pair->old_base = old ? common_base(diff->old.plan, old) : 0;
    pair->new_base = new ? common_base(diff->new.plan, new) : 0;
    if (pair->old_base < 0 || pair->new_base < 0) {
        pair->layers_of_class = true;
        pair->old_base = pair->new_base = 0;
    }
}

void diff_classes(struct diff *diff)
{
    const struct plan *old = diff->old.plan, *new = diff->new.plan;
    bool *matched = pool_take(&diff->pool, (size_t)old->class_count, sizeof *matched);
    size_t most = (size_t)old->class_count + (size_t) new->class_count;
    diff->classes = pool_take(&diff->pool, most, sizeof *diff->classes);
    for (int i = 0; i < new->class_count; i++) {
        const struct rank_class *class = &new->classes[i], *before = find_name(old, class->name);
        before = before ? before : find_role(old, class);
        if (before)
            matched[class_index(old, before)] = true;
        add_pair(diff, before, class);
    }
    for (int i = 0; i < old->class_count; i++)
        if (!matched[i])
            add_pair(diff, &old->classes[i], NULL);
}
