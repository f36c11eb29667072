/* Routing: the sum of attention goes onto the residual stream, the normed rows meet the router, and each is put where
 * its experts are (places.cu). Replicated over tp: same input bits, same decisions.
 *
 * Norm and router are kernels of their own: the first wants a block a row, the second tiles of rows, so that a router
 * of megabytes is read once a tile, and in decode tiles of experts, so that it is read by many blocks at once. */
#include "cuda/kernels/chunk.cuh"
#include "cuda/kernels/prefix.cuh"
#include "cuda/kernels/rms_norm.cuh"
#include "cuda/ops/records.cuh"

enum { NORM_THREADS = norm_threads(HIDDEN) };

/* A block a row: residual += partial, routed = the normed row. Bound by memory. */
__global__ void __launch_bounds__(NORM_THREADS)
    add_and_norm(const struct step_header *step, int m, const element *partial, const float *norm, float *residual,
                 element *routed)
{
    static __shared__ float shared[WARP];
    if ((int)blockIdx.x >= slice_of(step, m).count)
        return;
    const size_t first = (size_t)blockIdx.x * HIDDEN;
    norm_row<HIDDEN> row;
    row.read(residual + first);
#pragma unroll
    for (int k = 0; k < row.PARTS; k++) {
        if (row.column(k) >= HIDDEN)
            continue;
        const chunk<element, 4> more = read_chunk<element, 4>(partial + first + row.column(k));
        row.values[k].x += to_float(more.values[0]);
        row.values[k].y += to_float(more.values[1]);
        row.values[k].z += to_float(more.values[2]);
        row.values[k].w += to_float(more.values[3]);
    }
    row.write(residual + first);
    row.norm(norm, RMS_EPSILON, routed + first, shared);
}

/* The router: warps of a block share its inputs and its experts; a warp's tile is TILE rows x EACH experts. */
enum {
    INPUT_WARPS = 4,
    EXPERT_WARPS = EXPERTS > 8 ? 4 : 2,
    ROUTER_THREADS = INPUT_WARPS * EXPERT_WARPS * WARP,
    ROUTER_CHUNK = chunk<float>::VALUES,
};

/* One tile's sums over this lane's inputs, TILE rows from `routed` on. Experts beyond the last repeat it. */
template <int TILE, int EACH>
__device__ __forceinline__ void sum_tile(const element *routed, const float *router, int expert,
                                         float (&sums)[TILE][EACH])
{
#pragma unroll
    for (int t = 0; t < TILE; t++)
#pragma unroll
        for (int e = 0; e < EACH; e++)
            sums[t][e] = 0;
    int first = ((warp_index() % INPUT_WARPS) * WARP + lane_index()) * ROUTER_CHUNK;
    for (int at = first; at < HIDDEN; at += INPUT_WARPS * WARP * ROUTER_CHUNK) {
        chunk<float> weights[EACH];
#pragma unroll
        for (int e = 0; e < EACH; e++)
            weights[e] = read_chunk(router + (size_t)min(expert + e, EXPERTS - 1) * HIDDEN + at);
#pragma unroll
        for (int t = 0; t < TILE; t++) {
            const chunk<element, ROUTER_CHUNK> inputs =
                read_chunk<element, ROUTER_CHUNK>(routed + (size_t)t * HIDDEN + at);
#pragma unroll
            for (int e = 0; e < EACH; e++)
#pragma unroll
                for (int j = 0; j < ROUTER_CHUNK; j++)
                    sums[t][e] = fmaf(to_float(inputs.values[j]), weights[e].values[j], sums[t][e]);
        }
    }
}

extern __shared__ __align__(16) unsigned char dynamic_shared[];

/* logits = routed x router^T, (rows, EXPERTS) f32, a block TILE rows and EXPERT_WARPS x EACH experts. A logit's order
 * of summation is the same whatever the tile. Many rows: bound by f32 arithmetic and by what L2 delivers, (TILE x EACH)
 * / (TILE / 2 + EACH) multiplications a word; few: by reading the router. */
