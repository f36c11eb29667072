/* Where rows go: each row's experts, its places among the rows of each ep coordinate, and the records that travel. */
#include "cuda/kernels/chunk.cuh"
#include "cuda/kernels/prefix.cuh"
#include "cuda/ops/records.cuh"
#include "placement.cuh"

static_assert((int)PLACEMENT_EXPERTS == (int)EXPERTS && TOP_K <= WARP, "a row's choices fit the lanes of a warp");

/* Which row of the placement tables is this rank's and this layer's. */
struct placement_at {
    int layer, source;
};

enum {
    WARPS_A_BLOCK = 8,
    PLACES_THREADS = WARPS_A_BLOCK * WARP,
    SCAN_THREADS = 1024,
    LANE_EXPERTS = (EXPERTS + WARP - 1) / WARP,
};

/* ---- choices */

/* Orders logits, the lower expert first among equals: larger keys go first. 0: none. */
__device__ __forceinline__ unsigned long long key_of(float logit, int expert)
{
    const float positive_zero = logit + 0.0F; /* -0 equals 0 */
    uint32_t bits;
    memcpy(&bits, &positive_zero, sizeof bits);
    bits = bits & 0x80000000U ? ~bits : bits | 0x80000000U;
    return (unsigned long long)bits << 32 | (0xffffffffU - (unsigned)expert);
}

__device__ __forceinline__ int expert_of(unsigned long long key)
{
    return (int)(0xffffffffU - (unsigned)key);
}

__device__ __forceinline__ unsigned long long warp_max(unsigned long long value)
{
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        const unsigned long long other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = value > other ? value : other;
    }
    return value;
}

/* Choice `k` of a row in lane k: the TOP_K largest logits and their softmax. That equals the softmax over all experts
 * divided by the chosen ones' sum, which is how Mixtral states it. Any logits, NaN too, give distinct experts. */
__device__ __forceinline__ void choose(const float *logits, int *expert, float *weight)
{
    unsigned long long keys[LANE_EXPERTS], best = 0;
#pragma unroll
    for (int i = 0; i < LANE_EXPERTS; i++) {
        const int candidate = i * WARP + lane_index();
        keys[i] = candidate < EXPERTS ? key_of(logits[candidate], candidate) : 0;
    }
    for (int k = 0; k < TOP_K; k++) {
        unsigned long long largest = 0;
#pragma unroll
        for (int i = 0; i < LANE_EXPERTS; i++)
            largest = keys[i] > largest ? keys[i] : largest;
        largest = warp_max(largest);
#pragma unroll
        for (int i = 0; i < LANE_EXPERTS; i++)
            keys[i] = keys[i] == largest ? 0 : keys[i];
        best = lane_index() == k ? largest : best;
    }
    *expert = lane_index() < TOP_K ? expert_of(best) : 0;
    const float logit = logits[*expert], top = __shfl_sync(ALL_LANES, logit, 0);
    const float share = lane_index() < TOP_K ? expf(logit - top) : 0.0F;
    *weight = share / warp_sum(share);
}

/* A warp a row: its experts and who serves them. Few bytes: bound by latency. */
__global__ void __launch_bounds__(PLACES_THREADS)
    choose_experts(const struct step_header *step, int m, const float *logits, struct placement_at at,
                   struct routes *routes)
{
    const int row = (int)blockIdx.x * WARPS_A_BLOCK + warp_index();
    if (row >= slice_of(step, m).count)
        return;
    int expert;
    float weight;
    choose(logits + (size_t)row * EXPERTS, &expert, &weight);
    if (lane_index() < TOP_K)
        routes->chosen[row][lane_index()] = {expert, weight, EXPERT_HOME[at.layer][at.source][expert], -1};
}

/* A block an expert: takes back choices beyond its capacity, in row order, and counts them. */
__global__ void __launch_bounds__(SCAN_THREADS)
    drop_overflow(const struct step_header *step, int m, struct routes *routes, unsigned long long *dropped)
{
    static __shared__ int shared[WARP];
    const int expert = (int)blockIdx.x, count = slice_of(step, m).count;
    int taken = 0;
    for (int first = 0; first < count; first += SCAN_THREADS) {
        const int row = first + (int)threadIdx.x;
        int mine = -1, here;
        for (int k = 0; row < count && k < TOP_K; k++)
            mine = routes->chosen[row][k].expert == expert ? k : mine;
        const int before = taken + block_prefix<SCAN_THREADS>(mine >= 0, shared, &here);
        if (mine >= 0 && before >= EXPERT_CAPACITY)
            routes->chosen[row][mine].home = -1;
        taken += here;
    }
    if (threadIdx.x == 0 && taken > EXPERT_CAPACITY)
        atomicAdd(dropped, (unsigned long long)(taken - EXPERT_CAPACITY));
}

