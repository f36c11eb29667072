/* The values of a config, and how the two dialects write them. */
#include "base/file.h"
#include "read/config_parts.h"
#include "read/json_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- single values */

static bool read_integer(const struct config *config, const char *key, int least, int most, int *out)
{
    const json_t *value = json_object_get(config->json, key);
    if (json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= most) {
        *out = (int)json_integer_value(value);
        return true;
    }
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from %d to %d", least, most);
    return config_fail_value(config, key, value, wanted);
}

/* As read_integer, but absent or null leaves *out alone. */
static bool read_optional(const struct config *config, const char *key, int least, int most, int *out)
{
    const json_t *value = json_object_get(config->json, key);
    return !value || json_is_null(value) || read_integer(config, key, least, most, out);
}

static bool read_real(const struct config *config, const char *key, const json_t *value, double most, double *out)
{
    double number = json_number_value(value);
    if (json_is_number(value) && number > 0 && number <= most) {
        *out = number;
        return true;
    }
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a number above 0, at most %g", most);
    return config_fail_value(config, key, value, wanted);
}

static bool check_family(const struct config *config)
{
    const json_t *family = json_object_get(config->json, "model_type");
    if (!json_is_string(family))
        return config_fail_value(config, "model_type", family, "a text; supported: mixtral");
    if (strcmp(json_string_value(family), "mixtral") != 0)
        return config_fail(config, "model_type", "model_type \"%.64s\" is not supported yet; supported: mixtral",
                           json_string_value(family));
    config->out->family = "mixtral";
    return true;
}

/* ---- what the dialects write differently */

/* rope_parameters of transformers 5. */
static bool read_rope_parameters(const struct config *config, const json_t *rope)
{
    if (!json_is_object(rope))
        return config_fail_value(config, "rope_parameters", rope, "an object with rope_theta and rope_type");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)rope, key, value)
    {
        char path[96];
        snprintf(path, sizeof path, "rope_parameters.%.64s", key);
        if (strcmp(key, "rope_theta") == 0) {
            if (!read_real(config, path, value, 1e12, &config->out->rope_theta))
                return false;
        } else if (strcmp(key, "rope_type") != 0) {
            return config_fail(config, path, "%s is not supported yet; only rope_theta and rope_type are", path);
        } else if (!json_is_string(value) || strcmp(json_string_value(value), "default") != 0) {
            return config_fail_value(config, path, value, "\"default\", the only one supported yet");
        }
    }
    return true;
}

static bool read_rope(const struct config *config)
{
    const json_t *base = json_object_get(config->json, "rope_theta");
    const json_t *rope = json_object_get(config->json, "rope_parameters");
    double old = 0;
    if (base && !read_real(config, "rope_theta", base, 1e12, &old))
        return false;
    if (rope && !json_is_null(rope) && !read_rope_parameters(config, rope))
        return false;
    double *theta = &config->out->rope_theta;
    if (*theta > 0 && old > 0 && *theta != old)
        return config_fail(config, "rope_theta",
                           "rope_theta is %.14g, but rope_parameters says %.14g; remove the wrong one", old, *theta);
    if (old > 0)
        *theta = old;
    if (*theta > 0)
        return true;
    return config_fail(config, "rope_parameters", "rope_theta is missing; give it, or rope_parameters with it");
}

static bool add_stop_token(const struct config *config, const json_t *value)
{
    struct model *out = config->out;
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a token id from 0 to %d, a list of them or null", out->vocabulary - 1);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= out->vocabulary)
        return config_fail_value(config, "eos_token_id", value, wanted);
    for (int i = 0; i < out->stop_token_count; i++)
        if (out->stop_tokens[i] == json_integer_value(value))
            return true;
    if (out->stop_token_count == MAX_STOP_TOKENS)
        return config_fail(config, "eos_token_id", "eos_token_id lists more than %d tokens; list fewer",
                           MAX_STOP_TOKENS);
    out->stop_tokens[out->stop_token_count++] = (int)json_integer_value(value);
    return true;
}