template <int TILE, int EACH>
__global__ void __launch_bounds__(ROUTER_THREADS)
    router_logits(const struct step_header *step, int m, const element *routed, const float *router, float *logits)
{
    float(*partial)[EXPERT_WARPS][TILE][EACH] = (float(*)[EXPERT_WARPS][TILE][EACH])dynamic_shared;
    static_assert(TILE <= ROWS, "a tile is within the buffer");
    constexpr int AT_ONCE = TILE * EACH < WARP ? TILE : WARP / EACH; /* rows whose sums fit the lanes */
    const int rows = slice_of(step, m).count, row = (int)blockIdx.x * TILE, group = warp_index() / INPUT_WARPS;
    int expert = ((int)blockIdx.y * EXPERT_WARPS + group) * EACH;
    if (row >= rows)
        return;
    /* A whole tile: the last one repeats rows of the one before; of fewer rows than a tile, what follows is ignored. */
    const int start = max(min(row, rows - TILE), 0);
    float sums[TILE][EACH];
    sum_tile<TILE, EACH>(routed + (size_t)start * HIDDEN, router, expert, sums);
#pragma unroll
    for (int first = 0; first < TILE; first += AT_ONCE) {
        float values[AT_ONCE * EACH];
#pragma unroll
        for (int i = 0; i < AT_ONCE * EACH; i++)
            values[i] = sums[first + i / EACH][i % EACH];
        float sum = warp_sum_each(values);
        if (lane_index() < AT_ONCE * EACH)
            partial[warp_index() % INPUT_WARPS][group][first + lane_index() / EACH][lane_index() % EACH] = sum;
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < TILE * EXPERT_WARPS * EACH; i += ROUTER_THREADS) {
        int t = i / (EXPERT_WARPS * EACH), e = i % (EXPERT_WARPS * EACH);
        int to = (int)blockIdx.y * EXPERT_WARPS * EACH + e;
        float sum = 0;
        for (int warp = 0; warp < INPUT_WARPS; warp++)
            sum += partial[warp][e / EACH][t][e % EACH];
        if (row <= start + t && start + t < rows && to < EXPERTS)
            logits[(size_t)(start + t) * EXPERTS + to] = sum;
    }
}

template <int TILE, int EACH>
static void compute_logits(struct gpu *r, enum micro_batch m, const element *routed, const float *router, float *logits)
{
    int each = EXPERT_WARPS * EACH;
    dim3 grid((unsigned)((rows_of(r, m) + TILE - 1) / TILE), (unsigned)((EXPERTS + each - 1) / each));
    size_t shared = sizeof(float[INPUT_WARPS][EXPERT_WARPS][TILE][EACH]);
    launch(r, r->compute, grid, dim3(ROUTER_THREADS), shared, router_logits<TILE, EACH>, step_of(r), (int)m, routed,
           router, logits);
}

static_assert(sizeof(float[ROWS][EXPERTS]) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for routing");

void add_and_route(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "attention residual and expert routing"))
        return;
    float *logits = (float *)SCRATCH(r);
    const float *router = (const float *)DENSE_WEIGHT(r, ROUTER, layer);
    launch(r, r->compute, dim3((unsigned)rows_of(r, m)), dim3(NORM_THREADS), 0, add_and_norm, step_of(r), (int)m,
           (const element *)partial_of(r, m), (const float *)DENSE_WEIGHT(r, POST_NORM, layer), residual_of(r, m),
           routed_of(r, m));
    constexpr int FEW_ROWS = 64, FEW = ROWS < 4 ? 1 : 4, MANY = ROWS > FEW_ROWS ? 8 : FEW;
    if (rows_of(r, m) <= FEW_ROWS)
        compute_logits<FEW, 1>(r, m, routed_of(r, m), router, logits);
    else
        compute_logits<MANY, 4>(r, m, routed_of(r, m), router, logits);
    place_rows(r, m, layer, logits);
}
