//% local function wide(column) return math.max(widest(plan.ranks, column), #column) end
//% local class, rank, base = widest(plan.ranks, "class_index"), wide "rank", math.max(widest(plan.ranks, "layer_base"), #"base")
//% local dp, pp, ep, tp = wide "dp", wide "pp", wide "ep", wide "tp"
//% local previous, next = math.max(widest(plan.ranks, "previous"), #"prev"), wide "next"
//% local number, dense = #tostring(plan.world - 1), widest(plan.ranks, "dense")
//% local tp_group = math.max(plan.grid.tp * (number + 2), #"tp group")
//% local ep_group = math.max(plan.grid.ep * (number + 2), #"ep group")
/* ${plan.name}: the job as a whole, and what is particular to each rank. */
#pragma once

/* clang-format off */
#define STRATEGY_NAME    "${plan.name}"
#define PLAN_HASH        "${plan.hash}"
#define MODEL_FAMILY     "${plan.family}"
#define DISPATCH         "${plan.dispatch}"
#define TARGET_DEVICE    "${plan.device}"
#define TARGET_TRANSPORT "${plan.transport}"
#define STOP_TOKENS      {${join(plan.stop_tokens, ", ")}}

enum {
    WORLD = ${plan.world},
    DP = ${plan.grid.dp},
    PP = ${plan.grid.pp},
    EP = ${plan.grid.ep},
    TP = ${plan.grid.tp},
    CLASSES = ${#plan.classes},
    THREADS = ${plan.threads},
    RANKS_PER_NODE = ${plan.ranks_per_node},
};

//% local lines, width = {}, 0
//% local function line(name, value, text) lines[#lines + 1] = { text = name .. " = " .. value .. ",", comment = text } end
//% line("STEP_OFFSET", plan.step_offset, "step headers, two a lane")
//% line("STEP_BYTES", plan.step_bytes, "one step header")
//% line("MAILBOX_OFFSET", plan.mailbox_offset, "mailboxes, a part a rank")
//% line("MAILBOX_BYTES", plan.mailbox_bytes, "one rank's part")
//% line("SEGMENT_BYTES", plan.segment_bytes, mib(plan.segment_bytes))
//% line("DEVICE_MEMORY_BYTES", plan.memory_bytes, mib(plan.memory_bytes) .. " of one rank's device")
//% for _, it in ipairs(lines) do width = math.max(width, #it.text) end
/* The shared segment: the control of the job and of each rank, then step headers, then mailboxes. */
enum {
//% for _, it in ipairs(lines) do
    ${left(it.text, width)} // ${it.comment}
//% end
};

#include "rank_row.h"

static const char *const CLASS_NAMES[CLASSES] = {
//% for _, class in ipairs(plan.classes) do
    "${class.name}",
//% end
};

static const struct {
    int class_index;
    struct rank_row row;
} RANKS[WORLD] = {
    ${left("// class", class + 16)}${right("rank", rank)}  ${right("dp", dp)}  ${right("pp", pp)}  ${right("ep", ep)}  ${right("tp", tp)}  ${right("base", base)}  ${right("prev", previous)}  ${right("next", next)}  ${left("tp group", tp_group)}  ${left("ep group", ep_group)}  shards
//% for _, row in ipairs(plan.ranks) do
    {${right(row.class_index, class)}, {RANK_MAGIC, ${right(row.rank, rank)}, ${right(row.dp, dp)}, ${right(row.pp, pp)}, ${right(row.ep, ep)}, ${right(row.tp, tp)}, ${right(row.layer_base, base)}, ${right(row.previous, previous)}, ${right(row.next, next)}, ${left("{" .. join(row.tp_group, ", ", 1, plan.grid.tp, number) .. "},", tp_group + 1)} ${left("{" .. join(row.ep_group, ", ", 1, plan.grid.ep, number) .. "},", ep_group + 1)} ${left('"' .. row.dense .. '",', dense + 3)} "${row.experts}"}},
//% end
};
