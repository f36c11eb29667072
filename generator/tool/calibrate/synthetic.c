#include "tool/calibrate/synthetic.h"
#include "base/file.h"
#include "base/file_writer.h"
#include "base/stop.h"
#include "read/config.h"
#include "tool/calibrate/synthetic_tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What both files carry; its number changes with the values that a model's tensors get. */
#define MARKER "rankc synthetic checkpoint 1"

enum { PIECE_VALUES = 1 << 15, MARKER_IS_WITHIN = 256 };
_Static_assert(PIECE_VALUES % SYNTHETIC_DRAW == 0, "pieces must take whole draws");

/* ---- files of earlier calls */

/* The marker stands near the start of both files. True for a file that is not there, too. */
static bool may_be_replaced(const char *path, struct error *error)
{
    char start[MARKER_IS_WITHIN];
    FILE *file = fopen(path, "rbe");
    if (!file)
        return access(path, F_OK) != 0 || fail_errno(error, path, "cannot be opened");
    size_t length = fread(start, 1, sizeof start, file);
    fclose(file);
    return memmem(start, length, MARKER, strlen(MARKER)) != NULL ||
           fail(error, path, 0, "is no synthetic checkpoint's; name another folder");
}

/* Whether the file begins with this header and has the data that it describes: files appear whole, so it is the same
 * one. */
static bool holds_already(const char *path, const struct text *header, uint64_t bytes)
{
    struct stat status;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    char *found = malloc(header->length);
    bool same = found && fstat(fileno(file), &status) == 0 && (uint64_t)status.st_size == bytes &&
                fread(found, 1, header->length, file) == header->length &&
                memcmp(found, header->bytes, header->length) == 0;
    free(found);
    fclose(file);
    return same;
}

/* ---- config.json */

/* What is the same for all models. The marker's key sorts before the others, so it is near the file's start. */
static const char fixed_config[] =
    "{\"_made_by\": \"" MARKER "\", \"architectures\": [\"MixtralForCausalLM\"], \"attention_dropout\": 0.0,"
    " \"bos_token_id\": 1, \"eos_token_id\": null, \"pad_token_id\": null, \"hidden_act\": \"silu\","
    " \"initializer_range\": 0.02, \"model_type\": \"mixtral\", \"output_router_logits\": false,"
    " \"rms_norm_eps\": 1e-05, \"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"default\"},"
    " \"router_aux_loss_coef\": 0.02, \"router_jitter_noise\": 0.0, \"sliding_window\": null,"
    " \"tie_word_embeddings\": false, \"use_cache\": true}";

static const struct {
    const char *key;
    size_t offset;
} config_sizes[] = {
    {"hidden_size", offsetof(struct synthetic_model, hidden)},
    {"num_hidden_layers", offsetof(struct synthetic_model, layers)},
    {"num_attention_heads", offsetof(struct synthetic_model, heads)},
    {"num_key_value_heads", offsetof(struct synthetic_model, kv_heads)},
    {"head_dim", offsetof(struct synthetic_model, head_dim)},
    {"num_local_experts", offsetof(struct synthetic_model, experts)},
    {"num_experts_per_tok", offsetof(struct synthetic_model, top_k)},
    {"intermediate_size", offsetof(struct synthetic_model, expert_hidden)},
    {"vocab_size", offsetof(struct synthetic_model, vocabulary)},
    {"max_position_embeddings", offsetof(struct synthetic_model, max_positions)},
};

static json_t *config_json(const struct synthetic_model *model)
{
    json_t *json = json_loads(fixed_config, 0, NULL);
    json_object_set_new(json, "dtype", json_string(model->dtype == DTYPE_BF16 ? "bfloat16" : "float32"));
    for (size_t i = 0; i < sizeof config_sizes / sizeof *config_sizes; i++) {
        const int *size = (const int *)(const void *)((const char *)model + config_sizes[i].offset);
        json_object_set_new(json, config_sizes[i].key, json_integer(*size));
    }
    return json;
}

static int no_line(const void *context, const char *key)
{
    (void)context, (void)key;
    return 0;
}

