#include "tool/calibrate/describe.h"

#include <limits.h>

enum { F32 = 4, LINE_OUTPUTS = PANEL };

static const double line_bytes[HARDWARE_DTYPES] = {[DTYPE_BF16] = 2 * LINE_OUTPUTS, [DTYPE_F32] = 4 * LINE_OUTPUTS};
static const char *const dtype_words[HARDWARE_DTYPES] = {[DTYPE_BF16] = "bf16", [DTYPE_F32] = "f32"};
static const char *const company_words[COMPANIES] = {"alone", "together"};

void derive_rates(const struct calibration *calibration, struct hardware *hardware)
{
    int last = calibration->footprints - 1;
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        struct rate *flops = &hardware->flops[dtype];
        for (int i = 0; i < calibration->row_points; i++) {
            double rate = 2.0 * LINE_OUTPUTS * calibration->rows[i] / calibration->line_s[dtype][ALONE][0][i];
            flops->peak = rate > flops->peak ? rate : flops->peak;
        }
        double together = 2.0 * LINE_OUTPUTS * calibration->rows[calibration->row_points - 1] /
                          calibration->line_s[dtype][TOGETHER][last][calibration->row_points - 1];
        flops->sustained = together < flops->peak ? together : flops->peak;
    }
    double alone = line_bytes[DTYPE_F32] / calibration->line_s[DTYPE_F32][ALONE][last][0];
    double together = line_bytes[DTYPE_F32] / calibration->line_s[DTYPE_F32][TOGETHER][last][0];
    hardware->memory = (struct rate){alone, together < alone ? together : alone};
    /* Ranks of one machine hand rows over by copying them: as many bytes a second as a stage's send copies. */
    double element_s = calibration->op_s[OP_SEND_STAGE][1];
    hardware->links[0] = (struct link_level){.name = "memory",
                                             .ranks = INT_MAX,
                                             .bandwidth = element_s > 0 ? F32 / element_s : together,
                                             .latency_s = calibration->signal_s};
    hardware->link_count = 1;
}

/* ---- the file */

static void put_rate(struct text *out, const char *name, struct rate rate, double unit, const char *unit_word)
{
    text_format(out, "%s = { peak = \"%.3f %s\", sustained = \"%.3f %s\" }", name, rate.peak / unit, unit_word,
                rate.sustained / unit, unit_word);
}

static void put_numbers(struct text *out, const double *numbers, int count, double factor)
{
    for (int i = 0; i < count; i++)
        text_format(out, "%s%.6g", i ? ", " : "{ ", factor * numbers[i]);
    text_format(out, " }");
}

static void put_nanoseconds(struct text *out, const double *seconds, int count)
{
    put_numbers(out, seconds, count, 1e9);
}

static void put_lines(struct text *out, const struct calibration *calibration, int dtype)
{
    text_format(out, "      %s = {\n", dtype_words[dtype]);
    for (int company = 0; company < COMPANIES; company++) {
        text_format(out, "        %s = {\n", company_words[company]);
        for (int level = 0; level < calibration->footprints; level++) {
            text_format(out, "          ");
            put_nanoseconds(out, calibration->line_s[dtype][company][level], calibration->row_points);
            text_format(out, ",\n");
        }
        text_format(out, "        },\n");
    }
    text_format(out, "      },\n");
}

static void put_calibration(struct text *out, const struct calibration *calibration)
{
    text_format(out, "  calibration = {\n    footprint_bytes = { ");
    for (int i = 0; i < calibration->footprints; i++)
        text_format(out, "%s%.0f", i ? ", " : "", calibration->footprint_bytes[i]);
    text_format(out, " },\n    rows = { ");
    for (int i = 0; i < calibration->row_points; i++)
        text_format(out, "%s%d", i ? ", " : "", calibration->rows[i]);
    text_format(out, " },\n    -- A line of 16 outputs by 1 input: a list a footprint, a number a number of rows.\n"
                     "    line_ns = {\n");
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
        put_lines(out, calibration, dtype);
    text_format(out,
                "    },\n    -- A product whose weights were not fetched ahead, for each input: a number a footprint.\n"
                "    start_ns = {\n");
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        text_format(out, "      %s = {", dtype_words[dtype]);
        for (int company = 0; company < COMPANIES; company++) {
            text_format(out, " %s = ", company_words[company]);
            put_nanoseconds(out, calibration->start_s[dtype][company], calibration->footprints);
            text_format(out, ",");
        }
        text_format(out, " },\n");
    }
    text_format(out, "    },\n    -- Ops beside their products: a call, then one of each feature.\n    op_ns = {\n");
    for (int kind = 0; kind < OP_KINDS; kind++) {
        text_format(out, "      %s = ", op_table[kind].function);
        put_nanoseconds(out, calibration->op_s[kind], OP_FEATURES);
        text_format(out, ",\n");
    }
    text_format(
        out,
        "    },\n    -- A byte that few rows wait for, on top, in picoseconds: a number a footprint.\n    byte_ps = ");
    put_numbers(out, calibration->byte_s, calibration->footprints, 1e12);
    text_format(out, ",\n");
#define X(field, text)                                                                                                 \
    text_format(out, "    %.*sns = %.6g, -- %s\n", (int)sizeof #field - 2, #field, 1e9 * calibration->field, text);
    CALIBRATION_TIMES(X)
#undef X
    text_format(out, "  },\n");
}

void describe_hardware(const struct hardware *hardware, struct text *out)
{
    text_format(out,
                "-- Measured by rankc calibrate; measure again when the machine or rankc changes.\n"
                "return hardware {\n  source = \"%s\",\n  processors = %d,\n",
                hardware->source, hardware->processors);
    text_format(out, "  memory = { size = \"%llu MiB\", ", (unsigned long long)(hardware->memory_bytes >> 20));
    put_rate(out, "bandwidth", hardware->memory, 1e9, "GB/s");
    text_format(out, " },\n  flops = { ");
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        put_rate(out, dtype_words[dtype], hardware->flops[dtype], 1e9, "GFLOP/s");
        text_format(out, dtype + 1 < HARDWARE_DTYPES ? ",\n            " : " },\n");
    }
    text_format(out, "  links = { { name = \"%s\", bandwidth = \"%.3f GB/s\", latency = \"%.1f ns\" } },\n",
                hardware->links[0].name, hardware->links[0].bandwidth / 1e9, 1e9 * hardware->links[0].latency_s);
    put_calibration(out, hardware->calibrated);
    text_format(out, "}\n");
}
