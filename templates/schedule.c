//% local shape, layer = class.shape, nil
//% local last = class.micros:sub(-1)
//% local micros = last == "A" and "one micro-batch, A" or "each micro-batch, A to " .. last
//% local call, id = widest(schedule.ops, "call"), #tostring(#schedule.ops)
//% local arguments = #("(r, A, LAYER_" .. shape.layers - 1 .. ");")
/* ${plan.name}, class ${class.name}: ${class.span}, ranks ${ranges(class.members, 6)}.
 * The ${schedule.phase} of one step: at most ${schedule.rows} rows in ${micros}.
 *
 * Each line is one op: its id in PLAN.txt, its layer in the model, and its shapes as (rows, width).
//% if not class.layer_base then
 * Ranks of this class begin at different layers: layer +0 is the layer_base of the rank's row.
//% end
//% if schedule.phase == "prefill" and shape.ep > 1 and shape.micro_batches > 1 then
 * Micro-batches go in pairs: the rows of one are on their way to their experts while the other computes.
//% end
 */
#include "class.h"
#include "ops/ops.h"

/* clang-format off */
void schedule_${schedule.phase}(struct rank *r)
{
//% for _, op in ipairs(schedule.ops) do
//%   if op.id > 1 and op.layer ~= layer then

//%   end
//%   layer = op.layer
//%   if layer then
    ${left(op.call, call)}${left("(r, " .. op.micro .. ", LAYER_" .. layer .. ");", arguments)} // ${right(op.id, id)}  ${op.layer_name}: ${op.note}
//%   else
    ${left(op.call, call)}${left("(r, " .. op.micro .. ");", arguments)} // ${right(op.id, id)}  ${op.note}
//%   end
//% end
}
