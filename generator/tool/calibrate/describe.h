/* What was measured, as a hardware description: a Lua file that strategies name and people read. */
#pragma once

#include "base/text.h"
#include "hardware.h"

void describe_hardware(const struct hardware *hardware, struct text *out);

/* Rates that people compare, from the times that were measured: FLOP/s, memory bandwidth, the link between ranks. */
void derive_rates(const struct calibration *calibration, struct hardware *hardware);
