/* Translation to Lua, and the one function that translated templates call:
 *
 *     int ${name} = ${value};          _emit("int ", (name), " = ", (value), ";\n");
 *
 * Its odd arguments are literal text, its even ones were inserts. */
#include "emit/template.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEMPLATE_BYTES = 1 << 20 };

struct template
{
    struct template *next;
    char *path;
    struct text source;
    int function; /* in the registry */
};

/* A piece of the source: begin <= p < end. */
struct span {
    const char *begin, *end;
};

/* ---- reading a line */

/* The next line of `rest`, without its line feed; moves `rest` behind it. */
static struct span next_line(struct span *rest)
{
    const char *feed = memchr(rest->begin, '\n', (size_t)(rest->end - rest->begin));
    struct span line = {rest->begin, feed ? feed : rest->end};
    rest->begin = feed ? feed + 1 : rest->end;
    return line;
}

static bool starts_with(struct span span, const char *prefix)
{
    size_t length = strlen(prefix);
    return (size_t)(span.end - span.begin) >= length && memcmp(span.begin, prefix, length) == 0;
}

/* Behind the Lua string that starts at `at`, quoted or in long brackets; NULL when it does not end, `at` itself when
 * none starts there. */
static const char *skip_string(const char *at, const char *end)
{
    if (*at == '"' || *at == '\'') {
        for (const char *c = at + 1; c < end; c++)
            if (*c == *at)
                return c + 1;
            else if (*c == '\\')
                c++;
        return NULL;
    }
    const char *inner = at + 1;
    while (*at == '[' && inner < end && *inner == '=')
        inner++;
    if (*at != '[' || inner >= end || *inner != '[')
        return at;
    size_t width = (size_t)(inner - at) + 1; /* of the closing bracket, ]==] for [==[ */
    for (const char *c = inner + 1; c + width <= end; c++)
        if (*c == ']' && c[width - 1] == ']' && memcmp(c + 1, at + 1, width - 2) == 0)
            return c + width;
    return NULL;
}

/* Where the expression that begins at `begin` has its closing brace; NULL when it has none on this line. */
static const char *expression_end(const char *begin, const char *end)
{
    int depth = 0;
    for (const char *c = begin; c && c < end;) {
        const char *behind = skip_string(c, end);
        if (behind != c) {
            c = behind;
            continue;
        }
        if (*c == '}' && depth-- == 0)
            return c;
        depth += *c == '{';
        c++;
    }
    return NULL;
}

/* What a line holds next: literal text, then at most one insert. */
struct piece {
    struct span literal;
    bool has_insert;
    struct span expression; /* end NULL: not closed */
};

static struct piece next_piece(struct span *line)
{
    struct piece piece = {.literal = *line};
    for (const char *c = line->begin; c < line->end; c++) {
        struct span here = {c, line->end};
        if (starts_with(here, "$${")) {
            piece.literal.end = c + 1;
            line->begin = c + 2; /* the brace alone is no mark */
            return piece;
        }
        if (starts_with(here, "${")) {
            piece.literal.end = c;
            piece.has_insert = true;
            piece.expression = (struct span){c + 2, expression_end(c + 2, line->end)};
            line->begin = piece.expression.end ? piece.expression.end + 1 : line->end;
            return piece;
        }
    }
    line->begin = line->end;
    return piece;
}

/* ---- translation */

static void add_quoted(struct text *lua, struct span literal)
{
    for (const char *c = literal.begin; c < literal.end; c++) {
        if (*c == '"' || *c == '\\')
            text_add(lua, "\\", 1);
        if ((unsigned char)*c < ' ')
            text_format(lua, "\\%03d", *c);
        else
            text_add(lua, c, 1);
    }
}

static bool has_comment(struct span expression)
{
    for (const char *c = expression.begin; c < expression.end;) {
        if (starts_with((struct span){c, expression.end}, "--"))
            return true;
        const char *behind = skip_string(c, expression.end);
        c = behind > c ? behind : c + 1;
    }
    return false;
}

static bool add_expression(const char *path, int number, struct span expression, struct text *lua, struct error *error)
{
    if (!expression.end)
        return fail(error, path, number, "${ has no } on its line; close it");
    if (strspn(expression.begin, " \t") >= (size_t)(expression.end - expression.begin))
        return fail(error, path, number, "${} is empty; write an expression in it");
    if (has_comment(expression))
        return fail(error, path, number, "a comment inside ${} would hide its end; put it on a //%% line");
    text_add(lua, "\", (", 4);
    text_add(lua, expression.begin, (size_t)(expression.end - expression.begin));
    text_add(lua, "), \"", 4);
    return true;
}

