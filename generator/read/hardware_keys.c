/* The keys of a description of hardware, but for `links`. */
#include "read/hardware_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MOST_PROCESSORS = 65536 };

/* Of a peak, where nothing is stated about what is reached. Where both are published it is 0.51 to 0.87 of the bf16
 * peak in large matrix products (MI300X, A100; H100 0.80, B200 0.78), and 0.80 of a link's line rate (H800: NVLink 160
 * of 200 GB/s). */
static const double usual_sustained_share = 0.8;

const char *const hardware_dtypes[HARDWARE_DTYPES] = {[DTYPE_BF16] = "bf16", [DTYPE_F32] = "f32"};

/* ---- paths and single values */

const char *description_path(const struct description *description, const char *key, char out[KEY_PATH_TEXT])
{
    const char *prefix = description->prefix;
    int length = snprintf(out, KEY_PATH_TEXT, "%s%s%s", prefix, *prefix && *key ? "." : "", key);
    assert(length < KEY_PATH_TEXT); /* all keys are those of this folder */
    (void)length;
    return out;
}

static bool is_absent(const struct description *description, const char *path)
{
    bool absent = key_push(description->reader, path) == LUA_TNIL;
    lua_pop(description->reader->lua, 1);
    return absent;
}

static bool read_table(const struct description *description, const char *key, const char *const *known, size_t count,
                       const char *example)
{
    char path[KEY_PATH_TEXT];
    description_path(description, key, path);
    if (is_absent(description, path))
        return reader_fail(description->reader, path, "%s is missing; write %s = %s", path, key, example);
    return key_table(description->reader, path, known, count, example);
}

/* A quantity that may be absent. */
static bool read_quantity(const struct description *description, const struct quantity_key *quantity, double *value)
{
    char path[KEY_PATH_TEXT];
    const struct quantity_key whole = {description_path(description, quantity->key, path), quantity->units,
                                       quantity->example};
    return key_quantity(description->reader, &whole, value);
}

bool description_read_rate(const struct description *description, const struct quantity_key *rate, struct rate *out)
{
    static const char *const known[] = {"peak", "sustained"};
    struct reader *reader = description->reader;
    char example[64], peak[KEY_PATH_TEXT], sustained[KEY_PATH_TEXT], path[KEY_PATH_TEXT];
    snprintf(example, sizeof example, "{ peak = \"%s\" }", rate->example);
    snprintf(peak, sizeof peak, "%s.peak", rate->key);
    snprintf(sustained, sizeof sustained, "%s.sustained", rate->key);
    if (!read_table(description, rate->key, known, COUNT(known), example) ||
        !read_quantity(description, &(struct quantity_key){peak, rate->units, rate->example}, &out->peak) ||
        !read_quantity(description, &(struct quantity_key){sustained, rate->units, rate->example}, &out->sustained))
        return false;
    description_path(description, sustained, path);
    if (out->peak == 0 && out->sustained == 0)
        return reader_fail(reader, path, "%s states neither a peak nor a sustained rate; write peak = \"%s\"",
                           description_path(description, rate->key, peak), rate->example);
    if (out->peak > 0 && out->sustained > out->peak)
        return reader_fail(reader, path,
                           "%s is above the peak; a rate that was measured cannot be: correct one of them", path);
    if (out->sustained == 0)
        out->sustained = out->peak * usual_sustained_share;
    return true;
}

/* ---- the keys */

static bool read_source(const struct description *description)
{
    char path[KEY_PATH_TEXT];
    static const char example[] = "NVIDIA H100 data sheet, 2023";
    description_path(description, "source", path);
    if (!key_text(description->reader, path, example, &description->out->source))
        return false;
    const char *source = description->out->source;
    if (source && source[strspn(source, " ")])
        return true;
    return reader_fail(description->reader, path, "%s is %s; say who published the figures, such as source = \"%s\"",
                       path, source ? "empty" : "missing", example);
}

static bool read_memory(const struct description *description)
{
    static const char *const known[] = {"size", "bandwidth"};
    static const struct quantity_key bandwidth = {"memory.bandwidth", bandwidth_units, "3.35 TB/s"};
    char path[KEY_PATH_TEXT];
    const struct quantity_key size = {description_path(description, "memory.size", path), memory_units, "80 GB"};
    return read_table(description, "memory", known, COUNT(known), "{ bandwidth = { peak = \"3.35 TB/s\" } }") &&
           key_bytes(description->reader, &size, &description->out->memory_bytes) &&
           description_read_rate(description, &bandwidth, &description->out->memory);
}

static bool read_flops(const struct description *description)
{
    static const char example[] = "{ bf16 = { peak = \"989 TFLOP/s\" } }";
    char key[32], path[KEY_PATH_TEXT];
    int stated = 0;
    if (!read_table(description, "flops", hardware_dtypes, HARDWARE_DTYPES, example))
        return false;
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        snprintf(key, sizeof key, "flops.%s", hardware_dtypes[dtype]);
        if (is_absent(description, description_path(description, key, path)))
            continue;
        const struct quantity_key rate = {key, flop_units, "989 TFLOP/s"};
        if (!description_read_rate(description, &rate, &description->out->flops[dtype]))
            return false;
        stated++;
    }
    description_path(description, "flops", path);
    return stated > 0 || reader_fail(description->reader, path, "%s is empty; write flops = %s", path, example);
}

static bool read_op_overhead(const struct description *description)
{
    static const struct quantity_key overhead = {"op_overhead", time_units, "3 us"};
    return read_quantity(description, &overhead, &description->out->op_overhead_s);
}

static bool read_processors(const struct description *description)
{
    char path[KEY_PATH_TEXT];
    return key_integer(description->reader, description_path(description, "processors", path), 1, MOST_PROCESSORS,
                       &description->out->processors);
}

/* Every key and what reads it, in the order in which errors are looked for. */
static const struct {
    const char *key;
    bool (*read)(const struct description *description);
} keys[] = {
    {"source", read_source},
    {"memory", read_memory},
    {"flops", read_flops},
    {"links", description_read_links},
    {"op_overhead", read_op_overhead},
    {"processors", read_processors},
    {"calibration", description_read_calibration},
};

bool description_read(const struct description *description)
{
    const char *known[COUNT(keys)];
    for (size_t i = 0; i < COUNT(keys); i++)
        known[i] = keys[i].key;
    const char *example = *description->prefix ? "{ source = \"...\" }" : "\"...\"";
    bool right = key_table(description->reader, description->prefix, known, COUNT(keys), example);
    for (size_t i = 0; right && i < COUNT(keys); i++)
        right = keys[i].read(description);
    return right;
}
