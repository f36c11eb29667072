/* What goes into a shard file: packed matrices, tables, and the checksum over them. */
#include "tool/shard/pack_matrix.h"
#include "checksum.h"

#include "run_case.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Small enough to be exact in bfloat16, and never zero, so that padding cannot be taken for a value. */
static float value_at(int output, int input)
{
    return (float)(1 + (output * 7 + input * 3) % 127);
}

static float *make_rows(int outputs, int inputs)
{
    float *rows = malloc(sizeof *rows * (size_t)outputs * (size_t)inputs + 1);
    ck_assert_ptr_nonnull(rows);
    for (int output = 0; output < outputs; output++)
        for (int input = 0; input < inputs; input++)
            rows[output * inputs + input] = value_at(output, input);
    return rows;
}

/* The value that packed.h's picture puts at this place; zero in the padding. */
static float packed_at(const struct packed *matrix, int output, int input)
{
    const char *panel =
        (const char *)matrix->panels + (size_t)(output / PANEL) * panel_bytes(matrix->dtype, matrix->inputs);
    if (matrix->dtype == DTYPE_F32)
        return ((const float(*)[PANEL])(const void *)panel)[input][output % PANEL];
    return bf16_to_f32(((const uint16_t(*)[PANEL][2])(const void *)panel)[input / 2][output % PANEL][input % 2]);
}

START_TEST(packs_each_value_to_its_place)
{
    static const int sizes[][2] = {{1, 1}, {16, 2}, {17, 3}, {15, 64}, {33, 129}, {48, 200}, {0, 5}, {5, 0}};
    int outputs = sizes[_i / 2][0], inputs = sizes[_i / 2][1];
    enum dtype dtype = _i % 2 ? DTYPE_F32 : DTYPE_BF16;
    size_t bytes = packed_bytes(dtype, outputs, inputs);
    float *rows = make_rows(outputs, inputs);
    void *out = malloc(bytes + 1); /* malloc and not a stack array: the sanitizer sees a byte too many */
    ck_assert_ptr_nonnull(out);
    memset(out, 0xee, bytes);
    pack_rows(dtype, rows, outputs, inputs, out);

    struct packed matrix = {.panels = out, .outputs = outputs, .inputs = inputs, .dtype = dtype};
    int padded_outputs = (outputs + PANEL - 1) / PANEL * PANEL;
    int padded_inputs = dtype == DTYPE_BF16 ? (inputs + 1) / 2 * 2 : inputs;
    for (int output = 0; output < padded_outputs; output++)
        for (int input = 0; input < padded_inputs; input++) {
            float expected = output < outputs && input < inputs ? value_at(output, input) : 0;
            ck_assert_float_eq(packed_at(&matrix, output, input), expected);
        }
    free(out);
    free(rows);
}
END_TEST

static bool is_signalling(uint32_t half)
{
    return (half & 0x7fff) > 0x7f80 && (half & 0x40) == 0;
}

/* Every bfloat16 comes back, but for signalling NaN, which no checkpoint means to hold: they come back quiet. */
START_TEST(keeps_bf16_exactly)
{
    enum { VALUES = 65536 };
    float *rows = malloc(VALUES * sizeof *rows);
    uint16_t *stored = malloc(VALUES * sizeof *stored);
    ck_assert(rows && stored);
    for (uint32_t half = 0; half < VALUES; half++)
        rows[half] = bf16_to_f32((uint16_t)half);
    store_rows(DTYPE_BF16, rows, 256, 256, stored);
    for (uint32_t half = 0; half < VALUES; half++)
        ck_assert_uint_eq(stored[half], is_signalling(half) ? half | 0x40 : half);

    pack_rows(DTYPE_BF16, rows, PANEL, VALUES / PANEL, stored);
    for (uint32_t half = 0; half < VALUES; half++) {
        uint32_t output = half / (VALUES / PANEL), input = half % (VALUES / PANEL);
        ck_assert_uint_eq(stored[(input / 2 * PANEL + output) * 2 + input % 2],
                          is_signalling(half) ? half | 0x40 : half);
    }
    free(stored);
    free(rows);
}
END_TEST

