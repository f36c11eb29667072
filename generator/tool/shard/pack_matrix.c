#include "tool/shard/pack_matrix.h"

#include <string.h>

/* A panel is written a run of inputs at a time, row by row: the 4 KiB that a run covers stay in the first-level cache
 * while the 16 rows pass by. */
enum { RUN = 64 }; /* even, so that no pair of inputs is cut */

static void pack_run_f32(const float *rows, int outputs, int inputs, int first, int end, float *panel)
{
    for (int output = 0; output < outputs; output++) {
        const float *row = rows + (size_t)output * inputs;
        for (int input = first; input < end; input++)
            panel[(size_t)input * PANEL + output] = row[input];
    }
}

static void pack_run_bf16(const float *rows, int outputs, int inputs, int first, int end, uint16_t *panel)
{
    for (int output = 0; output < outputs; output++) {
        const float *row = rows + (size_t)output * inputs;
        uint16_t *pair = panel + (size_t)first * PANEL + (size_t)2 * output;
        int input = first;
        for (; input + 1 < end; input += 2, pair += 2 * PANEL) {
            pair[0] = f32_to_bf16(row[input]);
            pair[1] = f32_to_bf16(row[input + 1]);
        }
        if (input < end)
            pair[0] = f32_to_bf16(row[input]);
    }
}

static void pack_panel(enum dtype dtype, const float *rows, int outputs, int inputs, void *panel)
{
    if (outputs < PANEL || inputs % 2 != 0)
        memset(panel, 0, panel_bytes(dtype, inputs));
    for (int first = 0; first < inputs; first += RUN) {
        int end = inputs - first < RUN ? inputs : first + RUN;
        if (dtype == DTYPE_BF16)
            pack_run_bf16(rows, outputs, inputs, first, end, panel);
        else
            pack_run_f32(rows, outputs, inputs, first, end, panel);
    }
}

void pack_rows(enum dtype dtype, const float *rows, int outputs, int inputs, void *out)
{
    unsigned char *panel = out;
    for (int first = 0; first < outputs; first += PANEL) {
        int filled = outputs - first < PANEL ? outputs - first : PANEL;
        pack_panel(dtype, rows + (size_t)first * inputs, filled, inputs, panel);
        panel += panel_bytes(dtype, inputs);
    }
}

size_t stored_bytes(enum dtype dtype, size_t count, int inputs)
{
    return count * inputs * (dtype == DTYPE_BF16 ? sizeof(uint16_t) : sizeof(float));
}

void store_rows(enum dtype dtype, const float *rows, size_t count, int inputs, void *out)
{
    if (dtype == DTYPE_F32) {
        memcpy(out, rows, stored_bytes(dtype, count, inputs));
        return;
    }
    uint16_t *halves = out;
    for (size_t index = 0; index < count * inputs; index++)
        halves[index] = f32_to_bf16(rows[index]);
}
