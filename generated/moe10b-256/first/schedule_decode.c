/* moe10b-256, class first: layers 0-3, ranks 0-31, 128-159.
 * The decode of one step: at most 2 rows in each micro-batch, A to B.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_decode(struct rank *r)
{
    rotary          (r, A);          //  1  (2, 128) f32
    embed_slice     (r, A);          //  2  (2, 2048) f32 from this tp's (16000, 2048) bf16
    reduce_embedding(r, A);          //  3  (2, 2048) f32 summed over 2 tp ranks

    attention       (r, A, LAYER_0); //  4  layer 0: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_0); //  5  layer 0: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //  6  layer 0: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //  7  layer 0: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_0); //  8  layer 0: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, A, LAYER_0); //  9  layer 0: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, A, LAYER_0); // 10  layer 0: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_0); // 11  layer 0: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_0); // 12  layer 0: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); // 13  layer 1: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_1); // 14  layer 1: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); // 15  layer 1: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); // 16  layer 1: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_1); // 17  layer 1: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, A, LAYER_1); // 18  layer 1: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, A, LAYER_1); // 19  layer 1: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_1); // 20  layer 1: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_1); // 21  layer 1: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); // 22  layer 2: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_2); // 23  layer 2: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); // 24  layer 2: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); // 25  layer 2: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_2); // 26  layer 2: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, A, LAYER_2); // 27  layer 2: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, A, LAYER_2); // 28  layer 2: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_2); // 29  layer 2: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_2); // 30  layer 2: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); // 31  layer 3: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_3); // 32  layer 3: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); // 33  layer 3: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); // 34  layer 3: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_3); // 35  layer 3: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, A, LAYER_3); // 36  layer 3: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, A, LAYER_3); // 37  layer 3: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_3); // 38  layer 3: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_3); // 39  layer 3: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, A);          // 40  (2, 2048) f32 to the next stage
    rotary          (r, B);          // 41  (2, 128) f32
    embed_slice     (r, B);          // 42  (2, 2048) f32 from this tp's (16000, 2048) bf16
    reduce_embedding(r, B);          // 43  (2, 2048) f32 summed over 2 tp ranks

    attention       (r, B, LAYER_0); // 44  layer 0: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_0); // 45  layer 0: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); // 46  layer 0: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); // 47  layer 0: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, B, LAYER_0); // 48  layer 0: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, B, LAYER_0); // 49  layer 0: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, B, LAYER_0); // 50  layer 0: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, B, LAYER_0); // 51  layer 0: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_0); // 52  layer 0: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_1); // 53  layer 1: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_1); // 54  layer 1: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); // 55  layer 1: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); // 56  layer 1: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, B, LAYER_1); // 57  layer 1: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, B, LAYER_1); // 58  layer 1: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, B, LAYER_1); // 59  layer 1: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, B, LAYER_1); // 60  layer 1: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_1); // 61  layer 1: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_2); // 62  layer 2: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_2); // 63  layer 2: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); // 64  layer 2: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); // 65  layer 2: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, B, LAYER_2); // 66  layer 2: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, B, LAYER_2); // 67  layer 2: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, B, LAYER_2); // 68  layer 2: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, B, LAYER_2); // 69  layer 2: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_2); // 70  layer 2: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_3); // 71  layer 3: (2, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_3); // 72  layer 3: (2, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); // 73  layer 3: (2, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); // 74  layer 3: <= (2, 2048) f32 each to 15 ep peers
    dispatch_finish (r, B, LAYER_3); // 75  layer 3: <= (16, 2, 2048) f32 sorted by expert
    experts         (r, B, LAYER_3); // 76  layer 3: 1 expert of <= (32, 2048), hidden 3072
    combine_start   (r, B, LAYER_3); // 77  layer 3: <= (2, 2048) f32 each back to 15 ep peers
    combine_finish  (r, B, LAYER_3); // 78  layer 3: (2, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_3); // 79  layer 3: (2, 2048) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, B);          // 80  (2, 2048) f32 to the next stage
}
