/* What tables.c and tables_class.c share: how the fields of a kind are listed. */
#pragma once

#include "emit/bind.h"
#include "emit/tables.h"

/* A field that is a member of the struct; a member of a struct in it; and one that a function makes. */
#define MEMBER_AS(name, TYPE, structure, member)                                                                       \
    {                                                                                                                  \
        name, FIELD_##TYPE, offsetof(struct structure, member), NULL                                                   \
    }
#define MEMBER(TYPE, structure, member)     MEMBER_AS(#member, TYPE, structure, member)
#define PART(TYPE, structure, part, member) MEMBER_AS(#member, TYPE, structure, part.member)
#define MADE(name, push)                                                                                               \
    {                                                                                                                  \
        name, FIELD_MADE, 0, push                                                                                      \
    }

/* The kind of the fields listed in name_fields. */
#define KIND_OF(name, structure)                                                                                       \
    {                                                                                                                  \
#name, sizeof(struct structure), name##_fields, sizeof name##_fields / sizeof *name##_fields                   \
    }
#define KIND(name, structure) static const struct kind kind_##name = KIND_OF(name, structure)

extern const struct kind kind_class;

void push_chosen_schedule(lua_State *lua, const struct facts *facts, int class_index, enum phase phase);
