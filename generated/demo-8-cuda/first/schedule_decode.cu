/* demo-8-cuda, class first: layers 0-7, ranks 0-3.
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
    embed_slice    (r, A);          //   2  (4, 128) bf16 from this tp's (1024, 128) bf16
    record_compute(r, 2);
    comm_awaits(r, 2);
    sum_embedding  (r, A);          //   3  comm, (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 3);
    compute_awaits(r, 3);
    add_embedding  (r, A);          //   4  (4, 128) bf16 to the residual, f32

    attention      (r, A, LAYER_0); //   5  layer 0: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 5);
    comm_awaits(r, 5);
    sum_attention  (r, A, LAYER_0); //   6  comm, layer 0: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 6);
    compute_awaits(r, 6);
    add_and_route  (r, A, LAYER_0); //   7  layer 0: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 7);
    comm_awaits(r, 7);
    dispatch_start (r, A, LAYER_0); //   8  comm, layer 0: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 8);
    compute_awaits(r, 8);
    dispatch_finish(r, A, LAYER_0); //   9  layer 0: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_0); //  10  layer 0: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 10);
    comm_awaits(r, 10);
    combine_start  (r, A, LAYER_0); //  11  comm, layer 0: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 11);
    compute_awaits(r, 11);
    combine_finish (r, A, LAYER_0); //  12  layer 0: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 12);
    comm_awaits(r, 12);
    sum_experts    (r, A, LAYER_0); //  13  comm, layer 0: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 13);
    compute_awaits(r, 13);
    add_experts    (r, A, LAYER_0); //  14  layer 0: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_1); //  15  layer 1: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 15);
    comm_awaits(r, 15);
    sum_attention  (r, A, LAYER_1); //  16  comm, layer 1: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 16);
    compute_awaits(r, 16);
    add_and_route  (r, A, LAYER_1); //  17  layer 1: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 17);
    comm_awaits(r, 17);
    dispatch_start (r, A, LAYER_1); //  18  comm, layer 1: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 18);
    compute_awaits(r, 18);
    dispatch_finish(r, A, LAYER_1); //  19  layer 1: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_1); //  20  layer 1: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 20);
    comm_awaits(r, 20);
    combine_start  (r, A, LAYER_1); //  21  comm, layer 1: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 21);
    compute_awaits(r, 21);
    combine_finish (r, A, LAYER_1); //  22  layer 1: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 22);
    comm_awaits(r, 22);
    sum_experts    (r, A, LAYER_1); //  23  comm, layer 1: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 23);
    compute_awaits(r, 23);
    add_experts    (r, A, LAYER_1); //  24  layer 1: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_2); //  25  layer 2: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 25);
    comm_awaits(r, 25);
    sum_attention  (r, A, LAYER_2); //  26  comm, layer 2: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 26);
    compute_awaits(r, 26);
    add_and_route  (r, A, LAYER_2); //  27  layer 2: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 27);
    comm_awaits(r, 27);
    dispatch_start (r, A, LAYER_2); //  28  comm, layer 2: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 28);
    compute_awaits(r, 28);
    dispatch_finish(r, A, LAYER_2); //  29  layer 2: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_2); //  30  layer 2: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 30);
    comm_awaits(r, 30);
    combine_start  (r, A, LAYER_2); //  31  comm, layer 2: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 31);
    compute_awaits(r, 31);
    combine_finish (r, A, LAYER_2); //  32  layer 2: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 32);
    comm_awaits(r, 32);
    sum_experts    (r, A, LAYER_2); //  33  comm, layer 2: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 33);
    add_experts    (r, A, LAYER_2); //  34  layer 2: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_3); //  35  layer 3: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 35);
    comm_awaits(r, 35);
    sum_attention  (r, A, LAYER_3); //  36  comm, layer 3: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 36);
    compute_awaits(r, 36);
    add_and_route  (r, A, LAYER_3); //  37  layer 3: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 37);
    comm_awaits(r, 37);
    dispatch_start (r, A, LAYER_3); //  38  comm, layer 3: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 38);
    compute_awaits(r, 38);
    dispatch_finish(r, A, LAYER_3); //  39  layer 3: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_3); //  40  layer 3: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 40);
    comm_awaits(r, 40);
    combine_start  (r, A, LAYER_3); //  41  comm, layer 3: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 41);
    compute_awaits(r, 41);
    combine_finish (r, A, LAYER_3); //  42  layer 3: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 42);
    comm_awaits(r, 42);
    sum_experts    (r, A, LAYER_3); //  43  comm, layer 3: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 43);
    compute_awaits(r, 43);
    add_experts    (r, A, LAYER_3); //  44  layer 3: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_4); //  45  layer 4: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 45);
    comm_awaits(r, 45);
    sum_attention  (r, A, LAYER_4); //  46  comm, layer 4: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 46);
    compute_awaits(r, 46);
    add_and_route  (r, A, LAYER_4); //  47  layer 4: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 47);
    comm_awaits(r, 47);
    dispatch_start (r, A, LAYER_4); //  48  comm, layer 4: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 48);
    compute_awaits(r, 48);
    dispatch_finish(r, A, LAYER_4); //  49  layer 4: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_4); //  50  layer 4: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 50);
    comm_awaits(r, 50);
    combine_start  (r, A, LAYER_4); //  51  comm, layer 4: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 51);
    compute_awaits(r, 51);
    combine_finish (r, A, LAYER_4); //  52  layer 4: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 52);
    comm_awaits(r, 52);
    sum_experts    (r, A, LAYER_4); //  53  comm, layer 4: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 53);
    compute_awaits(r, 53);
    add_experts    (r, A, LAYER_4); //  54  layer 4: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_5); //  55  layer 5: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 55);
    comm_awaits(r, 55);
    sum_attention  (r, A, LAYER_5); //  56  comm, layer 5: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 56);
    compute_awaits(r, 56);
    add_and_route  (r, A, LAYER_5); //  57  layer 5: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 57);
    comm_awaits(r, 57);
    dispatch_start (r, A, LAYER_5); //  58  comm, layer 5: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 58);
    compute_awaits(r, 58);
    dispatch_finish(r, A, LAYER_5); //  59  layer 5: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_5); //  60  layer 5: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 60);
    comm_awaits(r, 60);
    combine_start  (r, A, LAYER_5); //  61  comm, layer 5: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 61);
    compute_awaits(r, 61);
    combine_finish (r, A, LAYER_5); //  62  layer 5: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 62);
    comm_awaits(r, 62);
    sum_experts    (r, A, LAYER_5); //  63  comm, layer 5: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 63);
    compute_awaits(r, 63);
    add_experts    (r, A, LAYER_5); //  64  layer 5: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_6); //  65  layer 6: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 65);
    comm_awaits(r, 65);
    sum_attention  (r, A, LAYER_6); //  66  comm, layer 6: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 66);
    compute_awaits(r, 66);
    add_and_route  (r, A, LAYER_6); //  67  layer 6: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 67);
    comm_awaits(r, 67);
    dispatch_start (r, A, LAYER_6); //  68  comm, layer 6: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 68);
    compute_awaits(r, 68);
    dispatch_finish(r, A, LAYER_6); //  69  layer 6: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_6); //  70  layer 6: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 70);
    comm_awaits(r, 70);
    combine_start  (r, A, LAYER_6); //  71  comm, layer 6: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 71);
    compute_awaits(r, 71);
    combine_finish (r, A, LAYER_6); //  72  layer 6: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 72);
    comm_awaits(r, 72);
    sum_experts    (r, A, LAYER_6); //  73  comm, layer 6: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 73);
    compute_awaits(r, 73);
    add_experts    (r, A, LAYER_6); //  74  layer 6: (4, 128) f32 onto the residual

    attention      (r, A, LAYER_7); //  75  layer 7: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 75);
    comm_awaits(r, 75);
    sum_attention  (r, A, LAYER_7); //  76  comm, layer 7: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 76);
    compute_awaits(r, 76);
    add_and_route  (r, A, LAYER_7); //  77  layer 7: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 77);
    comm_awaits(r, 77);
    dispatch_start (r, A, LAYER_7); //  78  comm, layer 7: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 78);
    compute_awaits(r, 78);
    dispatch_finish(r, A, LAYER_7); //  79  layer 7: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, A, LAYER_7); //  80  layer 7: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 80);
    comm_awaits(r, 80);
    combine_start  (r, A, LAYER_7); //  81  comm, layer 7: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 81);
    compute_awaits(r, 81);
    combine_finish (r, A, LAYER_7); //  82  layer 7: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 82);
    comm_awaits(r, 82);
    sum_experts    (r, A, LAYER_7); //  83  comm, layer 7: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 83);
    compute_awaits(r, 83);
    add_experts    (r, A, LAYER_7); //  84  layer 7: (4, 128) f32 onto the residual
    record_compute(r, 84);

    comm_awaits(r, 84);
    send_stage     (r, A);          //  85  comm, (4, 128) f32 to the next stage
    rotary         (r, B);          //  86  (4, 32) f32
    embed_slice    (r, B);          //  87  (4, 128) bf16 from this tp's (1024, 128) bf16
    record_compute(r, 87);
    comm_awaits(r, 87);
    sum_embedding  (r, B);          //  88  comm, (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 88);
    compute_awaits(r, 88);
    add_embedding  (r, B);          //  89  (4, 128) bf16 to the residual, f32

    attention      (r, B, LAYER_0); //  90  layer 0: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 90);
    comm_awaits(r, 90);
    sum_attention  (r, B, LAYER_0); //  91  comm, layer 0: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 91);
    compute_awaits(r, 91);
    add_and_route  (r, B, LAYER_0); //  92  layer 0: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 92);
    comm_awaits(r, 92);
    dispatch_start (r, B, LAYER_0); //  93  comm, layer 0: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 93);
    compute_awaits(r, 93);
    dispatch_finish(r, B, LAYER_0); //  94  layer 0: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_0); //  95  layer 0: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 95);
    comm_awaits(r, 95);
    combine_start  (r, B, LAYER_0); //  96  comm, layer 0: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 96);
    compute_awaits(r, 96);
    combine_finish (r, B, LAYER_0); //  97  layer 0: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 97);
    comm_awaits(r, 97);
    sum_experts    (r, B, LAYER_0); //  98  comm, layer 0: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 98);
    compute_awaits(r, 98);
    add_experts    (r, B, LAYER_0); //  99  layer 0: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_1); // 100  layer 1: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 100);
    comm_awaits(r, 100);
    sum_attention  (r, B, LAYER_1); // 101  comm, layer 1: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 101);
    compute_awaits(r, 101);
    add_and_route  (r, B, LAYER_1); // 102  layer 1: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 102);
    comm_awaits(r, 102);
    dispatch_start (r, B, LAYER_1); // 103  comm, layer 1: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 103);
    compute_awaits(r, 103);
    dispatch_finish(r, B, LAYER_1); // 104  layer 1: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 105  layer 1: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 105);
    comm_awaits(r, 105);
    combine_start  (r, B, LAYER_1); // 106  comm, layer 1: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 106);
    compute_awaits(r, 106);
    combine_finish (r, B, LAYER_1); // 107  layer 1: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 107);
    comm_awaits(r, 107);
    sum_experts    (r, B, LAYER_1); // 108  comm, layer 1: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 108);
    compute_awaits(r, 108);
    add_experts    (r, B, LAYER_1); // 109  layer 1: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_2); // 110  layer 2: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 110);
    comm_awaits(r, 110);
    sum_attention  (r, B, LAYER_2); // 111  comm, layer 2: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 111);
    compute_awaits(r, 111);
    add_and_route  (r, B, LAYER_2); // 112  layer 2: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 112);
    comm_awaits(r, 112);
    dispatch_start (r, B, LAYER_2); // 113  comm, layer 2: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 113);
    compute_awaits(r, 113);
    dispatch_finish(r, B, LAYER_2); // 114  layer 2: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 115  layer 2: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 115);
    comm_awaits(r, 115);
    combine_start  (r, B, LAYER_2); // 116  comm, layer 2: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 116);
    compute_awaits(r, 116);
    combine_finish (r, B, LAYER_2); // 117  layer 2: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 117);
    comm_awaits(r, 117);
    sum_experts    (r, B, LAYER_2); // 118  comm, layer 2: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 118);
    compute_awaits(r, 118);
    add_experts    (r, B, LAYER_2); // 119  layer 2: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_3); // 120  layer 3: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 120);
    comm_awaits(r, 120);
    sum_attention  (r, B, LAYER_3); // 121  comm, layer 3: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 121);
    compute_awaits(r, 121);
    add_and_route  (r, B, LAYER_3); // 122  layer 3: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 122);
    comm_awaits(r, 122);
    dispatch_start (r, B, LAYER_3); // 123  comm, layer 3: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 123);
    compute_awaits(r, 123);
    dispatch_finish(r, B, LAYER_3); // 124  layer 3: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 125  layer 3: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 125);
    comm_awaits(r, 125);
    combine_start  (r, B, LAYER_3); // 126  comm, layer 3: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 126);
    compute_awaits(r, 126);
    combine_finish (r, B, LAYER_3); // 127  layer 3: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 127);
    comm_awaits(r, 127);
    sum_experts    (r, B, LAYER_3); // 128  comm, layer 3: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 128);
    compute_awaits(r, 128);
    add_experts    (r, B, LAYER_3); // 129  layer 3: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_4); // 130  layer 4: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 130);
    comm_awaits(r, 130);
    sum_attention  (r, B, LAYER_4); // 131  comm, layer 4: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 131);
    compute_awaits(r, 131);
    add_and_route  (r, B, LAYER_4); // 132  layer 4: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 132);
    comm_awaits(r, 132);
    dispatch_start (r, B, LAYER_4); // 133  comm, layer 4: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 133);
    compute_awaits(r, 133);
    dispatch_finish(r, B, LAYER_4); // 134  layer 4: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_4); // 135  layer 4: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 135);
    comm_awaits(r, 135);
    combine_start  (r, B, LAYER_4); // 136  comm, layer 4: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 136);
    compute_awaits(r, 136);
    combine_finish (r, B, LAYER_4); // 137  layer 4: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 137);
    comm_awaits(r, 137);
    sum_experts    (r, B, LAYER_4); // 138  comm, layer 4: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 138);
    compute_awaits(r, 138);
    add_experts    (r, B, LAYER_4); // 139  layer 4: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_5); // 140  layer 5: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 140);
    comm_awaits(r, 140);
    sum_attention  (r, B, LAYER_5); // 141  comm, layer 5: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 141);
    compute_awaits(r, 141);
    add_and_route  (r, B, LAYER_5); // 142  layer 5: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 142);
    comm_awaits(r, 142);
    dispatch_start (r, B, LAYER_5); // 143  comm, layer 5: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 143);
    compute_awaits(r, 143);
    dispatch_finish(r, B, LAYER_5); // 144  layer 5: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_5); // 145  layer 5: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 145);
    comm_awaits(r, 145);
    combine_start  (r, B, LAYER_5); // 146  comm, layer 5: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 146);
    compute_awaits(r, 146);
    combine_finish (r, B, LAYER_5); // 147  layer 5: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 147);
    comm_awaits(r, 147);
    sum_experts    (r, B, LAYER_5); // 148  comm, layer 5: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 148);
    compute_awaits(r, 148);
    add_experts    (r, B, LAYER_5); // 149  layer 5: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_6); // 150  layer 6: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 150);
    comm_awaits(r, 150);
    sum_attention  (r, B, LAYER_6); // 151  comm, layer 6: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 151);
    compute_awaits(r, 151);
    add_and_route  (r, B, LAYER_6); // 152  layer 6: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 152);
    comm_awaits(r, 152);
    dispatch_start (r, B, LAYER_6); // 153  comm, layer 6: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 153);
    compute_awaits(r, 153);
    dispatch_finish(r, B, LAYER_6); // 154  layer 6: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_6); // 155  layer 6: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 155);
    comm_awaits(r, 155);
    combine_start  (r, B, LAYER_6); // 156  comm, layer 6: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 156);
    compute_awaits(r, 156);
    combine_finish (r, B, LAYER_6); // 157  layer 6: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 157);
    comm_awaits(r, 157);
    sum_experts    (r, B, LAYER_6); // 158  comm, layer 6: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 158);
    compute_awaits(r, 158);
    add_experts    (r, B, LAYER_6); // 159  layer 6: (4, 128) f32 onto the residual

    attention      (r, B, LAYER_7); // 160  layer 7: (4, 128), heads 2 x 32, key/value heads 1
    record_compute(r, 160);
    comm_awaits(r, 160);
    sum_attention  (r, B, LAYER_7); // 161  comm, layer 7: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 161);
    compute_awaits(r, 161);
    add_and_route  (r, B, LAYER_7); // 162  layer 7: (4, 128) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 162);
    comm_awaits(r, 162);
    dispatch_start (r, B, LAYER_7); // 163  comm, layer 7: <= (4, 128) bf16 each to 1 ep peer
    record_comm(r, 163);
    compute_awaits(r, 163);
    dispatch_finish(r, B, LAYER_7); // 164  layer 7: <= (2, 4, 128) bf16 sorted by expert
    experts        (r, B, LAYER_7); // 165  layer 7: 8 experts of <= (8, 128), hidden 32
    record_compute(r, 165);
    comm_awaits(r, 165);
    combine_start  (r, B, LAYER_7); // 166  comm, layer 7: <= (4, 128) bf16 each back to 1 ep peer
    record_comm(r, 166);
    compute_awaits(r, 166);
    combine_finish (r, B, LAYER_7); // 167  layer 7: (4, 128) bf16, own sums and those of 1 ep peer
    record_compute(r, 167);
    comm_awaits(r, 167);
    sum_experts    (r, B, LAYER_7); // 168  comm, layer 7: (4, 128) bf16 summed over 2 tp ranks
    record_comm(r, 168);
    compute_awaits(r, 168);
    add_experts    (r, B, LAYER_7); // 169  layer 7: (4, 128) f32 onto the residual
    record_compute(r, 169);

    comm_awaits(r, 169);
    send_stage     (r, B);          // 170  comm, (4, 128) f32 to the next stage
    record_comm(r, 170);

    compute_awaits(r, 170);
}
