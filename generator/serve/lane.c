#include "serve/lane.h"
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

void lane_make(struct lane *lane, const struct shapes *shape)
{
    int rows = shape->prefill_rows > shape->decode_rows ? shape->prefill_rows : shape->decode_rows;
    *lane = (struct lane){.shape = shape, .row_capacity = shape->micro_batches * rows};
    lane->last_ranks = heap_take((size_t)shape->tp, sizeof *lane->last_ranks);
    lane->sequences = heap_take((size_t)shape->sequences, sizeof *lane->sequences);
    lane->block_tables =
        heap_take((size_t)shape->sequences * (size_t)shape->sequence_blocks, sizeof *lane->block_tables);
    lane->free_blocks = heap_take((size_t)shape->kv_blocks, sizeof *lane->free_blocks);
    lane->rows = heap_take((size_t)lane->row_capacity, sizeof *lane->rows);
    for (int block = shape->kv_blocks - 1; block >= 0; block--)
        lane->free_blocks[lane->free_count++] = (uint32_t)block;
}

void lane_free(struct lane *lane)
{
    free(lane->last_ranks);
    free(lane->sequences);
    free(lane->block_tables);
    free(lane->free_blocks);
    free(lane->rows);
}

bool lane_admit(struct lane *lane, struct request *request)
{
    for (int i = 0; i < lane->shape->sequences; i++) {
        if (lane->sequences[i].request)
            continue;
        lane->sequences[i] = (struct sequence){.request = request};
        lane->busy++;
        return true;
    }
    return false;
}

/* A block for the row's position, if it has none yet. There is one for every position of every sequence. */
static void provide_block(struct lane *lane, int index)
{
    struct sequence *sequence = &lane->sequences[index];
    if (sequence->position / KV_BLOCK_POSITIONS < sequence->blocks)
        return;
    assert(lane->free_count > 0 && sequence->blocks < lane->shape->sequence_blocks);
    lane->block_tables[(size_t)index * (size_t)lane->shape->sequence_blocks + (size_t)sequence->blocks++] =
        lane->free_blocks[--lane->free_count];
}

static void add_row(struct lane *lane, int index)
{
    struct sequence *sequence = &lane->sequences[index];
    const struct request *request = sequence->request;
    int position = sequence->position, prompt = request->prompt_count;
    provide_block(lane, index);
    lane->rows[lane->row_count++] = (struct step_row){
        .token = position < prompt ? request->prompt[position] : request->generated[position - prompt],
        .position = position,
        .sequence = index,
        .wants = position >= prompt - 1 || request->logits};
    sequence->position++;
}

static bool decodes(const struct sequence *sequence)
{
    return sequence->request && sequence->position >= sequence->request->prompt_count;
}

int lane_fill(struct lane *lane)
{
    for (int i = 0; i < lane->shape->sequences; i++)
        if (decodes(&lane->sequences[i]))
            add_row(lane, i);
    for (int i = 0; i < lane->shape->sequences; i++) {
        const struct sequence *sequence = &lane->sequences[i];
        /* A prompt's rows in this step end where it does: its first token is not known yet. */
        while (sequence->request && sequence->position < sequence->request->prompt_count &&
               lane->row_count < lane->row_capacity)
            add_row(lane, i);
    }
    return lane->row_count;
}

void lane_drop_last_row(struct lane *lane)
{
    assert(lane->row_count > 0);
    lane->sequences[lane->rows[--lane->row_count].sequence].position--;
}

static bool is_stop_token(const struct plan *plan, int token)
{
    for (int i = 0; i < plan->stop_token_count; i++)
        if (plan->stop_tokens[i] == token)
            return true;
    return false;
}

void lane_accept_token(struct lane *lane, int index, int token, const struct plan *plan, double now_s)
{
    struct request *request = lane->sequences[index].request;
    request->generated[request->generated_count++] = token;
    if (request->generated_count == 1)
        request->first_token_s = now_s;
    request->last_token_s = now_s;
    int length = request->prompt_count + request->generated_count;
    request->done =
        is_stop_token(plan, token) || request->generated_count >= request->most_new || length > lane->shape->context;
}

void lane_end_step(struct lane *lane)
{
    lane->row_count = 0;
    for (int i = 0; i < lane->shape->sequences; i++) {
        struct sequence *sequence = &lane->sequences[i];
        if (!sequence->request || !sequence->request->done)
            continue;
        while (sequence->blocks > 0)
            lane->free_blocks[lane->free_count++] =
                lane->block_tables[(size_t)i * (size_t)lane->shape->sequence_blocks + (size_t)--sequence->blocks];
        sequence->request = NULL;
        lane->busy--;
    }
}