/* ---- places */

/* A block an ep coordinate: the rows that have an expert there, in row order, and how many want each of its slots.
 * Reads all choices; bound by latency, SCAN_THREADS rows at a time. */
__global__ void __launch_bounds__(SCAN_THREADS)
    place_choices(const struct step_header *step, int m, struct placement_at at, struct routes *routes)
{
    static __shared__ int shared[WARP], wishes[EXPERT_SLOTS];
    const int home = (int)blockIdx.x, count = slice_of(step, m).count;
    for (int slot = (int)threadIdx.x; slot < EXPERT_SLOTS; slot += SCAN_THREADS)
        wishes[slot] = 0;
    __syncthreads();
    int placed = 0;
    for (int first = 0; first < count; first += SCAN_THREADS) {
        const int row = first + (int)threadIdx.x;
        int mine = -1, here;
        for (int k = TOP_K - 1; row < count && k >= 0; k--) {
            if (routes->chosen[row][k].home != home)
                continue;
            mine = k;
            atomicAdd(&wishes[EXPERT_SLOT[at.layer][at.source][routes->chosen[row][k].expert]], 1);
        }
        const int before = block_prefix<SCAN_THREADS>(mine >= 0, shared, &here);
        if (mine >= 0)
            routes->chosen[row][mine].place = placed + before;
        placed += here;
    }
    __syncthreads();
    if (threadIdx.x == 0)
        routes->sent[home].rows = placed;
    for (int slot = (int)threadIdx.x; slot < EXPERT_SLOTS; slot += SCAN_THREADS)
        routes->sent[home].wishes[slot] = wishes[slot];
}

/* A warp a choice: the first for each home writes the row's record. Bound by memory: a record is written once, its row
 * comes from L2 after the first. */
__global__ void __launch_bounds__(PLACES_THREADS)
    write_records(const struct step_header *step, int m, struct placement_at at, const struct routes *routes,
                  const element *routed, struct records records)
{
    const int choice = (int)blockIdx.x * WARPS_A_BLOCK + warp_index(), row = choice / TOP_K;
    if (row >= slice_of(step, m).count)
        return;
    const struct routes::choice chosen = routes->chosen[row][choice % TOP_K];
    if (chosen.place < 0)
        return;
    struct travelling_row *record = first_record(records, routes, chosen.home) + chosen.place;
    const element *values = routed + (size_t)row * HIDDEN;
#pragma unroll 4
    for (int i = lane_index() * chunk<element>::VALUES; i < HIDDEN; i += WARP * chunk<element>::VALUES)
        write_chunk(record->values + i, read_chunk(values + i));

    const int lane = lane_index();
    struct travelling_row::wish wish = {-1, 0.0F};
    if (lane < TOP_K && routes->chosen[row][lane].home == chosen.home)
        wish = {EXPERT_SLOT[at.layer][at.source][routes->chosen[row][lane].expert], routes->chosen[row][lane].weight};
    const unsigned wanted = __ballot_sync(ALL_LANES, wish.slot >= 0), before = wanted & ((1U << lane) - 1);
    if (wish.slot >= 0)
        record->wishes[__popc(before)] = wish;
    else if (lane - __popc(before) + __popc(wanted) < TOP_K)
        record->wishes[lane - __popc(before) + __popc(wanted)] = wish;
}

void place_rows(struct gpu *r, enum micro_batch m, enum layer layer, const float *logits)
{
    const int rows = rows_of(r, m);
    const struct placement_at at = {PLACEMENT_ROWS > 1 ? r->layer_base + (int)layer : 0,
                                    PLACEMENT_SOURCES > 1 ? r->ep : 0};
    struct routes *routes = (struct routes *)ARENA(r, m, ROUTES);
    const auto blocks = [](int warps) { return dim3((unsigned)((warps + WARPS_A_BLOCK - 1) / WARPS_A_BLOCK)); };
    launch(r, r->compute, blocks(rows), dim3(PLACES_THREADS), 0, choose_experts, step_of(r), (int)m, logits, at,
           routes);
    if ((int)EXPERT_CAPACITY < (int)ROWS)
        launch(r, r->compute, dim3(EXPERTS), dim3(SCAN_THREADS), 0, drop_overflow, step_of(r), (int)m, routes,
               (unsigned long long *)(r->arena + LOAD_OFFSET) + (size_t)layer * (EXPERT_SLOTS + 1) + EXPERT_SLOTS);
    launch(r, r->compute, dim3(EP), dim3(SCAN_THREADS), 0, place_choices, step_of(r), (int)m, at, routes);
    launch(r, r->compute, blocks(rows * TOP_K), dim3(PLACES_THREADS), 0, write_records, step_of(r), (int)m, at, routes,
           (const element *)routed_of(r, m), records_of(r, m));
}
