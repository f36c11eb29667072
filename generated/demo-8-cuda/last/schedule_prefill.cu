/* demo-8-cuda, class last: layers 8-15, ranks 4-7.
 * The prefill of one step: at most 128 rows in each micro-batch, A to B.
 *
 * Each op is a line: its id in PLAN.txt, its stream where that is comm, its layer in the model, and its shapes as (rows,
 * width). Ops are enqueued in this order on two streams; a stream goes on when the op that it awaits has ended on the
 * other. The host goes on at once but where it needs counts that an op brings.
 * Micro-batches go in pairs, half a layer apart: what one sends travels while the other computes.
 */
#include "class.h"
#include "cuda/ops/ops.h"

/* clang-format off */
extern "C" void schedule_prefill(struct gpu *r)
{
    rotary         (r, A);          //   1  (128, 32) f32
    record_compute(r, 1);
    comm_awaits(r, 1);
    receive_stage  (r, A);          //   2  comm, (128, 128) f32 from the previous stage
    record_comm(r, 2);

    compute_awaits(r, 2);
    attention      (r, A, LAYER_0); //   3  layer 8: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 3);
    comm_awaits(r, 3);
    sum_attention  (r, A, LAYER_0); //   4  comm, layer 8: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 4);
    compute_awaits(r, 4);
    add_and_route  (r, A, LAYER_0); //   5  layer 8: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 5);
    comm_awaits(r, 5);
    dispatch_counts(r, A, LAYER_0); //   6  comm, layer 8: 8 experts of 2 senders
    record_comm(r, 6);

    rotary         (r, B);          //   7  (128, 32) f32
    receive_stage  (r, B);          //   8  comm, (128, 128) f32 from the previous stage
    record_comm(r, 8);

    compute_awaits(r, 8);
    attention      (r, B, LAYER_0); //   9  layer 8: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 9);
    host_awaits(r, 6);
    dispatch_start (r, A, LAYER_0); //  10  comm, layer 8: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 10);
    comm_awaits(r, 9);
    sum_attention  (r, B, LAYER_0); //  11  comm, layer 8: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 10);
    dispatch_finish(r, A, LAYER_0); //  12  layer 8: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_0); //  13  layer 8: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 13);
    comm_awaits(r, 13);
    combine_start  (r, A, LAYER_0); //  14  comm, layer 8: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 14);
    compute_awaits(r, 11);
    add_and_route  (r, B, LAYER_0); //  15  layer 8: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 15);
    comm_awaits(r, 15);
    dispatch_counts(r, B, LAYER_0); //  16  comm, layer 8: 8 experts of 2 senders
    record_comm(r, 16);
    compute_awaits(r, 14);
    combine_finish (r, A, LAYER_0); //  17  layer 8: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 17);
    comm_awaits(r, 17);
    sum_experts    (r, A, LAYER_0); //  18  comm, layer 8: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 18);
    compute_awaits(r, 18);
    add_experts    (r, A, LAYER_0); //  19  layer 8: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_1); //  20  layer 9: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 20);

    host_awaits(r, 16);
    dispatch_start (r, B, LAYER_0); //  21  comm, layer 8: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 21);

    comm_awaits(r, 20);
    sum_attention  (r, A, LAYER_1); //  22  comm, layer 9: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 22);

    compute_awaits(r, 21);
    dispatch_finish(r, B, LAYER_0); //  23  layer 8: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_0); //  24  layer 8: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 24);
    comm_awaits(r, 24);
    combine_start  (r, B, LAYER_0); //  25  comm, layer 8: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 25);

    compute_awaits(r, 22);
    add_and_route  (r, A, LAYER_1); //  26  layer 9: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 26);
    comm_awaits(r, 26);
    dispatch_counts(r, A, LAYER_1); //  27  comm, layer 9: 8 experts of 2 senders
    record_comm(r, 27);

    compute_awaits(r, 25);
    combine_finish (r, B, LAYER_0); //  28  layer 8: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 28);
    comm_awaits(r, 28);
    sum_experts    (r, B, LAYER_0); //  29  comm, layer 8: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 29);
    compute_awaits(r, 29);
    add_experts    (r, B, LAYER_0); //  30  layer 8: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_1); //  31  layer 9: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 31);
    host_awaits(r, 27);
    dispatch_start (r, A, LAYER_1); //  32  comm, layer 9: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 32);
    comm_awaits(r, 31);
    sum_attention  (r, B, LAYER_1); //  33  comm, layer 9: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 32);
    dispatch_finish(r, A, LAYER_1); //  34  layer 9: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_1); //  35  layer 9: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 35);
    comm_awaits(r, 35);
    combine_start  (r, A, LAYER_1); //  36  comm, layer 9: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 36);
    compute_awaits(r, 33);
    add_and_route  (r, B, LAYER_1); //  37  layer 9: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 37);
    comm_awaits(r, 37);
    dispatch_counts(r, B, LAYER_1); //  38  comm, layer 9: 8 experts of 2 senders
    record_comm(r, 38);
    compute_awaits(r, 36);
    combine_finish (r, A, LAYER_1); //  39  layer 9: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 39);
    comm_awaits(r, 39);
    sum_experts    (r, A, LAYER_1); //  40  comm, layer 9: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 40);
    compute_awaits(r, 40);
    add_experts    (r, A, LAYER_1); //  41  layer 9: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_2); //  42  layer 10: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 42);

    host_awaits(r, 38);
    dispatch_start (r, B, LAYER_1); //  43  comm, layer 9: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 43);

    comm_awaits(r, 42);
    sum_attention  (r, A, LAYER_2); //  44  comm, layer 10: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 44);

    compute_awaits(r, 43);
    dispatch_finish(r, B, LAYER_1); //  45  layer 9: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_1); //  46  layer 9: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 46);
    comm_awaits(r, 46);
    combine_start  (r, B, LAYER_1); //  47  comm, layer 9: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 47);

    compute_awaits(r, 44);
    add_and_route  (r, A, LAYER_2); //  48  layer 10: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 48);
    comm_awaits(r, 48);
    dispatch_counts(r, A, LAYER_2); //  49  comm, layer 10: 8 experts of 2 senders
    record_comm(r, 49);

    compute_awaits(r, 47);
    combine_finish (r, B, LAYER_1); //  50  layer 9: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 50);
    comm_awaits(r, 50);
    sum_experts    (r, B, LAYER_1); //  51  comm, layer 9: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 51);
    compute_awaits(r, 51);
    add_experts    (r, B, LAYER_1); //  52  layer 9: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_2); //  53  layer 10: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 53);
    host_awaits(r, 49);
    dispatch_start (r, A, LAYER_2); //  54  comm, layer 10: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 54);
    comm_awaits(r, 53);
    sum_attention  (r, B, LAYER_2); //  55  comm, layer 10: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 55);
    compute_awaits(r, 54);
    dispatch_finish(r, A, LAYER_2); //  56  layer 10: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_2); //  57  layer 10: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 57);
    comm_awaits(r, 57);
    combine_start  (r, A, LAYER_2); //  58  comm, layer 10: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 58);
    compute_awaits(r, 55);
    add_and_route  (r, B, LAYER_2); //  59  layer 10: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 59);
    comm_awaits(r, 59);
    dispatch_counts(r, B, LAYER_2); //  60  comm, layer 10: 8 experts of 2 senders
    record_comm(r, 60);
    compute_awaits(r, 58);
    combine_finish (r, A, LAYER_2); //  61  layer 10: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 61);
    comm_awaits(r, 61);
    sum_experts    (r, A, LAYER_2); //  62  comm, layer 10: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 62);
    compute_awaits(r, 62);
    add_experts    (r, A, LAYER_2); //  63  layer 10: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_3); //  64  layer 11: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 64);

    host_awaits(r, 60);
    dispatch_start (r, B, LAYER_2); //  65  comm, layer 10: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 65);

    comm_awaits(r, 64);
    sum_attention  (r, A, LAYER_3); //  66  comm, layer 11: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 66);

    compute_awaits(r, 65);
    dispatch_finish(r, B, LAYER_2); //  67  layer 10: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_2); //  68  layer 10: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 68);
    comm_awaits(r, 68);
    combine_start  (r, B, LAYER_2); //  69  comm, layer 10: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 69);

    compute_awaits(r, 66);
    add_and_route  (r, A, LAYER_3); //  70  layer 11: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 70);
    comm_awaits(r, 70);
    dispatch_counts(r, A, LAYER_3); //  71  comm, layer 11: 8 experts of 2 senders
    record_comm(r, 71);

    compute_awaits(r, 69);
    combine_finish (r, B, LAYER_2); //  72  layer 10: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 72);
    comm_awaits(r, 72);
    sum_experts    (r, B, LAYER_2); //  73  comm, layer 10: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 73);
    compute_awaits(r, 73);
    add_experts    (r, B, LAYER_2); //  74  layer 10: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_3); //  75  layer 11: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 75);
    host_awaits(r, 71);
    dispatch_start (r, A, LAYER_3); //  76  comm, layer 11: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 76);
    comm_awaits(r, 75);
    sum_attention  (r, B, LAYER_3); //  77  comm, layer 11: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 77);
    compute_awaits(r, 76);
    dispatch_finish(r, A, LAYER_3); //  78  layer 11: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_3); //  79  layer 11: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 79);
    comm_awaits(r, 79);
    combine_start  (r, A, LAYER_3); //  80  comm, layer 11: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 80);
    compute_awaits(r, 77);
    add_and_route  (r, B, LAYER_3); //  81  layer 11: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 81);
    comm_awaits(r, 81);
    dispatch_counts(r, B, LAYER_3); //  82  comm, layer 11: 8 experts of 2 senders
    record_comm(r, 82);
    compute_awaits(r, 80);
    combine_finish (r, A, LAYER_3); //  83  layer 11: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 83);
    comm_awaits(r, 83);
    sum_experts    (r, A, LAYER_3); //  84  comm, layer 11: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 84);
    compute_awaits(r, 84);
    add_experts    (r, A, LAYER_3); //  85  layer 11: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_4); //  86  layer 12: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 86);

    host_awaits(r, 82);
    dispatch_start (r, B, LAYER_3); //  87  comm, layer 11: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 87);

    comm_awaits(r, 86);
    sum_attention  (r, A, LAYER_4); //  88  comm, layer 12: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 88);

    compute_awaits(r, 87);
    dispatch_finish(r, B, LAYER_3); //  89  layer 11: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_3); //  90  layer 11: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 90);
    comm_awaits(r, 90);
    combine_start  (r, B, LAYER_3); //  91  comm, layer 11: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 91);

    compute_awaits(r, 88);
    add_and_route  (r, A, LAYER_4); //  92  layer 12: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 92);
    comm_awaits(r, 92);
    dispatch_counts(r, A, LAYER_4); //  93  comm, layer 12: 8 experts of 2 senders
    record_comm(r, 93);

    compute_awaits(r, 91);
    combine_finish (r, B, LAYER_3); //  94  layer 11: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 94);
    comm_awaits(r, 94);
    sum_experts    (r, B, LAYER_3); //  95  comm, layer 11: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 95);
    compute_awaits(r, 95);
    add_experts    (r, B, LAYER_3); //  96  layer 11: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_4); //  97  layer 12: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 97);
    host_awaits(r, 93);
    dispatch_start (r, A, LAYER_4); //  98  comm, layer 12: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 98);
    comm_awaits(r, 97);
    sum_attention  (r, B, LAYER_4); //  99  comm, layer 12: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 99);
    compute_awaits(r, 98);
    dispatch_finish(r, A, LAYER_4); // 100  layer 12: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_4); // 101  layer 12: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 101);
    comm_awaits(r, 101);
    combine_start  (r, A, LAYER_4); // 102  comm, layer 12: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 102);
    compute_awaits(r, 99);
    add_and_route  (r, B, LAYER_4); // 103  layer 12: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 103);
    comm_awaits(r, 103);
    dispatch_counts(r, B, LAYER_4); // 104  comm, layer 12: 8 experts of 2 senders
    record_comm(r, 104);
    compute_awaits(r, 102);
    combine_finish (r, A, LAYER_4); // 105  layer 12: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 105);
    comm_awaits(r, 105);
    sum_experts    (r, A, LAYER_4); // 106  comm, layer 12: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 106);
    compute_awaits(r, 106);
    add_experts    (r, A, LAYER_4); // 107  layer 12: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_5); // 108  layer 13: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 108);

    host_awaits(r, 104);
    dispatch_start (r, B, LAYER_4); // 109  comm, layer 12: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 109);

    comm_awaits(r, 108);
    sum_attention  (r, A, LAYER_5); // 110  comm, layer 13: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 110);

    compute_awaits(r, 109);
    dispatch_finish(r, B, LAYER_4); // 111  layer 12: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_4); // 112  layer 12: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 112);
    comm_awaits(r, 112);
    combine_start  (r, B, LAYER_4); // 113  comm, layer 12: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 113);

    compute_awaits(r, 110);
    add_and_route  (r, A, LAYER_5); // 114  layer 13: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 114);
    comm_awaits(r, 114);
    dispatch_counts(r, A, LAYER_5); // 115  comm, layer 13: 8 experts of 2 senders
    record_comm(r, 115);

    compute_awaits(r, 113);
    combine_finish (r, B, LAYER_4); // 116  layer 12: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 116);
    comm_awaits(r, 116);
    sum_experts    (r, B, LAYER_4); // 117  comm, layer 12: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 117);
    compute_awaits(r, 117);
    add_experts    (r, B, LAYER_4); // 118  layer 12: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_5); // 119  layer 13: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 119);
    host_awaits(r, 115);
    dispatch_start (r, A, LAYER_5); // 120  comm, layer 13: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 120);
    comm_awaits(r, 119);
    sum_attention  (r, B, LAYER_5); // 121  comm, layer 13: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 121);
    compute_awaits(r, 120);
    dispatch_finish(r, A, LAYER_5); // 122  layer 13: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_5); // 123  layer 13: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 123);
    comm_awaits(r, 123);
    combine_start  (r, A, LAYER_5); // 124  comm, layer 13: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 124);
    compute_awaits(r, 121);
    add_and_route  (r, B, LAYER_5); // 125  layer 13: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 125);
    comm_awaits(r, 125);
    dispatch_counts(r, B, LAYER_5); // 126  comm, layer 13: 8 experts of 2 senders
    record_comm(r, 126);
    compute_awaits(r, 124);
    combine_finish (r, A, LAYER_5); // 127  layer 13: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 127);
    comm_awaits(r, 127);
    sum_experts    (r, A, LAYER_5); // 128  comm, layer 13: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 128);
    compute_awaits(r, 128);
    add_experts    (r, A, LAYER_5); // 129  layer 13: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_6); // 130  layer 14: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 130);

    host_awaits(r, 126);
    dispatch_start (r, B, LAYER_5); // 131  comm, layer 13: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 131);

    comm_awaits(r, 130);
    sum_attention  (r, A, LAYER_6); // 132  comm, layer 14: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 132);

    compute_awaits(r, 131);
    dispatch_finish(r, B, LAYER_5); // 133  layer 13: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_5); // 134  layer 13: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 134);
    comm_awaits(r, 134);
    combine_start  (r, B, LAYER_5); // 135  comm, layer 13: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 135);

    compute_awaits(r, 132);
    add_and_route  (r, A, LAYER_6); // 136  layer 14: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 136);
    comm_awaits(r, 136);
    dispatch_counts(r, A, LAYER_6); // 137  comm, layer 14: 8 experts of 2 senders
    record_comm(r, 137);

    compute_awaits(r, 135);
    combine_finish (r, B, LAYER_5); // 138  layer 13: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 138);
    comm_awaits(r, 138);
    sum_experts    (r, B, LAYER_5); // 139  comm, layer 13: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 139);
    compute_awaits(r, 139);
    add_experts    (r, B, LAYER_5); // 140  layer 13: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_6); // 141  layer 14: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 141);
    host_awaits(r, 137);
    dispatch_start (r, A, LAYER_6); // 142  comm, layer 14: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 142);
    comm_awaits(r, 141);
    sum_attention  (r, B, LAYER_6); // 143  comm, layer 14: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 143);
    compute_awaits(r, 142);
    dispatch_finish(r, A, LAYER_6); // 144  layer 14: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_6); // 145  layer 14: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 145);
    comm_awaits(r, 145);
    combine_start  (r, A, LAYER_6); // 146  comm, layer 14: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 146);
    compute_awaits(r, 143);
    add_and_route  (r, B, LAYER_6); // 147  layer 14: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 147);
    comm_awaits(r, 147);
    dispatch_counts(r, B, LAYER_6); // 148  comm, layer 14: 8 experts of 2 senders
    record_comm(r, 148);
    compute_awaits(r, 146);
    combine_finish (r, A, LAYER_6); // 149  layer 14: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 149);
    comm_awaits(r, 149);
    sum_experts    (r, A, LAYER_6); // 150  comm, layer 14: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 150);
    compute_awaits(r, 150);
    add_experts    (r, A, LAYER_6); // 151  layer 14: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_7); // 152  layer 15: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 152);

    host_awaits(r, 148);
    dispatch_start (r, B, LAYER_6); // 153  comm, layer 14: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 153);

    comm_awaits(r, 152);
    sum_attention  (r, A, LAYER_7); // 154  comm, layer 15: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 154);

    compute_awaits(r, 153);
    dispatch_finish(r, B, LAYER_6); // 155  layer 14: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_6); // 156  layer 14: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 156);
    comm_awaits(r, 156);
    combine_start  (r, B, LAYER_6); // 157  comm, layer 14: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 157);

    compute_awaits(r, 154);
    add_and_route  (r, A, LAYER_7); // 158  layer 15: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 158);
    comm_awaits(r, 158);
    dispatch_counts(r, A, LAYER_7); // 159  comm, layer 15: 8 experts of 2 senders
    record_comm(r, 159);

    compute_awaits(r, 157);
    combine_finish (r, B, LAYER_6); // 160  layer 14: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 160);
    comm_awaits(r, 160);
    sum_experts    (r, B, LAYER_6); // 161  comm, layer 14: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 161);
    compute_awaits(r, 161);
    add_experts    (r, B, LAYER_6); // 162  layer 14: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_7); // 163  layer 15: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 163);
    host_awaits(r, 159);
    dispatch_start (r, A, LAYER_7); // 164  comm, layer 15: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 164);
    comm_awaits(r, 163);
    sum_attention  (r, B, LAYER_7); // 165  comm, layer 15: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 165);
    compute_awaits(r, 164);
    dispatch_finish(r, A, LAYER_7); // 166  layer 15: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_7); // 167  layer 15: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 167);
    comm_awaits(r, 167);
    combine_start  (r, A, LAYER_7); // 168  comm, layer 15: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 168);
    compute_awaits(r, 165);
    add_and_route  (r, B, LAYER_7); // 169  layer 15: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 169);
    comm_awaits(r, 169);
    dispatch_counts(r, B, LAYER_7); // 170  comm, layer 15: 8 experts of 2 senders
    record_comm(r, 170);
    compute_awaits(r, 168);
    combine_finish (r, A, LAYER_7); // 171  layer 15: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 171);
    comm_awaits(r, 171);
    sum_experts    (r, A, LAYER_7); // 172  comm, layer 15: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 172);
    compute_awaits(r, 172);
    add_experts    (r, A, LAYER_7); // 173  layer 15: (128, 128) f32 onto the residual

    head           (r, A);          // 174  <= (64, 128) to (64, 1024) f32
    record_compute(r, 174);
    comm_awaits(r, 174);
    gather_logits  (r, A);          // 175  comm, <= (64, 1024) f32 from each of 2 tp ranks
    record_comm(r, 175);
    compute_awaits(r, 175);
    sample         (r, A);          // 176  <= (64, 2048) to (64) tokens

    host_awaits(r, 170);
    dispatch_start (r, B, LAYER_7); // 177  comm, layer 15: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 177);
    compute_awaits(r, 177);
    dispatch_finish(r, B, LAYER_7); // 178  layer 15: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_7); // 179  layer 15: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 179);
    comm_awaits(r, 179);
    combine_start  (r, B, LAYER_7); // 180  comm, layer 15: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 180);
    compute_awaits(r, 180);
    combine_finish (r, B, LAYER_7); // 181  layer 15: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 181);
    comm_awaits(r, 181);
    sum_experts    (r, B, LAYER_7); // 182  comm, layer 15: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 182);
    compute_awaits(r, 182);
    add_experts    (r, B, LAYER_7); // 183  layer 15: (128, 128) f32 onto the residual

    head           (r, B);          // 184  <= (64, 128) to (64, 1024) f32
    record_compute(r, 184);
    comm_awaits(r, 184);
    gather_logits  (r, B);          // 185  comm, <= (64, 1024) f32 from each of 2 tp ranks
    record_comm(r, 185);
    compute_awaits(r, 185);
    sample         (r, B);          // 186  <= (64, 2048) to (64) tokens
}
