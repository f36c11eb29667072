#include "emit/tables.h"
#include "base/sandbox.h"
#include "emit/tables_parts.h"

/* A list that a struct of facts.h holds as struct numbers. */
#define NUMBERS(function, structure, member)                                                                           \
    static void function(lua_State *lua, const struct item *item)                                                      \
    {                                                                                                                  \
        const struct structure *fact = item->at;                                                                       \
        push_list(lua, &kind_numbers, fact->member.first, fact->member.count, item);                                   \
    }

/* ---- ranks */

static void push_rank_class(lua_State *lua, const struct item *item)
{
    const struct rank_row *row = item->at;
    lua_pushstring(lua, item->facts->plan->classes[row->class_index].name);
}

static void push_tp_group(lua_State *lua, const struct item *item)
{
    const struct rank_row *row = item->at;
    push_list(lua, &kind_numbers, row->tp_group, item->facts->plan->grid[AXIS_TP], item);
}

static void push_ep_group(lua_State *lua, const struct item *item)
{
    const struct rank_row *row = item->at;
    push_list(lua, &kind_numbers, row->ep_group, item->facts->plan->grid[AXIS_EP], item);
}

static const struct field rank_fields[] = {
    MEMBER(INT, rank_row, rank),
    MEMBER(INT, rank_row, class_index), /* from 0, as in C */
    MADE("class", push_rank_class),     /* its name */
    MEMBER_AS("dp", INT, rank_row, at[AXIS_DP]),
    MEMBER_AS("pp", INT, rank_row, at[AXIS_PP]),
    MEMBER_AS("ep", INT, rank_row, at[AXIS_EP]),
    MEMBER_AS("tp", INT, rank_row, at[AXIS_TP]),
    MEMBER(INT, rank_row, layer_base),
    MEMBER(INT, rank_row, previous), /* -1: none */
    MEMBER(INT, rank_row, next),
    MADE("tp_group", push_tp_group),
    MADE("ep_group", push_ep_group),
    MEMBER_AS("dense", TEXT, rank_row, shards[SHARD_DENSE]),
    MEMBER_AS("experts", TEXT, rank_row, shards[SHARD_EXPERTS]),
};
KIND(rank, rank_row);

NUMBERS(push_stage_ranks, stage_fact, ranks)

static const struct field stage_fields[] = {
    MEMBER(INT, stage_fact, number),     MEMBER_AS("class", TEXT, stage_fact, class_name),
    MEMBER(INT, stage_fact, layer_base), MEMBER(INT, stage_fact, layers),
    MADE("ranks", push_stage_ranks),
};
KIND(stage, stage_fact);

NUMBERS(push_slice_ranks, slice_fact, ranks)

static const struct field slice_fields[] = {
    MEMBER(INT, slice_fact, dp), MEMBER(INT, slice_fact, pp), MEMBER_AS("class", TEXT, slice_fact, class_name),
    MADE("ranks", push_slice_ranks), /* ep by tp */
};
KIND(slice, slice_fact);

NUMBERS(push_group_ranks, group_fact, ranks)

static const struct field group_fields[] = {MADE("ranks", push_group_ranks)};
KIND(group, group_fact);

static void push_axis_groups(lua_State *lua, const struct item *item)
{
    const struct axis_fact *axis = item->at;
    push_list(lua, &kind_group, axis->groups, axis->count, item);
}

static const struct field axis_fields[] = {
    MEMBER(TEXT, axis_fact, name),
    MEMBER(INT, axis_fact, size), /* of a group */
    MADE("groups", push_axis_groups),
};
KIND(axis, axis_fact);

/* ---- placement */

NUMBERS(push_home, placement_fact, home)
NUMBERS(push_slot, placement_fact, slot)

static const struct field sender_fields[] = {
    MEMBER(OPTIONAL, placement_fact, layer),  /* nil: every layer */
    MEMBER(OPTIONAL, placement_fact, source), /* nil: every sender */
    MADE("home", push_home),                  /* by expert */
    MADE("slot", push_slot),
};
KIND(sender, placement_fact);

NUMBERS(push_held_experts, held_fact, experts)

static const struct field held_fields[] = {
    MEMBER(INT, held_fact, ep),
    MADE("experts", push_held_experts),
};
KIND(held, held_fact);

NUMBERS(push_layout_layers, layout_fact, layers)

static void push_layout_held(lua_State *lua, const struct item *item)
{
    const struct layout_fact *layout = item->at;
    push_list(lua, &kind_held, layout->held, layout->ep, item);
}

