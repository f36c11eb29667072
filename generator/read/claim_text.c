#include "read/claim_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct unit number_units[] = {{"", 1}, {0}};
static const struct unit parameter_units[] = {{"M", 1e6}, {"B", 1e9}, {"T", 1e12}, {"", 1}, {0}};
static const struct unit rank_rate_units[] = {{"tokens/s/gpu", 1}, {"tokens/ms/gpu", 1e3}, {0}};
static const struct unit share_units[] = {{"%", 0.01}, {"", 1}, {0}};
static const struct unit times_units[] = {{"x", 1}, {0}};

const struct unit *dimension_units(enum dimension dimension)
{
    static const struct unit *const units[DIMENSIONS] = {
        [IN_NUMBER] = number_units, [IN_PARAMETERS] = parameter_units, [IN_MEMORY] = memory_units,
        [IN_TIME] = time_units,     [IN_RATE] = rank_rate_units,       [IN_ANY_RATE] = rate_units,
        [IN_SHARE] = share_units,   [IN_TIMES] = times_units,
    };
    return units[dimension];
}

const char *dimension_unit_list(enum dimension dimension, char *out, size_t room)
{
    size_t used = 0;
    *out = '\0';
    for (const struct unit *unit = dimension_units(dimension); unit->name && used < room; unit++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "",
                                 *unit->name ? unit->name : "a bare number");
    return out;
}

/* A number as written, and half of what its last digit counts. */
struct written {
    double value, half;
};

static bool read_written(const char **text, struct written *out)
{
    int digits = 0;
    bool after_point = false;
    *out = (struct written){0, 0.5};
    double place = 1;
    for (; isdigit((unsigned char)**text) || (**text == '.' && digits > 0 && !after_point); ++*text) {
        if (**text == '.') {
            after_point = true;
            continue;
        }
        out->value = out->value * 10 + (**text - '0');
        place *= after_point ? 10 : 1;
        digits++;
    }
    out->value /= place;
    out->half /= place;
    return digits > 0 && digits <= 15;
}

static const struct unit *find_unit(const char *text, const struct unit *units)
{
    for (; units->name; units++)
        if (strcmp(text, units->name) == 0)
            return units;
    return NULL;
}

enum figure_problem figure_read(const char *text, enum dimension dimension, struct figure *out)
{
    struct written first, last;
    *out = (struct figure){.at_least = strncmp(text, ">=", 2) == 0, .at_most = strncmp(text, "<=", 2) == 0};
    bool open = out->at_least || out->at_most;
    text += open ? 2 : 0;
    text += strspn(text, " ");
    if (!read_written(&text, &first))
        return FIGURE_NO_NUMBER;
    last = first;
    out->range = *text == '-';
    if (out->range && (text++, open || !read_written(&text, &last)))
        return FIGURE_NO_NUMBER;
    const struct unit *unit = find_unit(text + strspn(text, " "), dimension_units(dimension));
    if (!unit)
        return FIGURE_UNIT;
    if (out->range && first.value >= last.value)
        return FIGURE_BACKWARDS;
    out->unit = unit->name;
    out->factor = unit->factor;
    out->least = out->at_most ? -INFINITY : first.value * unit->factor;
    out->most = out->at_least ? INFINITY : last.value * unit->factor;
    /* A bound is meant as it stands; so is a number of things. */
    bool exact = open || dimension == IN_NUMBER;
    out->low = exact ? out->least : (first.value - first.half) * unit->factor;
    out->high = exact ? out->most : (last.value + last.half) * unit->factor;
    return FIGURE_RIGHT;
}
