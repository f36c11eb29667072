/* What bounds each kind of op: its arithmetic and its bytes of memory in a step, over all ranks, and how long it took,
 * beside the peaks of the hardware. */
#include "emit/page/parts.h"
#include "predict/work.h"

struct kind_sum {
    double flops, memory_bytes, run_s, wait_s;
    int64_t calls;
};

static void add_rank(const struct page_facts *facts, const struct work_site *site, struct kind_sum *sums)
{
    const struct plan *plan = facts->plan;
    const enum phase phase = site->step->phase;
    const int rank = site->row->rank;
    const struct schedule *schedule = schedule_of(plan, rank, phase);
    const struct span *spans = facts->spans[phase] + (size_t)rank * (size_t)plan_most_ops(plan, phase);
    for (int i = 0; i < schedule->count; i++) {
        const struct op_work work = work_of(site, &schedule->ops[i]);
        struct kind_sum *sum = &sums[schedule->ops[i].kind];
        for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
            sum->flops += work.flops[dtype];
        sum->memory_bytes += work.memory_bytes;
        sum->wait_s += spans[i].start_s - spans[i].begin_s;
        sum->run_s += spans[i].end_s - spans[i].start_s;
        sum->calls++;
    }
}

static void add_kinds(const struct page_facts *facts, enum phase phase, json_t *kinds)
{
    struct kind_sum sums[OP_KINDS] = {0};
    struct pool pool = {0};
    const struct work_site *sites = work_sites(facts->plan, facts->input->hardware, &facts->steps[phase], &pool);
    for (int rank = 0; rank < facts->plan->world; rank++)
        add_rank(facts, &sites[rank], sums);
    pool_free(&pool);
    for (enum op_kind kind = 0; kind < OP_KINDS; kind++)
        if (sums[kind].calls > 0)
            json_array_append_new(kinds, json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:f}", "phase", phase_names[phase],
                                                   "text", op_table[kind].text, "calls", (json_int_t)sums[kind].calls,
                                                   "flops", sums[kind].flops, "memory", sums[kind].memory_bytes, "run",
                                                   sums[kind].run_s, "wait", sums[kind].wait_s));
}

static json_t *rate_json(const struct rate *rate, const char *name)
{
    return json_pack("{s:s, s:f, s:f}", "name", name, "peak", rate->peak, "sustained", rate->sustained);
}

json_t *page_roofline(const struct page_facts *facts)
{
    static const char *const names[HARDWARE_DTYPES] = {[DTYPE_BF16] = "bf16", [DTYPE_F32] = "f32"};
    const struct hardware *hardware = facts->input->hardware;
    if (!hardware)
        return json_null();
    json_t *kinds = json_array(), *flops = json_array();
    for (enum phase phase = 0; phase < PHASES; phase++)
        add_kinds(facts, phase, kinds);
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
        json_array_append_new(flops, rate_json(&hardware->flops[dtype], names[dtype]));
    return json_pack("{s:o, s:o, s:o}", "flops", flops, "memory", rate_json(&hardware->memory, "memory"), "kinds",
                     kinds);
}
