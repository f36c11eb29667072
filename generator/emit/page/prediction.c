/* The headline numbers: what predict/prediction.h says of the workload, beside what the strategy requires. */
#include "predict/prediction.h"
#include "emit/page/parts.h"

static json_t *phase_json(const struct phase_prediction *phase, enum phase which)
{
    return json_pack("{s:s, s:i, s:o, s:f, s:f, s:[f, f, f, f]}", "name", phase_names[which], "steps", phase->steps,
                     "step", page_nanoseconds(phase->step_s), "tokens_per_s", phase->tokens_per_s, "mfu", phase->mfu,
                     "shares", phase->compute, phase->communication, phase->exposed, phase->bubble);
}

static void add_requirements(const struct page_facts *facts, json_t *json)
{
    const struct strategy *strategy = facts->input->strategy;
    if (strategy->require.ttft_s > 0)
        json_object_set_new(json, "required_ttft", page_nanoseconds(strategy->require.ttft_s));
    double tokens = strategy->require.tokens_per_s * (strategy->require.per_rank ? facts->plan->world : 1);
    if (tokens > 0)
        json_object_set_new(json, "required_tokens_per_s", json_real(tokens));
}

json_t *page_prediction(const struct page_facts *facts)
{
    const struct page_input *input = facts->input;
    if (!input->hardware)
        return json_null();
    const struct workload *workload = input->workload;
    struct prediction prediction;
    predict_workload(facts->plan, input->hardware, workload, &prediction);
    json_t *phases = json_array();
    for (enum phase phase = 0; phase < PHASES; phase++)
        json_array_append_new(phases, phase_json(&prediction.phases[phase], phase));
    json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o}", "hardware", input->hardware->name, "source",
                             input->hardware->source ? input->hardware->source : "", "routing", page_routing(input),
                             "sequences", workload->sequences, "prompt_tokens", workload->prompt_tokens, "new_tokens",
                             workload->new_tokens, "ttft", page_nanoseconds(prediction.ttft_s), "phases", phases);
    if (json)
        add_requirements(facts, json);
    return json;
}
