/* The sandbox: its life, its limits, and how an error in a script becomes a struct error. Lua knows a chunk by the name
 * "=N", N an index into `names`: whatever a path holds, a position reads back without parsing it. */
#include "base/heap.h"
#include "base/sandbox_parts.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lua answers a refusal of memory by collecting garbage and asking again. A script at its limit would do little else,
 * so after some refusals every further one is final. */
enum { HOOK_STRIDE = 1000, MOST_REFUSALS = 16 };

const struct sandbox_limits sandbox_limits = {
    .memory_bytes = 64 << 20,
    .instructions = 200 * 1000 * 1000,
    .milliseconds = 10 * 1000,
};

struct sandbox *sandbox_of(lua_State *lua)
{
    void *sandbox;
    lua_getallocf(lua, &sandbox);
    return sandbox;
}

struct place sandbox_place(lua_State *lua, int level)
{
    struct sandbox *sandbox = sandbox_of(lua);
    lua_Debug frame;
    for (int depth = 0; lua_getstack(lua, depth, &frame); depth++) {
        lua_getinfo(lua, "Sl", &frame);
        if (frame.currentline > 0 && --level == 0)
            return (struct place){sandbox->names[atoi(frame.source + 1)], frame.currentline};
    }
    return (struct place){0};
}

int sandbox_line(lua_State *lua, int level)
{
    return sandbox_place(lua, level).line;
}

/* ---- limits */

/* lua_Alloc. `old_size` is a type tag when there is no old block. */
static void *allocate(void *user, void *block, size_t old_size, size_t new_size)
{
    struct sandbox *sandbox = user;
    size_t old_bytes = block ? old_size : 0;
    if (new_size == 0) {
        free(block);
        sandbox->memory_bytes -= old_bytes;
        return NULL;
    }
    size_t others = sandbox->memory_bytes - old_bytes, most = sandbox->limits.memory_bytes;
    bool grows = new_size > old_bytes;
    bool over = others > most || new_size > most - others || sandbox->refusals > MOST_REFUSALS;
    if (sandbox->running && grows && over) {
        /* The message handler does not see this error, so its line is noted now. Looking allocates nothing. */
        sandbox->out_of_memory = sandbox_place(sandbox->lua, 1);
        sandbox->refusals++;
        return NULL;
    }
    void *grown = realloc(block, new_size);
    if (grown)
        sandbox->memory_bytes = others + new_size;
    return grown;
}

/* Called every HOOK_STRIDE instructions, and at each call. Only a function written in C can run for long without the
 * former, so the latter notes who calls one. */
static void on_event(lua_State *lua, lua_Debug *event)
{
    struct sandbox *sandbox = sandbox_of(lua);
    if (event->event == LUA_HOOKCOUNT) {
        sandbox->instructions -= HOOK_STRIDE;
        if (sandbox->instructions < 0)
            luaL_error(lua, "runs more than %I instructions; is there a loop that does not end?",
                       (LUAI_UACINT)sandbox->limits.instructions);
    }
    lua_getinfo(lua, "S", event);
    if (event->event == LUA_HOOKCOUNT || *event->what == 'C')
        clock_blame(sandbox_place(lua, 1));
}

/* ---- life */

lua_State *sandbox_open(const struct sandbox_limits *limits)
{
    struct sandbox *sandbox = heap_take(1, sizeof *sandbox);
    sandbox->limits = *limits;
    sandbox->instructions = limits->instructions;
    sandbox->microseconds = limits->milliseconds * 1000LL;
    sandbox->lua = lua_newstate(allocate, sandbox);
    if (!sandbox->lua)
        heap_exhausted();
    sandbox_make_words(sandbox->lua);
    lua_sethook(sandbox->lua, on_event, LUA_MASKCALL | LUA_MASKCOUNT, HOOK_STRIDE);
    return sandbox->lua;
}

void sandbox_close(lua_State *lua)
{
    struct sandbox *sandbox = sandbox_of(lua);
    lua_close(lua);
    for (int i = 0; i < sandbox->name_count; i++)
        free(sandbox->names[i]);
    free(sandbox->names);
    free(sandbox);
}

/* ---- errors */

/* What Lua's own messages do not say: what to do about it. Messages of ours hold it after a semicolon. */
static const char *advice(const char *message)
{
    if (strchr(message, ';'))
        return "";
    if (strstr(message, "stack overflow"))
        return "; is there a recursion that does not end?";
    return "; correct this line";
}

