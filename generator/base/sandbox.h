/* Lua 5.4 in a box: what strategies and templates run in.
 *
 * A script computes from what it is given and nothing else, and the same script gives the same bytes on any machine:
 *
 * Words: string (no dump), table, math (no random), utf8, select, type, tonumber, tostring, ipairs, pairs, assert,
 * error. No metatables, so a script cannot reach what the box is built from. A global or a member of a library that is
 * not there is an error that names the nearest; setting any is an error too.
 *
 * Order: pairs goes in sorted order: numbers, then strings by their bytes, then booleans; table.sort is stable.
 *
 * Addresses: no function shows one; tostring and string.format take texts, numbers, booleans and nil.
 *
 * Limits: memory and executed instructions, which end as errors with a line; and a clock. A string pattern can run for
 * years between two instructions, and then nothing can return: when the clock runs out, its signal handler writes the
 * error line to stderr itself and ends the process with EXIT_REFUSED. So a script may only run while nothing that must
 * be completed is under way (files half written, ranks started).
 *
 * The handle is the lua_State itself. Limits hold only while a script runs (sandbox_load, sandbox_call); the host's own
 * calls of the Lua API between them are not limited and do not fail. One script runs at a time in a process. */
#pragma once

#include "base/error.h"

#include <lua.h>
#include <stddef.h>

/* For the whole life of a sandbox, all its calls together. */
struct sandbox_limits {
    size_t memory_bytes;
    long long instructions; /* looked at every thousand */
    int milliseconds;       /* SIGALRM and the real-time timer are taken for the length of each call */
};

extern const struct sandbox_limits sandbox_limits; /* the usual ones: 64 MiB, 200 million, 10 s */

/* A new sandbox with only the words above; never NULL. End it with sandbox_close. */
lua_State *sandbox_open(const struct sandbox_limits *limits);
void sandbox_close(lua_State *lua);

/* Compiles source text and pushes the function; on failure nothing is pushed. `name` is the path that errors show.
 * Compiled Lua is refused. */
bool sandbox_load(lua_State *lua, const char *name, const char *text, size_t length, struct error *error);

/* Calls the function below its `arguments` arguments, as lua_call does; `results` may be LUA_MULTRET. An error leaves
 * nothing on the stack and becomes `error`, at the line of the script that caused it. A C function may be called too:
 * what it calls in turn runs under the limits. */
bool sandbox_call(lua_State *lua, int arguments, int results, struct error *error);

/* Pops a value and makes it the global `name`. */
void sandbox_add(lua_State *lua, const char *name);

/* The line that the script is at, for a C function that a script called: level 1 is the innermost function written in
 * Lua, 2 the one that called it. 0 when there is none. */
int sandbox_line(lua_State *lua, int level);
