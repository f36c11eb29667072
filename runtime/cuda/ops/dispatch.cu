/* Rows on their way to the ranks that hold their experts, and what arrived, sorted by expert. */
#include "cuda/ops/exchange.cuh"

constexpr size_t MOST_PEERS = TOP_K < EP - 1 ? TOP_K : EP - 1; /* that one row goes to */
constexpr size_t MOST_SENT_EXACTLY =
    MOST_PEERS * ROWS < (EP - 1) * (size_t)DISPATCH_ROWS ? MOST_PEERS * ROWS : (EP - 1) * (size_t)DISPATCH_ROWS;
static_assert(EP == 1 || EP * (size_t)DECODE_DISPATCH_ROWS <= OUTGOING_RECORDS,
              "the plan's OUTGOING buffer is too small for messages of decode");
static_assert(EP == 1 || (EXACT_DISPATCH ? MOST_SENT_EXACTLY : EP * (size_t)DISPATCH_ROWS) <= OUTGOING_RECORDS,
              "the plan's OUTGOING buffer is too small for messages of prefill");

/* ---- comm */

static void exchange_counts(struct gpu *r, enum micro_batch m, int peer)
{
    const struct routes *routes = (const struct routes *)ARENA(r, m, ROUTES);
    struct arrivals *arrivals = (struct arrivals *)ARENA(r, m, ARRIVALS);
    exchange(r, r->ep_comm, peer, &routes->sent[peer], sizeof routes->sent[peer], &arrivals->got[peer],
             sizeof arrivals->got[peer]);
}

static void copy_to_host(struct gpu *r, cudaStream_t stream, struct message_counts *host,
                         const struct message_counts *device, int count)
{
    GPU_CHECK(r, cudaMemcpyAsync(host, device, count * sizeof *device, cudaMemcpyDeviceToHost, stream));
}

void dispatch_counts(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "expert dispatch counts"))
        return;
    const struct routes *routes = (const struct routes *)ARENA(r, m, ROUTES);
    const struct arrivals *arrivals = (const struct arrivals *)ARENA(r, m, ARRIVALS);
    struct host_counts *host = host_counts_of(r, m);
    NCCL_CHECK(r, r->nccl->ncclGroupStart());
    for (int peer = 0; peer < EP; peer++)
        if (peer != r->ep)
            exchange_counts(r, m, peer);
    NCCL_CHECK(r, r->nccl->ncclGroupEnd());
    copy_to_host(r, r->comm, host->sent, routes->sent, EP);
    copy_to_host(r, r->comm, host->got, arrivals->got, EP);
    copy_to_host(r, r->comm, &host->got[r->ep], &routes->sent[r->ep], 1);
}

void dispatch_start(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "expert dispatch start"))
        return;
    NCCL_CHECK(r, r->nccl->ncclGroupStart());
    for (int peer = 0; peer < EP; peer++) {
        if (peer == r->ep)
            continue;
        if (!sends_exactly(r))
            exchange_counts(r, m, peer);
        const struct message message = message_with(r, m, peer);
        exchange(r, r->ep_comm, peer, message.outgoing, message.outgoing_bytes, message.incoming,
                 message.incoming_bytes);
    }
    NCCL_CHECK(r, r->nccl->ncclGroupEnd());
}

/* ---- compute */

enum { SORT_THREADS = 256, SORT_EACH = 4 };

/* The own rows did not travel: their counts are those of what was sent. */
__device__ __forceinline__ const struct message_counts *
counts_from(const struct routes *routes, const struct arrivals *arrivals, int own, int sender)
{
    return sender == own ? &routes->sent[own] : &arrivals->got[sender];
}

/* begins[p]: rows from the senders before p; begins[EP]: from all. */
__device__ __forceinline__ void count_rows(const struct routes *routes, const struct arrivals *arrivals, int own,
                                           int *begins, int *shared)
{
    int before = 0, here;
    for (int first = 0; first < EP; first += SORT_THREADS) {
        const int sender = first + (int)threadIdx.x;
        const int rows = sender < EP ? counts_from(routes, arrivals, own, sender)->rows : 0;
        const int begin = before + block_prefix<SORT_THREADS>(rows, shared, &here);
        if (sender < EP)
            begins[sender] = begin;
        before += here;
    }
    if (threadIdx.x == 0)
        begins[EP] = before;
    __syncthreads();
}

