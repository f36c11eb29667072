/* The comparison as tables: steps, where the ranks' time went, ops by kind, single ops, bytes. */
#include "emit/timeline/comparison.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* "12.3 us": three digits, in the unit that fits. */
struct shown {
    char text[24];
};

static struct shown time_text(double seconds)
{
    static const struct {
        double least, unit;
        const char *name;
    } units[] = {{1, 1, "s"}, {1e-3, 1e-3, "ms"}, {0, 1e-6, "us"}};
    int at = 0;
    struct shown shown = {"0"};
    if (seconds <= 0)
        return shown;
    while (seconds < units[at].least)
        at++;
    double number = seconds / units[at].unit;
    snprintf(shown.text, sizeof shown.text, "%.*f %s",
             number < 9.995   ? 2
             : number < 99.95 ? 1
                              : 0,
             number, units[at].name);
    return shown;
}

/* "+4.2 %": what was simulated, against what was measured. */
static struct shown apart_text(struct both both)
{
    struct shown shown = {"-"};
    if (both.measured > 0)
        snprintf(shown.text, sizeof shown.text, "%+.1f %%", 100 * (both.simulated / both.measured - 1));
    return shown;
}

static double part(double sum, double whole)
{
    return whole > 0 ? sum / whole : 0;
}

static double mean(double sum, int64_t count)
{
    return part(sum, (double)count);
}

/* ---- tables */

static void steps_table(const struct comparison *comparison, struct text *out)
{
    text_format(out, "\n%-10s %7s %12s %12s %10s %12s   %s\n", "step", "steps", "measured", "simulated", "error",
                "mean |error|", "largest");
    for (enum phase phase = 0; phase < PHASES; phase++) {
        const struct compared_phase *sums = &comparison->phases[phase];
        if (sums->steps > 0)
            text_format(out, "%-10s %7d %12s %12s %10s %10.1f %%   %+.1f %% in step %d\n", phase_names[phase],
                        sums->steps, time_text(mean(sums->step_s.measured, sums->steps)).text,
                        time_text(mean(sums->step_s.simulated, sums->steps)).text, apart_text(sums->step_s).text,
                        100 * sums->error, 100 * sums->worst_error, sums->worst_step);
    }
}

static void time_row(struct text *out, const char *name, struct both sum, struct both whole)
{
    text_format(out, "%-28s %10.1f %% %10.1f %%\n", name, 100 * part(sum.measured, whole.measured),
                100 * part(sum.simulated, whole.simulated));
}

static struct both rank_time(const struct comparison *comparison, const struct compared_phase *sums)
{
    double world = comparison->plan->world;
    return (struct both){world * sums->step_s.measured, world * sums->step_s.simulated};
}

static void times_table(const struct comparison *comparison, enum phase phase, struct text *out)
{
    const struct compared_phase *sums = &comparison->phases[phase];
    struct both all = rank_time(comparison, sums);
    const struct both between = {all.measured - sums->work_s.measured - sums->wait_s.measured,
                                 all.simulated - sums->work_s.simulated - sums->wait_s.simulated};
    char title[64];
    snprintf(title, sizeof title, "%s: ranks' time", phase_names[phase]);
    text_format(out, "\n%-28s %12s %12s\n", title, "measured", "simulated");
    time_row(out, "working", sums->work_s, all);
    time_row(out, "waiting within ops", sums->wait_s, all);
    time_row(out, "before, between, after ops", between, all);
}