static const struct field layout_fields[] = {
    MADE("layers", push_layout_layers), MADE("held", push_layout_held), /* by ep coordinate */
};
KIND(layout, layout_fact);

static void push_senders(lua_State *lua, const struct item *item)
{
    push_list(lua, &kind_sender, item->facts->placement, item->facts->placement_count, item);
}

static void push_layouts(lua_State *lua, const struct item *item)
{
    push_list(lua, &kind_layout, item->facts->layouts, item->facts->layout_count, item);
}

static const struct field placement_fields[] = {
    MEMBER(INT, placement, rows), MEMBER(INT, placement, sources), MADE("senders", push_senders), /* rows by sources */
    MADE("layouts", push_layouts), /* layers that are placed alike */
};
KIND(placement, placement);

/* ---- the plan */

static const struct field grid_fields[] = {
    MEMBER_AS("dp", INT, plan, grid[AXIS_DP]),
    MEMBER_AS("pp", INT, plan, grid[AXIS_PP]),
    MEMBER_AS("ep", INT, plan, grid[AXIS_EP]),
    MEMBER_AS("tp", INT, plan, grid[AXIS_TP]),
};
KIND(grid, plan);

static void push_grid(lua_State *lua, const struct item *item)
{
    push_item(lua, &kind_grid, item);
}

static void push_hash(lua_State *lua, const struct item *item)
{
    lua_pushstring(lua, item->facts->plan->hash);
}

static void push_placement(lua_State *lua, const struct item *item)
{
    struct item inner = *item;
    inner.at = &item->facts->plan->placement;
    push_item(lua, &kind_placement, &inner);
}

#define PLAN_LIST(function, kind, first, count)                                                                        \
    static void function(lua_State *lua, const struct item *item)                                                      \
    {                                                                                                                  \
        const struct facts *facts = item->facts;                                                                       \
        push_list(lua, &kind, first, count, item);                                                                     \
    }
PLAN_LIST(push_stop_tokens, kind_numbers, facts->plan->stop_tokens, facts->plan->stop_token_count)
PLAN_LIST(push_classes, kind_class, facts->plan->classes, facts->plan->class_count)
PLAN_LIST(push_ranks, kind_rank, facts->plan->ranks, facts->plan->world)
PLAN_LIST(push_stages, kind_stage, facts->stages, facts->plan->grid[AXIS_PP])
PLAN_LIST(push_slices, kind_slice, facts->slices, facts->slice_count)
PLAN_LIST(push_axes, kind_axis, facts->axes, AXES)

static void push_prediction(lua_State *lua, const struct item *item)
{
    lua_pushstring(lua, item->facts->prediction); /* nil where there is none */
}

static const struct field plan_fields[] = {
    MEMBER(TEXT, plan, name),          MADE("hash", push_hash),           MADE("grid", push_grid),
    MEMBER(INT, plan, world),          MEMBER(TEXT, plan, device),        MEMBER(TEXT, plan, transport),
    MEMBER(INT, plan, threads),        MEMBER(INT, plan, ranks_per_node), MEMBER(SIZE, plan, memory_bytes),
    MEMBER(TEXT, plan, family),        MEMBER(TEXT, plan, dispatch),      MADE("stop_tokens", push_stop_tokens),
    MADE("classes", push_classes),     MADE("ranks", push_ranks),         MADE("placement", push_placement),
    MADE("stages", push_stages),       MADE("slices", push_slices), /* the ranks of each dp and pp */
    MADE("axes", push_axes),                                        /* groups along dp, pp, ep, tp */
    MEMBER(SIZE, plan, step_offset),   MEMBER(SIZE, plan, step_bytes),    MEMBER(SIZE, plan, mailbox_offset),
    MEMBER(SIZE, plan, mailbox_bytes), MEMBER(SIZE, plan, segment_bytes), MADE("prediction", push_prediction),
};
KIND(plan, plan);

void tables_add_plan(lua_State *lua, const struct facts *facts)
{
    push_item(lua, &kind_plan, &(struct item){.at = facts->plan, .facts = facts});
    sandbox_add(lua, "plan");
}

void tables_choose(lua_State *lua, const struct facts *facts, int class_index, enum phase phase)
{
    const struct rank_class *class = &facts->plan->classes[class_index];
    push_item(lua, &kind_class, &(struct item){.at = class, .index = class_index, .facts = facts});
    sandbox_add(lua, "class");
    push_chosen_schedule(lua, facts, class_index, phase);
    sandbox_add(lua, "schedule");
}
