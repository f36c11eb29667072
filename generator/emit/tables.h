/* The plan as templates see it: read-only tables with the names of plan.h.
 *
 *     plan      everything; plan.ranks, plan.classes, plan.stages, ... are lists
 *     class     the class that a file belongs to
 *     schedule  its schedule of the phase that a file is for: phase, rows, ops
 *
 * Every name is in tables.c, in the order that it lists them. */
#pragma once

#include "emit/facts.h"

#include <lua.h>

void tables_add_plan(lua_State *lua, const struct facts *facts);

/* Makes a class the global `class` and one of its schedules the global `schedule`, for the templates that run next. */
void tables_choose(lua_State *lua, const struct facts *facts, int class_index, enum phase phase);
