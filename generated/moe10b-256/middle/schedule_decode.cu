/* moe10b-256, class middle: 4 layers, ranks 32-95, 160-223.
 * The decode of one step: at most 2 rows in each micro-batch, A to B.
 *
 * Each op is a line: its id in PLAN.txt, its stream where that is comm, its layer in the model, and its shapes as (rows,
 * width). Ops are enqueued in this order on two streams; a stream goes on when the op that it awaits has ended on the
 * other. The host goes on at once but where it needs counts that an op brings.
 * Ranks of this class begin at different layers: layer +0 is the layer_base of the rank's row.
 */
#include "class.h"
#include "cuda/ops/ops.h"

/* clang-format off */
extern "C" void schedule_decode(struct gpu *r)
{
    rotary         (r, A);          //  1  (2, 128) f32
    record_compute(r, 1);
    comm_awaits(r, 1);
    receive_stage  (r, A);          //  2  comm, (2, 2048) f32 from the previous stage
    record_comm(r, 2);

    compute_awaits(r, 2);
    attention      (r, A, LAYER_0); //  3  layer +0: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 3);
    comm_awaits(r, 3);
    sum_attention  (r, A, LAYER_0); //  4  comm, layer +0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 4);
    compute_awaits(r, 4);
    add_and_route  (r, A, LAYER_0); //  5  layer +0: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 5);
    comm_awaits(r, 5);
    dispatch_start (r, A, LAYER_0); //  6  comm, layer +0: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 6);
    compute_awaits(r, 6);
    dispatch_finish(r, A, LAYER_0); //  7  layer +0: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_0); //  8  layer +0: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 8);
    comm_awaits(r, 8);
    combine_start  (r, A, LAYER_0); //  9  comm, layer +0: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 9);
    compute_awaits(r, 9);
    combine_finish (r, A, LAYER_0); // 10  layer +0: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 10);
    comm_awaits(r, 10);
    sum_experts    (r, A, LAYER_0); // 11  comm, layer +0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 11);
    add_experts    (r, A, LAYER_0); // 12  layer +0: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_1); // 13  layer +1: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 13);
    comm_awaits(r, 13);
    sum_attention  (r, A, LAYER_1); // 14  comm, layer +1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 14);
    compute_awaits(r, 14);
    add_and_route  (r, A, LAYER_1); // 15  layer +1: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 15);
    comm_awaits(r, 15);
    dispatch_start (r, A, LAYER_1); // 16  comm, layer +1: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 16);
    compute_awaits(r, 16);
    dispatch_finish(r, A, LAYER_1); // 17  layer +1: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_1); // 18  layer +1: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 18);
    comm_awaits(r, 18);
    combine_start  (r, A, LAYER_1); // 19  comm, layer +1: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 19);
    compute_awaits(r, 19);
    combine_finish (r, A, LAYER_1); // 20  layer +1: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 20);
    comm_awaits(r, 20);
    sum_experts    (r, A, LAYER_1); // 21  comm, layer +1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 21);
    compute_awaits(r, 21);
    add_experts    (r, A, LAYER_1); // 22  layer +1: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_2); // 23  layer +2: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 23);
    comm_awaits(r, 23);
    sum_attention  (r, A, LAYER_2); // 24  comm, layer +2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 24);
    compute_awaits(r, 24);
    add_and_route  (r, A, LAYER_2); // 25  layer +2: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 25);
    comm_awaits(r, 25);
    dispatch_start (r, A, LAYER_2); // 26  comm, layer +2: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 26);
    compute_awaits(r, 26);
    dispatch_finish(r, A, LAYER_2); // 27  layer +2: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_2); // 28  layer +2: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 28);
    comm_awaits(r, 28);
    combine_start  (r, A, LAYER_2); // 29  comm, layer +2: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 29);
    compute_awaits(r, 29);
    combine_finish (r, A, LAYER_2); // 30  layer +2: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 30);
    comm_awaits(r, 30);
    sum_experts    (r, A, LAYER_2); // 31  comm, layer +2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 31);
    compute_awaits(r, 31);
    add_experts    (r, A, LAYER_2); // 32  layer +2: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_3); // 33  layer +3: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 33);
    comm_awaits(r, 33);
    sum_attention  (r, A, LAYER_3); // 34  comm, layer +3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 34);
    compute_awaits(r, 34);
    add_and_route  (r, A, LAYER_3); // 35  layer +3: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 35);
    comm_awaits(r, 35);
    dispatch_start (r, A, LAYER_3); // 36  comm, layer +3: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 36);
    compute_awaits(r, 36);
    dispatch_finish(r, A, LAYER_3); // 37  layer +3: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_3); // 38  layer +3: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 38);
    comm_awaits(r, 38);
    combine_start  (r, A, LAYER_3); // 39  comm, layer +3: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 39);
    compute_awaits(r, 39);
    combine_finish (r, A, LAYER_3); // 40  layer +3: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 40);
    comm_awaits(r, 40);
    sum_experts    (r, A, LAYER_3); // 41  comm, layer +3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 41);
    compute_awaits(r, 41);
    add_experts    (r, A, LAYER_3); // 42  layer +3: (2, 2048) f32 onto the residual
    record_compute(r, 42);

    comm_awaits(r, 42);
    send_stage     (r, A);          // 43  comm, (2, 2048) f32 to the next stage
    rotary         (r, B);          // 44  (2, 128) f32
    receive_stage  (r, B);          // 45  comm, (2, 2048) f32 from the previous stage
    record_comm(r, 45);

    compute_awaits(r, 45);
    attention      (r, B, LAYER_0); // 46  layer +0: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 46);
    comm_awaits(r, 46);
    sum_attention  (r, B, LAYER_0); // 47  comm, layer +0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 47);
    compute_awaits(r, 47);
    add_and_route  (r, B, LAYER_0); // 48  layer +0: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 48);
    comm_awaits(r, 48);
    dispatch_start (r, B, LAYER_0); // 49  comm, layer +0: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 49);
    compute_awaits(r, 49);
    dispatch_finish(r, B, LAYER_0); // 50  layer +0: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_0); // 51  layer +0: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 51);
    comm_awaits(r, 51);
    combine_start  (r, B, LAYER_0); // 52  comm, layer +0: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 52);
    compute_awaits(r, 52);
    combine_finish (r, B, LAYER_0); // 53  layer +0: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 53);
    comm_awaits(r, 53);
    sum_experts    (r, B, LAYER_0); // 54  comm, layer +0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 54);
    compute_awaits(r, 54);
    add_experts    (r, B, LAYER_0); // 55  layer +0: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_1); // 56  layer +1: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 56);
    comm_awaits(r, 56);
    sum_attention  (r, B, LAYER_1); // 57  comm, layer +1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 57);
    compute_awaits(r, 57);
    add_and_route  (r, B, LAYER_1); // 58  layer +1: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 58);
    comm_awaits(r, 58);
    dispatch_start (r, B, LAYER_1); // 59  comm, layer +1: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 59);
    compute_awaits(r, 59);
    dispatch_finish(r, B, LAYER_1); // 60  layer +1: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 61  layer +1: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 61);
    comm_awaits(r, 61);
    combine_start  (r, B, LAYER_1); // 62  comm, layer +1: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 62);
    compute_awaits(r, 62);
    combine_finish (r, B, LAYER_1); // 63  layer +1: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 63);
    comm_awaits(r, 63);
    sum_experts    (r, B, LAYER_1); // 64  comm, layer +1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 64);
    compute_awaits(r, 64);
    add_experts    (r, B, LAYER_1); // 65  layer +1: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_2); // 66  layer +2: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 66);
    comm_awaits(r, 66);
    sum_attention  (r, B, LAYER_2); // 67  comm, layer +2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 67);
    compute_awaits(r, 67);
    add_and_route  (r, B, LAYER_2); // 68  layer +2: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 68);
    comm_awaits(r, 68);
    dispatch_start (r, B, LAYER_2); // 69  comm, layer +2: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 69);
    compute_awaits(r, 69);
    dispatch_finish(r, B, LAYER_2); // 70  layer +2: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 71  layer +2: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 71);
    comm_awaits(r, 71);
    combine_start  (r, B, LAYER_2); // 72  comm, layer +2: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 72);
    compute_awaits(r, 72);
    combine_finish (r, B, LAYER_2); // 73  layer +2: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 73);
    comm_awaits(r, 73);
    sum_experts    (r, B, LAYER_2); // 74  comm, layer +2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 74);
    compute_awaits(r, 74);
    add_experts    (r, B, LAYER_2); // 75  layer +2: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_3); // 76  layer +3: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 76);
    comm_awaits(r, 76);
    sum_attention  (r, B, LAYER_3); // 77  comm, layer +3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 77);
    compute_awaits(r, 77);
    add_and_route  (r, B, LAYER_3); // 78  layer +3: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 78);
    comm_awaits(r, 78);
    dispatch_start (r, B, LAYER_3); // 79  comm, layer +3: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 79);
    compute_awaits(r, 79);
    dispatch_finish(r, B, LAYER_3); // 80  layer +3: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 81  layer +3: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 81);
    comm_awaits(r, 81);
    combine_start  (r, B, LAYER_3); // 82  comm, layer +3: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 82);
    compute_awaits(r, 82);
    combine_finish (r, B, LAYER_3); // 83  layer +3: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 83);
    comm_awaits(r, 83);
    sum_experts    (r, B, LAYER_3); // 84  comm, layer +3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 84);
    compute_awaits(r, 84);
    add_experts    (r, B, LAYER_3); // 85  layer +3: (2, 2048) f32 onto the residual
    record_compute(r, 85);

    comm_awaits(r, 85);
    send_stage     (r, B);          // 86  comm, (2, 2048) f32 to the next stage
    record_comm(r, 86);

    compute_awaits(r, 86);
}
