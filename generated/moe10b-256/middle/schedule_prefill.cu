/* moe10b-256, class middle: 4 layers, ranks 32-95, 160-223.
 * The prefill of one step: at most 256 rows in each micro-batch, A to B.
 *
 * Each op is a line: its id in PLAN.txt, its stream where that is comm, its layer in the model, and its shapes as (rows,
 * width). Ops are enqueued in this order on two streams; a stream goes on when the op that it awaits has ended on the
 * other. The host goes on at once but where it needs counts that an op brings.
 * Ranks of this class begin at different layers: layer +0 is the layer_base of the rank's row.
 * Micro-batches go in pairs, half a layer apart: what one sends travels while the other computes.
 */
#include "class.h"
#include "cuda/ops/ops.h"

/* clang-format off */
extern "C" void schedule_prefill(struct gpu *r)
{
    rotary         (r, A);          //  1  (256, 128) f32
    record_compute(r, 1);
    comm_awaits(r, 1);
    receive_stage  (r, A);          //  2  comm, (256, 2048) f32 from the previous stage
    record_comm(r, 2);

    compute_awaits(r, 2);
    attention      (r, A, LAYER_0); //  3  layer +0: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 3);
    comm_awaits(r, 3);
    sum_attention  (r, A, LAYER_0); //  4  comm, layer +0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 4);
    compute_awaits(r, 4);
    add_and_route  (r, A, LAYER_0); //  5  layer +0: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 5);
    comm_awaits(r, 5);
    dispatch_counts(r, A, LAYER_0); //  6  comm, layer +0: 1 expert of 16 senders
    record_comm(r, 6);

    rotary         (r, B);          //  7  (256, 128) f32
    receive_stage  (r, B);          //  8  comm, (256, 2048) f32 from the previous stage
    record_comm(r, 8);

    compute_awaits(r, 8);
    attention      (r, B, LAYER_0); //  9  layer +0: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 9);
    host_awaits(r, 6);
    dispatch_start (r, A, LAYER_0); // 10  comm, layer +0: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 10);
    comm_awaits(r, 9);
    sum_attention  (r, B, LAYER_0); // 11  comm, layer +0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 10);
    dispatch_finish(r, A, LAYER_0); // 12  layer +0: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_0); // 13  layer +0: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 13);
    comm_awaits(r, 13);
    combine_start  (r, A, LAYER_0); // 14  comm, layer +0: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 14);
    compute_awaits(r, 11);
    add_and_route  (r, B, LAYER_0); // 15  layer +0: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 15);
    comm_awaits(r, 15);
    dispatch_counts(r, B, LAYER_0); // 16  comm, layer +0: 1 expert of 16 senders
    record_comm(r, 16);
    compute_awaits(r, 14);
    combine_finish (r, A, LAYER_0); // 17  layer +0: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 17);
    comm_awaits(r, 17);
    sum_experts    (r, A, LAYER_0); // 18  comm, layer +0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 18);
    compute_awaits(r, 18);
    add_experts    (r, A, LAYER_0); // 19  layer +0: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_1); // 20  layer +1: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 20);

    host_awaits(r, 16);
    dispatch_start (r, B, LAYER_0); // 21  comm, layer +0: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 21);

    comm_awaits(r, 20);
    sum_attention  (r, A, LAYER_1); // 22  comm, layer +1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 22);

    compute_awaits(r, 21);
    dispatch_finish(r, B, LAYER_0); // 23  layer +0: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_0); // 24  layer +0: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 24);
    comm_awaits(r, 24);
    combine_start  (r, B, LAYER_0); // 25  comm, layer +0: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 25);

    compute_awaits(r, 22);
    add_and_route  (r, A, LAYER_1); // 26  layer +1: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 26);
    comm_awaits(r, 26);
    dispatch_counts(r, A, LAYER_1); // 27  comm, layer +1: 1 expert of 16 senders
    record_comm(r, 27);

    compute_awaits(r, 25);
    combine_finish (r, B, LAYER_0); // 28  layer +0: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 28);
    comm_awaits(r, 28);
    sum_experts    (r, B, LAYER_0); // 29  comm, layer +0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 29);
    compute_awaits(r, 29);
    add_experts    (r, B, LAYER_0); // 30  layer +0: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_1); // 31  layer +1: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 31);
    host_awaits(r, 27);
    dispatch_start (r, A, LAYER_1); // 32  comm, layer +1: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 32);
    comm_awaits(r, 31);
    sum_attention  (r, B, LAYER_1); // 33  comm, layer +1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 32);
    dispatch_finish(r, A, LAYER_1); // 34  layer +1: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_1); // 35  layer +1: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 35);
    comm_awaits(r, 35);
    combine_start  (r, A, LAYER_1); // 36  comm, layer +1: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 36);
    compute_awaits(r, 33);
    add_and_route  (r, B, LAYER_1); // 37  layer +1: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 37);
    comm_awaits(r, 37);
    dispatch_counts(r, B, LAYER_1); // 38  comm, layer +1: 1 expert of 16 senders
    record_comm(r, 38);
    compute_awaits(r, 36);
    combine_finish (r, A, LAYER_1); // 39  layer +1: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 39);
    comm_awaits(r, 39);
    sum_experts    (r, A, LAYER_1); // 40  comm, layer +1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 40);
    compute_awaits(r, 40);
    add_experts    (r, A, LAYER_1); // 41  layer +1: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_2); // 42  layer +2: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 42);

    host_awaits(r, 38);
    dispatch_start (r, B, LAYER_1); // 43  comm, layer +1: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 43);

    comm_awaits(r, 42);
    sum_attention  (r, A, LAYER_2); // 44  comm, layer +2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 44);

    compute_awaits(r, 43);
    dispatch_finish(r, B, LAYER_1); // 45  layer +1: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 46  layer +1: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 46);
    comm_awaits(r, 46);
    combine_start  (r, B, LAYER_1); // 47  comm, layer +1: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 47);

    compute_awaits(r, 44);
    add_and_route  (r, A, LAYER_2); // 48  layer +2: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 48);
    comm_awaits(r, 48);
    dispatch_counts(r, A, LAYER_2); // 49  comm, layer +2: 1 expert of 16 senders
    record_comm(r, 49);

    compute_awaits(r, 47);
    combine_finish (r, B, LAYER_1); // 50  layer +1: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 50);
    comm_awaits(r, 50);
    sum_experts    (r, B, LAYER_1); // 51  comm, layer +1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 51);
    compute_awaits(r, 51);
    add_experts    (r, B, LAYER_1); // 52  layer +1: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_2); // 53  layer +2: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 53);
    host_awaits(r, 49);
    dispatch_start (r, A, LAYER_2); // 54  comm, layer +2: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 54);
    comm_awaits(r, 53);
    sum_attention  (r, B, LAYER_2); // 55  comm, layer +2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 55);
    compute_awaits(r, 54);
    dispatch_finish(r, A, LAYER_2); // 56  layer +2: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_2); // 57  layer +2: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 57);
    comm_awaits(r, 57);
    combine_start  (r, A, LAYER_2); // 58  comm, layer +2: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 58);
    compute_awaits(r, 55);
    add_and_route  (r, B, LAYER_2); // 59  layer +2: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 59);
    comm_awaits(r, 59);
    dispatch_counts(r, B, LAYER_2); // 60  comm, layer +2: 1 expert of 16 senders
    record_comm(r, 60);
    compute_awaits(r, 58);
    combine_finish (r, A, LAYER_2); // 61  layer +2: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 61);
    comm_awaits(r, 61);
    sum_experts    (r, A, LAYER_2); // 62  comm, layer +2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 62);
    compute_awaits(r, 62);
    add_experts    (r, A, LAYER_2); // 63  layer +2: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_3); // 64  layer +3: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 64);

    host_awaits(r, 60);
    dispatch_start (r, B, LAYER_2); // 65  comm, layer +2: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 65);

    comm_awaits(r, 64);
    sum_attention  (r, A, LAYER_3); // 66  comm, layer +3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 66);

    compute_awaits(r, 65);
    dispatch_finish(r, B, LAYER_2); // 67  layer +2: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 68  layer +2: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 68);
    comm_awaits(r, 68);
    combine_start  (r, B, LAYER_2); // 69  comm, layer +2: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 69);

    compute_awaits(r, 66);
    add_and_route  (r, A, LAYER_3); // 70  layer +3: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 70);
    comm_awaits(r, 70);
    dispatch_counts(r, A, LAYER_3); // 71  comm, layer +3: 1 expert of 16 senders
    record_comm(r, 71);

    compute_awaits(r, 69);
    combine_finish (r, B, LAYER_2); // 72  layer +2: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 72);
    comm_awaits(r, 72);
    sum_experts    (r, B, LAYER_2); // 73  comm, layer +2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 73);
    compute_awaits(r, 73);
    add_experts    (r, B, LAYER_2); // 74  layer +2: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_3); // 75  layer +3: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 75);
    host_awaits(r, 71);
    dispatch_start (r, A, LAYER_3); // 76  comm, layer +3: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 76);
    comm_awaits(r, 75);
    sum_attention  (r, B, LAYER_3); // 77  comm, layer +3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 77);
    compute_awaits(r, 76);
    dispatch_finish(r, A, LAYER_3); // 78  layer +3: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_3); // 79  layer +3: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 79);
    comm_awaits(r, 79);
    combine_start  (r, A, LAYER_3); // 80  comm, layer +3: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 80);
    compute_awaits(r, 77);
    add_and_route  (r, B, LAYER_3); // 81  layer +3: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 81);
    comm_awaits(r, 81);
    dispatch_counts(r, B, LAYER_3); // 82  comm, layer +3: 1 expert of 16 senders
    record_comm(r, 82);
    compute_awaits(r, 80);
    combine_finish (r, A, LAYER_3); // 83  layer +3: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 83);
    comm_awaits(r, 83);
    sum_experts    (r, A, LAYER_3); // 84  comm, layer +3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 84);
    compute_awaits(r, 84);
    add_experts    (r, A, LAYER_3); // 85  layer +3: (256, 2048) f32 onto the residual
    record_compute(r, 85);

    comm_awaits(r, 85);
    send_stage     (r, A);          // 86  comm, (256, 2048) f32 to the next stage

    host_awaits(r, 82);
    dispatch_start (r, B, LAYER_3); // 87  comm, layer +3: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 87);
    compute_awaits(r, 87);
    dispatch_finish(r, B, LAYER_3); // 88  layer +3: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 89  layer +3: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 89);
    comm_awaits(r, 89);
    combine_start  (r, B, LAYER_3); // 90  comm, layer +3: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 90);
    compute_awaits(r, 90);
    combine_finish (r, B, LAYER_3); // 91  layer +3: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 91);
    comm_awaits(r, 91);
    sum_experts    (r, B, LAYER_3); // 92  comm, layer +3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 92);
    compute_awaits(r, 92);
    add_experts    (r, B, LAYER_3); // 93  layer +3: (256, 2048) f32 onto the residual
    record_compute(r, 93);

    comm_awaits(r, 93);
    send_stage     (r, B);          // 94  comm, (256, 2048) f32 to the next stage
    record_comm(r, 94);

    compute_awaits(r, 94);
}
