/* The inner loop of every product: a tile of y, a few rows by a few panels of 16 columns, whose sums stay in registers
 * while the inputs go by.
 *
 *                         panel 0          panel 1
 *     input 0           [ 16 weights ]   [ 16 weights ]      one line of each panel an input,
 *     input 1           [     …      ]   [     …      ]      or a pair of inputs in bf16
 *
 *     row 0  x0 x1 …    [  16 sums   ]   [  16 sums   ]
 *     row 1  x0 x1 …    [  16 sums   ]   [  16 sums   ]
 *
 * Each sum adds input after input with one multiply-add each, whatever the shape of the tile; a sum that continues from
 * y goes on as if it had never left its register. This is what makes a row's bits independent of its neighbours. */

#define PLUS_ONE(ROWS) +1
enum {
    LINE_BYTES = 64,         /* 16 outputs of one f32 input, or of a pair of bf16 */
    VECTORS = PANEL / LANES, /* vectors in a line */
    MOST_PANELS = 4,         /* panels in a tile, at most */
    MOST_ROWS = 0 ROW_COUNTS(PLUS_ONE),
};

/* What a panel's lines hold, and how far apart they are. */
enum lines {
    PACKED_F32,  /* one after another: weights, and the keys of attention */
    PACKED_BF16, /* the same, a pair of inputs a line */
    SPREAD_F32,  /* line_stride apart: the values of attention */
};

struct tile {
    const float *const *rows;
    int first_input, inputs;
    const void *panels[MOST_PANELS];
    int panel_count;
    ptrdiff_t line_stride;       /* bytes from one line to the next, where lines are SPREAD */
    ptrdiff_t ahead, ahead_step; /* bytes from a line to what is fetched into L2 beside it, and its growth a line */
    float *y;                    /* (rows, 16 * panel_count), rows `stride` floats apart */
    ptrdiff_t stride;
    bool continues; /* adds to y instead of writing it */
};

/* Few rows leave accumulators free for more panels: as many sums advance side by side as hide the latency of one. */
#define PANELS_FOR(ROWS) ((ROWS)*VECTORS * 4 <= ACCUMULATORS ? 4 : (ROWS)*VECTORS * 2 <= ACCUMULATORS ? 2 : 1)

/* The functions below are inlined with `rows`, `panels` and `kind` constant, so that `sum` is a set of registers. */
typedef vector sums[MOST_ROWS][MOST_PANELS][VECTORS];

static ALWAYS_INLINE void add_line(sums sum, int rows, int panels, const float *const *x, int input,
                                   vector weights[MOST_PANELS][VECTORS])
{
    foreach (row, rows) {
        const vector value = splat(x[row][input]);
        foreach (panel, panels)
            foreach (v, VECTORS)
                sum[row][panel][v] += value * weights[panel][v];
    }
}

static ALWAYS_INLINE void add_f32(sums sum, int rows, int panels, const float *const *x, const char **lines,
                                  ptrdiff_t line_stride, const struct tile *t)
{
    ptrdiff_t ahead = t->ahead;
    for (int input = 0; input < t->inputs; input++) {
        vector weights[MOST_PANELS][VECTORS];
        foreach (panel, panels) {
            foreach (v, VECTORS)
                weights[panel][v] = load((const float *)lines[panel] + v * LANES);
            prefetch(lines[panel], ahead);
            lines[panel] += line_stride;
        }
        ahead += t->ahead_step;
        add_line(sum, rows, panels, x, input, weights);
    }
}

/* Makes the compiler load again what it has loaded from here: that is cheaper than the registers to keep it. */
#define FORGET(POINTER) __asm__("" : "+r"(POINTER))

