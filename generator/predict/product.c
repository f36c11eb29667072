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

/* Seconds of one line: linear in the rows, and in the logarithm of the footprint. Beyond the last number of rows a line
 * takes as long a row as there. */
static double line_seconds(const struct calibration *c, enum dtype dtype, int company, double footprint, double rows)
{
    double points[MAX_ROW_POINTS], logs[MAX_FOOTPRINTS];
    for (int i = 0; i < c->row_points; i++)
        points[i] = c->rows[i];
    for (int i = 0; i < c->footprints; i++)
        logs[i] = log(c->footprint_bytes[i]);
    struct place at = place_among(points, c->row_points, rows);
    struct place level = place_among(logs, c->footprints, log(footprint > 1 ? footprint : 1));
    double seconds[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        int index = level.low + i < c->footprints ? level.low + i : level.low;
        const double *line = c->line_s[dtype][company][index];
        int next = at.low + 1 < c->row_points ? at.low + 1 : at.low;
        seconds[i] = line[at.low] + at.part * (line[next] - line[at.low]);
    }
    double most = points[c->row_points - 1];
    return (seconds[0] + level.part * (seconds[1] - seconds[0])) * (rows > most ? rows / most : 1);
}

double product_seconds(const struct calibration *calibration, enum dtype dtype, int company, double footprint_bytes,
                       double rows, int outputs, int inputs)
{
    double panels = (outputs + PANEL - 1) / PANEL;
    return panels * inputs * line_seconds(calibration, dtype, company, footprint_bytes, rows) +
           panels * rows * calibration->tile_s;
}
