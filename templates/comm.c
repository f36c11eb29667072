//% local shape = class.shape
//% local FLAG_PAIR = 128
//% local function each(name)
//%   local found = {}
//%   for _, mailbox in ipairs(class.mailboxes) do
//%     if mailbox.name == name then found[#found + 1] = mailbox end
//%   end
//%   return ipairs(found)
//% end
/* ${plan.name}, class ${class.name}: whom a rank talks to, and where in the shared segment.
 *
 * Peers come from the rank's row. A channel is a pair of flag lines (${FLAG_PAIR} bytes) and a slot, at the offsets of
 * memory.h in a rank's part of the segment. A part has ${plan.mailbox_bytes} bytes; the first begins at
 * ${plan.mailbox_offset}. */
#include "class.h"
#include "memory.h"
#include "pages.h"
#include "rank.h"
#include "rank_row.h"

extern struct rank_row rank_row;

static unsigned char *part_of(const struct rank *r, int32_t rank)
{
    return (unsigned char *)r->job + ${plan.mailbox_offset} + (size_t)rank * ${plan.mailbox_bytes};
}

//% if shape.tp > 1 then
/* The ${shape.tp} ranks of the tp group: each reads the others' shares where they lie. */
static struct channel partial_out[MICRO_BATCHES][TP], partial_in[MICRO_BATCHES][TP];
//% end
static float *partial[MICRO_BATCHES][TP];

static void connect_partial(struct rank *r)
{
//% if shape.tp == 1 then
//%   for _, buffer in ipairs(class.buffers) do
//%     if buffer.name == "PARTIAL" then
    partial[${buffer.micro}][0] = (float *)(void *)(r->arena + PARTIAL_${buffer.micro}_OFFSET);
//%     end
//%   end
//% else
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < TP; i++) {
        int32_t peer = rank_row.tp_group[i];
        unsigned char *theirs = part_of(r, peer);
//%   for _, box in each("PARTIAL") do
        partial_out[${box.micro}][i] = channel_at(own, PARTIAL_${box.micro}_FLAGS + (uint64_t)i * ${FLAG_PAIR},
                                      PARTIAL_${box.micro}_DATA, PARTIAL_${box.micro}_DATA_BYTES, peer);
        partial_in[${box.micro}][i] = channel_at(theirs, PARTIAL_${box.micro}_FLAGS + (uint64_t)r->tp * ${FLAG_PAIR},
                                      PARTIAL_${box.micro}_DATA, PARTIAL_${box.micro}_DATA_BYTES, peer);
        partial[${box.micro}][i] = (float *)(void *)(theirs + PARTIAL_${box.micro}_DATA);
//%   end
    }
    r->links.partial_out = partial_out[0];
    r->links.partial_in = partial_in[0];
//% end
    r->links.partial = partial[0];
}
//% if shape.ep > 1 then

/* The ${shape.ep} ranks of the ep group: rows for a peer's experts go to its part, their sums come back to this one's. */
static struct channel dispatch_out[MICRO_BATCHES][EP], dispatch_in[MICRO_BATCHES][EP];
static struct channel combine_out[MICRO_BATCHES][EP], combine_in[MICRO_BATCHES][EP];

static void connect_experts(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < EP; i++) {
        int32_t peer = rank_row.ep_group[i];
        unsigned char *theirs = part_of(r, peer);
        uint64_t here = (uint64_t)i, there = (uint64_t)r->ep;
//%   for _, name in ipairs({"DISPATCH", "COMBINE"}) do
//%     local out, into = name:lower() .. "_out", name:lower() .. "_in"
//%     for _, box in each(name) do
//%       local box_name = name .. "_" .. box.micro
        ${into}[${box.micro}][i] = channel_at(own, ${box_name}_FLAGS + here * ${FLAG_PAIR},
                                      ${box_name}_DATA + here * ${box_name}_STRIDE, ${box_name}_STRIDE, peer);
        ${out}[${box.micro}][i] = channel_at(theirs, ${box_name}_FLAGS + there * ${FLAG_PAIR},
                                      ${box_name}_DATA + there * ${box_name}_STRIDE, ${box_name}_STRIDE, peer);
//%     end
//%   end
    }
    r->links.dispatch_out = dispatch_out[0];
    r->links.dispatch_in = dispatch_in[0];
    r->links.combine_out = combine_out[0];
    r->links.combine_in = combine_in[0];
}
//% end
//% if not class.first_stage then

/* From the previous stage. */
static struct channel stage_in[MICRO_BATCHES];

static void connect_previous(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
//%   for _, box in each("STAGE") do
    stage_in[${box.micro}] = channel_at(own, STAGE_${box.micro}_FLAGS, STAGE_${box.micro}_DATA, STAGE_${box.micro}_DATA_BYTES,
                             rank_row.previous);
//%   end
    r->links.stage_in = stage_in;
}
//% end
//% if not class.last_stage then

/* To the next stage: into its part. */
static struct channel stage_out[MICRO_BATCHES];

static void connect_next(struct rank *r)
{
    unsigned char *theirs = part_of(r, rank_row.next);
//%   for micro in class.micros:gmatch "%u" do
    stage_out[${micro}] = channel_at(theirs, NEXT_STAGE_${micro}_FLAGS, NEXT_STAGE_${micro}_DATA, NEXT_STAGE_${micro}_DATA_BYTES,
                              rank_row.next);
//%   end
    r->links.stage_out = stage_out;
}
//% end
//% if class.last_stage then

/* Logits: every rank of the tp group reads the others' slices; the head of the job reads them and the tokens. */
//%   if shape.tp > 1 then
static struct channel logits_out[MICRO_BATCHES][TP], logits_in[MICRO_BATCHES][TP];
//%   end
static float *logits[MICRO_BATCHES][TP];

static void connect_logits(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < TP; i++) {
        int32_t peer = rank_row.tp_group[i];
        unsigned char *theirs = part_of(r, peer);
//%   for _, box in each("LOGITS") do
        logits[${box.micro}][i] = (float *)(void *)(theirs + LOGITS_${box.micro}_DATA);
//%     if shape.tp > 1 then
        logits_out[${box.micro}][i] = channel_at(own, LOGITS_${box.micro}_FLAGS + (uint64_t)i * ${FLAG_PAIR},
                                      LOGITS_${box.micro}_DATA, LOGITS_${box.micro}_DATA_BYTES, peer);
        logits_in[${box.micro}][i] = channel_at(theirs, LOGITS_${box.micro}_FLAGS + (uint64_t)r->tp * ${FLAG_PAIR},
                                      LOGITS_${box.micro}_DATA, LOGITS_${box.micro}_DATA_BYTES, peer);
//%     end
//%   end
    }
    r->links.logits = logits[0];
//%   if shape.tp > 1 then
    r->links.logits_out = logits_out[0];
    r->links.logits_in = logits_in[0];
//%   end
//%   for _, box in each("TOKENS") do
    r->links.tokens = (int32_t *)(void *)(own + TOKENS_DATA);
//%   end
}
//% end

void connect_channels(struct rank *r)
{
    connect_partial(r);
//% if shape.ep > 1 then
    connect_experts(r);
//% end
//% if not class.first_stage then
    connect_previous(r);
//% end
//% if not class.last_stage then
    connect_next(r);
//% end
//% if class.last_stage then
    connect_logits(r);
//% end
//% for _, box in each("LOAD") do
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + LOAD_DATA);
    map_pages(part_of(r, r->number), LOAD_DATA + LOAD_DATA_BYTES);
//% end
}