/* A pair of bf16 is one 32-bit word, the even input below: a shift or a mask makes either half a float. */
static ALWAYS_INLINE void add_bf16(sums sum, int rows, int panels, const float *const *x, const char **lines,
                                   const struct tile *t)
{
    ptrdiff_t ahead = t->ahead;
    for (int input = 0; input < t->inputs; input += 2) {
        vector weights[MOST_PANELS][VECTORS];
        foreach (panel, panels) {
            foreach (v, VECTORS)
                weights[panel][v] = (vector)(load_bits(lines[panel], v) << 16);
            prefetch(lines[panel], ahead);
        }
        ahead += t->ahead_step;
        add_line(sum, rows, panels, x, input, weights);
        if (input + 1 == t->inputs) /* the zeros that fill the last pair have no input */
            break;

        foreach (panel, panels) {
            FORGET(lines[panel]);
            foreach (v, VECTORS)
                weights[panel][v] = (vector)(load_bits(lines[panel], v) & 0xffff0000U);
            lines[panel] += LINE_BYTES;
        }
        add_line(sum, rows, panels, x, input + 1, weights);
    }
}

static ALWAYS_INLINE float *place_of(const struct tile *t, int row, int panel, int v)
{
    return t->y + row * t->stride + panel * PANEL + v * LANES;
}

static ALWAYS_INLINE void add_tile(const struct tile *t, int first_panel, int rows, int panels, enum lines kind)
{
    const float *x[MOST_ROWS];
    foreach (row, rows)
        x[row] = t->rows[row] + t->first_input;
    const char *lines[MOST_PANELS];
    foreach (panel, panels)
        lines[panel] = t->panels[first_panel + panel];

    sums sum;
    foreach (row, rows)
        foreach (panel, panels)
            foreach (v, VECTORS)
                sum[row][panel][v] = t->continues ? load(place_of(t, row, first_panel + panel, v)) : splat(0);

    if (kind == PACKED_BF16)
        add_bf16(sum, rows, panels, x, lines, t);
    else
        add_f32(sum, rows, panels, x, lines, kind == PACKED_F32 ? LINE_BYTES : t->line_stride, t);

    foreach (row, rows)
        foreach (panel, panels)
            foreach (v, VECTORS)
                store(place_of(t, row, first_panel + panel, v), sum[row][panel][v]);
}

static ALWAYS_INLINE void add_tiles(const struct tile *t, int rows, enum lines kind)
{
    int panel = 0;
    for (; panel + PANELS_FOR(rows) <= t->panel_count; panel += PANELS_FOR(rows))
        add_tile(t, panel, rows, PANELS_FOR(rows), kind);
    for (; panel < t->panel_count; panel++)
        add_tile(t, panel, rows, 1, kind);
}

#define DEFINE_TILES(ROWS)                                                                                             \
    static void packed_f32_##ROWS(const struct tile *t)                                                                \
    {                                                                                                                  \
        add_tiles(t, ROWS, PACKED_F32);                                                                                \
    }                                                                                                                  \
    static void packed_bf16_##ROWS(const struct tile *t)                                                               \
    {                                                                                                                  \
        add_tiles(t, ROWS, PACKED_BF16);                                                                               \
    }                                                                                                                  \
    static void spread_f32_##ROWS(const struct tile *t)                                                                \
    {                                                                                                                  \
        add_tiles(t, ROWS, SPREAD_F32);                                                                                \
    }
ROW_COUNTS(DEFINE_TILES)

/* By kind and number of rows. */
#define PACKED_F32_ENTRY(ROWS)  [ROWS] = packed_f32_##ROWS,
#define PACKED_BF16_ENTRY(ROWS) [ROWS] = packed_bf16_##ROWS,
#define SPREAD_F32_ENTRY(ROWS)  [ROWS] = spread_f32_##ROWS,
static void (*const ADD_TILES[][MOST_ROWS + 1])(const struct tile *t) = {
    [PACKED_F32] = {ROW_COUNTS(PACKED_F32_ENTRY)},
    [PACKED_BF16] = {ROW_COUNTS(PACKED_BF16_ENTRY)},
    [SPREAD_F32] = {ROW_COUNTS(SPREAD_F32_ENTRY)},
};
