//% local experts, each = plan.classes[1].shape.experts, 16
//% local qualifiers = plan.device == "cpu" and "const" or "static __device__ const"
//% local function whose(row)
//%   return (row.layer and "layer " .. row.layer or "every layer") .. ", " .. (row.source and "sender ep " .. row.source or "every sender")
//% end
/* ${plan.name}: where experts are, ${experts} a row. */
//% if plan.device == "cuda" then
#pragma once

//% end
#include "placement.h"

/* clang-format off */
//% for _, name in ipairs { "home", "slot" } do
${qualifiers} uint16_t EXPERT_${name:upper()}[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS] = {
//%   for i, row in ipairs(plan.placement.senders) do
//%     local numbers = row[name]
//%     if (i - 1) % plan.placement.sources == 0 then
    {
//%     end
        { // ${whose(row)}
//%     for first = 1, experts, each do
            ${join(numbers, ", ", first, first + each - 1, name == "home" and #tostring(plan.grid.ep - 1) or #tostring(experts - 1))},
//%     end
        },
//%     if i % plan.placement.sources == 0 then
    },
//%     end
//%   end
};
//%   if name == "home" then

//%   end
//% end
