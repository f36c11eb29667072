/* single, class only: layers 0-15, ranks 0.
 * The decode of one step: at most 8 rows in one micro-batch, A.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_decode(struct rank *r)
{
    rotary       (r, A);           //   1  (8, 32) f32
    embed        (r, A);           //   2  (8, 128) f32 from (2048, 128) bf16

    attention    (r, A, LAYER_0);  //   3  layer 0: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_0);  //   4  layer 0: (8, 128) f32 onto the residual
    route        (r, A, LAYER_0);  //   5  layer 0: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_0);  //   6  layer 0: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_0);  //   7  layer 0: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_0);  //   8  layer 0: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_0);  //   9  layer 0: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_1);  //  10  layer 1: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_1);  //  11  layer 1: (8, 128) f32 onto the residual
    route        (r, A, LAYER_1);  //  12  layer 1: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_1);  //  13  layer 1: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_1);  //  14  layer 1: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_1);  //  15  layer 1: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_1);  //  16  layer 1: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_2);  //  17  layer 2: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_2);  //  18  layer 2: (8, 128) f32 onto the residual
    route        (r, A, LAYER_2);  //  19  layer 2: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_2);  //  20  layer 2: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_2);  //  21  layer 2: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_2);  //  22  layer 2: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_2);  //  23  layer 2: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_3);  //  24  layer 3: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_3);  //  25  layer 3: (8, 128) f32 onto the residual
    route        (r, A, LAYER_3);  //  26  layer 3: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_3);  //  27  layer 3: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_3);  //  28  layer 3: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_3);  //  29  layer 3: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_3);  //  30  layer 3: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_4);  //  31  layer 4: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_4);  //  32  layer 4: (8, 128) f32 onto the residual
    route        (r, A, LAYER_4);  //  33  layer 4: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_4);  //  34  layer 4: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_4);  //  35  layer 4: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_4);  //  36  layer 4: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_4);  //  37  layer 4: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_5);  //  38  layer 5: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_5);  //  39  layer 5: (8, 128) f32 onto the residual
    route        (r, A, LAYER_5);  //  40  layer 5: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_5);  //  41  layer 5: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_5);  //  42  layer 5: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_5);  //  43  layer 5: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_5);  //  44  layer 5: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_6);  //  45  layer 6: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_6);  //  46  layer 6: (8, 128) f32 onto the residual
    route        (r, A, LAYER_6);  //  47  layer 6: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_6);  //  48  layer 6: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_6);  //  49  layer 6: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_6);  //  50  layer 6: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_6);  //  51  layer 6: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_7);  //  52  layer 7: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_7);  //  53  layer 7: (8, 128) f32 onto the residual
    route        (r, A, LAYER_7);  //  54  layer 7: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_7);  //  55  layer 7: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_7);  //  56  layer 7: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_7);  //  57  layer 7: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_7);  //  58  layer 7: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_8);  //  59  layer 8: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_8);  //  60  layer 8: (8, 128) f32 onto the residual
    route        (r, A, LAYER_8);  //  61  layer 8: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_8);  //  62  layer 8: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_8);  //  63  layer 8: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_8);  //  64  layer 8: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_8);  //  65  layer 8: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_9);  //  66  layer 9: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_9);  //  67  layer 9: (8, 128) f32 onto the residual
    route        (r, A, LAYER_9);  //  68  layer 9: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_9);  //  69  layer 9: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_9);  //  70  layer 9: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_9);  //  71  layer 9: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_9);  //  72  layer 9: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_10); //  73  layer 10: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_10); //  74  layer 10: (8, 128) f32 onto the residual
    route        (r, A, LAYER_10); //  75  layer 10: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_10); //  76  layer 10: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_10); //  77  layer 10: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_10); //  78  layer 10: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_10); //  79  layer 10: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_11); //  80  layer 11: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_11); //  81  layer 11: (8, 128) f32 onto the residual
    route        (r, A, LAYER_11); //  82  layer 11: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_11); //  83  layer 11: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_11); //  84  layer 11: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_11); //  85  layer 11: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_11); //  86  layer 11: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_12); //  87  layer 12: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_12); //  88  layer 12: (8, 128) f32 onto the residual
    route        (r, A, LAYER_12); //  89  layer 12: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_12); //  90  layer 12: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_12); //  91  layer 12: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_12); //  92  layer 12: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_12); //  93  layer 12: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_13); //  94  layer 13: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_13); //  95  layer 13: (8, 128) f32 onto the residual
    route        (r, A, LAYER_13); //  96  layer 13: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_13); //  97  layer 13: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_13); //  98  layer 13: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_13); //  99  layer 13: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_13); // 100  layer 13: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_14); // 101  layer 14: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_14); // 102  layer 14: (8, 128) f32 onto the residual
    route        (r, A, LAYER_14); // 103  layer 14: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_14); // 104  layer 14: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_14); // 105  layer 14: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_14); // 106  layer 14: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_14); // 107  layer 14: (8, 128) f32 onto the residual

    attention    (r, A, LAYER_15); // 108  layer 15: (8, 128), heads 4 x 32, key/value heads 2
    add_attention(r, A, LAYER_15); // 109  layer 15: (8, 128) f32 onto the residual
    route        (r, A, LAYER_15); // 110  layer 15: (8, 128) to the top 2 of 16 experts
    gather       (r, A, LAYER_15); // 111  layer 15: (8, 128) f32 sorted by expert
    experts      (r, A, LAYER_15); // 112  layer 15: 16 experts of <= (8, 128), hidden 64
    scatter      (r, A, LAYER_15); // 113  layer 15: (8, 128) f32 back in row order
    add_experts  (r, A, LAYER_15); // 114  layer 15: (8, 128) f32 onto the residual

    head         (r, A);           // 115  <= (8, 128) to (8, 2048) f32
    sample       (r, A);           // 116  <= (8, 2048) to (8) tokens
}
