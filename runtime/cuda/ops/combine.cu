/* The way back: sums of the ranks that hold a row's experts return to the row's rank and are added. */
#include "cuda/kernels/chunk.cuh"
#include "cuda/ops/exchange.cuh"

void combine_start(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "expert combine start"))
        return;
    NCCL_CHECK(r, r->nccl->ncclGroupStart());
    for (int peer = 0; peer < EP; peer++) {
        if (peer == r->ep)
            continue;
        const struct message message = message_with(r, m, peer);
        exchange(r, r->ep_comm, peer, message.incoming, message.incoming_bytes, message.outgoing,
                 message.outgoing_bytes);
    }
    NCCL_CHECK(r, r->nccl->ncclGroupEnd());
}

enum {
    ADD_WARPS = (HIDDEN / chunk<element>::VALUES + WARP - 1) / WARP,
    ADD_THREADS = (ADD_WARPS < 8 ? ADD_WARPS : 8) * WARP,
};

/* A block a row: the sum of its records, in the order of its choices; a row that has none gets zeros. Bound by memory:
 * each record is read once. */
__global__ void __launch_bounds__(ADD_THREADS)
    add_returned(const struct step_header *step, int m, const struct routes *routes, struct records records,
                 element *partial)
{
    static __shared__ const struct travelling_row *returned[TOP_K];
    const int row = (int)blockIdx.x;
    if (row >= slice_of(step, m).count)
        return;
    for (int k = warp_index(); k < TOP_K; k += ADD_THREADS / WARP) {
        const struct routes::choice choice = routes->chosen[row][k];
        const struct travelling_row *first = choice.place < 0 ? nullptr : first_record(records, routes, choice.home);
        if (lane_index() == 0)
            returned[k] = choice.place < 0 ? nullptr : first + choice.place;
    }
    __syncthreads();
    for (int i = (int)threadIdx.x * chunk<element>::VALUES; i < HIDDEN; i += ADD_THREADS * chunk<element>::VALUES) {
        float sums[chunk<element>::VALUES] = {};
#pragma unroll
        for (int k = 0; k < TOP_K; k++) {
            if (!returned[k])
                continue;
            const chunk<element> values = read_chunk(returned[k]->values + i);
#pragma unroll
            for (int j = 0; j < chunk<element>::VALUES; j++)
                sums[j] += to_float(values.values[j]);
        }
        chunk<element> rounded;
#pragma unroll
        for (int j = 0; j < chunk<element>::VALUES; j++)
            rounded.values[j] = from_float<element>(sums[j]);
        write_chunk(partial + (size_t)row * HIDDEN + i, rounded);
    }
}

static void combine(struct gpu *r, enum micro_batch m)
{
    launch(r, r->compute, dim3((unsigned)rows_of(r, m)), dim3(ADD_THREADS), 0, add_returned, step_of(r), (int)m,
           (const struct routes *)ARENA(r, m, ROUTES), records_of(r, m), partial_of(r, m));
}

void combine_finish(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "expert combine"))
        combine(r, m);
}

void scatter(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "expert scatter"))
        combine(r, m);
}
