/* Which part of which stored tensor goes where in a shard.
 *
 * The stored names and shapes are Mixtral's: model.layers.L.self_attn.{q,k,v,o}_proj, .block_sparse_moe.gate and
 * .experts.E.w1 (gate), .w3 (up), .w2 (down); a `weight` is (outputs, inputs). */
#include "tool/shard/shard.h"
#include "base/file.h"
#include "base/heap.h"
#include "tool/shard/checkpoint.h"
#include "tool/shard/pack_matrix.h"
#include "tool/shard/shard_writer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One shard file being cut: for which rank, from what, into what. */
struct cut {
    const struct plan *plan;
    const struct rank_row *row;
    const struct rank_class *class;
    const struct checkpoint *checkpoint;
    const char *checkpoint_folder;
    struct shard_writer writer; /* of the file under way */
    struct error *error;
};

/* A piece of a stored tensor: rows and columns of it. */
struct piece {
    const char *name;
    uint64_t rows, columns; /* of the whole tensor, which it must have */
    uint64_t first_row, row_count, first_column, column_count;
};

/* Reads a piece into out (row_count, column_count), after checking that the checkpoint has it in the plan's shape. */
static bool read_piece(const struct cut *cut, const struct piece *piece, float *out)
{
    const struct tensor_view *view = checkpoint_tensor(cut->checkpoint, piece->name);
    if (!view)
        return fail(cut->error, cut->checkpoint_folder, 0,
                    "has no tensor %s; give the checkpoint that the strategy's model describes", piece->name);
    if (tensor_rows(view) != piece->rows || tensor_columns(view) != piece->columns)
        return fail(
            cut->error, cut->checkpoint_folder, 0,
            "tensor %s is (%llu, %llu), not (%llu, %llu); give the checkpoint that the strategy's model describes",
            piece->name, (unsigned long long)tensor_rows(view), (unsigned long long)tensor_columns(view),
            (unsigned long long)piece->rows, (unsigned long long)piece->columns);
    return checkpoint_read_block(cut->checkpoint, view, piece->first_row, piece->row_count, piece->first_column,
                                 piece->column_count, out, cut->error);
}

/* (outputs, inputs) zeros. */
static float *take_floats(const struct tensor *tensor)
{
    return heap_take((size_t)tensor->outputs * (size_t)tensor->inputs, sizeof(float));
}

/* Packs (outputs, inputs) floats and appends them: as rows, or as panels where processors multiply by them (GPUs take
 * rows). Frees `floats`. */
static bool append(struct cut *cut, enum tensor_kind kind, uint64_t offset, float *floats, bool panels)
{
    const struct tensor *tensor = &cut->class->tensors[kind];
    void *packed = heap_take(1, tensor->bytes);
    if (panels && cut->class->device == DEVICE_CPU)
        pack_rows(tensor->dtype, floats, tensor->outputs, tensor->inputs, packed);
    else
        store_rows(tensor->dtype, floats, (size_t)tensor->outputs, tensor->inputs, packed);
    bool done = shard_writer_add(&cut->writer, offset, packed, tensor->bytes, cut->error);
    free(packed);
    free(floats);
    return done;
}

/* Stacks pieces of equal width on each other into one matrix of the shard. */
static bool append_pieces(struct cut *cut, enum tensor_kind kind, uint64_t offset, const struct piece *pieces,
                          int count, bool panels)
{
    const struct tensor *tensor = &cut->class->tensors[kind];
    float *floats = take_floats(tensor), *next = floats;
    for (int i = 0; i < count; i++) {
        if (!read_piece(cut, &pieces[i], next)) {
            free(floats);
            return false;
        }
        next += pieces[i].row_count * pieces[i].column_count;
    }
    return append(cut, kind, offset, floats, panels);
}

/* A whole vector. */
static bool append_norm(struct cut *cut, enum tensor_kind kind, uint64_t offset, const char *name)
{
    uint64_t hidden = (uint64_t)cut->class->shape.hidden;
    const struct piece piece = {name, 1, hidden, 0, 1, 0, hidden};
    return append_pieces(cut, kind, offset, &piece, 1, false);
}

/* The tokens of this tp coordinate; the last slice may reach beyond the vocabulary and is filled up with zeros. */
static bool append_vocabulary(struct cut *cut, enum tensor_kind kind, const char *name, bool panels)
{
    const struct shapes *shape = &cut->class->shape;
    uint64_t vocabulary = (uint64_t)shape->vocabulary, slice = (uint64_t)shape->vocabulary_slice;
    uint64_t first = slice * (uint64_t)cut->row->at[AXIS_TP], hidden = (uint64_t)shape->hidden;
    first = first < vocabulary ? first : vocabulary;
    uint64_t count = vocabulary - first < slice ? vocabulary - first : slice;
    const struct piece piece = {name, vocabulary, hidden, first, count, 0, hidden};
    return append_pieces(cut, kind, cut->class->tensors[kind].offset, &piece, 1, panels);
}

