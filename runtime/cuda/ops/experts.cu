/* The experts of this rank.
 *
 * The pairs of a row and an expert, sorted by expert, are computed in runs of at most RUN. Where the host knows how
 * many rows each expert gets and they are many, a run is a cuBLASLt product an expert; else it is two launches that
 * compute all experts' tiles and read the counts where they are. Each row's sum goes back in the row's own record. */
#include "cuda/kernels/experts.cuh"
#include "cuda/ops/matmul.h"

#include <cassert>

enum {
    MOST_PAIRS = EP * DISPATCH_ROWS * WISHES < EXPERT_SLOTS * ARRIVAL_ROWS ? EP * DISPATCH_ROWS * WISHES
                                                                           : EXPERT_SLOTS * ARRIVAL_ROWS,
    DECODE_PAIRS = EP * DECODE_DISPATCH_ROWS * WISHES < MOST_PAIRS ? EP * DECODE_DISPATCH_ROWS * WISHES : MOST_PAIRS,
    RUN = EXPERT_TILE < MOST_PAIRS ? EXPERT_TILE : MOST_PAIRS,
    /* Rows of an expert in decode, if all experts get as many. */
    USUAL_DECODE_ROWS = (EP * DECODE_ROWS * TOP_K + EXPERTS - 1) / EXPERTS,
    /* With more rows an expert than this, cuBLASLt's kernels are worth a launch an expert: a product of 128 rows has
     * work for a good part of a device by itself. */
    FEW_ROWS = 128,
};

/* `out` takes the place of the rows and their gate and up, which are done with by then. */
struct scratch {
    alignas(64) element product[RUN][EXPERT_HIDDEN];
    union {
        struct {
            alignas(64) element rows[RUN][HIDDEN];
            alignas(64) element gate_up[RUN][2 * EXPERT_HIDDEN];
        };
        alignas(64) float out[RUN][HIDDEN];
    };
};
static_assert(sizeof(struct scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for experts");
static_assert(RUN == MOST_PAIRS || sizeof(float) * EP * DISPATCH_ROWS * HIDDEN <= EXPERT_OUT_A_BYTES,
              "the plan's EXPERT_OUT buffer is too small");
static_assert(HIDDEN % chunk<element>::VALUES == 0 && EXPERT_HIDDEN % chunk<element>::VALUES == 0,
              "rows are read 16 bytes at a time");

template <int M> struct tile_of;
template <> struct tile_of<16> {
    using type = tile<element, 16, 64, 1, 4, 4>;
};
template <> struct tile_of<32> {
    using type = tile<element, 32, 64, 1, 4, 4>;
};
template <> struct tile_of<64> {
    using type = tile<element, 64, 128, 2, 4, 3>;
};
/* Twice the usual, so that an expert that is popular reads its weights once all the same. */
using decode_tile = tile_of<2 * USUAL_DECODE_ROWS <= 16 ? 16 : 2 * USUAL_DECODE_ROWS <= 32 ? 32 : 64>::type;
using prefill_tile = tile_of<64>::type;

/* What one call of the op is about. */
struct work {
    const struct arrivals *arrivals;
    struct travelling_row *incoming;
    struct scratch *scratch;
    int layer;
    int pairs;                   /* at most, where the host does not know */
    int begin[EXPERT_SLOTS + 1]; /* as the host knows it, else 0 */
};

/* Lets a kernel have more than 48 KiB of shared memory. */
template <class... Parameters> static void allow_shared(struct gpu *r, void (*kernel)(Parameters...), int bytes)
{
    if (bytes > 48 * 1024)
        GPU_CHECK(r, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
}

template <class Tile> static void run_grouped(struct gpu *r, const struct work *work, struct run run)
{
    const int pairs = run.to - run.from, whole = (pairs + EXPERT_SLOTS * (Tile::M - 1)) / Tile::M;
    const unsigned tiles = (unsigned)(whole < pairs ? whole : pairs);
    const unsigned gate_up_tiles = (2 * EXPERT_HIDDEN + Tile::N - 1) / Tile::N,
                   down_tiles = (HIDDEN + Tile::N - 1) / Tile::N;
    allow_shared(r, expert_gate_up<Tile>, Tile::BYTES);
    launch(r, r->compute, dim3(tiles, gate_up_tiles), dim3(Tile::THREADS), Tile::BYTES, expert_gate_up<Tile>,
           work->arrivals, run, work->incoming, (const unsigned char *)EXPERT_WEIGHT(r, GATE_UP, work->layer, 0),
           &work->scratch->product[0][0]);
    allow_shared(r, expert_down<Tile>, Tile::BYTES);
    launch(r, r->compute, dim3(tiles, down_tiles), dim3(Tile::THREADS), Tile::BYTES, expert_down<Tile>, work->arrivals,
           run, (const element *)work->scratch->product, (const unsigned char *)EXPERT_WEIGHT(r, DOWN, work->layer, 0),
           &work->scratch->out[0][0]);
}

/* The part of a run that wants one slot, in rows of scratch. */
static struct run part_of(const struct work *work, struct run run, int slot)
{
    const int from = work->begin[slot] > run.from ? work->begin[slot] : run.from;
    const int to = work->begin[slot + 1] < run.to ? work->begin[slot + 1] : run.to;
    return {from - run.from, to > from ? to - run.from : from - run.from};
}

static void run_by_expert(struct gpu *r, const struct work *work, struct run run)
{
    struct scratch *scratch = work->scratch;
    const dim3 rows((unsigned)(run.to - run.from)), threads(128);
    launch(r, r->compute, rows, threads, 0, gather_run, work->arrivals, run, work->incoming, &scratch->rows[0][0]);
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        const struct run part = part_of(work, run, slot);
        if (part.to == part.from)
            continue;
        matmul(r, scratch->rows[part.from], part.to - part.from, EXPERT_WEIGHT(r, GATE_UP, work->layer, slot),
               2 * EXPERT_HIDDEN, HIDDEN, scratch->gate_up[part.from]);
    }
    launch(r, r->compute, rows, threads, 0, swiglu_run, (const element *)scratch->gate_up, &scratch->product[0][0]);
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        const struct run part = part_of(work, run, slot);
        if (part.to == part.from)
            continue;
        matmul_f32_out(r, scratch->product[part.from], part.to - part.from, EXPERT_WEIGHT(r, DOWN, work->layer, slot),
                       HIDDEN, EXPERT_HIDDEN, scratch->out[part.from]);
    }
}

/* Fills in what the host knows; returns the most rows that came from one sender. */
static int read_counts(struct gpu *r, enum micro_batch m, struct work *work)
{
    const struct host_counts *counts = host_counts_of(r, m);
    int most = 0;
    work->begin[0] = 0;
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        int rows = 0;
        for (int sender = 0; sender < EP; sender++)
            rows += counts->got[sender].wishes[slot];
        work->begin[slot + 1] = work->begin[slot] + rows;
    }
    for (int sender = 0; sender < EP; sender++)
        most = counts->got[sender].rows > most ? counts->got[sender].rows : most;
    work->pairs = work->begin[EXPERT_SLOTS];
    assert(work->pairs <= MOST_PAIRS && most <= DISPATCH_ROWS);
    return most;
}

