/* C structs as read-only Lua values.
 *
 * A kind lists the fields of a struct by name. An item of it is a Lua table that is filled when a template reaches it;
 * a list is a handle that makes its items one by one, so a plan of 65536 ranks costs nothing until a row is printed.
 * Writing to either is an error, and so is reading a field that the kind does not have. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* One struct in C. `facts` is what a field that is worked out may look at. */
struct item {
    const void *at;
    int index; /* in its list, from 0 */
    const struct facts *facts;
    const struct class_facts *class; /* the class it is part of; NULL: of none */
    int phase;                       /* of its schedule, where it is part of one */
};

enum field_type {
    FIELD_INT,
    FIELD_OPTIONAL, /* an int; nil when negative */
    FIELD_SIZE,     /* a uint64_t */
    FIELD_TEXT,
    FIELD_FLAG, /* a bool */
    FIELD_MADE  /* `push` makes it */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    void (*push)(lua_State *lua, const struct item *item);
};

struct kind {
    const char *name; /* "class", for messages */
    size_t size;
    const struct field *fields;
    int field_count;
};

/* Plain ints: items of this kind are Lua integers. */
extern const struct kind kind_numbers;

void push_item(lua_State *lua, const struct kind *kind, const struct item *item);

/* A list of `count` structs (or ints) from `first`, part of what `owner` is part of. In Lua: list[1], #list, ipairs. */
void push_list(lua_State *lua, const struct kind *kind, const void *first, int count, const struct item *owner);

/* The ints behind the list that is argument `argument` of a word; raises an error when it is something else. */
const int *numbers_argument(lua_State *lua, int argument, int *count);

/* The most characters that `field` takes in any item of the list that is argument `argument`. */
size_t widest_field(lua_State *lua, int argument, const char *field);