/* Fails when the reader of configs would refuse this one. */
static bool make_config(const struct synthetic_model *model, const char *path, struct text *out, struct error *error)
{
    json_t *json = config_json(model);
    struct config_source source = {.file = path, .line_of = no_line};
    struct model read;
    bool done = config_from_json(json, &source, &read, error);
    char *text = done ? json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(9)) : NULL;
    if (text)
        text_format(out, "%s\n", text);
    free(text);
    json_decref(json);
    return done;
}

/* ---- model.safetensors */

static bool write_tensor(struct file_writer *writer, const struct synthetic_tensor *tensor, size_t number,
                         enum dtype dtype, uint64_t *at, struct error *error)
{
    static _Alignas(64) unsigned char piece[PIECE_VALUES * sizeof(float)];
    struct synthetic_stream stream;
    synthetic_stream_start(&stream, tensor, number);
    for (uint64_t left = synthetic_tensor_values(tensor); left > 0;) {
        size_t now = left < PIECE_VALUES ? left : PIECE_VALUES;
        size_t bytes = now * synthetic_value_bytes(dtype);
        synthetic_stream_next(&stream, dtype, now, piece);
        if (stop_requested())
            return fail_stopped(error, "the checkpoint that was being written is removed");
        if (!file_writer_put(writer, *at, piece, bytes, error))
            return false;
        *at += bytes;
        left -= now;
    }
    return true;
}

static bool write_file(const char *path, const struct text *header, const struct synthetic_tensors *tensors,
                       enum dtype dtype, struct error *error)
{
    struct file_writer writer;
    uint64_t at = header->length;
    catch_stop_requests();
    if (!file_writer_open(&writer, path, error))
        return false;
    bool done = file_writer_put(&writer, 0, header->bytes, header->length, error);
    for (size_t i = 0; i < tensors->count && done; i++)
        done = write_tensor(&writer, &tensors->list[i], i, dtype, &at, error);
    if (done)
        return file_writer_close(&writer, 0644, error);
    file_writer_abandon(&writer);
    return false;
}

static bool write_weights(const struct synthetic_model *model, const char *path, struct error *error)
{
    if (synthetic_tensor_count(model) > SYNTHETIC_MOST_TENSORS)
        return fail(error, path, 0, "would hold more than %d tensors; ask for fewer layers or experts",
                    SYNTHETIC_MOST_TENSORS);
    struct synthetic_tensors tensors = synthetic_tensors_make(model);
    struct text header = {0};
    uint64_t data_bytes = synthetic_header(&tensors, model->dtype, MARKER, &header);
    bool done = holds_already(path, &header, header.length + data_bytes) ||
                write_file(path, &header, &tensors, model->dtype, error);
    text_free(&header);
    synthetic_tensors_free(&tensors);
    return done;
}

struct synthetic_model synthetic_of(const struct strategy *strategy)
{
    const struct model *model = &strategy->model;
    return (struct synthetic_model){.hidden = model->hidden,
                                    .layers = model->layers,
                                    .heads = model->heads,
                                    .kv_heads = model->kv_heads,
                                    .head_dim = model->head_dim,
                                    .experts = model->experts,
                                    .top_k = model->top_k,
                                    .expert_hidden = model->expert_hidden,
                                    .vocabulary = model->vocabulary,
                                    .max_positions = model->max_positions,
                                    .dtype = strategy->dtype.weights};
}

bool synthetic_checkpoint(const struct synthetic_model *model, const char *folder, struct error *error)
{
    char config[4096], weights[4096];
    struct text text = {0};
    bool done = path_join(config, sizeof config, folder, "config.json", error) &&
                path_join(weights, sizeof weights, folder, "model.safetensors", error) &&
                make_config(model, config, &text, error) && folder_make(folder, error) &&
                may_be_replaced(config, error) && may_be_replaced(weights, error) &&
                write_weights(model, weights, error) && file_write(config, text.bytes, text.length, 0644, error);
    text_free(&text);
    return done;
}
