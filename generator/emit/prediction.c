#include "emit/prediction.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duration duration_of(double seconds)
{
    static const struct {
        double from_s, factor;
        const char *unit;
    } units[] = {{1, 1, "s"}, {1e-3, 1e3, "ms"}, {1e-6, 1e6, "us"}, {0, 1e9, "ns"}};
    struct duration out;
    size_t i = 0;
    while (seconds < units[i].from_s)
        i++;
    double value = seconds * units[i].factor;
    snprintf(out.text, sizeof out.text, "%.*f %s", value >= 100 ? 0 : value >= 10 ? 1 : 2, value, units[i].unit);
    return out;
}

static const char *routing_text(const struct routing *routing, char out[48])
{
    if (routing->kind == ROUTING_ZIPF)
        snprintf(out, 48, "experts chosen by Zipf's law, %.4g", routing->exponent);
    else
        snprintf(out, 48, "%s",
                 routing->kind == ROUTING_UNIFORM ? "experts chosen alike" : "experts chosen as measured");
    return out;
}

static void put_phase(struct text *out, const char *name, const struct phase_prediction *phase)
{
    char mfu[16] = "-";
    if (phase->steps == 0) {
        text_format(out, "%-8s      0\n", name);
        return;
    }
    if (phase->mfu > 0)
        snprintf(mfu, sizeof mfu, "%.2f %%", 100 * phase->mfu);
    text_format(out, "%-8s %6d  %10s %12.1f %9s %8.1f %% %7.1f %% %6.1f %% %6.1f %%\n", name, phase->steps,
                duration_of(phase->step_s).text, phase->tokens_per_s, mfu, 100 * phase->compute,
                100 * phase->communication, 100 * phase->exposed, 100 * phase->bubble);
}

static void put_bytes(struct text *out, const struct hardware *hardware, const struct prediction *prediction)
{
    text_format(out, "\nMiB a step       prefill       decode\n");
    for (int kind = 0; kind < MAILBOX_KINDS; kind++)
        if (prediction->phases[PREFILL].mailbox_bytes[kind] + prediction->phases[DECODE].mailbox_bytes[kind] > 0)
            text_format(out, "  %-10s %12.3f %12.3f   %s\n", mailbox_names[kind],
                        prediction->phases[PREFILL].mailbox_bytes[kind] / (1 << 20),
                        prediction->phases[DECODE].mailbox_bytes[kind] / (1 << 20), mailbox_texts[kind]);
    for (int level = 0; level < hardware->link_count; level++)
        if (prediction->phases[PREFILL].level_bytes[level] > 0)
            text_format(out, "  %-10s %12.3f %12.3f   over links of this level\n", hardware->links[level].name,
                        prediction->phases[PREFILL].level_bytes[level] / (1 << 20),
                        prediction->phases[DECODE].level_bytes[level] / (1 << 20));
}

void prediction_text(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                     const struct prediction *prediction, struct text *out)
{
    char routing[48];
    text_format(out, "%s on %s: %s\n", plan->name, hardware->name, hardware->source);
    text_format(out, "%s a lane, prompts of %s, then %d new; %s\n", counted(workload->sequences, "sequence").text,
                counted(workload->prompt_tokens, "token").text, workload->new_tokens,
                routing_text(&workload->routing, routing));
    text_format(out, "%s\n\n",
                hardware->calibrated ? "times from what was measured on this machine"
                                     : "times from published figures: a guide, not a measurement");
    text_format(out, "time to first token, of the last sequence: %s\n\n", duration_of(prediction->ttft_s).text);
    text_format(out, "phase     steps        step     tokens/s       MFU    compute  exchange  waiting   bubble\n");
    for (int phase = 0; phase < PHASES; phase++)
        put_phase(out, phase_names[phase], &prediction->phases[phase]);
    put_bytes(out, hardware, prediction);
}

static json_t *phase_json(const struct hardware *hardware, const struct phase_prediction *phase)
{
    json_t *bytes = json_object(), *levels = json_object();
    for (int kind = 0; kind < MAILBOX_KINDS; kind++)
        json_object_set_new(bytes, mailbox_names[kind], json_real(phase->mailbox_bytes[kind]));
    for (int level = 0; level < hardware->link_count; level++)
        json_object_set_new(levels, hardware->links[level].name, json_real(phase->level_bytes[level]));
    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "steps", phase->steps, "step_s",
                     phase->step_s, "tokens_per_s", phase->tokens_per_s, "mfu", phase->mfu, "compute_share",
                     phase->compute, "communication_share", phase->communication, "exposed_share", phase->exposed,
                     "bubble_share", phase->bubble, "bytes_a_step", bytes, "link_bytes_a_step", levels);
}

void prediction_json(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                     const struct prediction *prediction, struct text *out)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:{s:i, s:i, s:i}, s:f, s:o, s:o}", "name", plan->name, "hash", plan->hash,
                  "hardware", hardware->name, "workload", "sequences", workload->sequences, "prompt_tokens",
                  workload->prompt_tokens, "new_tokens", workload->new_tokens, "ttft_s", prediction->ttft_s,
                  phase_names[PREFILL], phase_json(hardware, &prediction->phases[PREFILL]), phase_names[DECODE],
                  phase_json(hardware, &prediction->phases[DECODE]));
    char *text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    if (text)
        text_format(out, "%s\n", text);
    free(text);
}