START_TEST(stores_tables_row_after_row)
{
    float rows[2][3] = {{1, 2, 3}, {4, 5, 1.00390625F}}, wide[2][3];
    uint16_t half[2][3];
    ck_assert_uint_eq(stored_bytes(DTYPE_F32, 2, 3), sizeof wide);
    ck_assert_uint_eq(stored_bytes(DTYPE_BF16, 2, 3), sizeof half);
    store_rows(DTYPE_F32, rows[0], 2, 3, wide);
    ck_assert_mem_eq(wide, rows, sizeof rows);
    store_rows(DTYPE_BF16, rows[0], 2, 3, half);
    ck_assert_uint_eq(half[1][0], 0x4080);
    ck_assert_uint_eq(half[1][2], 0x3f80); /* halfway between 1 and the next one: to even */
}
END_TEST

/* ---- checksum */

enum { LONGEST = 4096 };
static unsigned char content[LONGEST];

static void fill_content(void)
{
    uint32_t state = 1;
    for (int index = 0; index < LONGEST; index++) {
        state = state * 1664525 + 1013904223;
        content[index] = (unsigned char)(state >> 24);
    }
}

/* Shard files of other days must still be found intact. */
START_TEST(stays_what_it_was)
{
    ck_assert_uint_eq(checksum64(0, NULL, 0), UINT64_C(0xd620fcf967522dc4));
    ck_assert_uint_eq(checksum64(0, "rankc", 5), UINT64_C(0x82c3315007b5adf3));
    ck_assert_uint_eq(checksum64(1, content, 1000), UINT64_C(0xc9596a6344a6d9aa));
}
END_TEST

START_TEST(pieces_sum_to_the_whole)
{
    uint64_t whole = checksum64(3, content, 1000);
    for (size_t piece = 1; piece <= 100; piece++) {
        struct checksum checksum;
        checksum_start(&checksum, 3);
        for (size_t done = 0; done < 1000; done += piece) {
            checksum_add(&checksum, content + done, 1000 - done < piece ? 1000 - done : piece);
            checksum_value(&checksum); /* looking changes nothing */
        }
        ck_assert_uint_eq(checksum_value(&checksum), whole);
    }
}
END_TEST

START_TEST(sees_flips_and_cuts)
{
    uint64_t right = checksum64(0, content, 333);
    for (int bit = 0; bit < 333 * 8; bit++) {
        content[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_uint_ne(checksum64(0, content, 333), right);
        content[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t length = 0; length < 333; length++)
        ck_assert_uint_ne(checksum64(0, content, length), right);
    ck_assert_uint_ne(checksum64(1, content, 333), right);
}
END_TEST

/* Two flips of the top bit would cancel in a sum that is no wider than its words. */
START_TEST(sees_pairs_of_flips_and_swaps)
{
    uint64_t right = checksum64(0, content, 512);
    for (int one = 3; one < 512; one += 4)
        for (int other = one + 4; other < 512; other += 4) {
            content[one] ^= 0x80;
            content[other] ^= 0x80;
            ck_assert_uint_ne(checksum64(0, content, 512), right);
            content[one] ^= 0x80;
            content[other] ^= 0x80;

            unsigned char swapped[512];
            memcpy(swapped, content, sizeof swapped);
            memcpy(swapped + one - 3, content + other - 3, 4);
            memcpy(swapped + other - 3, content + one - 3, 4);
            ck_assert_uint_ne(checksum64(0, swapped, 512), right);
        }
}
END_TEST

START_TEST(counts_zeros)
{
    static const unsigned char zeros[256];
    uint64_t sums[256];
    for (size_t length = 0; length < 256; length++) {
        sums[length] = checksum64(0, zeros, length);
        for (size_t shorter = 0; shorter < length; shorter++)
            ck_assert_uint_ne(sums[length], sums[shorter]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pack_matrix");
    TCase *packing = tcase_create("packing");
    tcase_add_loop_test(packing, packs_each_value_to_its_place, 0, 16);
    tcase_add_test(packing, keeps_bf16_exactly);
    tcase_add_test(packing, stores_tables_row_after_row);
    suite_add_tcase(suite, packing);
    TCase *checksums = tcase_create("checksum");
    tcase_add_checked_fixture(checksums, fill_content, NULL);
    tcase_add_test(checksums, stays_what_it_was);
    tcase_add_test(checksums, pieces_sum_to_the_whole);
    tcase_add_test(checksums, sees_flips_and_cuts);
    tcase_add_test(checksums, sees_pairs_of_flips_and_swaps);
    tcase_add_test(checksums, counts_zeros);
    suite_add_tcase(suite, checksums);
    return run_whole_suite(suite);
}
