//% local function buffer_name(buffer) return buffer.micro and buffer.name .. "_" .. buffer.micro or buffer.name end
//% local names, lifetimes, digits = 0, widest(class.buffers, "lifetime"), math.max(#thousands(class.arena_bytes), #"offset")
//% -- A comment is folded before column 120, in line with where it began.
//% local function folded(text, column)
//%   if column + #text <= 120 then return text end
//%   local cut = text:sub(1, 120 - column):find(" [^ ]*$")
//%   return text:sub(1, cut - 1) .. "\n *" .. (" "):rep(column - 2) .. folded(text:sub(cut + 1), column)
//% end
//% -- Lines of an enum are gathered, then shown with their comments aligned.
//% local lines = {}
//% local function line(text, comment) lines[#lines + 1] = { text = text .. ",", comment = comment } end
//% local function show()
//%   local width = 0
//%   for _, it in ipairs(lines) do width = math.max(width, #it.text) end
//%   for _, it in ipairs(lines) do
    ${left(it.text, width)} // ${it.comment}
//%   end
//%   lines = {}
//% end
//% local function weights(file)
//%   local strides = { layer = 0, slot = 0 }
//%   for _, tensor in ipairs(class.tensors) do
//%     if tensor.file == file then
//%       local size = tensor.outputs == 1 and tensor.inputs or tensor.outputs .. " x " .. tensor.inputs
//%       line(tensor.name .. "_WEIGHT = " .. tensor.offset, ("%s, %s %s"):format(tensor.text, size, tensor.dtype))
//%       strides.layer, strides.slot = math.max(strides.layer, tensor.layer_stride), tensor.slot_stride
//%     end
//%   end
//%   return strides
//% end
//% for _, buffer in ipairs(class.buffers) do names = math.max(names, #buffer_name(buffer)) end
/* ${plan.name}, class ${class.name}: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, ${thousands(class.arena_bytes)} bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *  ${right("offset", digits)}  ${right("bytes", digits)}  ${left("buffer", names)}  ${left("in use", lifetimes)}  holds
//% for _, buffer in ipairs(class.buffers) do
 *  ${right(thousands(buffer.offset), digits)}  ${right(thousands(buffer.bytes), digits)}  ${left(buffer_name(buffer), names)}  ${left(buffer.lifetime, lifetimes)}  ${folded(buffer.purpose, 2 * digits + names + lifetimes + 12)}
//% end
 */
#pragma once

enum {
//% for _, buffer in ipairs(class.buffers) do
//%   line(buffer_name(buffer) .. "_OFFSET = " .. buffer.offset, buffer.text)
//%   line(buffer_name(buffer) .. "_BYTES = " .. buffer.bytes, buffer.purpose)
//% end
//% line("ARENA_BYTES = " .. class.arena_bytes, mib(class.arena_bytes))
//% if plan.device == "cuda" then
//%   local rows = math.max(class.shape.prefill_rows, class.shape.decode_rows)
//%   line("STEP_ROWS = " .. class.shape.micro_batches * rows, "rows that STEP has room for")
//% end
//% show()
};

/* The dense shard: where a weight is in layer 0; each layer's are a stride further. Matrices are outputs x inputs. */
enum {
//% local strides = weights("dense")
//% line("DENSE_LAYER_STRIDE = " .. strides.layer, "weights of a layer")
//% line("DENSE_BYTES = " .. class.dense_bytes, mib(class.dense_bytes))
//% show()
};

/* The experts shard: where a weight is in slot 0 of layer 0. */
enum {
//% strides = weights("experts")
//% line("EXPERT_SLOT_STRIDE = " .. strides.slot, "one expert")
//% line("EXPERT_LAYER_STRIDE = " .. strides.layer, "slots of a layer: " .. class.shape.expert_slots)
//% line("EXPERTS_BYTES = " .. class.experts_bytes, mib(class.experts_bytes))
//% show()
};

/* The rank's part of the shared segment: of each mailbox the flag lines (posted and taken, a pair a slot), the data,
 * and how far its slots are apart. */
enum {
//% for _, box in ipairs(class.mailboxes) do
//%   local name = box.micro and box.name .. "_" .. box.micro or box.name
//%   line(name .. "_FLAGS = " .. box.flags, box.text)
//%   line(name .. "_DATA = " .. box.data, thousands(box.bytes) .. " bytes")
//%   line(name .. "_DATA_BYTES = " .. box.bytes, "all slots")
//%   line(name .. "_STRIDE = " .. box.stride, "from slot to slot")
//%   line(name .. "_SLOTS = " .. box.slots, "pairs of flag lines")
//% end
//% show()
};
//% if plan.device == "cpu" and not class.last_stage then

/* In the part of the next stage's rank: the mailbox that rows go to. */
enum {
//%   for _, box in ipairs(plan.classes[#plan.classes].mailboxes) do
//%     if box.name == "STAGE" then
//%       line("NEXT_STAGE_" .. box.micro .. "_FLAGS = " .. box.flags, "posted and taken")
//%       line("NEXT_STAGE_" .. box.micro .. "_DATA = " .. box.data, thousands(box.bytes) .. " bytes")
//%       line("NEXT_STAGE_" .. box.micro .. "_DATA_BYTES = " .. box.bytes, "all slots")
//%     end
//%   end
//%   show()
};
//% end
