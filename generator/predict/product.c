/* A matrix product's time, looked up between what was measured. */
#include "predict/work.h"

#include <math.h>

/* Where a value lies among ascending points: between `low` and `low + 1`, `part` of the way. Beyond the ends: at them.
 */
struct place {
    int low;
    double part;
};

static struct place place_among(const double *points, int count, double value)
{
    if (count < 2 || value <= points[0])
        return (struct place){0, 0};
    int low = 0;
    while (low + 2 < count && value >= points[low + 1])
        low++;
    double part = (value - points[low]) / (points[low + 1] - points[low]);
    return (struct place){low, part < 1 ? part : 1};
}

static struct place footprint_place(const struct calibration *c, double footprint_bytes)
{
    double logs[MAX_FOOTPRINTS];
    for (int i = 0; i < c->footprints; i++)
        logs[i] = log(c->footprint_bytes[i]);
    return place_among(logs, c->footprints, log(footprint_bytes > 1 ? footprint_bytes : 1));
}

static double between(const double *values, int count, struct place place)
{
    int next = place.low + 1 < count ? place.low + 1 : place.low;
    return values[place.low] + place.part * (values[next] - values[place.low]);
}

/* Seconds of one line: linear in the rows, and in the logarithm of the footprint. Beyond the last number of rows a line
 * takes as long a row as there. */
static double line_seconds(const struct calibration *c, enum dtype dtype, int company, struct place level, double rows)
{
    double points[MAX_ROW_POINTS], seconds[MAX_FOOTPRINTS] = {0};
    for (int i = 0; i < c->row_points; i++)
        points[i] = c->rows[i];
    struct place at = place_among(points, c->row_points, rows);
    for (int i = level.low; i < c->footprints && i <= level.low + 1; i++)
        seconds[i] = between(c->line_s[dtype][company][i], c->row_points, at);
    double most = points[c->row_points - 1];
    return between(seconds, c->footprints, level) * (rows > most ? rows / most : 1);
}

bool rows_wait(double rows)
{
    enum { WAITING_ROWS = 8 };
    return rows <= WAITING_ROWS;
}

double waiting_seconds(const struct calibration *c, double footprint_bytes, double bytes)
{
    return bytes * between(c->byte_s, c->footprints, footprint_place(c, footprint_bytes));
}

double product_seconds(const struct calibration *c, enum dtype dtype, int company, double footprint_bytes, double rows,
                       int outputs, int inputs)
{
    int panels = (outputs + PANEL - 1) / PANEL;
    struct place level = footprint_place(c, footprint_bytes);
    double start_s = rows_wait(rows) ? between(c->start_s[dtype][company], c->footprints, level) : 0;
    return (double)panels * inputs * line_seconds(c, dtype, company, level, rows) + panels * rows * c->tile_s +
           inputs * start_s;
}

double stream_seconds(const struct calibration *c, int company, double footprint_bytes, double bytes)
{
    enum { LINE_BYTES = 64 };
    const struct place nearest = {0, 0};
    double more_s = line_seconds(c, DTYPE_F32, company, footprint_place(c, footprint_bytes), 1) -
                    line_seconds(c, DTYPE_F32, company, nearest, 1);
    return more_s > 0 ? bytes / LINE_BYTES * more_s : 0;
}
