#include "tool/job/failure.h"
#include "base/stop.h"
#include "base/text.h"

#include <string.h>
#include <sys/wait.h>

enum { MOST_WAITERS = 3 }; /* named one by one; of the others, how many */

void failure_note(struct failure *failure, const struct processes *processes)
{
    uint32_t culprit = atomic_load(&processes->job->culprit);
    if (failure->rank >= 0 && culprit != 0 && (int)culprit - 1 != failure->rank && !failure->stopped) {
        failure->stopped = processes->ranks[culprit - 1].id != 0;
        failure->rank = (int)culprit - 1;
    }
    if (failure->rank < 0)
        return;
    const struct rank_control *control = rank_control(processes, failure->rank);
    failure->op = atomic_load(&control->op);
    failure->phase = atomic_load(&control->phase);
}

static void add_op(struct text *text, const struct plan *plan, int rank, uint32_t op, uint32_t phase)
{
    const struct rank_row *row = &plan->ranks[rank];
    const struct rank_class *class = &plan->classes[row->class_index];
    const struct schedule *schedule = &class->schedules[phase ? DECODE : PREFILL];
    char name[96];
    if (op == OP_WHOLE_STEP)
        text_format(text, " in %s", phase_names[phase ? DECODE : PREFILL]);
    else if (op == 0 || op > (uint32_t)schedule->count)
        text_format(text, " between steps");
    else
        text_format(text, " in op %u \"%s\" of %s", op,
                    op_text(&schedule->ops[op - 1], row->layer_base, class->shape.micro_batches, name, sizeof name),
                    phase_names[phase ? DECODE : PREFILL]);
}

static void add_waiters(struct text *text, const struct failure *failure, const struct processes *processes)
{
    int waiters = 0;
    for (int rank = 0; rank < processes->plan->world; rank++) {
        const struct rank_control *control = rank_control(processes, rank);
        if ((int)atomic_load(&control->waits_for) - 1 != failure->rank || ++waiters > MOST_WAITERS)
            continue;
        text_format(text, "; rank %d waited for it", rank);
        add_op(text, processes->plan, rank, atomic_load(&control->op), atomic_load(&control->phase));
    }
    if (waiters > MOST_WAITERS)
        text_format(text, "; and %d more waited for it", waiters - MOST_WAITERS);
}

static void add_cause(struct text *text, const struct failure *failure, const struct processes *processes)
{
    const struct rank_control *control = rank_control(processes, failure->rank);
    if (failure->stopped)
        text_format(text, " stands still");
    else if (WIFSIGNALED(failure->status))
        text_format(text, " was killed by signal %d (%s)", WTERMSIG(failure->status),
                    strsignal(WTERMSIG(failure->status)));
    else
        text_format(text, " ended with status %d", WEXITSTATUS(failure->status));
    add_op(text, processes->plan, failure->rank, failure->op, failure->phase);
    if (control->message[0])
        text_format(text, ": %.*s", (int)sizeof control->message, control->message);
}

bool failure_tell(const struct failure *failure, const struct processes *processes, struct error *error)
{
    if (failure->rank < 0)
        return fail_stopped(error, "all ranks have ended");
    const struct rank_row *row = &processes->plan->ranks[failure->rank];
    struct text text = {0};
    text_format(&text, "rank %d (class %s, dp %d pp %d ep %d tp %d)", row->rank,
                processes->plan->classes[row->class_index].name, row->at[AXIS_DP], row->at[AXIS_PP], row->at[AXIS_EP],
                row->at[AXIS_TP]);
    add_cause(&text, failure, processes);
    add_waiters(&text, failure, processes);
    fail(error, NULL, 0, "%s", text.bytes);
    error->status = EXIT_RANK_FAILED;
    text_free(&text);
    return false;
}
