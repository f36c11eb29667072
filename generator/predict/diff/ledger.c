/* The lines of two ledgers that are not equal. */
#include "predict/diff/passes.h"

#include <string.h>

static uint64_t bytes_for(const struct rank_class *class, const char *purpose)
{
    for (int i = 0; class && i < class->ledger_count; i++)
        if (strcmp(class->ledger[i].purpose, purpose) == 0)
            return class->ledger[i].bytes;
    return 0;
}

static bool is_listed(const struct diff_class *pair, const char *purpose)
{
    for (int i = 0; i < pair->ledger_count; i++)
        if (strcmp(pair->ledger[i].purpose, purpose) == 0)
            return true;
    return false;
}

/* Adds the lines of one side's ledger that the list has not yet. */
static void add_lines(struct diff_class *pair, const struct rank_class *class)
{
    for (int i = 0; class && i < class->ledger_count; i++) {
        const char *purpose = class->ledger[i].purpose;
        struct diff_ledger_line line = {purpose, bytes_for(pair->old, purpose), bytes_for(pair->new, purpose)};
        if (line.old != line.new && !is_listed(pair, purpose))
            pair->ledger[pair->ledger_count++] = line;
    }
}

void diff_ledgers(struct diff *diff)
{
    for (int i = 0; i < diff->class_count; i++) {
        struct diff_class *pair = &diff->classes[i];
        int most = (pair->old ? pair->old->ledger_count : 0) + (pair->new ? pair->new->ledger_count : 0);
        pair->ledger = pool_take(&diff->pool, (size_t)most, sizeof *pair->ledger);
        add_lines(pair, pair->new);
        add_lines(pair, pair->old);
    }
}
