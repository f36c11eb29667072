/* demo-8, class first: layers 0-7, ranks 0-3.
 * The decode of one step: at most 4 rows in each micro-batch, A to B.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_decode(struct rank *r)
{
    rotary          (r, A);          //   1  (4, 32) f32
    embed_slice     (r, A);          //   2  (4, 128) f32 from this tp's (1024, 128) bf16
    reduce_embedding(r, A);          //   3  (4, 128) f32 summed over 2 tp ranks

    attention       (r, A, LAYER_0); //   4  layer 0: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_0); //   5  layer 0: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //   6  layer 0: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //   7  layer 0: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_0); //   8  layer 0: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_0); //   9  layer 0: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_0); //  10  layer 0: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_0); //  11  layer 0: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_0); //  12  layer 0: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); //  13  layer 1: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_1); //  14  layer 1: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); //  15  layer 1: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); //  16  layer 1: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_1); //  17  layer 1: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_1); //  18  layer 1: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_1); //  19  layer 1: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_1); //  20  layer 1: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_1); //  21  layer 1: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); //  22  layer 2: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_2); //  23  layer 2: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); //  24  layer 2: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); //  25  layer 2: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_2); //  26  layer 2: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_2); //  27  layer 2: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_2); //  28  layer 2: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_2); //  29  layer 2: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_2); //  30  layer 2: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); //  31  layer 3: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_3); //  32  layer 3: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); //  33  layer 3: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); //  34  layer 3: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_3); //  35  layer 3: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_3); //  36  layer 3: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_3); //  37  layer 3: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_3); //  38  layer 3: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_3); //  39  layer 3: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_4); //  40  layer 4: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_4); //  41  layer 4: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_4); //  42  layer 4: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_4); //  43  layer 4: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_4); //  44  layer 4: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_4); //  45  layer 4: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_4); //  46  layer 4: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_4); //  47  layer 4: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_4); //  48  layer 4: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_5); //  49  layer 5: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_5); //  50  layer 5: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_5); //  51  layer 5: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_5); //  52  layer 5: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_5); //  53  layer 5: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_5); //  54  layer 5: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_5); //  55  layer 5: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_5); //  56  layer 5: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_5); //  57  layer 5: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_6); //  58  layer 6: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_6); //  59  layer 6: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_6); //  60  layer 6: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_6); //  61  layer 6: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_6); //  62  layer 6: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_6); //  63  layer 6: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_6); //  64  layer 6: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_6); //  65  layer 6: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_6); //  66  layer 6: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_7); //  67  layer 7: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_7); //  68  layer 7: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_7); //  69  layer 7: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_7); //  70  layer 7: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_7); //  71  layer 7: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_7); //  72  layer 7: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_7); //  73  layer 7: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_7); //  74  layer 7: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_7); //  75  layer 7: (4, 128) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, A);          //  76  (4, 128) f32 to the next stage
    rotary          (r, B);          //  77  (4, 32) f32
    embed_slice     (r, B);          //  78  (4, 128) f32 from this tp's (1024, 128) bf16
    reduce_embedding(r, B);          //  79  (4, 128) f32 summed over 2 tp ranks

    attention       (r, B, LAYER_0); //  80  layer 0: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_0); //  81  layer 0: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); //  82  layer 0: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); //  83  layer 0: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_0); //  84  layer 0: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_0); //  85  layer 0: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_0); //  86  layer 0: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_0); //  87  layer 0: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_0); //  88  layer 0: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_1); //  89  layer 1: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_1); //  90  layer 1: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); //  91  layer 1: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); //  92  layer 1: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_1); //  93  layer 1: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_1); //  94  layer 1: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_1); //  95  layer 1: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_1); //  96  layer 1: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_1); //  97  layer 1: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_2); //  98  layer 2: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_2); //  99  layer 2: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); // 100  layer 2: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); // 101  layer 2: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_2); // 102  layer 2: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_2); // 103  layer 2: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_2); // 104  layer 2: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_2); // 105  layer 2: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_2); // 106  layer 2: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_3); // 107  layer 3: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_3); // 108  layer 3: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); // 109  layer 3: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); // 110  layer 3: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_3); // 111  layer 3: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_3); // 112  layer 3: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_3); // 113  layer 3: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_3); // 114  layer 3: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_3); // 115  layer 3: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_4); // 116  layer 4: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_4); // 117  layer 4: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_4); // 118  layer 4: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_4); // 119  layer 4: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_4); // 120  layer 4: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_4); // 121  layer 4: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_4); // 122  layer 4: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_4); // 123  layer 4: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_4); // 124  layer 4: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_5); // 125  layer 5: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_5); // 126  layer 5: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_5); // 127  layer 5: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_5); // 128  layer 5: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_5); // 129  layer 5: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_5); // 130  layer 5: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_5); // 131  layer 5: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_5); // 132  layer 5: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_5); // 133  layer 5: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_6); // 134  layer 6: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_6); // 135  layer 6: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_6); // 136  layer 6: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_6); // 137  layer 6: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_6); // 138  layer 6: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_6); // 139  layer 6: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_6); // 140  layer 6: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_6); // 141  layer 6: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_6); // 142  layer 6: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_7); // 143  layer 7: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_7); // 144  layer 7: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_7); // 145  layer 7: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_7); // 146  layer 7: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_7); // 147  layer 7: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_7); // 148  layer 7: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_7); // 149  layer 7: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_7); // 150  layer 7: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_7); // 151  layer 7: (4, 128) f32 summed over 2 tp ranks, onto the residual

    send_stage      (r, B);          // 152  (4, 128) f32 to the next stage
}
