/* The words of templates, beside the plan: how texts and numbers are set out.
 *
 *     left(value, width)          padded with blanks on the right
 *     right(value, width)         padded with blanks on the left
 *     thousands(integer)          "1,234,567"
 *     mib(integer)                "1,024.25 MiB"
 *     counted(integer, "rank")    "1 rank", "8 ranks"
 *     join(numbers, between)      "0, 2"; join(numbers, between, first, last, width) takes a part, each as wide
 *     widest(list, "field")       the most characters that the field takes in an item of the list
 *     ranges(numbers [, most])    "0-3, 8-14 by 2, 20"; past `most` runs, all between is "..." */
#pragma once

#include "base/text.h"

#include <lua.h>

void words_add(lua_State *lua);

/* What ranges() shows, for texts that are made in C. most_runs 0: no limit. */
void ranges_text(struct text *out, const int *numbers, int count, int most_runs);