/* Kinds of ops, those that took the most time first. */
static int sorted_kinds(const struct compared_phase *sums, enum op_kind kinds[OP_KINDS])
{
    int count = 0;
    for (enum op_kind kind = 0; kind < OP_KINDS; kind++) {
        int at = count;
        if (sums->ops[kind].count == 0)
            continue;
        for (; at > 0 && sums->ops[kinds[at - 1]].work_s.measured < sums->ops[kind].work_s.measured; at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = kind;
        count++;
    }
    return count;
}

static void ops_table(const struct comparison *comparison, enum phase phase, struct text *out)
{
    const struct compared_phase *sums = &comparison->phases[phase];
    struct both all = rank_time(comparison, sums);
    enum op_kind kinds[OP_KINDS];
    int count = sorted_kinds(sums, kinds);
    char title[64];
    snprintf(title, sizeof title, "%s: op", phase_names[phase]);
    text_format(out, "\n%-24s %8s %10s %10s %9s %8s %8s %10s %10s\n", title, "count", "measured", "simulated", "apart",
                "share", "sim.", "waited", "sim.");
    for (int i = 0; i < count; i++) {
        const struct compared_op *op = &sums->ops[kinds[i]];
        text_format(out, "%-24s %8" PRId64 " %10s %10s %9s %6.1f %% %6.1f %% %10s %10s\n", op_table[kinds[i]].text,
                    op->count, time_text(mean(op->work_s.measured, op->count)).text,
                    time_text(mean(op->work_s.simulated, op->count)).text, apart_text(op->work_s).text,
                    100 * part(op->work_s.measured, all.measured), 100 * part(op->work_s.simulated, all.simulated),
                    time_text(mean(op->wait_s.measured, op->count)).text,
                    time_text(mean(op->wait_s.simulated, op->count)).text);
    }
}

static void apart_table(const struct comparison *comparison, struct text *out)
{
    const struct plan *plan = comparison->plan;
    if (comparison->apart_count == 0)
        return;
    text_format(out, "\n%-36s %5s %5s %-8s %10s %10s %9s %10s\n", "furthest apart, over all steps", "rank", "op",
                "phase", "measured", "simulated", "apart", "in all");
    for (int i = 0; i < comparison->apart_count; i++) {
        const struct compared_place *place = &comparison->apart[i];
        const struct rank_row *row = &plan->ranks[place->rank];
        const struct op *op = &schedule_of(plan, place->rank, place->phase)->ops[place->op_id - 1];
        char name[96];
        text_format(
            out, "%-36s %5d %5d %-8s %10s %10s %9s %10s\n",
            op_text(op, row->layer_base, plan->classes[row->class_index].shape.micro_batches, name, sizeof name),
            place->rank, place->op_id, phase_names[place->phase],
            time_text(mean(place->work_s.measured, place->count)).text,
            time_text(mean(place->work_s.simulated, place->count)).text, apart_text(place->work_s).text,
            time_text(place->work_s.measured > place->work_s.simulated
                          ? place->work_s.measured - place->work_s.simulated
                          : place->work_s.simulated - place->work_s.measured)
                .text);
    }
}

static void bytes_table(const struct comparison *comparison, struct text *out)
{
    text_format(out, "\n%-24s %15s %15s %17s\n", "bytes put into mailboxes", "measured", "simulated", "counted in all");
    for (int kind = 0; kind < MAILBOX_KINDS; kind++) {
        const struct compared_bytes *bytes = &comparison->bytes[kind];
        if (bytes->measured || bytes->simulated)
            text_format(out, "%-24s %15" PRIu64 " %15" PRIu64 " %17" PRIu64 "\n", mailbox_names[kind], bytes->measured,
                        bytes->simulated, bytes->counted);
    }
    if (comparison->other_bytes == 0)
        text_format(out, "every op of every rank and step: equal\n");
    else
        text_format(out, "%" PRId64 " ops differ, first op %d of rank %d in step %d\n", comparison->other_bytes,
                    comparison->first_other_bytes.op_id, comparison->first_other_bytes.rank,
                    comparison->first_other_bytes.step);
    if (!comparison->same_routes)
        text_format(out, "The simulated routers send rows elsewhere than the real ones did, so bytes and the experts' "
                         "times differ; rankc sim --like takes the real routes.\n");
}

void comparison_text(const struct comparison *comparison, struct text *out)
{
    const struct plan *plan = comparison->plan;
    text_format(out, "%s, plan %.12s: %s, %s, measured and simulated\n", plan->name, plan->hash,
                counted(comparison->measured->count, "step").text, counted(plan->world, "rank").text);
    steps_table(comparison, out);
    for (enum phase phase = 0; phase < PHASES; phase++)
        if (comparison->phases[phase].steps > 0) {
            times_table(comparison, phase, out);
            ops_table(comparison, phase, out);
        }
    apart_table(comparison, out);
    bytes_table(comparison, out);
}
