/* moe10b-256, class first: layers 0-3, ranks 0-31, 128-159.
 * The decode of one step: at most 2 rows in each micro-batch, A to B.
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
    rotary         (r, A);          //  1  (2, 128) f32
    embed_slice    (r, A);          //  2  (2, 2048) bf16 from this tp's (16000, 2048) bf16
    record_compute(r, 2);
    comm_awaits(r, 2);
    sum_embedding  (r, A);          //  3  comm, (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 3);
    compute_awaits(r, 3);
    add_embedding  (r, A);          //  4  (2, 2048) bf16 to the residual, f32

    attention      (r, A, LAYER_0); //  5  layer 0: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 5);
    comm_awaits(r, 5);
    sum_attention  (r, A, LAYER_0); //  6  comm, layer 0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 6);
    compute_awaits(r, 6);
    add_and_route  (r, A, LAYER_0); //  7  layer 0: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 7);
    comm_awaits(r, 7);
    dispatch_start (r, A, LAYER_0); //  8  comm, layer 0: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 8);
    compute_awaits(r, 8);
    dispatch_finish(r, A, LAYER_0); //  9  layer 0: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_0); // 10  layer 0: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 10);
    comm_awaits(r, 10);
    combine_start  (r, A, LAYER_0); // 11  comm, layer 0: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 11);
    compute_awaits(r, 11);
    combine_finish (r, A, LAYER_0); // 12  layer 0: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 12);
    comm_awaits(r, 12);
    sum_experts    (r, A, LAYER_0); // 13  comm, layer 0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 13);
    compute_awaits(r, 13);
    add_experts    (r, A, LAYER_0); // 14  layer 0: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_1); // 15  layer 1: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 15);
    comm_awaits(r, 15);
    sum_attention  (r, A, LAYER_1); // 16  comm, layer 1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 16);
    compute_awaits(r, 16);
    add_and_route  (r, A, LAYER_1); // 17  layer 1: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 17);
    comm_awaits(r, 17);
    dispatch_start (r, A, LAYER_1); // 18  comm, layer 1: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 18);
    compute_awaits(r, 18);
    dispatch_finish(r, A, LAYER_1); // 19  layer 1: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_1); // 20  layer 1: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 20);
    comm_awaits(r, 20);
    combine_start  (r, A, LAYER_1); // 21  comm, layer 1: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 21);
    compute_awaits(r, 21);
    combine_finish (r, A, LAYER_1); // 22  layer 1: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 22);
    comm_awaits(r, 22);
    sum_experts    (r, A, LAYER_1); // 23  comm, layer 1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 23);
    compute_awaits(r, 23);
    add_experts    (r, A, LAYER_1); // 24  layer 1: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_2); // 25  layer 2: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 25);
    comm_awaits(r, 25);
    sum_attention  (r, A, LAYER_2); // 26  comm, layer 2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 26);
    compute_awaits(r, 26);
    add_and_route  (r, A, LAYER_2); // 27  layer 2: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 27);
    comm_awaits(r, 27);
    dispatch_start (r, A, LAYER_2); // 28  comm, layer 2: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 28);
    compute_awaits(r, 28);
    dispatch_finish(r, A, LAYER_2); // 29  layer 2: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_2); // 30  layer 2: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 30);
    comm_awaits(r, 30);
    combine_start  (r, A, LAYER_2); // 31  comm, layer 2: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 31);
    compute_awaits(r, 31);
    combine_finish (r, A, LAYER_2); // 32  layer 2: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 32);
    comm_awaits(r, 32);
    sum_experts    (r, A, LAYER_2); // 33  comm, layer 2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 33);
    compute_awaits(r, 33);
    add_experts    (r, A, LAYER_2); // 34  layer 2: (2, 2048) f32 onto the residual

    attention      (r, A, LAYER_3); // 35  layer 3: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 35);
    comm_awaits(r, 35);
    sum_attention  (r, A, LAYER_3); // 36  comm, layer 3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 36);
    compute_awaits(r, 36);
    add_and_route  (r, A, LAYER_3); // 37  layer 3: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 37);
    comm_awaits(r, 37);
    dispatch_start (r, A, LAYER_3); // 38  comm, layer 3: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 38);
    compute_awaits(r, 38);
    dispatch_finish(r, A, LAYER_3); // 39  layer 3: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, A, LAYER_3); // 40  layer 3: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 40);
    comm_awaits(r, 40);
    combine_start  (r, A, LAYER_3); // 41  comm, layer 3: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 41);
    compute_awaits(r, 41);
    combine_finish (r, A, LAYER_3); // 42  layer 3: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 42);
    comm_awaits(r, 42);
    sum_experts    (r, A, LAYER_3); // 43  comm, layer 3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 43);
    compute_awaits(r, 43);
    add_experts    (r, A, LAYER_3); // 44  layer 3: (2, 2048) f32 onto the residual
    record_compute(r, 44);

    comm_awaits(r, 44);
    send_stage     (r, A);          // 45  comm, (2, 2048) f32 to the next stage
    rotary         (r, B);          // 46  (2, 128) f32
    embed_slice    (r, B);          // 47  (2, 2048) bf16 from this tp's (16000, 2048) bf16
    record_compute(r, 47);
    comm_awaits(r, 47);
    sum_embedding  (r, B);          // 48  comm, (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 48);
    compute_awaits(r, 48);
    add_embedding  (r, B);          // 49  (2, 2048) bf16 to the residual, f32

    attention      (r, B, LAYER_0); // 50  layer 0: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 50);
    comm_awaits(r, 50);
    sum_attention  (r, B, LAYER_0); // 51  comm, layer 0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 51);
    compute_awaits(r, 51);
    add_and_route  (r, B, LAYER_0); // 52  layer 0: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 52);
    comm_awaits(r, 52);
    dispatch_start (r, B, LAYER_0); // 53  comm, layer 0: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 53);
    compute_awaits(r, 53);
    dispatch_finish(r, B, LAYER_0); // 54  layer 0: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_0); // 55  layer 0: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 55);
    comm_awaits(r, 55);
    combine_start  (r, B, LAYER_0); // 56  comm, layer 0: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 56);
    compute_awaits(r, 56);
    combine_finish (r, B, LAYER_0); // 57  layer 0: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 57);
    comm_awaits(r, 57);
    sum_experts    (r, B, LAYER_0); // 58  comm, layer 0: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 58);
    compute_awaits(r, 58);
    add_experts    (r, B, LAYER_0); // 59  layer 0: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_1); // 60  layer 1: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 60);
    comm_awaits(r, 60);
    sum_attention  (r, B, LAYER_1); // 61  comm, layer 1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 61);
    compute_awaits(r, 61);
    add_and_route  (r, B, LAYER_1); // 62  layer 1: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 62);
    comm_awaits(r, 62);
    dispatch_start (r, B, LAYER_1); // 63  comm, layer 1: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 63);
    compute_awaits(r, 63);
    dispatch_finish(r, B, LAYER_1); // 64  layer 1: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_1); // 65  layer 1: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 65);
    comm_awaits(r, 65);
    combine_start  (r, B, LAYER_1); // 66  comm, layer 1: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 66);
    compute_awaits(r, 66);
    combine_finish (r, B, LAYER_1); // 67  layer 1: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 67);
    comm_awaits(r, 67);
    sum_experts    (r, B, LAYER_1); // 68  comm, layer 1: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 68);
    compute_awaits(r, 68);
    add_experts    (r, B, LAYER_1); // 69  layer 1: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_2); // 70  layer 2: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 70);
    comm_awaits(r, 70);
    sum_attention  (r, B, LAYER_2); // 71  comm, layer 2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 71);
    compute_awaits(r, 71);
    add_and_route  (r, B, LAYER_2); // 72  layer 2: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 72);
    comm_awaits(r, 72);
    dispatch_start (r, B, LAYER_2); // 73  comm, layer 2: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 73);
    compute_awaits(r, 73);
    dispatch_finish(r, B, LAYER_2); // 74  layer 2: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_2); // 75  layer 2: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 75);
    comm_awaits(r, 75);
    combine_start  (r, B, LAYER_2); // 76  comm, layer 2: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 76);
    compute_awaits(r, 76);
    combine_finish (r, B, LAYER_2); // 77  layer 2: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 77);
    comm_awaits(r, 77);
    sum_experts    (r, B, LAYER_2); // 78  comm, layer 2: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 78);
    compute_awaits(r, 78);
    add_experts    (r, B, LAYER_2); // 79  layer 2: (2, 2048) f32 onto the residual

    attention      (r, B, LAYER_3); // 80  layer 3: (2, 2048), heads 8 x 128, key/value heads 8
    record_compute(r, 80);
    comm_awaits(r, 80);
    sum_attention  (r, B, LAYER_3); // 81  comm, layer 3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 81);
    compute_awaits(r, 81);
    add_and_route  (r, B, LAYER_3); // 82  layer 3: (2, 2048) onto the residual, f32, then to the top 2 of 16 experts
    record_compute(r, 82);
    comm_awaits(r, 82);
    dispatch_start (r, B, LAYER_3); // 83  comm, layer 3: <= (2, 2048) bf16 each to 15 ep peers
    record_comm(r, 83);
    compute_awaits(r, 83);
    dispatch_finish(r, B, LAYER_3); // 84  layer 3: <= (16, 2, 2048) bf16 sorted by expert
    experts        (r, B, LAYER_3); // 85  layer 3: 1 expert of <= (32, 2048), hidden 3072
    record_compute(r, 85);
    comm_awaits(r, 85);
    combine_start  (r, B, LAYER_3); // 86  comm, layer 3: <= (2, 2048) bf16 each back to 15 ep peers
    record_comm(r, 86);
    compute_awaits(r, 86);
    combine_finish (r, B, LAYER_3); // 87  layer 3: (2, 2048) bf16, own sums and those of 15 ep peers
    record_compute(r, 87);
    comm_awaits(r, 87);
    sum_experts    (r, B, LAYER_3); // 88  comm, layer 3: (2, 2048) bf16 summed over 2 tp ranks
    record_comm(r, 88);
    compute_awaits(r, 88);
    add_experts    (r, B, LAYER_3); // 89  layer 3: (2, 2048) f32 onto the residual
    record_compute(r, 89);

    comm_awaits(r, 89);
    send_stage     (r, B);          // 90  comm, (2, 2048) f32 to the next stage
    record_comm(r, 90);

    compute_awaits(r, 90);
}
