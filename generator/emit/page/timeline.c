/* One prefill and one decode step, op by op. Of many ranks a sample is shown: the first replica's, and of those the
 * first tp coordinate's, spread over ep. */
#include "emit/page/parts.h"

enum { MOST_RANKS = 64, MOST_SPANS = 40000 };

/* What an op is coloured by. Ops that exchange are grouped by their axis. */
static const char *const compute_groups[OP_KINDS] = {
    [OP_EMBED] = "vocabulary",      [OP_EMBED_SLICE] = "vocabulary", [OP_HEAD] = "vocabulary",
    [OP_SAMPLE] = "vocabulary",     [OP_ATTENTION] = "attention",    [OP_ROUTE] = "routing",
    [OP_ADD_AND_ROUTE] = "routing", [OP_EXPERTS] = "experts",
};
static const char *const exchange_groups[AXES] = {
    [AXIS_PP] = "stage exchange", [AXIS_EP] = "expert exchange", [AXIS_TP] = "tp exchange"};

/* Of two streams, the one beside the kernels. */
static bool is_beside(const struct rank_class *class, enum op_kind kind)
{
    return effects_of(class, kind)->stream == STREAM_COMM;
}

/* On GPUs what comes after a message is a kernel. */
static const char *group_of(const struct rank_class *class, enum op_kind kind)
{
    bool exchanges = op_table[kind].action != ACTION_COMPUTE;
    if (class->device == DEVICE_CUDA ? is_beside(class, kind) : exchanges)
        return exchange_groups[op_table[kind].axis];
    return compute_groups[kind] ? compute_groups[kind] : "other compute";
}

static json_t *kinds_json(const struct rank_class *class)
{
    json_t *kinds = json_array();
    for (enum op_kind kind = 0; kind < OP_KINDS; kind++)
        json_array_append_new(kinds, json_pack("{s:s, s:s, s:b, s:b}", "text", op_table[kind].text, "group",
                                               group_of(class, kind), "layer", op_table[kind].has_layer, "beside",
                                               is_beside(class, kind)));
    return kinds;
}

/* Three numbers an op: kind, micro-batch, layer of the class (-1: none). */
static json_t *schedule_json(const struct schedule *schedule)
{
    json_t *ops = json_array();
    for (int i = 0; i < schedule->count; i++) {
        json_array_append_new(ops, json_integer(schedule->ops[i].kind));
        json_array_append_new(ops, json_integer(schedule->ops[i].micro));
        json_array_append_new(ops, json_integer(schedule->ops[i].layer));
    }
    return ops;
}

/* Three numbers an op: from the end of the one before to its begin, its waiting, the rest of it. */
static json_t *spans_json(const struct page_facts *facts, int rank, enum phase phase)
{
    const struct span *spans = facts->spans[phase] + (size_t)rank * (size_t)plan_most_ops(facts->plan, phase);
    json_t *numbers = json_array();
    json_int_t before = 0;
    for (int i = 0; i < schedule_of(facts->plan, rank, phase)->count; i++) {
        const double times[] = {spans[i].begin_s, spans[i].start_s, spans[i].end_s};
        for (int j = 0; j < 3; j++) {
            json_t *time = page_nanoseconds(times[j]);
            json_int_t now = json_integer_value(time);
            json_integer_set(time, now - before);
            json_array_append_new(numbers, time);
            before = now;
        }
    }
    return numbers;
}

static bool is_shown(const struct plan *plan, const struct rank_row *row, int most)
{
    const int *grid = plan->grid;
    if (plan->world <= most)
        return true;
    int per_stage = most / grid[AXIS_PP] > 1 ? most / grid[AXIS_PP] : 1;
    int stride = (grid[AXIS_EP] + per_stage - 1) / per_stage;
    return row->at[AXIS_DP] == 0 && row->at[AXIS_TP] == 0 && row->at[AXIS_EP] % stride == 0;
}

static json_t *phase_json(const struct page_facts *facts, enum phase phase)
{
    const struct plan *plan = facts->plan;
    const struct step_result *result = &facts->results[phase];
    int by_size = MOST_SPANS / plan_most_ops(plan, phase), most = by_size < MOST_RANKS ? by_size : MOST_RANKS;
    json_t *ranks = json_array(), *spans = json_array(), *schedules = json_array();
    for (int rank = 0; rank < plan->world; rank++) {
        if (!is_shown(plan, &plan->ranks[rank], most))
            continue;
        json_array_append_new(ranks, json_integer(rank));
        json_array_append_new(spans, spans_json(facts, rank, phase));
    }
    for (int i = 0; i < plan->class_count; i++)
        json_array_append_new(schedules, schedule_json(&plan->classes[i].schedules[phase]));
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", phase_names[phase], "length",
                     page_nanoseconds(result->seconds), "schedules", schedules, "ranks", ranks, "spans", spans);
}

json_t *page_timeline(const struct page_facts *facts)
{
    if (!facts->spans[PREFILL])
        return json_null();
    json_t *phases = json_array();
    for (enum phase phase = 0; phase < PHASES; phase++)
        json_array_append_new(phases, phase_json(facts, phase));
    return json_pack("{s:o, s:o}", "kinds", kinds_json(&facts->plan->classes[0]), "phases", phases);
}