static bool add_line(const char *path, int number, struct span line, bool has_feed, struct text *lua,
                     struct error *error)
{
    struct span code = line;
    while (code.begin < code.end && (*code.begin == ' ' || *code.begin == '\t'))
        code.begin++;
    if (starts_with(code, "//%")) {
        text_add(lua, code.begin + 3, (size_t)(code.end - code.begin) - 3);
        return true;
    }
    text_format(lua, "_emit(\"");
    while (line.begin < line.end) {
        struct piece piece = next_piece(&line);
        add_quoted(lua, piece.literal);
        if (piece.has_insert && !add_expression(path, number, piece.expression, lua, error))
            return false;
    }
    text_format(lua, "%s\");", has_feed ? "\\n" : "");
    return true;
}

bool template_translate(const char *path, const char *source, size_t length, struct text *lua, struct error *error)
{
    struct span rest = {source, source + length};
    text_format(lua, "local _emit = ...; ");
    for (int number = 1; rest.begin < rest.end; number++) {
        struct span line = next_line(&rest);
        text_format(lua, "%s", number > 1 ? "\n" : "");
        if (!add_line(path, number, line, line.end < rest.end, lua, error))
            return false;
    }
    return true;
}

/* ---- running */

/* The text of insert number `wanted` (from 1) of a line of the running template. */
static struct span insert_text(const struct template *template, int line_number, int wanted)
{
    struct span rest = {template->source.bytes, template->source.bytes + template->source.length}, line = rest;
    for (int number = 0; number < line_number; number++)
        line = next_line(&rest);
    struct piece piece = {0};
    for (int seen = 0; seen < wanted && line.begin < line.end;) {
        piece = next_piece(&line);
        seen += piece.has_insert;
    }
    return piece.expression;
}

static int refuse_insert(lua_State *lua, const struct templates *templates, int argument)
{
    struct span expression = insert_text(templates->running, sandbox_line(lua, 1), argument / 2);
    lua_pushlstring(lua, expression.begin, (size_t)(expression.end - expression.begin));
    const char *shown = lua_tostring(lua, -1);
    if (lua_type(lua, argument) == LUA_TNUMBER)
        return luaL_error(lua, "${%s} is %s, a float; insert a string or an integer", shown,
                          luaL_tolstring(lua, argument, NULL));
    return luaL_error(lua, "${%s} is a value of type %s; insert a string or an integer", shown,
                      luaL_typename(lua, argument));
}

/* Upvalue 1 is the struct templates. */
static int emit(lua_State *lua)
{
    struct templates *templates = lua_touserdata(lua, lua_upvalueindex(1));
    for (int i = 1, count = lua_gettop(lua); i <= count; i++) {
        if (lua_type(lua, i) != LUA_TSTRING && !lua_isinteger(lua, i))
            return refuse_insert(lua, templates, i);
        size_t length;
        const char *bytes = lua_tolstring(lua, i, &length);
        text_add(templates->out, bytes, length);
    }
    return 0;
}

static void free_template(struct template *template)
{
    text_free(&template->source);
    free(template->path);
    free(template);
}

static struct template *load(struct templates *templates, const char *path, struct error *error)
{
    struct template *template = heap_take(1, sizeof *template);
    template->path = heap_text(path);
    struct text lua = {0};
    bool loaded = file_read(path, MOST_TEMPLATE_BYTES, &template->source, error) &&
                  template_translate(path, template->source.bytes, template->source.length, &lua, error) &&
                  sandbox_load(templates->lua, path, lua.bytes, lua.length, error);
    text_free(&lua);
    if (!loaded) {
        free_template(template);
        return NULL;
    }
    template->function = luaL_ref(templates->lua, LUA_REGISTRYINDEX);
    template->next = templates->first;
    return templates->first = template;
}

bool template_run(struct templates *templates, const char *path, struct text *out, struct error *error)
{
    struct template *template = templates->first;
    while (template && strcmp(template->path, path) != 0)
        template = template->next;
    if (!template && !(template = load(templates, path, error)))
        return false;
    templates->running = template;
    templates->out = out;
    lua_rawgeti(templates->lua, LUA_REGISTRYINDEX, template->function);
    lua_pushlightuserdata(templates->lua, templates);
    lua_pushcclosure(templates->lua, emit, 1);
    return sandbox_call(templates->lua, 1, 0, error);
}

void templates_open(struct templates *templates)
{
    *templates = (struct templates){.lua = sandbox_open(&sandbox_limits)};
}

void templates_close(struct templates *templates)
{
    while (templates->first) {
        struct template *next = templates->first->next;
        free_template(templates->first);
        templates->first = next;
    }
    sandbox_close(templates->lua);
    *templates = (struct templates){0};
}
