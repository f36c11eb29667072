/* A comparison for programs. One object:
 *
 *   identical                 whether the plans' hashes are equal; then ranks, fetch, groups and classes are left out
 *   old, new                  {path, kind: "strategy" | "folder", name, hash, world}
 *   changes                   [{figure, old, new}] texts
 *   keys                      [{key, old_line, new_line}]; null where one side is a generated folder
 *   ranks                     {stay, move, added, removed: counts,
 *                              groups: [{fate, ranks, old, new: {class, first_layer, layers} | null, fetch_bytes}],
 *                              each: [{rank, fate, fetch_bytes, old, new: {class, first_layer, layers, dp, ep, tp,
 *                                      tp_size, experts (of the first layer)} | null}] but those that stay}
 *   fetch                     {same_model, same_dtype, held_bytes, bytes, node_bytes: over all ranks or nodes,
 *                              ranges, weights: [{weights, held_bytes, bytes, node_bytes}],
 *                              ranks_per_node, nodes: [{node, bytes, ranges}] of those that fetch}
 *   groups                    [{axis, old, new: {groups, size, across_nodes}, kept, old_example, new_example}]
 *   classes                   [{old, new: name | null, layers_of_class,
 *                               prefill, decode: {old_ops, new_ops, changes: [{change, op | null, was | null, layers,
 *                                                 micro_batches, ops, text}]},
 *                               ledger: [{purpose, old, new}] of lines that changed, old_bytes, new_bytes,
 *                               old_headroom, new_headroom}]
 *   times                     null, and why in no_times; or {old, new: {ttft_s, prefill, decode: {step_s,
 *                             tokens_per_s}, workload: {sequences, prompt_tokens, new_tokens}}} */
#include "emit/diff/diff.h"
#include "emit/diff/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *bytes_json(uint64_t bytes)
{
    return json_integer((json_int_t)bytes);
}

static json_t *numbers_json(const int *numbers, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(numbers[i]));
    return array;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *side_json(const struct diff_side *side)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i}", "path", side->path, "kind", side->strategy ? "strategy" : "folder",
                     "name", side->plan->name, "hash", side->plan->hash, "world", side->plan->world);
}

static json_t *facts_json(const struct diff *diff)
{
    json_t *array = json_array();
    for (int i = 0; i < diff->fact_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "figure", diff->facts[i].name, "old",
                                               diff->facts[i].old, "new", diff->facts[i].new));
    return array;
}

static json_t *keys_json(const struct diff *diff)
{
    if (!diff->keys_known)
        return json_null();
    json_t *array = json_array();
    for (int i = 0; i < diff->key_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:i, s:i}", "key", strategy_key_names[diff->keys[i].key],
                                               "old_line", diff->keys[i].old_line, "new_line", diff->keys[i].new_line));
    return array;
}

/* ---- ranks */

static json_t *stage_json(const struct plan *plan, int class_index, int base)
{
    if (class_index < 0)
        return json_null();
    const struct rank_class *class = &plan->classes[class_index];
    return json_pack("{s:s, s:i, s:i}", "class", class->name, "first_layer", base, "layers", class->shape.layers);
}

static json_t *holding_json(const struct plan *plan, int rank)
{
    if (rank >= plan->world)
        return json_null();
    const struct rank_row *row = &plan->ranks[rank];
    int held[MAX_EXPERTS], count = list_experts(plan, row->layer_base, row->at[AXIS_EP], held);
    json_t *json = stage_json(plan, row->class_index, row->layer_base);
    json_object_set_new(json, "dp", json_integer(row->at[AXIS_DP]));
    json_object_set_new(json, "ep", json_integer(row->at[AXIS_EP]));
    json_object_set_new(json, "tp", json_integer(row->at[AXIS_TP]));
    json_object_set_new(json, "tp_size", json_integer(plan->grid[AXIS_TP]));
    json_object_set_new(json, "experts", numbers_json(held, count));
    return json;
}

static json_t *each_json(const struct diff *diff, const struct rank_move *move, int rank)
{
    uint64_t bytes = rank < diff->new.plan->world ? diff->fetch.ranks[rank].all : 0;
    return json_pack("{s:i, s:s, s:o, s:o, s:o}", "rank", rank, "fate", fate_names[move->fate], "fetch_bytes",
                     bytes_json(bytes), "old", holding_json(diff->old.plan, rank), "new",
                     holding_json(diff->new.plan, rank));
}

