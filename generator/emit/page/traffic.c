/* Who sends how much to whom in a prefill step. Where there are many ranks, neighbours by number stand together in a
 * block, so that the matrix keeps a size that can be read. */
#include "predict/traffic.h"
#include "emit/page/parts.h"

#include <limits.h>

enum { MOST_BLOCKS = 128 };

static const char *const kind_names[MAILBOX_KINDS] = {
    [MAILBOX_STAGE] = "stage to stage",      [MAILBOX_PARTIAL] = "tp sums", [MAILBOX_DISPATCH] = "rows to experts",
    [MAILBOX_COMBINE] = "sums from experts", [MAILBOX_LOGITS] = "logits",   [MAILBOX_COUNTS] = "counts of rows",
};

struct traffic {
    const struct page_facts *facts;
    struct link_level levels[MAX_LINK_LEVELS]; /* of the hardware; else those of the strategy: inside a node, between */
    int level_count;
    int block, blocks;
    struct cell {
        uint64_t bytes;
        int level; /* the outermost */
    } * cells;     /* [blocks][blocks], from the row's ranks to the column's */
    uint64_t kinds[MAILBOX_KINDS][MAX_LINK_LEVELS];
};

static void choose_levels(struct traffic *traffic)
{
    const struct hardware *hardware = traffic->facts->input->hardware;
    if (hardware)
        for (int i = 0; i < hardware->link_count; i++)
            traffic->levels[traffic->level_count++] = hardware->links[i];
    if (traffic->level_count > 0)
        return;
    traffic->levels[traffic->level_count++] =
        (struct link_level){.name = "inside a node", .ranks = traffic->facts->plan->ranks_per_node};
    traffic->levels[traffic->level_count++] = (struct link_level){.name = "between nodes", .ranks = INT_MAX};
}

static int level_of(const struct traffic *traffic, int left, int right)
{
    int level = 0;
    while (level + 1 < traffic->level_count &&
           left / traffic->levels[level].ranks != right / traffic->levels[level].ranks)
        level++;
    return level;
}

static void add_op(struct traffic *traffic, const struct work_site *site, const struct op *op)
{
    const struct op_info *info = &op_table[op->kind];
    const struct peers peers = peers_of(site->plan, site->row, info);
    for (int i = 0; i < peers.count; i++) {
        int from = site->row->rank, to = peers.ranks[i];
        if (from == to)
            continue;
        uint64_t bytes = message_bytes(site, op, i);
        int level = level_of(traffic, from, to);
        struct cell *cell = &traffic->cells[from / traffic->block * traffic->blocks + to / traffic->block];
        cell->bytes += bytes;
        cell->level = level > cell->level ? level : cell->level;
        traffic->kinds[info->mailbox][level] += bytes;
    }
}

static void add_ranks(struct traffic *traffic)
{
    const struct plan *plan = traffic->facts->plan;
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        const struct work_site site = {.plan = plan,
                                       .class = &plan->classes[row->class_index],
                                       .row = row,
                                       .step = &traffic->facts->steps[PREFILL]};
        const struct schedule *schedule = schedule_of(plan, rank, PREFILL);
        for (int i = 0; i < schedule->count; i++) {
            enum op_action action = op_table[schedule->ops[i].kind].action;
            if (action == ACTION_COLLECTIVE || action == ACTION_POST || action == ACTION_SEND)
                add_op(traffic, &site, &schedule->ops[i]);
        }
    }
}

/* Four numbers a cell that is not empty: from, to, bytes, level. */
static json_t *cells_json(const struct traffic *traffic)
{
    json_t *cells = json_array();
    for (int i = 0; i < traffic->blocks * traffic->blocks; i++) {
        if (traffic->cells[i].bytes == 0)
            continue;
        json_array_append_new(cells, json_integer(i / traffic->blocks));
        json_array_append_new(cells, json_integer(i % traffic->blocks));
        json_array_append_new(cells, page_bytes(traffic->cells[i].bytes));
        json_array_append_new(cells, json_integer(traffic->cells[i].level));
    }
    return cells;
}

static json_t *kinds_json(const struct traffic *traffic)
{
    json_t *kinds = json_array();
    for (int kind = 0; kind < MAILBOX_KINDS; kind++) {
        json_t *levels = json_array();
        uint64_t sum = 0;
        for (int level = 0; level < traffic->level_count; level++) {
            sum += traffic->kinds[kind][level];
            json_array_append_new(levels, page_bytes(traffic->kinds[kind][level]));
        }
        if (sum > 0)
            json_array_append_new(kinds, json_pack("{s:s, s:O}", "text", kind_names[kind], "levels", levels));
        json_decref(levels);
    }
    return kinds;
}

json_t *page_traffic(const struct page_facts *facts)
{
    struct traffic traffic = {.facts = facts, .block = 1};
    struct pool pool = {0};
    while ((facts->plan->world + traffic.block - 1) / traffic.block > MOST_BLOCKS)
        traffic.block *= 2;
    traffic.blocks = (facts->plan->world + traffic.block - 1) / traffic.block;
    traffic.cells = pool_take(&pool, (size_t)traffic.blocks * (size_t)traffic.blocks, sizeof *traffic.cells);
    choose_levels(&traffic);
    add_ranks(&traffic);
    json_t *levels = json_array();
    for (int level = 0; level < traffic.level_count; level++)
        json_array_append_new(levels, json_string(traffic.levels[level].name));
    json_t *json = json_pack("{s:i, s:i, s:s, s:o, s:o, s:o}", "block", traffic.block, "blocks", traffic.blocks,
                             "routing", page_routing(facts->input), "levels", levels, "cells", cells_json(&traffic),
                             "kinds", kinds_json(&traffic));
    pool_free(&pool);
    return json;
}
