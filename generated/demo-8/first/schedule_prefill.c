/* demo-8, class first: layers 0-7, ranks 0-3.
 * The prefill of one step: at most 128 rows in each micro-batch, A to B.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 * Micro-batches go in pairs: the rows of one are on their way to their experts while the other computes.
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_prefill(struct rank *r)
{
    rotary          (r, A);          //   1  (128, 32) f32
    embed_slice     (r, A);          //   2  (128, 128) f32 from this tp's (1024, 128) bf16
    reduce_embedding(r, A);          //   3  (128, 128) f32 summed over 2 tp ranks
    rotary          (r, B);          //   4  (128, 32) f32
    embed_slice     (r, B);          //   5  (128, 128) f32 from this tp's (1024, 128) bf16
    reduce_embedding(r, B);          //   6  (128, 128) f32 summed over 2 tp ranks

    attention       (r, A, LAYER_0); //   7  layer 0: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_0); //   8  layer 0: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //   9  layer 0: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //  10  layer 0: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_0); //  11  layer 0: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_0); //  12  layer 0: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); //  13  layer 0: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); //  14  layer 0: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_0); //  15  layer 0: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_0); //  16  layer 0: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_0); //  17  layer 0: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_0); //  18  layer 0: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_0); //  19  layer 0: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_0); //  20  layer 0: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_0); //  21  layer 0: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_0); //  22  layer 0: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_0); //  23  layer 0: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_0); //  24  layer 0: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); //  25  layer 1: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_1); //  26  layer 1: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); //  27  layer 1: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); //  28  layer 1: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_1); //  29  layer 1: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_1); //  30  layer 1: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); //  31  layer 1: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); //  32  layer 1: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_1); //  33  layer 1: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_1); //  34  layer 1: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_1); //  35  layer 1: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_1); //  36  layer 1: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_1); //  37  layer 1: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_1); //  38  layer 1: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_1); //  39  layer 1: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_1); //  40  layer 1: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_1); //  41  layer 1: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_1); //  42  layer 1: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); //  43  layer 2: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_2); //  44  layer 2: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); //  45  layer 2: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); //  46  layer 2: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_2); //  47  layer 2: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_2); //  48  layer 2: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); //  49  layer 2: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); //  50  layer 2: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_2); //  51  layer 2: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_2); //  52  layer 2: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_2); //  53  layer 2: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_2); //  54  layer 2: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_2); //  55  layer 2: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_2); //  56  layer 2: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_2); //  57  layer 2: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_2); //  58  layer 2: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_2); //  59  layer 2: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_2); //  60  layer 2: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); //  61  layer 3: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_3); //  62  layer 3: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); //  63  layer 3: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); //  64  layer 3: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_3); //  65  layer 3: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_3); //  66  layer 3: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); //  67  layer 3: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); //  68  layer 3: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_3); //  69  layer 3: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_3); //  70  layer 3: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_3); //  71  layer 3: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_3); //  72  layer 3: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_3); //  73  layer 3: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_3); //  74  layer 3: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_3); //  75  layer 3: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_3); //  76  layer 3: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_3); //  77  layer 3: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_3); //  78  layer 3: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_4); //  79  layer 4: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_4); //  80  layer 4: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_4); //  81  layer 4: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_4); //  82  layer 4: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_4); //  83  layer 4: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_4); //  84  layer 4: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_4); //  85  layer 4: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_4); //  86  layer 4: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_4); //  87  layer 4: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_4); //  88  layer 4: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_4); //  89  layer 4: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_4); //  90  layer 4: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_4); //  91  layer 4: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_4); //  92  layer 4: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_4); //  93  layer 4: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_4); //  94  layer 4: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_4); //  95  layer 4: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_4); //  96  layer 4: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_5); //  97  layer 5: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_5); //  98  layer 5: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_5); //  99  layer 5: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_5); // 100  layer 5: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_5); // 101  layer 5: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_5); // 102  layer 5: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_5); // 103  layer 5: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_5); // 104  layer 5: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_5); // 105  layer 5: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_5); // 106  layer 5: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_5); // 107  layer 5: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_5); // 108  layer 5: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_5); // 109  layer 5: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_5); // 110  layer 5: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_5); // 111  layer 5: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_5); // 112  layer 5: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_5); // 113  layer 5: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_5); // 114  layer 5: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_6); // 115  layer 6: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_6); // 116  layer 6: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_6); // 117  layer 6: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_6); // 118  layer 6: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_6); // 119  layer 6: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_6); // 120  layer 6: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_6); // 121  layer 6: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_6); // 122  layer 6: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_6); // 123  layer 6: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_6); // 124  layer 6: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_6); // 125  layer 6: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_6); // 126  layer 6: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_6); // 127  layer 6: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_6); // 128  layer 6: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_6); // 129  layer 6: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_6); // 130  layer 6: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_6); // 131  layer 6: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_6); // 132  layer 6: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_7); // 133  layer 7: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_7); // 134  layer 7: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_7); // 135  layer 7: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_7); // 136  layer 7: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_7); // 137  layer 7: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_7); // 138  layer 7: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_7); // 139  layer 7: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_7); // 140  layer 7: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_7); // 141  layer 7: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_7); // 142  layer 7: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_7); // 143  layer 7: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_7); // 144  layer 7: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_7); // 145  layer 7: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_7); // 146  layer 7: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_7); // 147  layer 7: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_7); // 148  layer 7: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_7); // 149  layer 7: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_7); // 150  layer 7: (128, 128) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, A);          // 151  (128, 128) f32 to the next stage
    send_stage      (r, B);          // 152  (128, 128) f32 to the next stage
}
