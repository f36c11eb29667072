/* demo-8, class last: layers 8-15, ranks 4-7.
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
    receive_stage   (r, A);          //   2  (128, 128) f32 from the previous stage
    rotary          (r, B);          //   3  (128, 32) f32
    receive_stage   (r, B);          //   4  (128, 128) f32 from the previous stage

    attention       (r, A, LAYER_0); //   5  layer 8: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_0); //   6  layer 8: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //   7  layer 8: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //   8  layer 8: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_0); //   9  layer 8: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_0); //  10  layer 8: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); //  11  layer 8: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); //  12  layer 8: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_0); //  13  layer 8: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_0); //  14  layer 8: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_0); //  15  layer 8: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_0); //  16  layer 8: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_0); //  17  layer 8: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_0); //  18  layer 8: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_0); //  19  layer 8: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_0); //  20  layer 8: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_0); //  21  layer 8: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_0); //  22  layer 8: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); //  23  layer 9: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_1); //  24  layer 9: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); //  25  layer 9: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); //  26  layer 9: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_1); //  27  layer 9: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_1); //  28  layer 9: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); //  29  layer 9: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); //  30  layer 9: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_1); //  31  layer 9: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_1); //  32  layer 9: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_1); //  33  layer 9: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_1); //  34  layer 9: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_1); //  35  layer 9: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_1); //  36  layer 9: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_1); //  37  layer 9: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_1); //  38  layer 9: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_1); //  39  layer 9: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_1); //  40  layer 9: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); //  41  layer 10: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_2); //  42  layer 10: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); //  43  layer 10: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); //  44  layer 10: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_2); //  45  layer 10: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_2); //  46  layer 10: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); //  47  layer 10: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); //  48  layer 10: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_2); //  49  layer 10: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_2); //  50  layer 10: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_2); //  51  layer 10: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_2); //  52  layer 10: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_2); //  53  layer 10: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_2); //  54  layer 10: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_2); //  55  layer 10: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_2); //  56  layer 10: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_2); //  57  layer 10: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_2); //  58  layer 10: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); //  59  layer 11: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_3); //  60  layer 11: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); //  61  layer 11: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); //  62  layer 11: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_3); //  63  layer 11: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_3); //  64  layer 11: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); //  65  layer 11: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); //  66  layer 11: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_3); //  67  layer 11: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_3); //  68  layer 11: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_3); //  69  layer 11: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_3); //  70  layer 11: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_3); //  71  layer 11: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_3); //  72  layer 11: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_3); //  73  layer 11: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_3); //  74  layer 11: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_3); //  75  layer 11: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_3); //  76  layer 11: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_4); //  77  layer 12: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_4); //  78  layer 12: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_4); //  79  layer 12: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_4); //  80  layer 12: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_4); //  81  layer 12: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_4); //  82  layer 12: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_4); //  83  layer 12: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_4); //  84  layer 12: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_4); //  85  layer 12: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_4); //  86  layer 12: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_4); //  87  layer 12: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_4); //  88  layer 12: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_4); //  89  layer 12: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_4); //  90  layer 12: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_4); //  91  layer 12: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_4); //  92  layer 12: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_4); //  93  layer 12: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_4); //  94  layer 12: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_5); //  95  layer 13: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_5); //  96  layer 13: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_5); //  97  layer 13: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_5); //  98  layer 13: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_5); //  99  layer 13: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_5); // 100  layer 13: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_5); // 101  layer 13: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_5); // 102  layer 13: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_5); // 103  layer 13: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_5); // 104  layer 13: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_5); // 105  layer 13: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_5); // 106  layer 13: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_5); // 107  layer 13: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_5); // 108  layer 13: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_5); // 109  layer 13: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_5); // 110  layer 13: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_5); // 111  layer 13: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_5); // 112  layer 13: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_6); // 113  layer 14: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_6); // 114  layer 14: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_6); // 115  layer 14: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_6); // 116  layer 14: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_6); // 117  layer 14: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_6); // 118  layer 14: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_6); // 119  layer 14: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_6); // 120  layer 14: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_6); // 121  layer 14: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_6); // 122  layer 14: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_6); // 123  layer 14: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_6); // 124  layer 14: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_6); // 125  layer 14: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_6); // 126  layer 14: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_6); // 127  layer 14: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_6); // 128  layer 14: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_6); // 129  layer 14: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_6); // 130  layer 14: (128, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_7); // 131  layer 15: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_7); // 132  layer 15: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_7); // 133  layer 15: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_7); // 134  layer 15: <= (128, 128) f32 each to 1 ep peer
    attention       (r, B, LAYER_7); // 135  layer 15: (128, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_7); // 136  layer 15: (128, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_7); // 137  layer 15: (128, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_7); // 138  layer 15: <= (128, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_7); // 139  layer 15: <= (2, 128, 128) f32 sorted by expert
    experts         (r, A, LAYER_7); // 140  layer 15: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, A, LAYER_7); // 141  layer 15: <= (128, 128) f32 each back to 1 ep peer
    dispatch_finish (r, B, LAYER_7); // 142  layer 15: <= (2, 128, 128) f32 sorted by expert
    experts         (r, B, LAYER_7); // 143  layer 15: 8 experts of <= (256, 128), hidden 32
    combine_start   (r, B, LAYER_7); // 144  layer 15: <= (128, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_7); // 145  layer 15: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_7); // 146  layer 15: (128, 128) f32 summed over 2 tp ranks, onto the residual
    combine_finish  (r, B, LAYER_7); // 147  layer 15: (128, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_7); // 148  layer 15: (128, 128) f32 summed over 2 tp ranks, onto the residual

    head            (r, A);          // 149  <= (64, 128) to (64, 1024) f32
    gather_logits   (r, A);          // 150  <= (64, 1024) f32 from each of 2 tp ranks
    sample          (r, A);          // 151  <= (64, 2048) to (64) tokens
    head            (r, B);          // 152  <= (64, 128) to (64, 1024) f32
    gather_logits   (r, B);          // 153  <= (64, 1024) f32 from each of 2 tp ranks
    sample          (r, B);          // 154  <= (64, 2048) to (64) tokens
}
