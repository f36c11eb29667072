/* demo-8-cuda: where experts are. The rows that a sender routes to an expert go to the ep coordinate
 * EXPERT_HOME[layer][sender][expert], which holds it in slot EXPERT_SLOT[layer][sender][expert].
 * There is one row for layers: all are placed alike.
 * There is one row for senders: no expert has replicas, so all are served alike.
 */
#pragma once

#include <stdint.h>

enum {
    PLACEMENT_ROWS = 1,
    PLACEMENT_SOURCES = 1,
    PLACEMENT_EXPERTS = 16,
};
