//% local shape, layer = class.shape, nil
//% local last = class.micros:sub(-1)
//% local micros = last == "A" and "one micro-batch, A" or "each micro-batch, A to " .. last
//% local call, id = widest(schedule.ops, "call"), #tostring(#schedule.ops)
//% local arguments = #("(r, A, LAYER_" .. shape.layers - 1 .. ");")
/* ${plan.name}, class ${class.name}: ${class.span}, ranks ${ranges(class.members, 6)}.
 * The ${schedule.phase} of one step: at most ${schedule.rows} rows in ${micros}.
 *
 * Each op is a line: its id in PLAN.txt, its stream where that is comm, its layer in the model, and its shapes as (rows,
 * width). Ops are enqueued in this order on two streams; a stream goes on when the op that it awaits has ended on the
 * other. The host goes on at once but where it needs counts that an op brings.
//% if not class.layer_base then
 * Ranks of this class begin at different layers: layer +0 is the layer_base of the rank's row.
//% end
//% if schedule.phase == "prefill" and shape.ep * shape.tp > 1 and shape.micro_batches > 1 then
 * Micro-batches go in pairs, half a layer apart: what one sends travels while the other computes.
//% end
 */
#include "class.h"
#include "cuda/ops/ops.h"

/* clang-format off */
extern "C" void schedule_${schedule.phase}(struct gpu *r)
{
//% for _, op in ipairs(schedule.ops) do
//%   if op.id > 1 and op.layer ~= layer then

//%   end
//%   layer = op.layer
//%   if op.host_awaits then
    host_awaits(r, ${op.host_awaits});
//%   end
//%   if op.awaits then
    ${op.stream}_awaits(r, ${op.awaits});
//%   end
//%   local stream = op.stream == "comm" and "comm, " or ""
//%   if layer then
    ${left(op.call, call)}${left("(r, " .. op.micro .. ", LAYER_" .. layer .. ");", arguments)} // ${right(op.id, id)}  ${stream}${op.layer_name}: ${op.note}
//%   else
    ${left(op.call, call)}${left("(r, " .. op.micro .. ");", arguments)} // ${right(op.id, id)}  ${stream}${op.note}
//%   end
//%   if op.recorded then
    record_${op.stream}(r, ${op.id});
//%   end
//% end
//% if schedule.joins then

    compute_awaits(r, ${schedule.joins});
//% end
}
