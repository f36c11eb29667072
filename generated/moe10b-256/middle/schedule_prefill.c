/* moe10b-256, class middle: 4 layers, ranks 32-95, 160-223.
 * The prefill of one step: at most 256 rows in each micro-batch, A to B.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 * Ranks of this class begin at different layers: layer +0 is the layer_base of the rank's row.
 * Micro-batches go in pairs: the rows of one are on their way to their experts while the other computes.
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_prefill(struct rank *r)
{
    rotary          (r, A);          //  1  (256, 128) f32
    receive_stage   (r, A);          //  2  (256, 2048) f32 from the previous stage
    rotary          (r, B);          //  3  (256, 128) f32
    receive_stage   (r, B);          //  4  (256, 2048) f32 from the previous stage

    attention       (r, A, LAYER_0); //  5  layer +0: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_0); //  6  layer +0: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //  7  layer +0: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //  8  layer +0: <= (256, 2048) f32 each to 15 ep peers
    attention       (r, B, LAYER_0); //  9  layer +0: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_0); // 10  layer +0: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); // 11  layer +0: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); // 12  layer +0: <= (256, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_0); // 13  layer +0: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, A, LAYER_0); // 14  layer +0: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, A, LAYER_0); // 15  layer +0: <= (256, 2048) f32 each back to 15 ep peers
    dispatch_finish (r, B, LAYER_0); // 16  layer +0: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, B, LAYER_0); // 17  layer +0: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, B, LAYER_0); // 18  layer +0: <= (256, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_0); // 19  layer +0: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_0); // 20  layer +0: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_0); // 21  layer +0: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_0); // 22  layer +0: (256, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); // 23  layer +1: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_1); // 24  layer +1: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); // 25  layer +1: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); // 26  layer +1: <= (256, 2048) f32 each to 15 ep peers
    attention       (r, B, LAYER_1); // 27  layer +1: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_1); // 28  layer +1: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); // 29  layer +1: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); // 30  layer +1: <= (256, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_1); // 31  layer +1: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, A, LAYER_1); // 32  layer +1: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, A, LAYER_1); // 33  layer +1: <= (256, 2048) f32 each back to 15 ep peers
    dispatch_finish (r, B, LAYER_1); // 34  layer +1: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, B, LAYER_1); // 35  layer +1: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, B, LAYER_1); // 36  layer +1: <= (256, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_1); // 37  layer +1: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_1); // 38  layer +1: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_1); // 39  layer +1: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_1); // 40  layer +1: (256, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); // 41  layer +2: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_2); // 42  layer +2: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); // 43  layer +2: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); // 44  layer +2: <= (256, 2048) f32 each to 15 ep peers
    attention       (r, B, LAYER_2); // 45  layer +2: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_2); // 46  layer +2: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); // 47  layer +2: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); // 48  layer +2: <= (256, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_2); // 49  layer +2: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, A, LAYER_2); // 50  layer +2: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, A, LAYER_2); // 51  layer +2: <= (256, 2048) f32 each back to 15 ep peers
    dispatch_finish (r, B, LAYER_2); // 52  layer +2: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, B, LAYER_2); // 53  layer +2: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, B, LAYER_2); // 54  layer +2: <= (256, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_2); // 55  layer +2: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_2); // 56  layer +2: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_2); // 57  layer +2: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_2); // 58  layer +2: (256, 2048) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); // 59  layer +3: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, A, LAYER_3); // 60  layer +3: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); // 61  layer +3: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); // 62  layer +3: <= (256, 2048) f32 each to 15 ep peers
    attention       (r, B, LAYER_3); // 63  layer +3: (256, 2048), heads 8 x 128, key/value heads 8
    reduce_attention(r, B, LAYER_3); // 64  layer +3: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); // 65  layer +3: (256, 2048) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); // 66  layer +3: <= (256, 2048) f32 each to 15 ep peers
    dispatch_finish (r, A, LAYER_3); // 67  layer +3: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, A, LAYER_3); // 68  layer +3: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, A, LAYER_3); // 69  layer +3: <= (256, 2048) f32 each back to 15 ep peers
    dispatch_finish (r, B, LAYER_3); // 70  layer +3: <= (16, 256, 2048) f32 sorted by expert
    experts         (r, B, LAYER_3); // 71  layer +3: 1 expert of <= (4096, 2048), hidden 3072
    combine_start   (r, B, LAYER_3); // 72  layer +3: <= (256, 2048) f32 each back to 15 ep peers
    combine_finish  (r, A, LAYER_3); // 73  layer +3: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, A, LAYER_3); // 74  layer +3: (256, 2048) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_3); // 75  layer +3: (256, 2048) f32, own sums and those of 15 ep peers
    reduce_experts  (r, B, LAYER_3); // 76  layer +3: (256, 2048) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, A);          // 77  (256, 2048) f32 to the next stage
    send_stage      (r, B);          // 78  (256, 2048) f32 to the next stage
}
