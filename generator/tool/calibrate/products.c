/* What a line of a matrix product takes: a grid over the rows and over how many bytes of weights are passed over before
 * the first ones come again. */
#include "base/heap.h"
#include "base/machine.h"
#include "kernels/kernels.h"
#include "tool/calibrate/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    OUTPUTS = 256,
    INPUTS = 512,
    FEW_INPUTS = 64, /* where the beginning of a tile shows */
    SAMPLES = 5,
    PASSES = 5, /* over the whole grid, so that a neighbour who disturbs one for a while is outvoted */
    MOST_ROWS = 128,
    RUN = 4,        /* matrices in a run */
    STRIDE = 10007, /* prime, so that all runs come */
    FEW_ROWS = 2,   /* that wait for memory more than they compute */
    WAITING_ROWS = 8
};

static const double SAMPLE_S = 2e-3; /* long enough for the clock, short enough that few are disturbed */
static const int row_points[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, MOST_ROWS};
static const double footprint_points[] = {128 << 10, 1 << 20,  4 << 20,  10 << 20,
                                          18 << 20,  30 << 20, 64 << 20, 192 << 20};

enum {
    ROW_POINTS = sizeof row_points / sizeof *row_points,
    FOOTPRINTS = sizeof footprint_points / sizeof *footprint_points,
    FOUND = FOOTPRINTS * ROW_POINTS + 1 + FOOTPRINTS
};
_Static_assert((int)ROW_POINTS <= (int)MAX_ROW_POINTS && (int)FOOTPRINTS <= (int)MAX_FOOTPRINTS,
               "the grid must fit struct calibration");

struct bench {
    const struct kernels *kernels;
    enum dtype dtype;
    const unsigned char *weights; /* the largest footprint */
    float *x, *y;
    const float *rows[MOST_ROWS];
};

/* Matrices come in runs: within one the kernel fetches the next matrix ahead, as it does within an expert; where runs
 * begin, in no order that a cache could foresee, as experts do, nothing was fetched. */
static int next_matrix(int at, int matrices, int run)
{
    int runs = matrices / run;
    if (runs < 2)
        return (at + 1) % matrices;
    if ((at + 1) % run)
        return at + 1;
    return (int)(((int64_t)at / run + STRIDE) % runs) * run;
}

/* Seconds of one product of `rows` rows, the weights taken in turn from `footprint` bytes: the median of the samples.
 */
static double time_product(const struct bench *bench, int rows, int inputs, double footprint, int run)
{
    size_t bytes = packed_bytes(bench->dtype, OUTPUTS, inputs), room = (size_t)footprint;
    int matrices = room > bytes ? (int)(room / bytes) : 1, at = 0;
    double samples[SAMPLES];
    /* One pass more than is timed brings what fits into the caches, but no more than a sample's time is spent on it. */
    for (int sample = -1; sample < SAMPLES; sample++) {
        int products = 0;
        double begin = seconds_now(), end = begin;
        while (end - begin < SAMPLE_S) {
            struct packed weight = {bench->weights + (size_t)at * bytes, OUTPUTS, inputs, bench->dtype};
            bench->kernels->matmul(bench->rows, rows, &weight, bench->y, OUTPUTS);
            at = next_matrix(at, matrices, run);
            if (++products % 4 == 0 || rows > 8)
                end = seconds_now();
        }
        if (sample >= 0)
            samples[sample] = (end - begin) / products;
    }
    return median_of(samples, SAMPLES);
}

/* Weights as ranks have them: mapped from a file. Zeros multiply as fast as any other numbers. */
static unsigned char *map_weights(size_t bytes)
{
    FILE *file = tmpfile();
    static const unsigned char zeros[1 << 16];
    bool written = file != NULL;
    for (size_t at = 0; written && at < bytes; at += sizeof zeros)
        written = fwrite(zeros, sizeof zeros, 1, file) == 1;
    unsigned char *weights = MAP_FAILED;
    if (written && fflush(file) == 0)
        weights = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fileno(file), 0);
    if (weights == MAP_FAILED) {
        fprintf(stderr, "rankc calibrate: no room for %zu bytes of weights in the folder for temporary files\n", bytes);
        _exit(1);
    }
    fclose(file);
    return weights;
}

