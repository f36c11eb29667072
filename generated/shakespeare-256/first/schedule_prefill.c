/* shakespeare-256, class first: layers 0-3, ranks 0-31, 128-159.
 * The prefill of one step: at most 32 rows in one micro-batch, A.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_prefill(struct rank *r)
{
    rotary          (r, A);          //  1  (32, 32) f32
    embed_slice     (r, A);          //  2  (32, 128) f32 from this tp's (1024, 128) bf16
    reduce_embedding(r, A);          //  3  (32, 128) f32 summed over 2 tp ranks

    attention       (r, A, LAYER_0); //  4  layer 0: (32, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_0); //  5  layer 0: (32, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //  6  layer 0: (32, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //  7  layer 0: <= (32, 128) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_0); //  8  layer 0: <= (16, 32, 128) f32 sorted by expert
    experts         (r, A, LAYER_0); //  9  layer 0: 1 expert of <= (512, 128), hidden 32
    combine_start   (r, A, LAYER_0); // 10  layer 0: <= (32, 128) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_0); // 11  layer 0: (32, 128) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_0); // 12  layer 0: (32, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); // 13  layer 1: (32, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_1); // 14  layer 1: (32, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); // 15  layer 1: (32, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); // 16  layer 1: <= (32, 128) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_1); // 17  layer 1: <= (16, 32, 128) f32 sorted by expert
    experts         (r, A, LAYER_1); // 18  layer 1: 1 expert of <= (512, 128), hidden 32
    combine_start   (r, A, LAYER_1); // 19  layer 1: <= (32, 128) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_1); // 20  layer 1: (32, 128) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_1); // 21  layer 1: (32, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); // 22  layer 2: (32, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_2); // 23  layer 2: (32, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); // 24  layer 2: (32, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); // 25  layer 2: <= (32, 128) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_2); // 26  layer 2: <= (16, 32, 128) f32 sorted by expert
    experts         (r, A, LAYER_2); // 27  layer 2: 1 expert of <= (512, 128), hidden 32
    combine_start   (r, A, LAYER_2); // 28  layer 2: <= (32, 128) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_2); // 29  layer 2: (32, 128) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_2); // 30  layer 2: (32, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); // 31  layer 3: (32, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_3); // 32  layer 3: (32, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); // 33  layer 3: (32, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); // 34  layer 3: <= (32, 128) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_3); // 35  layer 3: <= (16, 32, 128) f32 sorted by expert
    experts         (r, A, LAYER_3); // 36  layer 3: 1 expert of <= (512, 128), hidden 32
    combine_start   (r, A, LAYER_3); // 37  layer 3: <= (32, 128) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_3); // 38  layer 3: (32, 128) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_3); // 39  layer 3: (32, 128) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, A);          // 40  (32, 128) f32 to the next stage
}
