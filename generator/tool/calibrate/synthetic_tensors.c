#include "tool/calibrate/synthetic_tensors.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- the list */

enum { TENSORS_BESIDE_LAYERS = 3, TENSORS_BESIDE_EXPERTS = 7, TENSORS_OF_EXPERT = 3 };

/* Weights of a matrix that sums `inputs` values of about 1 to one of about 1. */
static void add_matrix(struct synthetic_tensors *tensors, uint64_t outputs, uint64_t inputs, const char *name)
{
    tensors->list[tensors->count++] = (struct synthetic_tensor){name, outputs, inputs, 0, 1 / sqrt((double)inputs)};
}

static void add_norm(struct synthetic_tensors *tensors, uint64_t inputs, const char *name)
{
    tensors->list[tensors->count++] = (struct synthetic_tensor){name, 0, inputs, 1, 0.05};
}

static void add_expert(struct synthetic_tensors *tensors, const struct synthetic_model *model, int layer, int expert)
{
    const struct {
        const char *name;
        int outputs, inputs;
    } matrices[TENSORS_OF_EXPERT] = {{"w1", model->expert_hidden, model->hidden},
                                     {"w2", model->hidden, model->expert_hidden},
                                     {"w3", model->expert_hidden, model->hidden}};
    for (int i = 0; i < TENSORS_OF_EXPERT; i++)
        add_matrix(tensors, (uint64_t)matrices[i].outputs, (uint64_t)matrices[i].inputs,
                   pool_format(&tensors->pool, "model.layers.%d.block_sparse_moe.experts.%d.%s.weight", layer, expert,
                               matrices[i].name));
}

static void add_layer(struct synthetic_tensors *tensors, const struct synthetic_model *model, int layer)
{
    int query = model->heads * model->head_dim, key = model->kv_heads * model->head_dim;
    const struct {
        const char *name;
        int outputs, inputs; /* no outputs: a norm */
    } dense[TENSORS_BESIDE_EXPERTS] = {{"input_layernorm", 0, model->hidden},
                                       {"self_attn.q_proj", query, model->hidden},
                                       {"self_attn.k_proj", key, model->hidden},
                                       {"self_attn.v_proj", key, model->hidden},
                                       {"self_attn.o_proj", model->hidden, query},
                                       {"post_attention_layernorm", 0, model->hidden},
                                       {"block_sparse_moe.gate", model->experts, model->hidden}};
    for (int i = 0; i < TENSORS_BESIDE_EXPERTS; i++) {
        const char *name = pool_format(&tensors->pool, "model.layers.%d.%s.weight", layer, dense[i].name);
        if (dense[i].outputs > 0)
            add_matrix(tensors, (uint64_t)dense[i].outputs, (uint64_t)dense[i].inputs, name);
        else
            add_norm(tensors, (uint64_t)dense[i].inputs, name);
    }
    for (int expert = 0; expert < model->experts; expert++)
        add_expert(tensors, model, layer, expert);
}

size_t synthetic_tensor_count(const struct synthetic_model *model)
{
    size_t of_layer = TENSORS_BESIDE_EXPERTS + (size_t)TENSORS_OF_EXPERT * (size_t)model->experts;
    return TENSORS_BESIDE_LAYERS + (size_t)model->layers * of_layer;
}

struct synthetic_tensors synthetic_tensors_make(const struct synthetic_model *model)
{
    struct synthetic_tensors tensors = {.count = 0};
    size_t room = synthetic_tensor_count(model);
    tensors.list = pool_take(&tensors.pool, room, sizeof *tensors.list);
    add_matrix(&tensors, (uint64_t)model->vocabulary, (uint64_t)model->hidden, "model.embed_tokens.weight");
    for (int layer = 0; layer < model->layers; layer++)
        add_layer(&tensors, model, layer);
    add_norm(&tensors, (uint64_t)model->hidden, "model.norm.weight");
    add_matrix(&tensors, (uint64_t)model->vocabulary, (uint64_t)model->hidden, "lm_head.weight");
    assert(tensors.count == room);
    return tensors;
}

void synthetic_tensors_free(struct synthetic_tensors *tensors)
{
    pool_free(&tensors->pool);
    *tensors = (struct synthetic_tensors){0};
}

uint64_t synthetic_tensor_values(const struct synthetic_tensor *tensor)
{
    return (tensor->outputs > 0 ? tensor->outputs : 1) * tensor->inputs;
}

size_t synthetic_value_bytes(enum dtype dtype)
{
    return dtype == DTYPE_BF16 ? sizeof(uint16_t) : sizeof(float);
}

/* ---- the header */

uint64_t synthetic_header(const struct synthetic_tensors *tensors, enum dtype dtype, const char *marker,
                          struct text *out)
{
    enum { LENGTH_BYTES = 8 };
    size_t start = out->length;
    uint64_t at = 0;
    text_add(out, "\0\0\0\0\0\0\0", LENGTH_BYTES); /* filled in below */
    text_format(out, "{\"__metadata__\":{\"format\":\"pt\",\"made_by\":\"%s\"}", marker);
    for (size_t i = 0; i < tensors->count; i++) {
        const struct synthetic_tensor *tensor = &tensors->list[i];
        uint64_t end = at + synthetic_tensor_values(tensor) * synthetic_value_bytes(dtype);
        text_format(out, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", tensor->name, dtype == DTYPE_BF16 ? "BF16" : "F32");
        if (tensor->outputs > 0)
            text_format(out, "%llu,", (unsigned long long)tensor->outputs);
        text_format(out, "%llu],\"data_offsets\":[%llu,%llu]}", (unsigned long long)tensor->inputs,
                    (unsigned long long)at, (unsigned long long)end);
        at = end;
    }
    text_add(out, "}", 1);
    while (out->length % LENGTH_BYTES != 0) /* data begins aligned, as the format's own writers have it */
        text_add(out, " ", 1);
    uint64_t length = out->length - start - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++)
        out->bytes[start + (size_t)i] = (char)(length >> 8 * i);
    return at;
}

/* ---- values */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A value is (16 drawn bits + shift) * scale: a sum and then a product cannot be fused, so it has the same bits on
 * every machine. An even spread over [-a, a] has the standard deviation a / sqrt(3). */
void synthetic_stream_start(struct synthetic_stream *stream, const struct synthetic_tensor *tensor, size_t number)
{
    double scale = tensor->deviation * sqrt(3) / 32768;
    stream->state = number;
    stream->state = draw(&stream->state); /* far from the other tensors' states */
    stream->scale = (float)scale;
    stream->shift = (float)(tensor->centre / scale - 32767.5);
}

static void next_values(struct synthetic_stream *stream, float out[SYNTHETIC_DRAW])
{
    uint64_t bits = draw(&stream->state);
    for (int i = 0; i < SYNTHETIC_DRAW; i++)
        out[i] = ((float)(bits >> 16 * i & 0xffff) + stream->shift) * stream->scale;
}

void synthetic_stream_next(struct synthetic_stream *stream, enum dtype dtype, size_t count, void *out)
{
    uint16_t *halves = out;
    float *floats = out;
    for (size_t done = 0; done < count; done += SYNTHETIC_DRAW) {
        float values[SYNTHETIC_DRAW];
        size_t now = count - done < SYNTHETIC_DRAW ? count - done : SYNTHETIC_DRAW;
        next_values(stream, values);
        if (dtype == DTYPE_F32)
            memcpy(floats + done, values, now * sizeof *floats);
        else
            for (size_t i = 0; i < now; i++)
                halves[done + i] = f32_to_bf16(values[i]);
    }
}
