/* demo-8-cuda, class first: layers 0-7, ranks 0-3.
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
    embed_slice    (r, A);          //   2  (128, 128) bf16 from this tp's (1024, 128) bf16
    record_compute(r, 2);
    comm_awaits(r, 2);
    sum_embedding  (r, A);          //   3  comm, (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 3);
    compute_awaits(r, 3);
    add_embedding  (r, A);          //   4  (128, 128) bf16 to the residual, f32

    attention      (r, A, LAYER_0); //   5  layer 0: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 5);
    comm_awaits(r, 5);
    sum_attention  (r, A, LAYER_0); //   6  comm, layer 0: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 6);
    compute_awaits(r, 6);
    add_and_route  (r, A, LAYER_0); //   7  layer 0: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 7);
    comm_awaits(r, 7);
    dispatch_counts(r, A, LAYER_0); //   8  comm, layer 0: 8 experts of 2 senders
    record_comm(r, 8);

    rotary         (r, B);          //   9  (128, 32) f32
    embed_slice    (r, B);          //  10  (128, 128) bf16 from this tp's (1024, 128) bf16
    record_compute(r, 10);
    comm_awaits(r, 10);
    sum_embedding  (r, B);          //  11  comm, (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 11);
    add_embedding  (r, B);          //  12  (128, 128) bf16 to the residual, f32

    attention      (r, B, LAYER_0); //  13  layer 0: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 13);
    host_awaits(r, 8);
    dispatch_start (r, A, LAYER_0); //  14  comm, layer 0: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 14);
    comm_awaits(r, 13);
    sum_attention  (r, B, LAYER_0); //  15  comm, layer 0: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 15);
    compute_awaits(r, 14);
    dispatch_finish(r, A, LAYER_0); //  16  layer 0: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_0); //  17  layer 0: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 17);
    comm_awaits(r, 17);
    combine_start  (r, A, LAYER_0); //  18  comm, layer 0: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 18);
    compute_awaits(r, 15);
    add_and_route  (r, B, LAYER_0); //  19  layer 0: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 19);
    comm_awaits(r, 19);
    dispatch_counts(r, B, LAYER_0); //  20  comm, layer 0: 8 experts of 2 senders
    record_comm(r, 20);
    compute_awaits(r, 18);
    combine_finish (r, A, LAYER_0); //  21  layer 0: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 21);
    comm_awaits(r, 21);
    sum_experts    (r, A, LAYER_0); //  22  comm, layer 0: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 22);
    compute_awaits(r, 22);
    add_experts    (r, A, LAYER_0); //  23  layer 0: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_1); //  24  layer 1: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 24);

    host_awaits(r, 20);
    dispatch_start (r, B, LAYER_0); //  25  comm, layer 0: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 25);

    comm_awaits(r, 24);
    sum_attention  (r, A, LAYER_1); //  26  comm, layer 1: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 26);

    compute_awaits(r, 25);
    dispatch_finish(r, B, LAYER_0); //  27  layer 0: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_0); //  28  layer 0: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 28);
    comm_awaits(r, 28);
    combine_start  (r, B, LAYER_0); //  29  comm, layer 0: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 29);

    compute_awaits(r, 26);
    add_and_route  (r, A, LAYER_1); //  30  layer 1: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 30);
    comm_awaits(r, 30);
    dispatch_counts(r, A, LAYER_1); //  31  comm, layer 1: 8 experts of 2 senders
    record_comm(r, 31);

    compute_awaits(r, 29);
    combine_finish (r, B, LAYER_0); //  32  layer 0: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 32);
    comm_awaits(r, 32);
    sum_experts    (r, B, LAYER_0); //  33  comm, layer 0: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 33);
    add_experts    (r, B, LAYER_0); //  34  layer 0: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_1); //  35  layer 1: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 35);
    host_awaits(r, 31);
    dispatch_start (r, A, LAYER_1); //  36  comm, layer 1: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 36);
    comm_awaits(r, 35);
    sum_attention  (r, B, LAYER_1); //  37  comm, layer 1: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 37);
    compute_awaits(r, 36);
    dispatch_finish(r, A, LAYER_1); //  38  layer 1: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_1); //  39  layer 1: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 39);
    comm_awaits(r, 39);
    combine_start  (r, A, LAYER_1); //  40  comm, layer 1: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 40);
    compute_awaits(r, 37);
    add_and_route  (r, B, LAYER_1); //  41  layer 1: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 41);
    comm_awaits(r, 41);
    dispatch_counts(r, B, LAYER_1); //  42  comm, layer 1: 8 experts of 2 senders
    record_comm(r, 42);
    compute_awaits(r, 40);
    combine_finish (r, A, LAYER_1); //  43  layer 1: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 43);
    comm_awaits(r, 43);
    sum_experts    (r, A, LAYER_1); //  44  comm, layer 1: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 44);
    compute_awaits(r, 44);
    add_experts    (r, A, LAYER_1); //  45  layer 1: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_2); //  46  layer 2: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 46);

    host_awaits(r, 42);
    dispatch_start (r, B, LAYER_1); //  47  comm, layer 1: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 47);

    comm_awaits(r, 46);
    sum_attention  (r, A, LAYER_2); //  48  comm, layer 2: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 48);

    compute_awaits(r, 47);
    dispatch_finish(r, B, LAYER_1); //  49  layer 1: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_1); //  50  layer 1: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 50);
    comm_awaits(r, 50);
    combine_start  (r, B, LAYER_1); //  51  comm, layer 1: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 51);

    compute_awaits(r, 48);
    add_and_route  (r, A, LAYER_2); //  52  layer 2: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 52);
    comm_awaits(r, 52);
    dispatch_counts(r, A, LAYER_2); //  53  comm, layer 2: 8 experts of 2 senders
    record_comm(r, 53);

    compute_awaits(r, 51);
    combine_finish (r, B, LAYER_1); //  54  layer 1: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 54);
    comm_awaits(r, 54);
    sum_experts    (r, B, LAYER_1); //  55  comm, layer 1: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 55);
    compute_awaits(r, 55);
    add_experts    (r, B, LAYER_1); //  56  layer 1: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_2); //  57  layer 2: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 57);
    host_awaits(r, 53);
    dispatch_start (r, A, LAYER_2); //  58  comm, layer 2: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 58);
    comm_awaits(r, 57);
    sum_attention  (r, B, LAYER_2); //  59  comm, layer 2: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 59);
    compute_awaits(r, 58);
    dispatch_finish(r, A, LAYER_2); //  60  layer 2: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_2); //  61  layer 2: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 61);
    comm_awaits(r, 61);
    combine_start  (r, A, LAYER_2); //  62  comm, layer 2: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 62);
    compute_awaits(r, 59);
    add_and_route  (r, B, LAYER_2); //  63  layer 2: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 63);
    comm_awaits(r, 63);
    dispatch_counts(r, B, LAYER_2); //  64  comm, layer 2: 8 experts of 2 senders
    record_comm(r, 64);
    compute_awaits(r, 62);
    combine_finish (r, A, LAYER_2); //  65  layer 2: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 65);
    comm_awaits(r, 65);
    sum_experts    (r, A, LAYER_2); //  66  comm, layer 2: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 66);
    compute_awaits(r, 66);
    add_experts    (r, A, LAYER_2); //  67  layer 2: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_3); //  68  layer 3: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 68);

    host_awaits(r, 64);
    dispatch_start (r, B, LAYER_2); //  69  comm, layer 2: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 69);

    comm_awaits(r, 68);
    sum_attention  (r, A, LAYER_3); //  70  comm, layer 3: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 70);

    compute_awaits(r, 69);
    dispatch_finish(r, B, LAYER_2); //  71  layer 2: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_2); //  72  layer 2: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 72);
    comm_awaits(r, 72);
    combine_start  (r, B, LAYER_2); //  73  comm, layer 2: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 73);

    compute_awaits(r, 70);
    add_and_route  (r, A, LAYER_3); //  74  layer 3: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 74);
    comm_awaits(r, 74);
    dispatch_counts(r, A, LAYER_3); //  75  comm, layer 3: 8 experts of 2 senders
    record_comm(r, 75);

    compute_awaits(r, 73);
    combine_finish (r, B, LAYER_2); //  76  layer 2: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 76);
    comm_awaits(r, 76);
    sum_experts    (r, B, LAYER_2); //  77  comm, layer 2: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 77);
    compute_awaits(r, 77);
    add_experts    (r, B, LAYER_2); //  78  layer 2: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_3); //  79  layer 3: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 79);
    host_awaits(r, 75);
    dispatch_start (r, A, LAYER_3); //  80  comm, layer 3: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 80);
    comm_awaits(r, 79);
    sum_attention  (r, B, LAYER_3); //  81  comm, layer 3: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 81);
    compute_awaits(r, 80);
    dispatch_finish(r, A, LAYER_3); //  82  layer 3: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_3); //  83  layer 3: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 83);
    comm_awaits(r, 83);
    combine_start  (r, A, LAYER_3); //  84  comm, layer 3: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 84);
    compute_awaits(r, 81);
    add_and_route  (r, B, LAYER_3); //  85  layer 3: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 85);
    comm_awaits(r, 85);
    dispatch_counts(r, B, LAYER_3); //  86  comm, layer 3: 8 experts of 2 senders
    record_comm(r, 86);
    compute_awaits(r, 84);
    combine_finish (r, A, LAYER_3); //  87  layer 3: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 87);
    comm_awaits(r, 87);
    sum_experts    (r, A, LAYER_3); //  88  comm, layer 3: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 88);
    compute_awaits(r, 88);
    add_experts    (r, A, LAYER_3); //  89  layer 3: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_4); //  90  layer 4: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 90);

    host_awaits(r, 86);
    dispatch_start (r, B, LAYER_3); //  91  comm, layer 3: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 91);

    comm_awaits(r, 90);
    sum_attention  (r, A, LAYER_4); //  92  comm, layer 4: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 92);

    compute_awaits(r, 91);
    dispatch_finish(r, B, LAYER_3); //  93  layer 3: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_3); //  94  layer 3: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 94);
    comm_awaits(r, 94);
    combine_start  (r, B, LAYER_3); //  95  comm, layer 3: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 95);

    compute_awaits(r, 92);
    add_and_route  (r, A, LAYER_4); //  96  layer 4: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 96);
    comm_awaits(r, 96);
    dispatch_counts(r, A, LAYER_4); //  97  comm, layer 4: 8 experts of 2 senders
    record_comm(r, 97);

    compute_awaits(r, 95);
    combine_finish (r, B, LAYER_3); //  98  layer 3: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 98);
    comm_awaits(r, 98);
    sum_experts    (r, B, LAYER_3); //  99  comm, layer 3: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 99);
    compute_awaits(r, 99);
    add_experts    (r, B, LAYER_3); // 100  layer 3: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_4); // 101  layer 4: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 101);
    host_awaits(r, 97);
    dispatch_start (r, A, LAYER_4); // 102  comm, layer 4: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 102);
    comm_awaits(r, 101);
    sum_attention  (r, B, LAYER_4); // 103  comm, layer 4: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 103);
    compute_awaits(r, 102);
    dispatch_finish(r, A, LAYER_4); // 104  layer 4: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_4); // 105  layer 4: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 105);
    comm_awaits(r, 105);
    combine_start  (r, A, LAYER_4); // 106  comm, layer 4: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 106);
    compute_awaits(r, 103);
    add_and_route  (r, B, LAYER_4); // 107  layer 4: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 107);
    comm_awaits(r, 107);
    dispatch_counts(r, B, LAYER_4); // 108  comm, layer 4: 8 experts of 2 senders
    record_comm(r, 108);
    compute_awaits(r, 106);
    combine_finish (r, A, LAYER_4); // 109  layer 4: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 109);
    comm_awaits(r, 109);
    sum_experts    (r, A, LAYER_4); // 110  comm, layer 4: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 110);
    compute_awaits(r, 110);
    add_experts    (r, A, LAYER_4); // 111  layer 4: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_5); // 112  layer 5: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 112);

    host_awaits(r, 108);
    dispatch_start (r, B, LAYER_4); // 113  comm, layer 4: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 113);

    comm_awaits(r, 112);
    sum_attention  (r, A, LAYER_5); // 114  comm, layer 5: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 114);

    compute_awaits(r, 113);
    dispatch_finish(r, B, LAYER_4); // 115  layer 4: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_4); // 116  layer 4: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 116);
    comm_awaits(r, 116);
    combine_start  (r, B, LAYER_4); // 117  comm, layer 4: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 117);

    compute_awaits(r, 114);
    add_and_route  (r, A, LAYER_5); // 118  layer 5: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 118);
    comm_awaits(r, 118);
    dispatch_counts(r, A, LAYER_5); // 119  comm, layer 5: 8 experts of 2 senders
    record_comm(r, 119);

    compute_awaits(r, 117);
    combine_finish (r, B, LAYER_4); // 120  layer 4: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 120);
    comm_awaits(r, 120);
    sum_experts    (r, B, LAYER_4); // 121  comm, layer 4: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 121);
    compute_awaits(r, 121);
    add_experts    (r, B, LAYER_4); // 122  layer 4: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_5); // 123  layer 5: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 123);
    host_awaits(r, 119);
    dispatch_start (r, A, LAYER_5); // 124  comm, layer 5: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 124);
    comm_awaits(r, 123);
    sum_attention  (r, B, LAYER_5); // 125  comm, layer 5: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 125);
    compute_awaits(r, 124);
    dispatch_finish(r, A, LAYER_5); // 126  layer 5: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_5); // 127  layer 5: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 127);
    comm_awaits(r, 127);
    combine_start  (r, A, LAYER_5); // 128  comm, layer 5: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 128);
    compute_awaits(r, 125);
    add_and_route  (r, B, LAYER_5); // 129  layer 5: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 129);
    comm_awaits(r, 129);
    dispatch_counts(r, B, LAYER_5); // 130  comm, layer 5: 8 experts of 2 senders
    record_comm(r, 130);
    compute_awaits(r, 128);
    combine_finish (r, A, LAYER_5); // 131  layer 5: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 131);
    comm_awaits(r, 131);
    sum_experts    (r, A, LAYER_5); // 132  comm, layer 5: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 132);
    compute_awaits(r, 132);
    add_experts    (r, A, LAYER_5); // 133  layer 5: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_6); // 134  layer 6: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 134);

    host_awaits(r, 130);
    dispatch_start (r, B, LAYER_5); // 135  comm, layer 5: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 135);

    comm_awaits(r, 134);
    sum_attention  (r, A, LAYER_6); // 136  comm, layer 6: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 136);

    compute_awaits(r, 135);
    dispatch_finish(r, B, LAYER_5); // 137  layer 5: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_5); // 138  layer 5: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 138);
    comm_awaits(r, 138);
    combine_start  (r, B, LAYER_5); // 139  comm, layer 5: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 139);

    compute_awaits(r, 136);
    add_and_route  (r, A, LAYER_6); // 140  layer 6: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 140);
    comm_awaits(r, 140);
    dispatch_counts(r, A, LAYER_6); // 141  comm, layer 6: 8 experts of 2 senders
    record_comm(r, 141);

    compute_awaits(r, 139);
    combine_finish (r, B, LAYER_5); // 142  layer 5: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 142);
    comm_awaits(r, 142);
    sum_experts    (r, B, LAYER_5); // 143  comm, layer 5: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 143);
    compute_awaits(r, 143);
    add_experts    (r, B, LAYER_5); // 144  layer 5: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_6); // 145  layer 6: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 145);
    host_awaits(r, 141);
    dispatch_start (r, A, LAYER_6); // 146  comm, layer 6: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 146);
    comm_awaits(r, 145);
    sum_attention  (r, B, LAYER_6); // 147  comm, layer 6: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 147);
    compute_awaits(r, 146);
    dispatch_finish(r, A, LAYER_6); // 148  layer 6: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_6); // 149  layer 6: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 149);
    comm_awaits(r, 149);
    combine_start  (r, A, LAYER_6); // 150  comm, layer 6: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 150);
    compute_awaits(r, 147);
    add_and_route  (r, B, LAYER_6); // 151  layer 6: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 151);
    comm_awaits(r, 151);
    dispatch_counts(r, B, LAYER_6); // 152  comm, layer 6: 8 experts of 2 senders
    record_comm(r, 152);
    compute_awaits(r, 150);
    combine_finish (r, A, LAYER_6); // 153  layer 6: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 153);
    comm_awaits(r, 153);
    sum_experts    (r, A, LAYER_6); // 154  comm, layer 6: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 154);
    compute_awaits(r, 154);
    add_experts    (r, A, LAYER_6); // 155  layer 6: (128, 128) f32 onto the residual

    attention      (r, A, LAYER_7); // 156  layer 7: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 156);

    host_awaits(r, 152);
    dispatch_start (r, B, LAYER_6); // 157  comm, layer 6: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 157);

    comm_awaits(r, 156);
    sum_attention  (r, A, LAYER_7); // 158  comm, layer 7: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 158);

    compute_awaits(r, 157);
    dispatch_finish(r, B, LAYER_6); // 159  layer 6: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_6); // 160  layer 6: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 160);
    comm_awaits(r, 160);
    combine_start  (r, B, LAYER_6); // 161  comm, layer 6: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 161);

    compute_awaits(r, 158);
    add_and_route  (r, A, LAYER_7); // 162  layer 7: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 162);
    comm_awaits(r, 162);
    dispatch_counts(r, A, LAYER_7); // 163  comm, layer 7: 8 experts of 2 senders
    record_comm(r, 163);

    compute_awaits(r, 161);
    combine_finish (r, B, LAYER_6); // 164  layer 6: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 164);
    comm_awaits(r, 164);
    sum_experts    (r, B, LAYER_6); // 165  comm, layer 6: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 165);
    compute_awaits(r, 165);
    add_experts    (r, B, LAYER_6); // 166  layer 6: (128, 128) f32 onto the residual

    attention      (r, B, LAYER_7); // 167  layer 7: (128, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 167);
    host_awaits(r, 163);
    dispatch_start (r, A, LAYER_7); // 168  comm, layer 7: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 168);
    comm_awaits(r, 167);
    sum_attention  (r, B, LAYER_7); // 169  comm, layer 7: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 169);
    compute_awaits(r, 168);
    dispatch_finish(r, A, LAYER_7); // 170  layer 7: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, A, LAYER_7); // 171  layer 7: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 171);
    comm_awaits(r, 171);
    combine_start  (r, A, LAYER_7); // 172  comm, layer 7: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 172);
    compute_awaits(r, 169);
    add_and_route  (r, B, LAYER_7); // 173  layer 7: (128, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 173);
    comm_awaits(r, 173);
    dispatch_counts(r, B, LAYER_7); // 174  comm, layer 7: 8 experts of 2 senders
    record_comm(r, 174);
    compute_awaits(r, 172);
    combine_finish (r, A, LAYER_7); // 175  layer 7: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 175);
    comm_awaits(r, 175);
    sum_experts    (r, A, LAYER_7); // 176  comm, layer 7: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 176);
    compute_awaits(r, 176);
    add_experts    (r, A, LAYER_7); // 177  layer 7: (128, 128) f32 onto the residual
    record_compute(r, 177);

    comm_awaits(r, 177);
    send_stage     (r, A);          // 178  comm, (128, 128) f32 to the next stage

    host_awaits(r, 174);
    dispatch_start (r, B, LAYER_7); // 179  comm, layer 7: <= (128, 128) bf16 each to 1 ep peer
    record_comm(r, 179);
    compute_awaits(r, 179);
    dispatch_finish(r, B, LAYER_7); // 180  layer 7: <= (2, 128, 128) bf16 sorted by expert
    experts        (r, B, LAYER_7); // 181  layer 7: 8 experts of <= (256, 128), hidden 32
    record_compute(r, 181);
    comm_awaits(r, 181);
    combine_start  (r, B, LAYER_7); // 182  comm, layer 7: <= (128, 128) bf16 each back to 1 ep peer
    record_comm(r, 182);
    compute_awaits(r, 182);
    combine_finish (r, B, LAYER_7); // 183  layer 7: (128, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 183);
    comm_awaits(r, 183);
    sum_experts    (r, B, LAYER_7); // 184  comm, layer 7: (128, 128) bf16 summed over 2 tp ranks
    record_comm(r, 184);
    compute_awaits(r, 184);
    add_experts    (r, B, LAYER_7); // 185  layer 7: (128, 128) f32 onto the residual
    record_compute(r, 185);

    comm_awaits(r, 185);
    send_stage     (r, B);          // 186  comm, (128, 128) f32 to the next stage
    record_comm(r, 186);

    compute_awaits(r, 186);
}
