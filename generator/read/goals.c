/* `require`: goals that predictions are held to. */
#include "read/keys.h"

#include <string.h>

static bool read_require(struct reader *reader)
{
    static const char *const known[] = {"ttft", "throughput"};
    static const struct quantity_key ttft = {"require.ttft", time_units, "10 s"};
    static const struct quantity_key throughput = {"require.throughput", rate_units, "100 tokens/ms/gpu"};
    struct strategy *out = reader->out;
    const char *text = "";
    if (!key_table(reader, "require", known, 2, "{ ttft = \"10 s\" }") ||
        !key_quantity(reader, &ttft, &out->require.ttft_s) ||
        !key_quantity(reader, &throughput, &out->require.tokens_per_s) ||
        !key_text(reader, throughput.key, throughput.example, &text))
        return false;
    out->require.per_rank = strstr(text, "/gpu") != NULL;
    out->require.ttft_line = reader_line(reader, ttft.key);
    out->require.throughput_line = reader_line(reader, throughput.key);
    return true;
}

bool read_goals(struct reader *reader)
{
    return read_require(reader);
}