/* The message handler of every call: runs where the error was raised, so the stack still shows the line. */
static int explain(lua_State *lua)
{
    struct sandbox *sandbox = sandbox_of(lua);
    if (lua_type(lua, 1) != LUA_TSTRING) {
        struct place place = sandbox_place(lua, 1);
        fail(sandbox->error, place.name, place.line, "fails with a value of type %s; give error() a text",
             luaL_typename(lua, 1));
        return 1;
    }
    const char *message = lua_tostring(lua, 1);
    struct place place = sandbox->thrown;
    if (place.line == 0) {
        place = sandbox_place(lua, 1);
        /* Lua puts the position in front as "N:line: ". */
        const char *colon = message + strspn(message, "0123456789");
        if (colon > message && *colon == ':') {
            const char *after = colon + 1 + strspn(colon + 1, "0123456789");
            if (strncmp(after, ": ", 2) == 0 && atoi(colon + 1) == place.line)
                message = after + 2;
        }
    }
    const char *overflow = strstr(message, "stack overflow");
    fail(sandbox->error, place.name, place.line, "%s%s", overflow ? "stack overflow" : message, advice(message));
    return 1;
}

/* Errors that the handler does not see. */
static bool fail_unseen(const struct sandbox *sandbox, int status, struct error *error)
{
    struct place place = sandbox->out_of_memory;
    if (status == LUA_ERRMEM)
        return fail(error, place.name, place.line, "needs more than %zu MiB of memory; build less",
                    sandbox->limits.memory_bytes >> 20);
    return fail(error, sandbox->names[sandbox->name_count - 1], 0,
                "goes too deep; is there a recursion that does not end, or code nested in hundreds of brackets?");
}

/* ---- scripts */

static const char *name_chunk(struct sandbox *sandbox, const char *name, char *out, size_t room)
{
    sandbox->names = heap_grow(sandbox->names, (size_t)sandbox->name_count + 1, sizeof *sandbox->names);
    char *copy = sandbox->names[sandbox->name_count] = heap_text(name);
    snprintf(out, room, "=%d", sandbox->name_count++);
    return copy;
}

bool sandbox_load(lua_State *lua, const char *name, const char *text, size_t length, struct error *error)
{
    struct sandbox *sandbox = sandbox_of(lua);
    if (length > 0 && *text == LUA_SIGNATURE[0])
        return fail(error, name, 1, "is compiled Lua; give its source");
    char chunk[16];
    const char *shown = name_chunk(sandbox, name, chunk, sizeof chunk);
    sandbox->running = true;
    sandbox->refusals = 0;
    sandbox->out_of_memory = (struct place){shown, 0};
    int status = luaL_loadbufferx(lua, text, length, chunk, "t");
    sandbox->running = false;
    if (status == LUA_OK)
        return true;
    if (status == LUA_ERRSYNTAX) {
        /* "N:line: what is wrong" */
        const char *message = lua_tostring(lua, -1), *colon = strchr(message, ':');
        char *end = NULL;
        long line = colon ? strtol(colon + 1, &end, 10) : 0;
        fail(error, name, (int)line, "%s; correct the Lua syntax", end && *end == ':' ? end + 2 : message);
    } else {
        fail_unseen(sandbox, status, error);
    }
    lua_pop(lua, 1);
    return false;
}

bool sandbox_call(lua_State *lua, int arguments, int results, struct error *error)
{
    struct sandbox *sandbox = sandbox_of(lua);
    assert(!sandbox->running);
    int base = lua_gettop(lua) - arguments;
    lua_pushcfunction(lua, explain);
    lua_insert(lua, base);
    sandbox->error = error;
    sandbox->thrown = (struct place){0};
    clock_blame((struct place){0});
    sandbox->running = true;
    sandbox->refusals = 0;
    clock_start(sandbox->microseconds, sandbox->limits.milliseconds);
    int status = lua_pcall(lua, arguments, results, base);
    sandbox->microseconds = clock_stop();
    sandbox->running = false;
    lua_remove(lua, base);
    if (status == LUA_OK)
        return true;
    if (status != LUA_ERRRUN)
        fail_unseen(sandbox, status, error);
    lua_pop(lua, 1);
    return false;
}