static bool append_attention(struct cut *cut, int layer, uint64_t stride)
{
    const struct shapes *shape = &cut->class->shape;
    const struct tensor *tensors = cut->class->tensors;
    uint64_t hidden = (uint64_t)shape->hidden, head = (uint64_t)shape->head_dim, tp = (uint64_t)cut->row->at[AXIS_TP];
    uint64_t query = (uint64_t)shape->heads * head, all_query = query * (uint64_t)shape->tp;
    uint64_t key = (uint64_t)shape->kv_heads * head;
    char q[128], k[128], v[128], o[128];
    snprintf(q, sizeof q, "model.layers.%d.self_attn.q_proj.weight", layer);
    snprintf(k, sizeof k, "model.layers.%d.self_attn.k_proj.weight", layer);
    snprintf(v, sizeof v, "model.layers.%d.self_attn.v_proj.weight", layer);
    snprintf(o, sizeof o, "model.layers.%d.self_attn.o_proj.weight", layer);
    uint64_t all_key = (uint64_t)shape->model_kv_heads * head;
    uint64_t holders = key * (uint64_t)shape->tp / all_key; /* ranks that hold the same key/value head */
    uint64_t first_key = tp / holders * key;
    const struct piece qkv[] = {{q, all_query, hidden, tp * query, query, 0, hidden},
                                {k, all_key, hidden, first_key, key, 0, hidden},
                                {v, all_key, hidden, first_key, key, 0, hidden}};
    const struct piece out = {o, hidden, all_query, 0, hidden, tp * query, query};
    return append_pieces(cut, TENSOR_QKV, tensors[TENSOR_QKV].offset + stride, qkv, 3, true) &&
           append_pieces(cut, TENSOR_ATTENTION_OUT, tensors[TENSOR_ATTENTION_OUT].offset + stride, &out, 1, true);
}

static bool append_layer(struct cut *cut, int local)
{
    const struct shapes *shape = &cut->class->shape;
    const struct tensor *tensors = cut->class->tensors;
    int layer = cut->row->layer_base + local;
    uint64_t stride = tensors[TENSOR_INPUT_NORM].layer_stride * (uint64_t)local;
    char input[128], post[128], gate[128];
    snprintf(input, sizeof input, "model.layers.%d.input_layernorm.weight", layer);
    snprintf(post, sizeof post, "model.layers.%d.post_attention_layernorm.weight", layer);
    snprintf(gate, sizeof gate, "model.layers.%d.block_sparse_moe.gate.weight", layer);
    uint64_t experts = (uint64_t)shape->experts, hidden = (uint64_t)shape->hidden;
    const struct piece router = {gate, experts, hidden, 0, experts, 0, hidden};
    return append_norm(cut, TENSOR_INPUT_NORM, tensors[TENSOR_INPUT_NORM].offset + stride, input) &&
           append_attention(cut, layer, stride) &&
           append_norm(cut, TENSOR_POST_NORM, tensors[TENSOR_POST_NORM].offset + stride, post) &&
           append_pieces(cut, TENSOR_ROUTER, tensors[TENSOR_ROUTER].offset + stride, &router, 1, true);
}

static bool cut_dense(struct cut *cut)
{
    if (cut->class->first_stage && !append_vocabulary(cut, TENSOR_EMBEDDING, "model.embed_tokens.weight", false))
        return false;
    for (int layer = 0; layer < cut->class->shape.layers; layer++)
        if (!append_layer(cut, layer))
            return false;
    if (!cut->class->last_stage)
        return true;
    return append_norm(cut, TENSOR_FINAL_NORM, cut->class->tensors[TENSOR_FINAL_NORM].offset, "model.norm.weight") &&
           append_vocabulary(cut, TENSOR_LM_HEAD, "lm_head.weight", true);
}

/* An empty slot is zeros: the plan gives every ep coordinate the same room. */
static bool append_empty(struct cut *cut, enum tensor_kind kind, uint64_t offset)
{
    const struct tensor *tensor = &cut->class->tensors[kind];
    return append(cut, kind, offset, take_floats(tensor), true);
}

