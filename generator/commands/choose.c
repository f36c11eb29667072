/* What a prediction is about, as the command line and the strategy say it. */
#include "commands/compilation.h"
#include "read/hardware_file.h"

bool choose_hardware(const struct command_line *line, struct compilation *compilation, const struct hardware **hardware,
                     struct error *error)
{
    const struct strategy *strategy = &compilation->strategy;
    *hardware = strategy->hardware;
    if (line->hardware || !*hardware) {
        const char *name = line->hardware ? line->hardware : "this-machine";
        if (!hardware_read(name, NULL, &compilation->pool, hardware, error))
            return false;
    }
    return hardware_suits(*hardware, strategy, strategy->world, error);
}

bool choose_workload(const struct command_line *line, struct compilation *compilation, struct workload *workload,
                     struct error *error)
{
    const struct plan *plan = &compilation->plan;
    *workload = usual_workload(plan);
    const int context = plan->classes[0].shape.context;
    if (line->sequences)
        workload->sequences = line->sequences;
    if (line->prompt_tokens)
        workload->prompt_tokens = line->prompt_tokens;
    workload->new_tokens = context - workload->prompt_tokens > 0 ? context - workload->prompt_tokens : 1;
    if (line->new_tokens)
        workload->new_tokens = line->new_tokens;
    return routing_read(line->routing ? line->routing : "uniform", plan, &compilation->pool, &workload->routing,
                        error) &&
           workload_fits(workload, plan, error);
}
