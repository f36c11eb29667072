/* Synthetic checkpoints: a Mixtral of any shape with pseudo-random weights, for measurements and for tests whose shapes
 * no stored model has. It computes nothing sensible, but nothing overflows, and experts get about even loads. */
#pragma once

#include "base/error.h"
#include "packed.h"
#include "plan.h"

struct synthetic_model {
    int hidden, layers, heads, kv_heads, head_dim;
    int experts, top_k, expert_hidden;
    int vocabulary, max_positions;
    enum dtype dtype; /* as which values are stored */
};

/* The sizes of a strategy's model, stored as its weights are. */
struct synthetic_model synthetic_of(const struct strategy *strategy);

/* Writes folder/config.json and folder/model.safetensors (the folder is made): the same bytes for the same model, on
 * any machine. There is no tokenizer, so prompts are ids, and no stop token, so a run generates all that it is asked
 * for. Each file appears whole or not at all; one that is there already is replaced only if an earlier call wrote it,
 * and kept where it is of this model. Fails on sizes that no config may have, too. */
bool synthetic_checkpoint(const struct synthetic_model *model, const char *folder, struct error *error);
