/* demo-8, class last: layers 8-15, ranks 4-7.
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
    receive_stage   (r, A);          //   2  (4, 128) f32 from the previous stage

    attention       (r, A, LAYER_0); //   3  layer 8: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_0); //   4  layer 8: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_0); //   5  layer 8: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_0); //   6  layer 8: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_0); //   7  layer 8: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_0); //   8  layer 8: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_0); //   9  layer 8: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_0); //  10  layer 8: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_0); //  11  layer 8: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_1); //  12  layer 9: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_1); //  13  layer 9: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_1); //  14  layer 9: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_1); //  15  layer 9: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_1); //  16  layer 9: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_1); //  17  layer 9: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_1); //  18  layer 9: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_1); //  19  layer 9: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_1); //  20  layer 9: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_2); //  21  layer 10: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_2); //  22  layer 10: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_2); //  23  layer 10: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_2); //  24  layer 10: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_2); //  25  layer 10: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_2); //  26  layer 10: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_2); //  27  layer 10: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_2); //  28  layer 10: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_2); //  29  layer 10: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_3); //  30  layer 11: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_3); //  31  layer 11: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_3); //  32  layer 11: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_3); //  33  layer 11: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_3); //  34  layer 11: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_3); //  35  layer 11: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_3); //  36  layer 11: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_3); //  37  layer 11: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_3); //  38  layer 11: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_4); //  39  layer 12: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_4); //  40  layer 12: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_4); //  41  layer 12: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_4); //  42  layer 12: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_4); //  43  layer 12: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_4); //  44  layer 12: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_4); //  45  layer 12: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_4); //  46  layer 12: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_4); //  47  layer 12: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_5); //  48  layer 13: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_5); //  49  layer 13: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_5); //  50  layer 13: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_5); //  51  layer 13: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_5); //  52  layer 13: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_5); //  53  layer 13: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_5); //  54  layer 13: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_5); //  55  layer 13: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_5); //  56  layer 13: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_6); //  57  layer 14: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_6); //  58  layer 14: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_6); //  59  layer 14: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_6); //  60  layer 14: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_6); //  61  layer 14: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_6); //  62  layer 14: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_6); //  63  layer 14: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_6); //  64  layer 14: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_6); //  65  layer 14: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, A, LAYER_7); //  66  layer 15: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, A, LAYER_7); //  67  layer 15: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, A, LAYER_7); //  68  layer 15: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, A, LAYER_7); //  69  layer 15: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, A, LAYER_7); //  70  layer 15: <= (2, 4, 128) f32 sorted by expert
    experts         (r, A, LAYER_7); //  71  layer 15: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, A, LAYER_7); //  72  layer 15: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, A, LAYER_7); //  73  layer 15: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, A, LAYER_7); //  74  layer 15: (4, 128) f32 summed over 2 tp ranks, onto the residual

    head            (r, A);          //  75  <= (4, 128) to (4, 1024) f32
    gather_logits   (r, A);          //  76  <= (4, 1024) f32 from each of 2 tp ranks
    sample          (r, A);          //  77  <= (4, 2048) to (4) tokens
    rotary          (r, B);          //  78  (4, 32) f32
    receive_stage   (r, B);          //  79  (4, 128) f32 from the previous stage

    attention       (r, B, LAYER_0); //  80  layer 8: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_0); //  81  layer 8: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_0); //  82  layer 8: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_0); //  83  layer 8: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_0); //  84  layer 8: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_0); //  85  layer 8: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_0); //  86  layer 8: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_0); //  87  layer 8: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_0); //  88  layer 8: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_1); //  89  layer 9: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_1); //  90  layer 9: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_1); //  91  layer 9: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_1); //  92  layer 9: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_1); //  93  layer 9: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_1); //  94  layer 9: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_1); //  95  layer 9: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_1); //  96  layer 9: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_1); //  97  layer 9: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_2); //  98  layer 10: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_2); //  99  layer 10: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_2); // 100  layer 10: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_2); // 101  layer 10: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_2); // 102  layer 10: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_2); // 103  layer 10: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_2); // 104  layer 10: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_2); // 105  layer 10: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_2); // 106  layer 10: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_3); // 107  layer 11: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_3); // 108  layer 11: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_3); // 109  layer 11: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_3); // 110  layer 11: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_3); // 111  layer 11: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_3); // 112  layer 11: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_3); // 113  layer 11: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_3); // 114  layer 11: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_3); // 115  layer 11: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_4); // 116  layer 12: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_4); // 117  layer 12: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_4); // 118  layer 12: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_4); // 119  layer 12: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_4); // 120  layer 12: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_4); // 121  layer 12: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_4); // 122  layer 12: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_4); // 123  layer 12: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_4); // 124  layer 12: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_5); // 125  layer 13: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_5); // 126  layer 13: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_5); // 127  layer 13: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_5); // 128  layer 13: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_5); // 129  layer 13: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_5); // 130  layer 13: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_5); // 131  layer 13: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_5); // 132  layer 13: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_5); // 133  layer 13: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_6); // 134  layer 14: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_6); // 135  layer 14: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_6); // 136  layer 14: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_6); // 137  layer 14: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_6); // 138  layer 14: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_6); // 139  layer 14: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_6); // 140  layer 14: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_6); // 141  layer 14: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_6); // 142  layer 14: (4, 128) f32 summed over 2 tp ranks, onto the residual

    attention       (r, B, LAYER_7); // 143  layer 15: (4, 128), heads 2 x 32, key/value heads 1
    reduce_attention(r, B, LAYER_7); // 144  layer 15: (4, 128) f32 summed over 2 tp ranks, onto the residual
    route           (r, B, LAYER_7); // 145  layer 15: (4, 128) to the top 2 of 16 experts
    dispatch_start  (r, B, LAYER_7); // 146  layer 15: <= (4, 128) f32 each to 1 ep peer
    dispatch_finish (r, B, LAYER_7); // 147  layer 15: <= (2, 4, 128) f32 sorted by expert
    experts         (r, B, LAYER_7); // 148  layer 15: 8 experts of <= (8, 128), hidden 32
    combine_start   (r, B, LAYER_7); // 149  layer 15: <= (4, 128) f32 each back to 1 ep peer
    combine_finish  (r, B, LAYER_7); // 150  layer 15: (4, 128) f32, own sums and those of 1 ep peer
    reduce_experts  (r, B, LAYER_7); // 151  layer 15: (4, 128) f32 summed over 2 tp ranks, onto the residual

    head            (r, B);          // 152  <= (4, 128) to (4, 1024) f32
    gather_logits   (r, B);          // 153  <= (4, 1024) f32 from each of 2 tp ranks
    sample          (r, B);          // 154  <= (4, 2048) to (4) tokens
}
