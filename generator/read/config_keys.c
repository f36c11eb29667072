/* Which keys a config may have. */
#include "base/nearest.h"
#include "read/config_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct integer_key integer_keys[INTEGER_KEYS] = {
    {"hidden_size", offsetof(struct model, hidden), 1, 1 << 20},
    {"num_hidden_layers", offsetof(struct model, layers), 1, MAX_LAYERS},
    {"num_attention_heads", offsetof(struct model, heads), 1, 1 << 14},
    {"num_key_value_heads", offsetof(struct model, kv_heads), 1, 1 << 14},
    {"num_local_experts", offsetof(struct model, experts), 1, MAX_EXPERTS},
    {"num_experts_per_tok", offsetof(struct model, top_k), 1, MAX_TOP_K},
    {"intermediate_size", offsetof(struct model, expert_hidden), 1, 1 << 20},
    {"vocab_size", offsetof(struct model, vocabulary), 1, 1 << 24},
    {"max_position_embeddings", offsetof(struct model, max_positions), 1, 1 << 24},
};

/* Keys that may be there with one value only: another would change the formulas. */
static const struct {
    const char *key, *text; /* the value as JSON */
} fixed_keys[] = {
    {"hidden_act", "\"silu\""}, {"tie_word_embeddings", "false"}, {"attention_bias", "false"},
    {"mlp_bias", "false"},      {"rope_scaling", "null"},         {"quantization_config", "null"},
};

/* Keys that are read one by one below. */
static const char *const other_keys[] = {"model_type",   "head_dim",        "rms_norm_eps",  "rope_theta",
                                         "eos_token_id", "rope_parameters", "sliding_window"};

/* Keys that do not touch what a trained model computes: training, bookkeeping, and what generation.json repeats. */
static const char *const harmless_keys[] = {
    "architectures",
    "attention_dropout",
    "bos_token_id",
    "pad_token_id",
    "dtype",
    "torch_dtype",
    "initializer_range",
    "output_router_logits",
    "use_cache",
    "router_aux_loss_coef",
    "router_jitter_noise",
    "transformers_version",
    "return_dict",
    "output_attentions",
    "output_hidden_states",
    "torchscript",
    "id2label",
    "label2id",
    "problem_type",
    "task_specific_params",
    "tokenizer_class",
    "finetuning_task",
    "name_or_path",
    "chunk_size_feed_forward",
    "attn_implementation",
    "use_bfloat16",
    "sep_token_id",
    "max_length",
};

/* ---- errors */

bool config_fail(const struct config *config, const char *key, const char *format, ...)
{
    char text[sizeof config->error->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const struct config_source *source = config->source;
    return fail(config->error, source->file, source->line_of(source->context, key), "%s", text);
}

const char *json_text(const json_t *value, char out[JSON_TEXT])
{
    if (!value)
        snprintf(out, JSON_TEXT, "missing");
    else if (json_is_string(value))
        snprintf(out, JSON_TEXT, "\"%.40s\"", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, JSON_TEXT, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, JSON_TEXT, "%.14g", json_real_value(value));
    else if (json_is_object(value) || json_is_array(value))
        snprintf(out, JSON_TEXT, json_is_object(value) ? "an object" : "a list");
    else
        snprintf(out, JSON_TEXT, "%s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
    return out;
}

bool config_fail_value(const struct config *config, const char *key, const json_t *value, const char *wanted)
{
    char text[JSON_TEXT];
    return config_fail(config, key, "%s is %s; it must be %s", key, json_text(value, text), wanted);
}

/* ---- keys that are not wanted */

static bool refuse_unknown_key(const struct config *config, const char *key)
{
    const char *known[COUNT(integer_keys) + COUNT(fixed_keys) + COUNT(other_keys)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(integer_keys); i++)
        known[count++] = integer_keys[i].key;
    for (size_t i = 0; i < COUNT(fixed_keys); i++)
        known[count++] = fixed_keys[i].key;
    for (size_t i = 0; i < COUNT(other_keys); i++)
        known[count++] = other_keys[i];
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, known[i]) == 0)
            return true;
    for (size_t i = 0; i < COUNT(harmless_keys); i++)
        if (strcmp(key, harmless_keys[i]) == 0)
            return true;
    if (*key == '_') /* private to transformers: _name_or_path and the like */
        return true;
    const char *nearest = nearest_word(key, known, count);
    if (nearest)
        return config_fail(config, key, "\"%.64s\" is not a key of mixtral; did you mean \"%s\"?", key, nearest);
    return config_fail(
        config, key,
        "\"%.64s\" is not a key of mixtral and may change what the model computes; remove it if it does not", key);
}

/* The first unknown key by name, so that the message does not depend on the order in an inline table. */
static bool refuse_unknown_keys(const struct config *config)
{
    const char *key;
    json_t *value;
    const char *last = NULL;
    for (;;) {
        const char *next = NULL;
        json_object_foreach((json_t *)config->json, key, value)
        {
            if ((!last || strcmp(key, last) > 0) && (!next || strcmp(key, next) < 0))
                next = key;
        }
        if (!next)
            return true;
        if (!refuse_unknown_key(config, next))
            return false;
        last = next;
    }
}

static bool check_fixed_keys(const struct config *config)
{
    for (size_t i = 0; i < COUNT(fixed_keys); i++) {
        const json_t *value = json_object_get(config->json, fixed_keys[i].key);
        char text[JSON_TEXT];
        if (value && strcmp(json_text(value, text), fixed_keys[i].text) != 0)
            return config_fail(config, fixed_keys[i].key, "%s is %s, which is not supported yet; only %s is",
                               fixed_keys[i].key, text, fixed_keys[i].text);
    }
    return true;
}

bool config_check_keys(const struct config *config)
{
    return refuse_unknown_keys(config) && check_fixed_keys(config);
}
