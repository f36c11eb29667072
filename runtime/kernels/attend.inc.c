/* Attention of one row. Both of its products are tiles: a block's transposed keys are a panel whose inputs are the
 * dimensions of a head, and its values are panels whose inputs are the positions. */

/* What the steps below share: up to MOST_ROWS heads, and the positions that they see. */
struct attention {
    const float *pool;
    const uint32_t *block_table;
    int64_t block_stride;
    int first, end;
    int heads, head_dim;
    int width; /* floats from one head's scores to the next: `end` rounded up to whole blocks */
    float *scores;
};

static const float *keys_of(const struct attention *a, int block)
{
    return a->pool + a->block_table[block] * a->block_stride;
}

/* scores[head][p] = query[head] · key[p], over whole blocks: what lies outside [first, end) is never looked at. */
static void score(const struct attention *a, const float *query)
{
    const float *rows[MOST_ROWS];
    for (int head = 0; head < a->heads; head++)
        rows[head] = query + head * a->head_dim;

    const int blocks = a->width / KV_BLOCK;
    for (int block = a->first / KV_BLOCK; block < blocks; block += MOST_PANELS) {
        struct tile t = {
            .rows = rows,
            .inputs = a->head_dim,
            .panel_count = smaller(blocks - block, MOST_PANELS),
            .y = a->scores + block * KV_BLOCK,
            .stride = a->width,
        };
        for (int i = 0; i < t.panel_count; i++)
            t.panels[i] = keys_of(a, block + i);
        ADD_TILES[PACKED_F32][a->heads](&t);
    }
}

/* score[i] = e^(scale * (score[i] - largest)), scale >= 0; returns their sum, at least 1. */
static float exponentiate(float *score, int count, float scale)
{
    vector largest = splat(-INFINITY);
    for (int i = 0; i < count; i += LANES)
        largest = larger(largest, load_end(score + i, count - i, -INFINITY));
    const vector shift = splat(largest_lane(largest));

    vector sum = splat(0);
    for (int i = 0; i < count; i += LANES) {
        const vector value = exponential((load_end(score + i, count - i, -INFINITY) - shift) * scale);
        store_end(score + i, count - i, value);
        sum += value;
    }
    return sum_of_lanes(sum);
}

/* out[head] += the block's values for positions [from, to), weighted by their scores. */
static void add_values(const struct attention *a, int from, int to, float *out)
{
    const float *rows[MOST_ROWS];
    for (int head = 0; head < a->heads; head++)
        rows[head] = a->scores + head * a->width + from;
    const float *values = keys_of(a, from / KV_BLOCK) + (KV_BLOCK + from % KV_BLOCK) * a->head_dim;

    const int panels = a->head_dim / PANEL;
    for (int panel = 0; panel < panels; panel += MOST_PANELS) {
        struct tile t = {
            .rows = rows,
            .inputs = to - from,
            .panel_count = smaller(panels - panel, MOST_PANELS),
            .line_stride = a->head_dim * (ptrdiff_t)sizeof(float),
            .y = out + panel * PANEL,
            .stride = a->head_dim,
            .continues = true,
        };
        for (int i = 0; i < t.panel_count; i++)
            t.panels[i] = values + (panel + i) * PANEL;
        ADD_TILES[SPREAD_F32][a->heads](&t);
    }

    /* A head that is no multiple of 16: a whole line would reach beyond the last position's values. */
    for (int head = 0; head < a->heads; head++)
        for (int i = panels * PANEL; i < a->head_dim; i++)
            for (int p = 0; p < to - from; p++)
                out[head * a->head_dim + i] += rows[head][p] * values[p * a->head_dim + i];
}

static void attend_heads(const struct attention *a, const float *query, float scale, float *out)
{
    score(a, query);

    float sum[MOST_ROWS];
    for (int head = 0; head < a->heads; head++)
        sum[head] = exponentiate(a->scores + head * a->width + a->first, a->end - a->first, scale);

    memset(out, 0, sizeof(float) * (size_t)(a->heads * a->head_dim));
    for (int from = a->first, to; from < a->end; from = to) {
        to = smaller((from / KV_BLOCK + 1) * KV_BLOCK, a->end);
        add_values(a, from, to, out);
    }
    for (int head = 0; head < a->heads; head++)
        for (int i = 0; i < a->head_dim; i++)
            out[head * a->head_dim + i] /= sum[head];
}

static void attend(const float *query, int heads, int head_dim, const float *pool, const uint32_t *block_table,
                   int64_t block_stride, int first, int end, float scale, float *scores, float *out)
{
    struct attention a = {
        .pool = pool,
        .block_table = block_table,
        .block_stride = block_stride,
        .first = first,
        .end = end,
        .head_dim = head_dim,
        .width = (end + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK,
        .scores = scores,
    };
    for (int head = 0; head < heads; head += MOST_ROWS) {
        a.heads = smaller(heads - head, MOST_ROWS);
        attend_heads(&a, query + head * head_dim, scale, out + head * head_dim);
    }
}
