/* `require`: goals for the passes that predict. Until those exist they are only checked. */
#include "read/keys.h"
#include "read/units.h"

static bool check_quantity(struct reader *reader, const char *key, const struct unit *units, const char *example)
{
    const char *text = NULL;
    double value;
    if (!key_text(reader, key, example, &text))
        return false;
    if (text && (!quantity_read(text, units, &value) || value <= 0))
        return reader_fail(reader, key, "%s is \"%.40s\"; give a number and a unit, such as \"%s\"", key, text,
                           example);
    return true;
}

bool read_goals(struct reader *reader)
{
    static const char *const known[] = {"ttft", "throughput"};
    return key_table(reader, "require", known, 2, "{ ttft = \"10 s\" }") &&
           check_quantity(reader, "require.ttft", time_units, "10 s") &&
           check_quantity(reader, "require.throughput", rate_units, "100 tokens/ms/gpu");
}