/* How many wishes all senders have for the slots before `slot`. */
__device__ __forceinline__ int count_wishes_before(int slot, const struct routes *routes,
                                                   const struct arrivals *arrivals, int own, int *shared)
{
    int wishes = 0, all;
    for (int i = (int)threadIdx.x; i < EP * slot; i += SORT_THREADS)
        wishes += counts_from(routes, arrivals, own, i / slot)->wishes[i % slot];
    block_prefix<SORT_THREADS>(wishes, shared, &all);
    return all;
}

/* The sender of the row that has so many before it: the last that begins there or earlier. */
__device__ __forceinline__ int sender_of(const int *begins, int row)
{
    int low = 0, high = EP;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (begins[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Which of a record's wishes is for `slot`, -1: none; and how many it has. */
__device__ __forceinline__ int find_wish(const struct travelling_row *record, int slot, int *count)
{
    int found = -1, k = 0;
    for (; k < TOP_K && record->wishes[k].slot >= 0; k++)
        found = record->wishes[k].slot == slot ? k : found;
    *count = k;
    return found;
}

/* A block a slot: its entries, in order of senders and rows, and where each row finds them. Reads the wishes of all
 * records, a sector or two of each: bound by latency, SORT_THREADS x SORT_EACH rows at a time. There are few blocks, so
 * one a multiprocessor, which may have all registers. */
__global__ void __launch_bounds__(SORT_THREADS, 1)
    sort_arrivals(const struct routes *routes, const struct travelling_row *incoming, int own,
                  struct arrivals *arrivals)
{
    static __shared__ int shared[WARP], begins[EP + 1];
    const int slot = (int)blockIdx.x;
    count_rows(routes, arrivals, own, begins, shared);
    int next = count_wishes_before(slot, routes, arrivals, own, shared);
    if (threadIdx.x == 0)
        arrivals->begin[slot] = next;
    for (int first = 0; first < begins[EP]; first += SORT_THREADS * SORT_EACH) {
        int senders[SORT_EACH], rows[SORT_EACH], found[SORT_EACH], mine = 0, here;
#pragma unroll
        for (int i = 0; i < SORT_EACH; i++) {
            const int at = first + (int)threadIdx.x * SORT_EACH + i;
            found[i] = -1;
            if (at >= begins[EP])
                continue;
            int wishes;
            senders[i] = sender_of(begins, at);
            rows[i] = at - begins[senders[i]];
            found[i] = find_wish(incoming + (size_t)senders[i] * DISPATCH_ROWS + rows[i], slot, &wishes);
            mine += found[i] >= 0;
            for (int k = wishes; slot == 0 && k < WISHES; k++)
                arrivals->entry_of[senders[i]][rows[i]][k] = -1;
        }
        int entry = next + block_prefix<SORT_THREADS>(mine, shared, &here);
#pragma unroll
        for (int i = 0; i < SORT_EACH; i++) {
            if (found[i] < 0)
                continue;
            const float weight = incoming[(size_t)senders[i] * DISPATCH_ROWS + rows[i]].wishes[found[i]].weight;
            arrivals->entry_of[senders[i]][rows[i]][found[i]] = entry;
            arrivals->entries[entry++] = {senders[i], rows[i], weight};
        }
        next += here;
    }
    if (slot == EXPERT_SLOTS - 1 && threadIdx.x == 0)
        arrivals->begin[EXPERT_SLOTS] = next;
    if (slot == 0 && threadIdx.x == 0)
        arrivals->got[own].rows = routes->sent[own].rows;
    if (threadIdx.x == 0)
        arrivals->got[own].wishes[slot] = routes->sent[own].wishes[slot];
}

static void sort(struct gpu *r, enum micro_batch m)
{
    launch(r, r->compute, dim3(EXPERT_SLOTS), dim3(SORT_THREADS), 0, sort_arrivals,
           (const struct routes *)ARENA(r, m, ROUTES), (const struct travelling_row *)ARENA(r, m, INCOMING), (int)r->ep,
           (struct arrivals *)ARENA(r, m, ARRIVALS));
}

void dispatch_finish(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "expert dispatch"))
        sort(r, m);
}

void gather(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "expert gather"))
        return;
    sort(r, m);
    if (!sends_exactly(r))
        return;
    const struct routes *routes = (const struct routes *)ARENA(r, m, ROUTES);
    copy_to_host(r, r->compute, host_counts_of(r, m)->sent, routes->sent, EP);
    copy_to_host(r, r->compute, host_counts_of(r, m)->got, routes->sent, EP);
}
