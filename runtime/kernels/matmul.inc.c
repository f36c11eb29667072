/* y = rows · weight, cut so that what is used again is still in a cache: a block of rows and inputs stays in L2 while
 * the weights pass, and a group of panels stays there while the block's tiles pass over it. */

enum {
    ROW_BLOCK = 128 / MOST_ROWS * MOST_ROWS,
    INPUT_BLOCK = 1024, /* even: a pair of bf16 inputs is never cut */
};

static void add_tile_of(enum dtype dtype, int rows, const struct tile *t)
{
    ADD_TILES[dtype == DTYPE_F32 ? PACKED_F32 : PACKED_BF16][rows](t);
}

/* The last panel of a matrix may be cut short: its tile is worked out aside, and only what exists is copied. */
static void add_last_tile(enum dtype dtype, int rows, const struct tile *t, int columns)
{
    float aside[MOST_ROWS][MOST_PANELS * PANEL] = {0};
    const size_t bytes = sizeof(float) * (size_t)columns;
    struct tile copy = *t;
    copy.y = aside[0];
    copy.stride = MOST_PANELS * PANEL;

    for (int row = 0; row < rows && t->continues; row++)
        memcpy(aside[row], t->y + row * t->stride, bytes);
    add_tile_of(dtype, rows, &copy);
    for (int row = 0; row < rows; row++)
        memcpy(t->y + row * t->stride, aside[row], bytes);
}

/* All tiles of a block: rows [0, count) by the panels and inputs of `t`, which hold `columns` outputs. Tiles differ by
 * one row at most, since a tile of one row costs nearly what a full one does. Each tile fetches its share of the group
 * of panels that comes next, `ahead` bytes on, so that memory is read evenly while the sums advance. */
static void multiply_block(struct tile t, enum dtype dtype, const float *const *rows, int count, int columns,
                           ptrdiff_t ahead)
{
    const int tiles = (count + MOST_ROWS - 1) / MOST_ROWS;
    const int lines = dtype == DTYPE_F32 ? t.inputs : (t.inputs + 1) / 2;
    t.ahead_step = LINE_BYTES / tiles - LINE_BYTES;
    for (int tile = 0; tile < tiles; tile++) {
        const int tile_rows = count / (tiles - tile);
        t.rows = rows;
        t.ahead = ahead + (ptrdiff_t)tile * lines * LINE_BYTES / tiles;
        if (columns < t.panel_count * PANEL)
            add_last_tile(dtype, tile_rows, &t, columns);
        else
            add_tile_of(dtype, tile_rows, &t);
        rows += tile_rows;
        count -= tile_rows;
        t.y += tile_rows * t.stride;
    }
}

/* y (+)= rows · the block of inputs that starts at `first_input`. */
static void multiply_inputs(const float *const *rows, int count, const struct packed *weight, int first_input, float *y,
                            int stride)
{
    const int line_inputs = weight->dtype == DTYPE_F32 ? 1 : 2;
    const size_t bytes = panel_bytes(weight->dtype, weight->inputs);
    const char *first_panel = (const char *)weight->panels + (size_t)(first_input / line_inputs) * LINE_BYTES;
    const int panels = (weight->outputs + PANEL - 1) / PANEL;

    for (int panel = 0; panel < panels; panel += MOST_PANELS) {
        struct tile t = {
            .first_input = first_input,
            .inputs = smaller(weight->inputs - first_input, INPUT_BLOCK),
            .panel_count = smaller(panels - panel, MOST_PANELS),
            .y = y + panel * PANEL,
            .stride = stride,
            .continues = first_input > 0,
        };
        for (int i = 0; i < t.panel_count; i++)
            t.panels[i] = first_panel + (size_t)(panel + i) * bytes;
        multiply_block(t, weight->dtype, rows, count, weight->outputs - panel * PANEL,
                       (ptrdiff_t)(MOST_PANELS * bytes));
    }
}

static void matmul(const float *const *rows, int count, const struct packed *weight, float *y, int stride)
{
    for (int row = 0; row < count; row += ROW_BLOCK)
        for (int input = 0; input < weight->inputs; input += INPUT_BLOCK)
            multiply_inputs(rows + row, smaller(count - row, ROW_BLOCK), weight, input, y + (ptrdiff_t)row * stride,
                            stride);
}
