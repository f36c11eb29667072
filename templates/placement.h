//% local placement = plan.placement
/* ${plan.name}: where experts are. The rows that a sender routes to an expert go to the ep coordinate
 * EXPERT_HOME[layer][sender][expert], which holds it in slot EXPERT_SLOT[layer][sender][expert].
//% if placement.rows == 1 then
 * There is one row for layers: all are placed alike.
//% end
//% if placement.sources == 1 then
 * There is one row for senders: no expert has replicas, so all are served alike.
//% end
 */
#pragma once

#include <stdint.h>

enum {
    PLACEMENT_ROWS = ${placement.rows},
    PLACEMENT_SOURCES = ${placement.sources},
    PLACEMENT_EXPERTS = ${plan.classes[1].shape.experts},
};
//% if plan.device == "cpu" then

extern const uint16_t EXPERT_HOME[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS];
extern const uint16_t EXPERT_SLOT[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS];
//% end
