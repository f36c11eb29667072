/* What calibration is made of: the solver, and the description that it writes, which must mean the same when it is
 * read. */
#include "base/file.h"
#include "read/hardware_file.h"
#include "tool/calibrate/describe.h"
#include "tool/calibrate/fit.h"
#include "tool/calibrate/measure.h"

#include "run_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the solver */

START_TEST(finds_what_the_values_are_made_of)
{
    enum { COUNT = 40, UNKNOWNS = 3 };
    const double truth[UNKNOWNS] = {2e-6, 0, 3e-10};
    double rows[COUNT * UNKNOWNS], values[COUNT], weights[COUNT], x[MOST_UNKNOWNS];
    for (int i = 0; i < COUNT; i++) {
        rows[i * UNKNOWNS] = 1;
        rows[i * UNKNOWNS + 1] = i % 7;
        rows[i * UNKNOWNS + 2] = 1000.0 * (i % 5) * i;
        values[i] = 0;
        for (int j = 0; j < UNKNOWNS; j++)
            values[i] += rows[i * UNKNOWNS + j] * truth[j];
        weights[i] = 1 / (values[i] * values[i]);
    }
    solve_non_negative(rows, values, weights, COUNT, UNKNOWNS, x);
    for (int j = 0; j < UNKNOWNS; j++)
        ck_assert_double_eq_tol(x[j], truth[j], 1e-6 * 2e-6);
}
END_TEST

/* y = 10 - x wants a negative slope: none is the best that may be, and then the mean. */
START_TEST(nothing_is_negative)
{
    const double rows[] = {1, 0, 1, 2, 1, 4}, values[] = {10, 8, 6}, weights[] = {1, 1, 1};
    double x[MOST_UNKNOWNS];
    solve_non_negative(rows, values, weights, 3, 2, x);
    ck_assert_double_eq_tol(x[0], 8, 1e-9);
    ck_assert_double_eq(x[1], 0);
}
END_TEST

/* A start that was measured beside a busy neighbour can be longer than a product that was not. */
START_TEST(a_line_takes_time_whatever_was_taken_off)
{
    ck_assert_double_eq_tol(line_seconds(8e-6, 2e-6, 4), 1.5e-6, 1e-12);
    ck_assert_double_eq_tol(line_seconds(8e-6, 9e-6, 4), 1e-6, 1e-12);
}
END_TEST

/* ---- the description */

static char path[64];

/* Every number another one, with five digits: that many are written. */
static void fill(struct calibration *calibration)
{
    double number = 1.0e-9;
    *calibration = (struct calibration){
        .footprints = 3, .row_points = 4, .footprint_bytes = {1000, 20000, 300000}, .rows = {1, 2, 8, 100}};
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
        for (int company = 0; company < COMPANIES; company++)
            for (int level = 0; level < 3; level++) {
                calibration->start_s[dtype][company][level] = number += 1.25e-11;
                for (int i = 0; i < 4; i++)
                    calibration->line_s[dtype][company][level][i] = number += 1.25e-11;
            }
    for (int level = 0; level < 3; level++)
        calibration->byte_s[level] = 1e-12 * (level - 1);
    for (int kind = 0; kind < OP_KINDS; kind++)
        for (int i = 0; i < OP_FEATURES; i++)
            calibration->op_s[kind][i] = number += 1.25e-11;
#define X(field, text) calibration->field = number += 1.25e-11;
    CALIBRATION_TIMES(X)
#undef X
    calibration->signal_s = 3.851e-5; /* of a busy machine: more nanoseconds than four digits tell */
}

static void write_description(const struct calibration *calibration, const char *cut, const char *put)
{
    struct hardware hardware = {
        .source = "this test", .processors = 3, .calibrated = calibration, .memory_bytes = 1 << 30};
    struct text text = {0};
    struct error error;
    derive_rates(calibration, &hardware);
    describe_hardware(&hardware, &text);
    if (cut) {
        char *at = strstr(text.bytes, cut);
        ck_assert_ptr_nonnull(at);
        memcpy(at, put, strlen(put));
    }
    snprintf(path, sizeof path, "/tmp/rankc-calibration-%d.lua", (int)getpid());
    ck_assert(file_write(path, text.bytes, text.length, 0600, &error));
    text_free(&text);
}

static void expect_close(double read, double written)
{
    ck_assert_double_le(fabs(read - written), 1e-5 * fabs(written));
}

START_TEST(a_description_means_what_was_measured)
{
    static struct calibration written;
    const struct hardware *hardware;
    struct pool pool = {0};
    struct error error;
    fill(&written);
    write_description(&written, NULL, NULL);
    bool read = hardware_read(path, NULL, &pool, &hardware, &error);
    unlink(path);
    ck_assert_msg(read, "%d: %s", error.line, error.text);
    const struct calibration *found = hardware->calibrated;
    ck_assert_int_eq(hardware->processors, 3);
    ck_assert_int_eq(found->footprints, 3);
    ck_assert_int_eq(found->row_points, 4);
    for (int level = 0; level < 3; level++) {
        expect_close(found->footprint_bytes[level], written.footprint_bytes[level]);
        expect_close(found->byte_s[level], written.byte_s[level]);
        for (int side = 0; side < HARDWARE_DTYPES * COMPANIES; side++) {
            int dtype = side / COMPANIES, company = side % COMPANIES;
            expect_close(found->start_s[dtype][company][level], written.start_s[dtype][company][level]);
            for (int i = 0; i < 4; i++)
                expect_close(found->line_s[dtype][company][level][i], written.line_s[dtype][company][level][i]);
        }
    }
    for (int kind = 0; kind < OP_KINDS; kind++)
        for (int i = 0; i < OP_FEATURES; i++)
            expect_close(found->op_s[kind][i], written.op_s[kind][i]);
#define X(field, text) expect_close(found->field, written.field);
    CALIBRATION_TIMES(X)
#undef X
    pool_free(&pool);
}
END_TEST

/* Broken by hand: each is refused at a line of the calibration, with the one advice there is. */
START_TEST(a_damaged_calibration_is_refused)
{
    static const struct {
        const char *cut, *put, *text;
    } cases[] = {
        {"rows = { 1, 2", "rows = { 1, 1", "do not ascend"},
        {"rows = { 1, 2, 8, 100", "rows = { 1, 2, 8     ", "another length"},
        {"wake_ns", "woke_ns", "wake_ns"},
        {"attention = {", "attentive = {", "attention"},
        {"byte_ps = { -1", "byte_ps = { {}", "no measurement"},
        {"together", "alone   ", "together"},
    };
    static struct calibration written;
    fill(&written);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hardware *hardware;
        struct pool pool = {0};
        struct error error;
        write_description(&written, cases[i].cut, cases[i].put);
        bool read = hardware_read(path, NULL, &pool, &hardware, &error);
        unlink(path);
        ck_assert_msg(!read, "%s was not noticed", cases[i].cut);
        ck_assert_msg(strstr(error.text, cases[i].text) != NULL, "%s: %s", cases[i].cut, error.text);
        ck_assert_ptr_nonnull(strstr(error.text, "rankc calibrate again"));
        ck_assert_int_gt(error.line, 0);
        pool_free(&pool);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {finds_what_the_values_are_made_of, nothing_is_negative,
                                  a_line_takes_time_whatever_was_taken_off, a_description_means_what_was_measured,
                                  a_damaged_calibration_is_refused};
    TCase *tcase = tcase_create("calibration");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    return run_case("calibration", tcase);
}
