/* moe10b-256, class first: layers 0-3, ranks 0-31, 128-159.
 * The prefill of one step: at most 256 rows in each micro-batch, A to B.
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
    rotary         (r, A);          //  1  (256, 128) f32
    embed_slice    (r, A);          //  2  (256, 2048) bf16 from this tp's (16000, 2048) bf16
    record_compute(r, 2);
    comm_awaits(r, 2);
    sum_embedding  (r, A);          //  3  comm, (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 3);
    compute_awaits(r, 3);
    add_embedding  (r, A);          //  4  (256, 2048) bf16 to the residual, f32

    attention      (r, A, LAYER_0); //  5  layer 0: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 5);
    comm_awaits(r, 5);
    sum_attention  (r, A, LAYER_0); //  6  comm, layer 0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 6);
    compute_awaits(r, 6);
    add_and_route  (r, A, LAYER_0); //  7  layer 0: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 7);
    comm_awaits(r, 7);
    dispatch_counts(r, A, LAYER_0); //  8  comm, layer 0: 1 expert of 16 senders
    record_comm(r, 8);

    rotary         (r, B);          //  9  (256, 128) f32
    embed_slice    (r, B);          // 10  (256, 2048) bf16 from this tp's (16000, 2048) bf16
    record_compute(r, 10);
    comm_awaits(r, 10);
    sum_embedding  (r, B);          // 11  comm, (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 11);
    compute_awaits(r, 11);
    add_embedding  (r, B);          // 12  (256, 2048) bf16 to the residual, f32

    attention      (r, B, LAYER_0); // 13  layer 0: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 13);
    host_awaits(r, 8);
    dispatch_start (r, A, LAYER_0); // 14  comm, layer 0: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 14);
    comm_awaits(r, 13);
    sum_attention  (r, B, LAYER_0); // 15  comm, layer 0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 15);
    compute_awaits(r, 14);
    dispatch_finish(r, A, LAYER_0); // 16  layer 0: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_0); // 17  layer 0: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 17);
    comm_awaits(r, 17);
    combine_start  (r, A, LAYER_0); // 18  comm, layer 0: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 18);
    compute_awaits(r, 15);
    add_and_route  (r, B, LAYER_0); // 19  layer 0: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 19);
    comm_awaits(r, 19);
    dispatch_counts(r, B, LAYER_0); // 20  comm, layer 0: 1 expert of 16 senders
    record_comm(r, 20);
    compute_awaits(r, 18);
    combine_finish (r, A, LAYER_0); // 21  layer 0: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 21);
    comm_awaits(r, 21);
    sum_experts    (r, A, LAYER_0); // 22  comm, layer 0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 22);
    compute_awaits(r, 22);
    add_experts    (r, A, LAYER_0); // 23  layer 0: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_1); // 24  layer 1: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 24);

    host_awaits(r, 20);
    dispatch_start (r, B, LAYER_0); // 25  comm, layer 0: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 25);

    comm_awaits(r, 24);
    sum_attention  (r, A, LAYER_1); // 26  comm, layer 1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 26);

    compute_awaits(r, 25);
    dispatch_finish(r, B, LAYER_0); // 27  layer 0: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_0); // 28  layer 0: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 28);
    comm_awaits(r, 28);
    combine_start  (r, B, LAYER_0); // 29  comm, layer 0: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 29);

    compute_awaits(r, 26);
    add_and_route  (r, A, LAYER_1); // 30  layer 1: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 30);
    comm_awaits(r, 30);
    dispatch_counts(r, A, LAYER_1); // 31  comm, layer 1: 1 expert of 16 senders
    record_comm(r, 31);

    compute_awaits(r, 29);
    combine_finish (r, B, LAYER_0); // 32  layer 0: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 32);
    comm_awaits(r, 32);
    sum_experts    (r, B, LAYER_0); // 33  comm, layer 0: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 33);
    add_experts    (r, B, LAYER_0); // 34  layer 0: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_1); // 35  layer 1: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 35);
    host_awaits(r, 31);
    dispatch_start (r, A, LAYER_1); // 36  comm, layer 1: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 36);
    comm_awaits(r, 35);
    sum_attention  (r, B, LAYER_1); // 37  comm, layer 1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 37);
    compute_awaits(r, 36);
    dispatch_finish(r, A, LAYER_1); // 38  layer 1: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_1); // 39  layer 1: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 39);
    comm_awaits(r, 39);
    combine_start  (r, A, LAYER_1); // 40  comm, layer 1: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 40);
    compute_awaits(r, 37);
    add_and_route  (r, B, LAYER_1); // 41  layer 1: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 41);
    comm_awaits(r, 41);
    dispatch_counts(r, B, LAYER_1); // 42  comm, layer 1: 1 expert of 16 senders
    record_comm(r, 42);
    compute_awaits(r, 40);
    combine_finish (r, A, LAYER_1); // 43  layer 1: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 43);
    comm_awaits(r, 43);
    sum_experts    (r, A, LAYER_1); // 44  comm, layer 1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 44);
    compute_awaits(r, 44);
    add_experts    (r, A, LAYER_1); // 45  layer 1: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_2); // 46  layer 2: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 46);

    host_awaits(r, 42);
    dispatch_start (r, B, LAYER_1); // 47  comm, layer 1: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 47);

    comm_awaits(r, 46);
    sum_attention  (r, A, LAYER_2); // 48  comm, layer 2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 48);

    compute_awaits(r, 47);
    dispatch_finish(r, B, LAYER_1); // 49  layer 1: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 50  layer 1: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 50);
    comm_awaits(r, 50);
    combine_start  (r, B, LAYER_1); // 51  comm, layer 1: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 51);

    compute_awaits(r, 48);
    add_and_route  (r, A, LAYER_2); // 52  layer 2: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 52);
    comm_awaits(r, 52);
    dispatch_counts(r, A, LAYER_2); // 53  comm, layer 2: 1 expert of 16 senders
    record_comm(r, 53);

    compute_awaits(r, 51);
    combine_finish (r, B, LAYER_1); // 54  layer 1: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 54);
    comm_awaits(r, 54);
    sum_experts    (r, B, LAYER_1); // 55  comm, layer 1: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 55);
    compute_awaits(r, 55);
    add_experts    (r, B, LAYER_1); // 56  layer 1: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_2); // 57  layer 2: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 57);
    host_awaits(r, 53);
    dispatch_start (r, A, LAYER_2); // 58  comm, layer 2: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 58);
    comm_awaits(r, 57);
    sum_attention  (r, B, LAYER_2); // 59  comm, layer 2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 59);
    compute_awaits(r, 58);
    dispatch_finish(r, A, LAYER_2); // 60  layer 2: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_2); // 61  layer 2: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 61);
    comm_awaits(r, 61);
    combine_start  (r, A, LAYER_2); // 62  comm, layer 2: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 62);
    compute_awaits(r, 59);
    add_and_route  (r, B, LAYER_2); // 63  layer 2: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 63);
    comm_awaits(r, 63);
    dispatch_counts(r, B, LAYER_2); // 64  comm, layer 2: 1 expert of 16 senders
    record_comm(r, 64);
    compute_awaits(r, 62);
    combine_finish (r, A, LAYER_2); // 65  layer 2: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 65);
    comm_awaits(r, 65);
    sum_experts    (r, A, LAYER_2); // 66  comm, layer 2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 66);
    compute_awaits(r, 66);
    add_experts    (r, A, LAYER_2); // 67  layer 2: (256, 2048) f32 onto the residual

    attention      (r, A, LAYER_3); // 68  layer 3: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 68);

    host_awaits(r, 64);
    dispatch_start (r, B, LAYER_2); // 69  comm, layer 2: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 69);

    comm_awaits(r, 68);
    sum_attention  (r, A, LAYER_3); // 70  comm, layer 3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 70);

    compute_awaits(r, 69);
    dispatch_finish(r, B, LAYER_2); // 71  layer 2: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 72  layer 2: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 72);
    comm_awaits(r, 72);
    combine_start  (r, B, LAYER_2); // 73  comm, layer 2: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 73);

    compute_awaits(r, 70);
    add_and_route  (r, A, LAYER_3); // 74  layer 3: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 74);
    comm_awaits(r, 74);
    dispatch_counts(r, A, LAYER_3); // 75  comm, layer 3: 1 expert of 16 senders
    record_comm(r, 75);

    compute_awaits(r, 73);
    combine_finish (r, B, LAYER_2); // 76  layer 2: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 76);
    comm_awaits(r, 76);
    sum_experts    (r, B, LAYER_2); // 77  comm, layer 2: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 77);
    compute_awaits(r, 77);
    add_experts    (r, B, LAYER_2); // 78  layer 2: (256, 2048) f32 onto the residual

    attention      (r, B, LAYER_3); // 79  layer 3: (256, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 79);
    host_awaits(r, 75);
    dispatch_start (r, A, LAYER_3); // 80  comm, layer 3: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 80);
    comm_awaits(r, 79);
    sum_attention  (r, B, LAYER_3); // 81  comm, layer 3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 81);
    compute_awaits(r, 80);
    dispatch_finish(r, A, LAYER_3); // 82  layer 3: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_3); // 83  layer 3: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 83);
    comm_awaits(r, 83);
    combine_start  (r, A, LAYER_3); // 84  comm, layer 3: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 84);
    compute_awaits(r, 81);
    add_and_route  (r, B, LAYER_3); // 85  layer 3: (256, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 85);
    comm_awaits(r, 85);
    dispatch_counts(r, B, LAYER_3); // 86  comm, layer 3: 1 expert of 16 senders
    record_comm(r, 86);
    compute_awaits(r, 84);
    combine_finish (r, A, LAYER_3); // 87  layer 3: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 87);
    comm_awaits(r, 87);
    sum_experts    (r, A, LAYER_3); // 88  comm, layer 3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 88);
    compute_awaits(r, 88);
    add_experts    (r, A, LAYER_3); // 89  layer 3: (256, 2048) f32 onto the residual
    record_compute(r, 89);

    comm_awaits(r, 89);
    send_stage     (r, A);          // 90  comm, (256, 2048) f32 to the next stage

    host_awaits(r, 86);
    dispatch_start (r, B, LAYER_3); // 91  comm, layer 3: <= (256, 2048) bf16 each to 15 ep peers
    record_comm(r, 91);
    compute_awaits(r, 91);
    dispatch_finish(r, B, LAYER_3); // 92  layer 3: <= (16, 256, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 93  layer 3: 1 expert of <= (4096, 2048), hidden 3072
    record_compute(r, 93);
    comm_awaits(r, 93);
    combine_start  (r, B, LAYER_3); // 94  comm, layer 3: <= (256, 2048) bf16 each back to 15 ep peers
    record_comm(r, 94);
    compute_awaits(r, 94);
    combine_finish (r, B, LAYER_3); // 95  layer 3: (256, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 95);
    comm_awaits(r, 95);
    sum_experts    (r, B, LAYER_3); // 96  comm, layer 3: (256, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 96);
    compute_awaits(r, 96);
    add_experts    (r, B, LAYER_3); // 97  layer 3: (256, 2048) f32 onto the residual
    record_compute(r, 97);

    comm_awaits(r, 97);
    send_stage     (r, B);          // 98  comm, (256, 2048) f32 to the next stage
    record_comm(r, 98);

    compute_awaits(r, 98);
}