static bool many_rows(const struct work *work, struct run run)
{
    int used = 0;
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        const struct run part = part_of(work, run, slot);
        used += part.to > part.from;
    }
    return run.to - run.from > used * FEW_ROWS;
}

void experts(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "experts"))
        return;
    struct work work = {};
    work.arrivals = (const struct arrivals *)ARENA(r, m, ARRIVALS);
    work.incoming = (struct travelling_row *)ARENA(r, m, INCOMING);
    work.scratch = (struct scratch *)SCRATCH(r);
    work.layer = (int)layer;
    work.pairs = r->captured ? (int)DECODE_PAIRS : (int)MOST_PAIRS;
    const bool exact = sends_exactly(r);
    const int rows = exact ? read_counts(r, m, &work) : fixed_rows(r);
    launch(r, r->compute, dim3(1), dim3(128), 0, count_load, work.arrivals,
           (uint64_t *)(r->arena + LOAD_OFFSET) + (size_t)layer * (EXPERT_SLOTS + 1));
    for (int from = 0; from < work.pairs; from += RUN) {
        const struct run run = {from, from + RUN < work.pairs ? from + RUN : work.pairs};
        if (exact && many_rows(&work, run))
            run_by_expert(r, &work, run);
        else if (r->captured)
            run_grouped<decode_tile>(r, &work, run);
        else
            run_grouped<prefill_tile>(r, &work, run);
        launch(r, r->compute, dim3((unsigned)rows, EP), dim3(128), 0, sum_run, work.arrivals, run, run.to == work.pairs,
               (const float *)work.scratch->out, (float *)ARENA(r, m, EXPERT_OUT), work.incoming);
    }
}
