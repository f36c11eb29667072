/* The template engine. A template is a file that looks like what it emits, with two marks:
 *
 *     a line whose first non-blank characters are //% is Lua
 *     ${expression} inserts a string or an integer; $${ is a plain ${
 *
 * All else is emitted as it stands. A template becomes a Lua chunk line by line, so an error names the template's own
 * line. It runs in the sandbox, once compiled however often it runs, and sees the globals that were added. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <lua.h>

struct templates {
    lua_State *lua; /* the sandbox; add globals with sandbox_add */
    struct template *first;
    const struct template *running;
    struct text *out; /* of the running template */
};

/* A sandbox without globals of its own, and no template yet. */
void templates_open(struct templates *templates);
void templates_close(struct templates *templates);

/* Runs the template in file `path` and adds what it emits to `out`; adds part of it when it fails. */
bool template_run(struct templates *templates, const char *path, struct text *out, struct error *error);

/* The translation alone: Lua source whose lines are those of the template. `path` is for errors. */
bool template_translate(const char *path, const char *source, size_t length, struct text *lua, struct error *error);