/* What it takes more, for each input, when no product's weights were fetched ahead. */
static void measure_starts(const struct bench *bench, double starts[FOOTPRINTS])
{
    for (int level = 0; level < FOOTPRINTS; level++) {
        double found[PASSES];
        for (int pass = 0; pass < PASSES; pass++) {
            double apart = time_product(bench, FEW_ROWS, INPUTS, footprint_points[level], 1);
            double runs = time_product(bench, FEW_ROWS, INPUTS, footprint_points[level], RUN);
            double more = (apart - runs) * RUN / (RUN - 1) / INPUTS;
            found[pass] = more > 0 ? more : 0;
        }
        starts[level] = median_of(found, PASSES);
    }
}

double line_seconds(double product_s, double apart_s, int lines)
{
    double least_s = product_s / 2, rest_s = product_s - apart_s;
    return (rest_s > least_s ? rest_s : least_s) / lines;
}

/* values[footprint][rows], then tile_s, then start_s by footprint */
static void measure_lines(int process, double *values, void *context)
{
    (void)process;
    struct bench bench = *(struct bench *)context;
    size_t bytes = (size_t)footprint_points[FOOTPRINTS - 1];
    const int panels = OUTPUTS / PANEL;
    bench.kernels = kernels_best();
    bench.weights = map_weights(bytes);
    bench.x = heap_take((size_t)MOST_ROWS * INPUTS, sizeof(float));
    bench.y = heap_take((size_t)MOST_ROWS * OUTPUTS, sizeof(float));
    for (int row = 0; row < MOST_ROWS; row++)
        bench.rows[row] = bench.x + (size_t)row * INPUTS;
    double begins[ROW_POINTS];
    for (int i = 0; i < ROW_POINTS; i++) {
        double small = time_product(&bench, row_points[i], FEW_INPUTS, footprint_points[0], RUN);
        double large = time_product(&bench, row_points[i], INPUTS, footprint_points[0], RUN);
        double begin =
            (small - large * FEW_INPUTS / INPUTS) / (panels * row_points[i] * (1 - (double)FEW_INPUTS / INPUTS));
        begins[i] = begin > 0 ? begin : 0;
    }
    double tile_s = median_of(begins, ROW_POINTS);
    double *starts = values + FOOTPRINTS * ROW_POINTS + 1;
    measure_starts(&bench, starts);
    double lines[FOOTPRINTS * ROW_POINTS][PASSES];
    for (int pass = 0; pass < PASSES; pass++)
        for (int i = 0; i < FOOTPRINTS * ROW_POINTS; i++) {
            int rows = row_points[i % ROW_POINTS];
            double product = time_product(&bench, rows, INPUTS, footprint_points[i / ROW_POINTS], RUN);
            double start = rows <= WAITING_ROWS ? starts[i / ROW_POINTS] * INPUTS / RUN : 0;
            lines[i][pass] = line_seconds(product, start + panels * rows * tile_s, panels * INPUTS);
        }
    for (int i = 0; i < FOOTPRINTS * ROW_POINTS; i++)
        values[i] = median_of(lines[i], PASSES);
    values[FOOTPRINTS * ROW_POINTS] = tile_s;
}

bool measure_products(struct calibration *calibration, int processors, struct error *error)
{
    calibration->footprints = FOOTPRINTS;
    calibration->row_points = ROW_POINTS;
    memcpy(calibration->footprint_bytes, footprint_points, sizeof footprint_points);
    memcpy(calibration->rows, row_points, sizeof row_points);
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
        for (int company = 0; company < COMPANIES; company++) {
            struct bench bench = {.dtype = (enum dtype)dtype};
            double found[FOUND];
            if (!measure_in_processes(company == ALONE ? 1 : processors, measure_lines, &bench, FOUND, found, error))
                return false;
            memcpy(calibration->start_s[dtype][company], found + FOOTPRINTS * ROW_POINTS + 1,
                   FOOTPRINTS * sizeof *found);
            for (int level = 0; level < FOOTPRINTS; level++)
                memcpy(calibration->line_s[dtype][company][level], found + level * ROW_POINTS,
                       ROW_POINTS * sizeof *found);
            calibration->tile_s = found[FOOTPRINTS * ROW_POINTS];
        }
    return true;
}
