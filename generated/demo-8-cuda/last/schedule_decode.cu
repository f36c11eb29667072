/* demo-8-cuda, class last: layers 8-15, ranks 4-7.
 * The decode of one step: at most 4 rows in each micro-batch, A to B.
 *
 * Each op is a line: its id in PLAN.txt, its stream where that is comm, its layer in the model, and its shapes as (rows,
 * width). Ops are enqueued in this order on two streams; a stream goes on when the op that it awaits has ended on the
 * other. The host goes on at once but where it needs counts that an op brings.
 */
#include "class.h"
#include "cuda/ops/ops.h"

/* clang-format off */
extern "C" void schedule_decode(struct gpu *r)
{
    rotary         (r, A);          //   1  (4, 32) f32
    record_compute(r, 1);
    comm_awaits(r, 1);
    receive_stage  (r, A);          //   2  comm, (4, 128) f32 from the previous stage
    record_comm(r, 2);

    compute_awaits(r, 2);
    attention      (r, A, LAYER_0); //   3  layer 8: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 3);
    comm_awaits(r, 3);
    sum_attention  (r, A, LAYER_0); //   4  comm, layer 8: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 4);
    compute_awaits(r, 4);
    add_and_route  (r, A, LAYER_0); //   5  layer 8: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 5);
    comm_awaits(r, 5);
    dispatch_start (r, A, LAYER_0); //   6  comm, layer 8: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 6);
    compute_awaits(r, 6);
    dispatch_finish(r, A, LAYER_0); //   7  layer 8: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_0); //   8  layer 8: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 8);
    comm_awaits(r, 8);
    combine_start  (r, A, LAYER_0); //   9  comm, layer 8: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 9);
    compute_awaits(r, 9);
    combine_finish (r, A, LAYER_0); //  10  layer 8: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 10);
    comm_awaits(r, 10);
    sum_experts    (r, A, LAYER_0); //  11  comm, layer 8: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 11);
    add_experts    (r, A, LAYER_0); //  12  layer 8: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_1); //  13  layer 9: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 13);
    comm_awaits(r, 13);
    sum_attention  (r, A, LAYER_1); //  14  comm, layer 9: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 14);
    compute_awaits(r, 14);
    add_and_route  (r, A, LAYER_1); //  15  layer 9: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 15);
    comm_awaits(r, 15);
    dispatch_start (r, A, LAYER_1); //  16  comm, layer 9: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 16);
    compute_awaits(r, 16);
    dispatch_finish(r, A, LAYER_1); //  17  layer 9: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_1); //  18  layer 9: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 18);
    comm_awaits(r, 18);
    combine_start  (r, A, LAYER_1); //  19  comm, layer 9: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 19);
    compute_awaits(r, 19);
    combine_finish (r, A, LAYER_1); //  20  layer 9: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 20);
    comm_awaits(r, 20);
    sum_experts    (r, A, LAYER_1); //  21  comm, layer 9: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 21);
    compute_awaits(r, 21);
    add_experts    (r, A, LAYER_1); //  22  layer 9: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_2); //  23  layer 10: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 23);
    comm_awaits(r, 23);
    sum_attention  (r, A, LAYER_2); //  24  comm, layer 10: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 24);
    compute_awaits(r, 24);
    add_and_route  (r, A, LAYER_2); //  25  layer 10: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 25);
    comm_awaits(r, 25);
    dispatch_start (r, A, LAYER_2); //  26  comm, layer 10: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 26);
    compute_awaits(r, 26);
    dispatch_finish(r, A, LAYER_2); //  27  layer 10: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_2); //  28  layer 10: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 28);
    comm_awaits(r, 28);
    combine_start  (r, A, LAYER_2); //  29  comm, layer 10: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 29);
    compute_awaits(r, 29);
    combine_finish (r, A, LAYER_2); //  30  layer 10: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 30);
    comm_awaits(r, 30);
    sum_experts    (r, A, LAYER_2); //  31  comm, layer 10: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 31);
    compute_awaits(r, 31);
    add_experts    (r, A, LAYER_2); //  32  layer 10: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_3); //  33  layer 11: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 33);
    comm_awaits(r, 33);
    sum_attention  (r, A, LAYER_3); //  34  comm, layer 11: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 34);
    compute_awaits(r, 34);
    add_and_route  (r, A, LAYER_3); //  35  layer 11: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 35);
    comm_awaits(r, 35);
    dispatch_start (r, A, LAYER_3); //  36  comm, layer 11: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 36);
    compute_awaits(r, 36);
    dispatch_finish(r, A, LAYER_3); //  37  layer 11: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_3); //  38  layer 11: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 38);
    comm_awaits(r, 38);
    combine_start  (r, A, LAYER_3); //  39  comm, layer 11: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 39);
    compute_awaits(r, 39);
    combine_finish (r, A, LAYER_3); //  40  layer 11: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 40);
    comm_awaits(r, 40);
    sum_experts    (r, A, LAYER_3); //  41  comm, layer 11: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 41);
    compute_awaits(r, 41);
    add_experts    (r, A, LAYER_3); //  42  layer 11: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_4); //  43  layer 12: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 43);
    comm_awaits(r, 43);
    sum_attention  (r, A, LAYER_4); //  44  comm, layer 12: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 44);
    compute_awaits(r, 44);
    add_and_route  (r, A, LAYER_4); //  45  layer 12: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 45);
    comm_awaits(r, 45);
    dispatch_start (r, A, LAYER_4); //  46  comm, layer 12: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 46);
    compute_awaits(r, 46);
    dispatch_finish(r, A, LAYER_4); //  47  layer 12: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_4); //  48  layer 12: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 48);
    comm_awaits(r, 48);
    combine_start  (r, A, LAYER_4); //  49  comm, layer 12: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 49);
    compute_awaits(r, 49);
    combine_finish (r, A, LAYER_4); //  50  layer 12: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 50);
    comm_awaits(r, 50);
    sum_experts    (r, A, LAYER_4); //  51  comm, layer 12: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 51);
    compute_awaits(r, 51);
    add_experts    (r, A, LAYER_4); //  52  layer 12: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_5); //  53  layer 13: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 53);
    comm_awaits(r, 53);
    sum_attention  (r, A, LAYER_5); //  54  comm, layer 13: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 54);
    compute_awaits(r, 54);
    add_and_route  (r, A, LAYER_5); //  55  layer 13: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 55);
    comm_awaits(r, 55);
    dispatch_start (r, A, LAYER_5); //  56  comm, layer 13: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 56);
    compute_awaits(r, 56);
    dispatch_finish(r, A, LAYER_5); //  57  layer 13: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_5); //  58  layer 13: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 58);
    comm_awaits(r, 58);
    combine_start  (r, A, LAYER_5); //  59  comm, layer 13: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 59);
    compute_awaits(r, 59);
    combine_finish (r, A, LAYER_5); //  60  layer 13: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 60);
    comm_awaits(r, 60);
    sum_experts    (r, A, LAYER_5); //  61  comm, layer 13: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 61);
    compute_awaits(r, 61);
    add_experts    (r, A, LAYER_5); //  62  layer 13: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_6); //  63  layer 14: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 63);
    comm_awaits(r, 63);
    sum_attention  (r, A, LAYER_6); //  64  comm, layer 14: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 64);
    compute_awaits(r, 64);
    add_and_route  (r, A, LAYER_6); //  65  layer 14: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 65);
    comm_awaits(r, 65);
    dispatch_start (r, A, LAYER_6); //  66  comm, layer 14: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 66);
    compute_awaits(r, 66);
    dispatch_finish(r, A, LAYER_6); //  67  layer 14: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_6); //  68  layer 14: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 68);
    comm_awaits(r, 68);
    combine_start  (r, A, LAYER_6); //  69  comm, layer 14: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 69);
    compute_awaits(r, 69);
    combine_finish (r, A, LAYER_6); //  70  layer 14: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 70);
    comm_awaits(r, 70);
    sum_experts    (r, A, LAYER_6); //  71  comm, layer 14: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 71);
    compute_awaits(r, 71);
    add_experts    (r, A, LAYER_6); //  72  layer 14: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_7); //  73  layer 15: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 73);
    comm_awaits(r, 73);
    sum_attention  (r, A, LAYER_7); //  74  comm, layer 15: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 74);
    compute_awaits(r, 74);
    add_and_route  (r, A, LAYER_7); //  75  layer 15: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 75);
    comm_awaits(r, 75);
    dispatch_start (r, A, LAYER_7); //  76  comm, layer 15: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 76);
    compute_awaits(r, 76);
    dispatch_finish(r, A, LAYER_7); //  77  layer 15: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_7); //  78  layer 15: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 78);
    comm_awaits(r, 78);
    combine_start  (r, A, LAYER_7); //  79  comm, layer 15: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 79);
    compute_awaits(r, 79);
    combine_finish (r, A, LAYER_7); //  80  layer 15: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 80);
    comm_awaits(r, 80);
    sum_experts    (r, A, LAYER_7); //  81  comm, layer 15: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 81);
    compute_awaits(r, 81);
    add_experts    (r, A, LAYER_7); //  82  layer 15: (4, 128) f32 onto the residual

    head           (r, A);          //  83  <= (4, 128) to (4, 1024) f32
    record_compute(r, 83);
    comm_awaits(r, 83);
    gather_logits  (r, A);          //  84  comm, <= (4, 1024) f32 from each of 2 tp ranks
    record_comm(r, 84);
    compute_awaits(r, 84);
    sample         (r, A);          //  85  <= (4, 2048) to (4) tokens
    rotary         (r, B);          //  86  (4, 32) f32
    receive_stage  (r, B);          //  87  comm, (4, 128) f32 from the previous stage
    record_comm(r, 87);

    compute_awaits(r, 87);
    attention      (r, B, LAYER_0); //  88  layer 8: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 88);
    comm_awaits(r, 88);
    sum_attention  (r, B, LAYER_0); //  89  comm, layer 8: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 89);
    compute_awaits(r, 89);
    add_and_route  (r, B, LAYER_0); //  90  layer 8: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 90);
    comm_awaits(r, 90);
    dispatch_start (r, B, LAYER_0); //  91  comm, layer 8: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 91);
    compute_awaits(r, 91);
    dispatch_finish(r, B, LAYER_0); //  92  layer 8: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_0); //  93  layer 8: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 93);
    comm_awaits(r, 93);
    combine_start  (r, B, LAYER_0); //  94  comm, layer 8: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 94);
    compute_awaits(r, 94);
    combine_finish (r, B, LAYER_0); //  95  layer 8: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 95);
    comm_awaits(r, 95);
    sum_experts    (r, B, LAYER_0); //  96  comm, layer 8: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 96);
    compute_awaits(r, 96);
    add_experts    (r, B, LAYER_0); //  97  layer 8: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_1); //  98  layer 9: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 98);
    comm_awaits(r, 98);
    sum_attention  (r, B, LAYER_1); //  99  comm, layer 9: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 99);
    compute_awaits(r, 99);
    add_and_route  (r, B, LAYER_1); // 100  layer 9: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 100);
    comm_awaits(r, 100);
    dispatch_start (r, B, LAYER_1); // 101  comm, layer 9: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 101);
    compute_awaits(r, 101);
    dispatch_finish(r, B, LAYER_1); // 102  layer 9: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 103  layer 9: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 103);
    comm_awaits(r, 103);
    combine_start  (r, B, LAYER_1); // 104  comm, layer 9: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 104);
    compute_awaits(r, 104);
    combine_finish (r, B, LAYER_1); // 105  layer 9: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 105);
    comm_awaits(r, 105);
    sum_experts    (r, B, LAYER_1); // 106  comm, layer 9: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 106);
    compute_awaits(r, 106);
    add_experts    (r, B, LAYER_1); // 107  layer 9: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_2); // 108  layer 10: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 108);
    comm_awaits(r, 108);
    sum_attention  (r, B, LAYER_2); // 109  comm, layer 10: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 109);
    compute_awaits(r, 109);
    add_and_route  (r, B, LAYER_2); // 110  layer 10: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 110);
    comm_awaits(r, 110);
    dispatch_start (r, B, LAYER_2); // 111  comm, layer 10: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 111);
    compute_awaits(r, 111);
    dispatch_finish(r, B, LAYER_2); // 112  layer 10: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 113  layer 10: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 113);
    comm_awaits(r, 113);
    combine_start  (r, B, LAYER_2); // 114  comm, layer 10: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 114);
    compute_awaits(r, 114);
    combine_finish (r, B, LAYER_2); // 115  layer 10: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 115);
    comm_awaits(r, 115);
    sum_experts    (r, B, LAYER_2); // 116  comm, layer 10: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 116);
    compute_awaits(r, 116);
    add_experts    (r, B, LAYER_2); // 117  layer 10: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_3); // 118  layer 11: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 118);
    comm_awaits(r, 118);
    sum_attention  (r, B, LAYER_3); // 119  comm, layer 11: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 119);
    compute_awaits(r, 119);
    add_and_route  (r, B, LAYER_3); // 120  layer 11: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 120);
    comm_awaits(r, 120);
    dispatch_start (r, B, LAYER_3); // 121  comm, layer 11: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 121);
    compute_awaits(r, 121);
    dispatch_finish(r, B, LAYER_3); // 122  layer 11: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 123  layer 11: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 123);
    comm_awaits(r, 123);
    combine_start  (r, B, LAYER_3); // 124  comm, layer 11: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 124);
    compute_awaits(r, 124);
    combine_finish (r, B, LAYER_3); // 125  layer 11: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 125);
    comm_awaits(r, 125);
    sum_experts    (r, B, LAYER_3); // 126  comm, layer 11: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 126);
    compute_awaits(r, 126);
    add_experts    (r, B, LAYER_3); // 127  layer 11: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_4); // 128  layer 12: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 128);
    comm_awaits(r, 128);
    sum_attention  (r, B, LAYER_4); // 129  comm, layer 12: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 129);
    compute_awaits(r, 129);
    add_and_route  (r, B, LAYER_4); // 130  layer 12: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 130);
    comm_awaits(r, 130);
    dispatch_start (r, B, LAYER_4); // 131  comm, layer 12: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 131);
    compute_awaits(r, 131);
    dispatch_finish(r, B, LAYER_4); // 132  layer 12: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_4); // 133  layer 12: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 133);
    comm_awaits(r, 133);
    combine_start  (r, B, LAYER_4); // 134  comm, layer 12: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 134);
    compute_awaits(r, 134);
    combine_finish (r, B, LAYER_4); // 135  layer 12: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 135);
    comm_awaits(r, 135);
    sum_experts    (r, B, LAYER_4); // 136  comm, layer 12: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 136);
    compute_awaits(r, 136);
    add_experts    (r, B, LAYER_4); // 137  layer 12: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_5); // 138  layer 13: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 138);
    comm_awaits(r, 138);
    sum_attention  (r, B, LAYER_5); // 139  comm, layer 13: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 139);
    compute_awaits(r, 139);
    add_and_route  (r, B, LAYER_5); // 140  layer 13: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 140);
    comm_awaits(r, 140);
    dispatch_start (r, B, LAYER_5); // 141  comm, layer 13: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 141);
    compute_awaits(r, 141);
    dispatch_finish(r, B, LAYER_5); // 142  layer 13: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_5); // 143  layer 13: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 143);
    comm_awaits(r, 143);
    combine_start  (r, B, LAYER_5); // 144  comm, layer 13: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 144);
    compute_awaits(r, 144);
    combine_finish (r, B, LAYER_5); // 145  layer 13: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 145);
    comm_awaits(r, 145);
    sum_experts    (r, B, LAYER_5); // 146  comm, layer 13: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 146);
    compute_awaits(r, 146);
    add_experts    (r, B, LAYER_5); // 147  layer 13: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_6); // 148  layer 14: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 148);
    comm_awaits(r, 148);
    sum_attention  (r, B, LAYER_6); // 149  comm, layer 14: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 149);
    compute_awaits(r, 149);
    add_and_route  (r, B, LAYER_6); // 150  layer 14: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 150);
    comm_awaits(r, 150);
    dispatch_start (r, B, LAYER_6); // 151  comm, layer 14: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 151);
    compute_awaits(r, 151);
    dispatch_finish(r, B, LAYER_6); // 152  layer 14: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_6); // 153  layer 14: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 153);
    comm_awaits(r, 153);
    combine_start  (r, B, LAYER_6); // 154  comm, layer 14: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 154);
    compute_awaits(r, 154);
    combine_finish (r, B, LAYER_6); // 155  layer 14: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 155);
    comm_awaits(r, 155);
    sum_experts    (r, B, LAYER_6); // 156  comm, layer 14: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 156);
    compute_awaits(r, 156);
    add_experts    (r, B, LAYER_6); // 157  layer 14: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_7); // 158  layer 15: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 158);
    comm_awaits(r, 158);
    sum_attention  (r, B, LAYER_7); // 159  comm, layer 15: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 159);
    compute_awaits(r, 159);
    add_and_route  (r, B, LAYER_7); // 160  layer 15: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 160);
    comm_awaits(r, 160);
    dispatch_start (r, B, LAYER_7); // 161  comm, layer 15: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 161);
    compute_awaits(r, 161);
    dispatch_finish(r, B, LAYER_7); // 162  layer 15: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_7); // 163  layer 15: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 163);
    comm_awaits(r, 163);
    combine_start  (r, B, LAYER_7); // 164  comm, layer 15: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 164);
    compute_awaits(r, 164);
    combine_finish (r, B, LAYER_7); // 165  layer 15: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 165);
    comm_awaits(r, 165);
    sum_experts    (r, B, LAYER_7); // 166  comm, layer 15: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 166);
    compute_awaits(r, 166);
    add_experts    (r, B, LAYER_7); // 167  layer 15: (4, 128) f32 onto the residual

    head           (r, B);          // 168  <= (4, 128) to (4, 1024) f32
    record_compute(r, 168);
    comm_awaits(r, 168);
    gather_logits  (r, B);          // 169  comm, <= (4, 1024) f32 from each of 2 tp ranks
    record_comm(r, 169);
    compute_awaits(r, 169);
    sample         (r, B);          // 170  <= (4, 2048) to (4) tokens
}