static bool read_stop_tokens(const struct config *config)
{
    const json_t *value = json_object_get(config->json, "eos_token_id"), *item;
    size_t index;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_array(value))
        return add_stop_token(config, value);
    json_array_foreach(value, index, item)
    {
        if (!add_stop_token(config, item))
            return false;
    }
    return true;
}

/* ---- the whole */

/* What must hold between sizes. The message goes to the key that is easiest to have got wrong. */
static bool check_sizes(const struct config *config)
{
    struct model *model = config->out;
    if (model->heads % model->kv_heads != 0)
        return config_fail(config, "num_key_value_heads",
                           "num_key_value_heads is %d; it must divide num_attention_heads, %d", model->kv_heads,
                           model->heads);
    if (model->top_k > model->experts)
        return config_fail(config, "num_experts_per_tok", "num_experts_per_tok is %d; there are only %d experts",
                           model->top_k, model->experts);
    if (model->head_dim == 0) {
        if (model->hidden % model->heads != 0)
            return config_fail(config, "hidden_size",
                               "hidden_size is %d, which does not divide into %d heads; give head_dim", model->hidden,
                               model->heads);
        model->head_dim = model->hidden / model->heads;
    }
    if (model->head_dim % 2 != 0 || model->head_dim > 4096)
        return config_fail(config, "head_dim",
                           "heads have %d values; rotary positions need an even number, at most 4096", model->head_dim);
    if ((long long)model->heads * model->head_dim > 1 << 22)
        return config_fail(config, "num_attention_heads",
                           "%d heads of %d values are too many; at most %d values in all are supported", model->heads,
                           model->head_dim, 1 << 22);
    return true;
}

bool config_from_json(const json_t *json, const struct config_source *source, struct model *out, struct error *error)
{
    *out = (struct model){0};
    struct config config = {.json = json, .source = source, .out = out, .error = error};
    if (!check_family(&config) || !config_check_keys(&config))
        return false;
    for (size_t i = 0; i < COUNT(integer_keys); i++) {
        int *field = (int *)((char *)out + integer_keys[i].offset);
        if (!read_integer(&config, integer_keys[i].key, integer_keys[i].least, integer_keys[i].most, field))
            return false;
    }
    return read_real(&config, "rms_norm_eps", json_object_get(json, "rms_norm_eps"), 1, &out->rms_epsilon) &&
           read_rope(&config) && read_optional(&config, "head_dim", 1, 4096, &out->head_dim) &&
           read_optional(&config, "sliding_window", 1, 1 << 24, &out->window) && read_stop_tokens(&config) &&
           check_sizes(&config);
}

/* Its other keys are settings of sampling, which are the user's to give. */
static bool read_generation_config(const char *folder, struct model *out, struct error *error)
{
    char path[4096];
    if (!path_join(path, sizeof path, folder, "generation_config.json", error))
        return false;
    if (access(path, F_OK) != 0)
        return true;
    struct text text = {0};
    json_t *json = json_file_read(path, &text, error);
    struct config_source source = {.file = path, .line_of = json_line, .context = &text};
    struct config config = {.json = json, .source = &source, .out = out, .error = error};
    bool read = json && read_stop_tokens(&config);
    json_decref(json);
    text_free(&text);
    return read;
}

bool config_read(const char *folder, struct pool *pool, struct model *out, struct error *error)
{
    char path[4096];
    if (!path_join(path, sizeof path, folder, "config.json", error))
        return false;
    struct text text = {0};
    json_t *json = json_file_read(path, &text, error);
    struct config_source source = {.file = path, .line_of = json_line, .context = &text};
    bool read = json && config_from_json(json, &source, out, error) && read_generation_config(folder, out, error);
    if (read)
        out->folder = pool_text(pool, folder);
    json_decref(json);
    text_free(&text);
    return read;
}
