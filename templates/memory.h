//% local function buffer_name(buffer) return buffer.micro and buffer.name .. "_" .. buffer.micro or buffer.name end
//% local names, lifetimes, digits = 0, widest(class.buffers, "lifetime"), math.max(#thousands(class.arena_bytes), #"offset")
//% for _, buffer in ipairs(class.buffers) do names = math.max(names, #buffer_name(buffer)) end
/* ${plan.name}, class ${class.name}: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, ${thousands(class.arena_bytes)} bytes, is taken once at start. Activations are f32.
 *
 *  ${right("offset", digits)}  ${right("bytes", digits)}  ${left("buffer", names)}  ${left("in use", lifetimes)}  holds
//% for _, buffer in ipairs(class.buffers) do
 *  ${right(thousands(buffer.offset), digits)}  ${right(thousands(buffer.bytes), digits)}  ${left(buffer_name(buffer), names)}  ${left(buffer.lifetime, lifetimes)}  ${buffer.purpose}
//% end
 */
#pragma once

enum {
//% local lines, width = {}, 0
//% local function line(text, comment) lines[#lines + 1] = { text = text .. ",", comment = comment } end
//% for _, buffer in ipairs(class.buffers) do
//%   line(buffer_name(buffer) .. "_OFFSET = " .. buffer.offset, buffer.text)
//%   line(buffer_name(buffer) .. "_BYTES = " .. buffer.bytes, buffer.purpose)
//% end
//% line("ARENA_BYTES = " .. class.arena_bytes, mib(class.arena_bytes))
//% for _, it in ipairs(lines) do width = math.max(width, #it.text) end
//% for _, it in ipairs(lines) do
    ${left(it.text, width)} // ${it.comment}
//% end
};

/* The weights: offsets in the payload of the shard that holds them. One of a layer is LAYER_STRIDE past that of the layer
 * before, one of an expert slot SLOT_STRIDE past that of the slot before. Matrices are outputs x inputs. */
enum {
//% lines, width = {}, 0
//% local dense_stride, layer_stride, slot_stride = 0, 0, 0
//% for _, tensor in ipairs(class.tensors) do
//%   local size = tensor.outputs == 1 and tensor.inputs or tensor.outputs .. " x " .. tensor.inputs
//%   line(tensor.name .. "_WEIGHT = " .. tensor.offset, ("%s: %s, %s %s"):format(tensor.file, tensor.text, size, tensor.dtype))
//%   if tensor.file == "dense" then dense_stride = math.max(dense_stride, tensor.layer_stride)
//%   else layer_stride, slot_stride = tensor.layer_stride, tensor.slot_stride end
//% end
//% line("DENSE_LAYER_STRIDE = " .. dense_stride, "dense weights of a layer")
//% line("EXPERT_LAYER_STRIDE = " .. layer_stride, "experts of a layer, " .. class.shape.expert_slots .. " slots")
//% line("EXPERT_SLOT_STRIDE = " .. slot_stride, "one expert")
//% line("DENSE_BYTES = " .. class.dense_bytes, "the dense shard, " .. mib(class.dense_bytes))
//% line("EXPERTS_BYTES = " .. class.experts_bytes, "the experts shard, " .. mib(class.experts_bytes))
//% for _, it in ipairs(lines) do width = math.max(width, #it.text) end
//% for _, it in ipairs(lines) do
    ${left(it.text, width)} // ${it.comment}
//% end
};
