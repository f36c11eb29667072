/* What the files of the sandbox share; everyone else includes base/sandbox.h. */
#pragma once

#include "base/sandbox.h"

/* A line of a script. `name` is the path given to sandbox_load, NULL when no script was running. */
struct place {
    const char *name;
    int line;
};

struct sandbox {
    lua_State *lua;
    struct sandbox_limits limits;
    bool running;           /* a script runs or is being compiled: limits hold */
    size_t memory_bytes;    /* in use */
    long long instructions; /* left */
    long long microseconds; /* left */
    char **names;           /* of the chunks; Lua knows a chunk as its index here */
    int name_count;
    struct error *error;        /* where an error of the running call goes */
    struct place thrown;        /* where `error` was told to point; line 0: nowhere */
    int refusals;               /* of memory */
    struct place out_of_memory; /* where memory was last refused */
};

struct sandbox *sandbox_of(lua_State *lua);

/* Where the innermost function written in Lua is (level 1), or its caller (level 2), ... */
struct place sandbox_place(lua_State *lua, int level);

/* sandbox_words.c: makes the globals of an empty state. */
void sandbox_make_words(lua_State *lua);

/* sandbox_order.c: the words whose order Lua leaves open. */
int word_pairs(lua_State *lua);
int word_sort(lua_State *lua);

/* sandbox_clock.c: the clock of the one script that runs. Stopping returns what is left of the time. */
void clock_start(long long microseconds, int limit_milliseconds);
long long clock_stop(void);

/* Tells the clock's handler which line to blame. */
void clock_blame(struct place place);
