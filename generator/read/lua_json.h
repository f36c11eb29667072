/* A table of a strategy as JSON, so that a model written in the strategy is read by the code that reads config.json. */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <lua.h>

/* The value at `index` as a new reference, or NULL with `problem` saying what JSON cannot express. 4.0 becomes 4. */
json_t *json_from_lua(lua_State *lua, int index, const char **problem);