static bool append_expert(struct cut *cut, int layer, int expert, uint64_t offset)
{
    const struct shapes *shape = &cut->class->shape;
    const struct tensor *tensors = cut->class->tensors;
    uint64_t gate_up = tensors[TENSOR_GATE_UP].offset + offset, down = tensors[TENSOR_DOWN].offset + offset;
    if (expert < 0)
        return append_empty(cut, TENSOR_GATE_UP, gate_up) && append_empty(cut, TENSOR_DOWN, down);
    uint64_t hidden = (uint64_t)shape->hidden, slice = (uint64_t)shape->expert_hidden;
    uint64_t all = slice * (uint64_t)shape->tp, first = slice * (uint64_t)cut->row->at[AXIS_TP];
    char w1[128], w2[128], w3[128];
    snprintf(w1, sizeof w1, "model.layers.%d.block_sparse_moe.experts.%d.w1.weight", layer, expert);
    snprintf(w2, sizeof w2, "model.layers.%d.block_sparse_moe.experts.%d.w2.weight", layer, expert);
    snprintf(w3, sizeof w3, "model.layers.%d.block_sparse_moe.experts.%d.w3.weight", layer, expert);
    const struct piece in[] = {{w1, all, hidden, first, slice, 0, hidden}, {w3, all, hidden, first, slice, 0, hidden}};
    const struct piece out = {w2, hidden, all, 0, hidden, first, slice};
    return append_pieces(cut, TENSOR_GATE_UP, gate_up, in, 2, true) &&
           append_pieces(cut, TENSOR_DOWN, down, &out, 1, true);
}

static bool cut_experts(struct cut *cut)
{
    const struct placement *placement = &cut->plan->placement;
    const struct tensor *gate_up = &cut->class->tensors[TENSOR_GATE_UP];
    for (int local = 0; local < cut->class->shape.layers; local++) {
        int layer = cut->row->layer_base + local, placed = placement->rows > 1 ? layer : 0;
        const int *held =
            placement->held +
            ((size_t)placed * (size_t)cut->plan->grid[AXIS_EP] + cut->row->at[AXIS_EP]) * placement->expert_slots;
        for (int slot = 0; slot < placement->expert_slots; slot++) {
            uint64_t offset = gate_up->layer_stride * (uint64_t)local + gate_up->slot_stride * (uint64_t)slot;
            if (!append_expert(cut, layer, held[slot], offset))
                return false;
        }
    }
    return true;
}

static bool cut_file(struct cut *cut, enum shard_file file, const char *folder, const struct shard_header *identity)
{
    static bool (*const cuts[SHARD_FILES])(struct cut *) = {cut_dense, cut_experts};
    struct shard_writer *writer = &cut->writer;
    if (!shard_writer_open(writer, folder, cut->row->shards[file], cut->error))
        return false;
    memcpy(writer->header.plan_hash, identity->plan_hash, sizeof writer->header.plan_hash);
    memcpy(writer->header.checkpoint, identity->checkpoint, sizeof writer->header.checkpoint);
    if (!cuts[file](cut)) {
        shard_writer_abandon(writer);
        return false;
    }
    return shard_writer_close(writer, cut->error);
}

/* The rank that a file is cut for is the first of those that share it: no other coordinate changes its contents. */
static bool cuts_file(const struct rank_row *row, enum shard_file file)
{
    return row->at[AXIS_DP] == 0 && (file == SHARD_EXPERTS || row->at[AXIS_EP] == 0);
}

static bool cut_all(struct cut *cut, const char *folder, struct shard_header *identity, int *wrote)
{
    for (int rank = 0; rank < cut->plan->world; rank++)
        for (int file = 0; file < SHARD_FILES; file++) {
            cut->row = &cut->plan->ranks[rank];
            cut->class = &cut->plan->classes[cut->row->class_index];
            identity->payload_bytes = cut->class->shard_bytes[file];
            memset(identity->name, 0, sizeof identity->name);
            snprintf(identity->name, sizeof identity->name, "%s", cut->row->shards[file]);
            if (!cuts_file(cut->row, file) || shard_is_fresh(folder, identity))
                continue;
            if (!cut_file(cut, file, folder, identity))
                return false;
            if (wrote)
                ++*wrote;
        }
    return true;
}

bool shard_checkpoint(const struct plan *plan, const char *checkpoint_folder, const char *folder, int *wrote,
                      struct error *error)
{
    struct checkpoint *checkpoint = checkpoint_open(checkpoint_folder, error);
    if (!checkpoint)
        return false;
    struct shard_header identity = {0};
    size_t length;
    struct cut cut = {.plan = plan, .checkpoint = checkpoint, .checkpoint_folder = checkpoint_folder, .error = error};
    bool done =
        sodium_hex2bin(identity.plan_hash, sizeof identity.plan_hash, plan->hash, 64, NULL, &length, NULL) == 0 &&
        checkpoint_identity(checkpoint, identity.checkpoint, error) && folder_make(folder, error) &&
        cut_all(&cut, folder, &identity, wrote);
    checkpoint_close(checkpoint);
    return done;
}
