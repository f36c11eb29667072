#include "read/units.h"

#include <ctype.h>
#include <string.h>

const struct unit memory_units[] = {
    {"B", 1},
    {"KiB", 1024.0},
    {"MiB", 1024.0 * 1024},
    {"GiB", 1024.0 * 1024 * 1024},
    {"TiB", 1024.0 * 1024 * 1024 * 1024},
    {"KB", 1e3},
    {"MB", 1e6},
    {"GB", 1e9},
    {"TB", 1e12},
    {0},
};

const struct unit time_units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"min", 60}, {0}};

const struct unit rate_units[] = {
    {"tokens/s/gpu", 1}, {"tokens/ms/gpu", 1e3}, {"tokens/s", 1}, {"tokens/ms", 1e3}, {0},
};

const struct unit flop_units[] = {
    {"FLOP/s", 1}, {"GFLOP/s", 1e9}, {"TFLOP/s", 1e12}, {"PFLOP/s", 1e15}, {0},
};

const struct unit bandwidth_units[] = {
    {"B/s", 1},
    {"KiB/s", 1024.0},
    {"MiB/s", 1024.0 * 1024},
    {"GiB/s", 1024.0 * 1024 * 1024},
    {"TiB/s", 1024.0 * 1024 * 1024 * 1024},
    {"KB/s", 1e3},
    {"MB/s", 1e6},
    {"GB/s", 1e9},
    {"TB/s", 1e12},
    {"Gbit/s", 1e9 / 8},
    {"Tbit/s", 1e12 / 8},
    {0},
};

bool quantity_read(const char *text, const struct unit *units, double *value)
{
    double number = 0, place = 1;
    int digits = 0;
    bool after_point = false;
    for (; isdigit((unsigned char)*text) || (*text == '.' && digits > 0 && !after_point); text++) {
        if (*text == '.') {
            after_point = true;
            continue;
        }
        number = number * 10 + (*text - '0');
        place *= after_point ? 10 : 1;
        digits++;
    }
    if (digits == 0 || digits > 15)
        return false;
    text += strspn(text, " ");
    for (; units->name; units++) {
        if (strcmp(text, units->name) == 0) {
            *value = number / place * units->factor;
            return true;
        }
    }
    return false;
}
