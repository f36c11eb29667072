//% local function float(digits) return digits:find("[.e]") and digits or digits .. ".0" end
//% local width = 0
//% for _, shape in ipairs(class.shapes) do width = math.max(width, #(shape.name .. " = " .. shape.value .. ",")) end
/* ${plan.name}, class ${class.name}: ${class.span}, ranks ${ranges(class.members, 6)}.
 * The sizes that its code is compiled with. */
#pragma once

#define CLASS_NAME   "${class.name}"
#define PLAN_HASH    "${plan.hash}"
#define WEIGHT_DTYPE DTYPE_${class.weights:upper()}
#define RMS_EPSILON  ${float(class.rms_epsilon)}f
#define ROPE_THETA   ${float(class.rope_theta)}

enum {
//% for _, shape in ipairs(class.shapes) do
    ${left(shape.name .. " = " .. shape.value .. ",", width)} // ${shape.text}
//% end
//% if plan.device == "cuda" then
    ${left("EXACT_DISPATCH = " .. (plan.dispatch == "exact" and 1 or 0) .. ",", width)} // whether messages are of as many rows as are sent, in prefill
//% end
};

//% if plan.device == "cuda" then
/* Device memory that a rank takes in all, at most. Alone, for in C++ one large constant makes all of its enum long. */
enum {
    LEDGER_BYTES = ${class.ledger_bytes},
};

//% end
enum micro_batch { ${class.micros} };

//% if class.layer_base then
/* Counted within the class: LAYER_0 is layer ${class.layer_base} of the model. */
//% else
/* Counted within the class: LAYER_0 is the layer of the model that a rank's row calls layer_base. */
//% end
enum layer {
//% for layer = 0, class.shape.layers - 1 do
    LAYER_${layer},
//% end
};