static json_t *ranks_json(const struct diff *diff)
{
    const struct diff_ranks *ranks = &diff->ranks;
    json_t *groups = json_array(), *each = json_array();
    for (int i = 0; i < ranks->move_count; i++) {
        const struct rank_move *move = &ranks->moves[i];
        json_array_append_new(groups, json_pack("{s:s, s:o, s:o, s:o, s:o}", "fate", fate_names[move->fate], "ranks",
                                                numbers_json(move->ranks, move->count), "old",
                                                stage_json(diff->old.plan, move->old_class, move->old_base), "new",
                                                stage_json(diff->new.plan, move->new_class, move->new_base),
                                                "fetch_bytes", bytes_json(move->fetch)));
        for (int rank = 0; rank < move->count && move->fate != RANK_STAYS; rank++)
            json_array_append_new(each, each_json(diff, move, move->ranks[rank]));
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:o, s:o}", "stay", ranks->fates[RANK_STAYS], "move",
                     ranks->fates[RANK_MOVES], "added", ranks->fates[RANK_ADDED], "removed", ranks->fates[RANK_REMOVED],
                     "groups", groups, "each", each);
}

/* ---- weights */

static json_t *weights_json(const struct diff_fetch *fetch)
{
    json_t *array = json_array();
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:o}", "weights", tensor_names[kind], "held_bytes",
                                               bytes_json(fetch->held.bytes[kind]), "bytes",
                                               bytes_json(fetch->sum.bytes[kind]), "node_bytes",
                                               bytes_json(fetch->node_sum.bytes[kind])));
    return array;
}

static json_t *fetch_json(const struct diff *diff)
{
    const struct diff_fetch *fetch = &diff->fetch;
    json_t *nodes = json_array();
    for (int node = 0; node < fetch->node_count; node++)
        if (fetch->nodes[node].all > 0)
            json_array_append_new(nodes,
                                  json_pack("{s:i, s:o, s:i}", "node", node, "bytes",
                                            bytes_json(fetch->nodes[node].all), "ranges", fetch->nodes[node].ranges));
    return json_pack("{s:b, s:b, s:o, s:o, s:o, s:i, s:o, s:i, s:o}", "same_model", fetch->same_model, "same_dtype",
                     fetch->same_dtype, "held_bytes", bytes_json(fetch->held.all), "bytes", bytes_json(fetch->sum.all),
                     "node_bytes", bytes_json(fetch->node_sum.all), "ranges", fetch->sum.ranges, "weights",
                     weights_json(fetch), "ranks_per_node", fetch->ranks_per_node, "nodes", nodes);
}

/* ---- groups */

static json_t *example_json(const int *members, int size)
{
    return members ? numbers_json(members, size) : json_null();
}

static json_t *groups_json(const struct diff *diff)
{
    json_t *array = json_array();
    for (int i = 0; i < AXES; i++) {
        const struct diff_axis *axis = &diff->axes[i];
        json_array_append_new(
            array, json_pack("{s:s, s:{s:i, s:i, s:i}, s:{s:i, s:i, s:i}, s:i, s:o, s:o}", "axis", axis_names[i], "old",
                             "groups", axis->old_count, "size", axis->old_size, "across_nodes", axis->old_across, "new",
                             "groups", axis->new_count, "size", axis->new_size, "across_nodes", axis->new_across,
                             "kept", axis->kept, "old_example", example_json(axis->old_example, axis->old_size),
                             "new_example", example_json(axis->new_example, axis->new_size)));
    }
    return array;
}

/* ---- classes */

static json_t *change_json(const struct diff_class *pair, const struct schedule_change *change)
{
    char micros[MAX_MICRO_BATCHES + 1];
    int count = 0;
    for (int micro = 0; micro < MAX_MICRO_BATCHES; micro++)
        if (change->micros >> micro & 1)
            micros[count++] = (char)('A' + micro);
    micros[count] = '\0';
    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:i, s:s}", "change", schedule_change_names[change->change], "op",
                     text_or_null(change->kind < 0 ? NULL : op_table[change->kind].text), "was",
                     text_or_null(change->was < 0 ? NULL : op_table[change->was].text), "layers",
                     numbers_json(change->layers, change->layer_count), "micro_batches", micros, "ops", change->ops,
                     "text", change_words(pair, change).text);
}

static json_t *schedule_json(const struct diff_class *pair, enum phase phase)
{
    const struct diff_schedule *schedule = &pair->phases[phase];
    json_t *changes = json_array();
    for (int i = 0; i < schedule->change_count; i++)
        json_array_append_new(changes, change_json(pair, &schedule->changes[i]));
    return json_pack("{s:i, s:i, s:o}", "old_ops", schedule->old_ops, "new_ops", schedule->new_ops, "changes", changes);
}

static json_t *ledger_json(const struct diff_class *pair)
{
    json_t *array = json_array();
    for (int i = 0; i < pair->ledger_count; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:o, s:o}", "purpose", pair->ledger[i].purpose, "old",
                                        bytes_json(pair->ledger[i].old), "new", bytes_json(pair->ledger[i].new)));
    return array;
}

static json_t *classes_json(const struct diff *diff)
{
    json_t *array = json_array();
    for (int i = 0; i < diff->class_count; i++) {
        const struct diff_class *pair = &diff->classes[i];
        const struct rank_class *old = pair->old, *new = pair->new;
        uint64_t old_free = old ? diff->old.plan->memory_bytes - old->ledger_bytes : 0;
        uint64_t new_free = new ? diff->new.plan->memory_bytes - new->ledger_bytes : 0;
        json_array_append_new(array, json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "old",
                                               text_or_null(old ? old->name : NULL), "new",
                                               text_or_null(new ? new->name : NULL), "layers_of_class",
                                               pair->layers_of_class, "prefill", schedule_json(pair, PREFILL), "decode",
                                               schedule_json(pair, DECODE), "ledger", ledger_json(pair), "old_bytes",
                                               old ? bytes_json(old->ledger_bytes) : json_null(), "new_bytes",
                                               new ? bytes_json(new->ledger_bytes) : json_null(), "old_headroom",
                                               old ? bytes_json(old_free) : json_null(), "new_headroom",
                                               new ? bytes_json(new_free) : json_null()));
    }
    return array;
}

/* ---- times */

static json_t *phase_json(const struct phase_prediction *phase)
{
    return json_pack("{s:f, s:f}", "step_s", phase->step_s, "tokens_per_s", phase->tokens_per_s);
}

static json_t *prediction_json(const struct prediction *prediction, const struct workload *workload)
{
    return json_pack("{s:f, s:o, s:o, s:{s:i, s:i, s:i}}", "ttft_s", prediction->ttft_s, "prefill",
                     phase_json(&prediction->phases[PREFILL]), "decode", phase_json(&prediction->phases[DECODE]),
                     "workload", "sequences", workload->sequences, "prompt_tokens", workload->prompt_tokens,
                     "new_tokens", workload->new_tokens);
}

static void add_times(json_t *json, const struct diff_times *times)
{
    json_object_set_new(json, "no_times", text_or_null(times->why_not));
    json_object_set_new(json, "times",
                        times->why_not
                            ? json_null()
                            : json_pack("{s:o, s:o}", "old", prediction_json(&times->old, &times->old_workload), "new",
                                        prediction_json(&times->new, &times->new_workload)));
}

void diff_json(const struct diff *diff, struct text *out)
{
    json_t *json = json_pack("{s:b, s:o, s:o, s:o, s:o}", "identical", diff->identical, "old", side_json(&diff->old),
                             "new", side_json(&diff->new), "changes", facts_json(diff), "keys", keys_json(diff));
    if (!diff->identical) {
        json_object_set_new(json, "ranks", ranks_json(diff));
        json_object_set_new(json, "fetch", fetch_json(diff));
        json_object_set_new(json, "groups", groups_json(diff));
        json_object_set_new(json, "classes", classes_json(diff));
    }
    add_times(json, &diff->times);
    char *text = json_dumps(json, JSON_INDENT(1));
    if (text)
        text_format(out, "%s\n", text);
    free(text);
    json_decref(json);
}
