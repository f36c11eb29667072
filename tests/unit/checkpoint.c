/* Checkpoint folders: one file or several, whole or damaged, and the values that come out of them. */
#include "tool/shard/checkpoint.h"
#include "base/text.h"

#include "run_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

#define INDEX        "model.safetensors.index.json"
#define ENTRY(shape) "{\"dtype\":\"U8\",\"shape\":[" shape "],\"data_offsets\":[0," shape "]}"
#define MAP(entries) "{\"metadata\":{\"total_size\":1},\"weight_map\":{" entries "}}"

static char folder[] = "/tmp/rankc-checkpoint-XXXXXX";
static struct error error;

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&error, 0, sizeof error);
}

static void remove_folder(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
}

static const char *inside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_bytes(const char *name, const void *head, size_t head_bytes, const void *tail, size_t tail_bytes)
{
    FILE *out = fopen(inside(name), "wb");
    ck_assert_ptr_nonnull(out);
    fwrite(head, 1, head_bytes, out);
    fwrite(tail, 1, tail_bytes, out);
    ck_assert_int_eq(fclose(out), 0);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text), "", 0);
}

static void write_tensors(const char *name, const char *header, const void *data, size_t data_bytes)
{
    char head[1024] = {0};
    uint64_t length = strlen(header);
    memcpy(head, &length, sizeof length);
    memcpy(head + sizeof length, header, length);
    write_bytes(name, head, sizeof length + length, data, data_bytes);
}

static struct checkpoint *expect_opened(const char *path)
{
    struct checkpoint *checkpoint = checkpoint_open(path, &error);
    ck_assert_msg(checkpoint != NULL, "%s: %s", error.file, error.text);
    return checkpoint;
}

static void expect_refused(const char *file, const char *why)
{
    ck_assert_ptr_null(checkpoint_open(folder, &error));
    ck_assert_msg(strstr(error.text, why) != NULL, "\"%s\" does not say \"%s\"", error.text, why);
    ck_assert_str_eq(error.file, file ? inside(file) : folder);
}

/* ---- whole checkpoints */

START_TEST(shardings_of_one_checkpoint_have_one_identity)
{
    static const char *const names[] = {"tests/models/tiny-mixtral", "tests/models/tiny-mixtral-sharded",
                                        "models/shakespeare-moe"};
    uint8_t identities[3][CHECKPOINT_IDENTITY_BYTES];
    for (int index = 0; index < 3; index++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", TEST_SOURCE_DIR, names[index]);
        struct checkpoint *checkpoint = expect_opened(path);
        ck_assert(checkpoint_identity(checkpoint, identities[index], &error));
        size_t unmapped;
        checkpoint_unmapped(checkpoint, &unmapped);
        ck_assert_uint_eq(unmapped, 0);
        checkpoint_close(checkpoint);
    }
    ck_assert_mem_eq(identities[0], identities[1], CHECKPOINT_IDENTITY_BYTES);
    ck_assert_mem_ne(identities[0], identities[2], CHECKPOINT_IDENTITY_BYTES);
}
END_TEST

START_TEST(shardings_of_one_checkpoint_hold_one_set_of_values)
{
    struct checkpoint *one = expect_opened(TEST_SOURCE_DIR "/tests/models/tiny-mixtral");
    struct checkpoint *three = expect_opened(TEST_SOURCE_DIR "/tests/models/tiny-mixtral-sharded");
    const char *name = "model.layers.3.block_sparse_moe.experts.7.w2.weight";
    const struct tensor_view *view = checkpoint_tensor(one, name), *same = checkpoint_tensor(three, name);
    ck_assert_ptr_nonnull(view);
    ck_assert_ptr_nonnull(same);
    float values[2][64][16];
    ck_assert(checkpoint_read_rows(one, view, 0, 64, values[0][0], &error));
    ck_assert(checkpoint_read_rows(three, same, 0, 64, values[1][0], &error));
    ck_assert_mem_eq(values[0], values[1], sizeof values[0]);

    /* a tensor of the one is no tensor of the other */
    ck_assert(!checkpoint_read_rows(one, same, 0, 64, values[0][0], &error));
    checkpoint_close(one);
    checkpoint_close(three);
}
END_TEST

static void identity_of(const char *header, const void *data, size_t bytes, uint8_t out[CHECKPOINT_IDENTITY_BYTES])
{
    write_tensors("model.safetensors", header, data, bytes);
    struct checkpoint *checkpoint = expect_opened(folder);
    ck_assert(checkpoint_identity(checkpoint, out, &error));
    checkpoint_close(checkpoint);
}

START_TEST(identity_depends_on_all_that_matters)
{
    static const struct {
        const char *header, *data;
    } variants[] = {
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}", "xy"},
        {"{\"b\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}", "xy"},
        {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}", "xy"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,2],\"data_offsets\":[0,2]}}", "xy"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", "xy"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2,1],\"data_offsets\":[0,2]}}", "yx"},
    };
    enum { VARIANTS = sizeof variants / sizeof *variants };
    uint8_t identities[VARIANTS][CHECKPOINT_IDENTITY_BYTES], again[CHECKPOINT_IDENTITY_BYTES];
    for (int one = 0; one < VARIANTS; one++) {
        identity_of(variants[one].header, variants[one].data, 2, identities[one]);
        for (int other = 0; other < one; other++)
            ck_assert_mem_ne(identities[one], identities[other], CHECKPOINT_IDENTITY_BYTES);
    }
    /* and not on metadata, spacing or the order in the file */
    identity_of("{\"__metadata__\":{\"k\":\"v\"},  \"a\":{\"shape\":[2,1],\"dtype\":\"U8\",\"data_offsets\":[0,2]} }",
                "xy", 2, again);
    ck_assert_mem_eq(again, identities[0], CHECKPOINT_IDENTITY_BYTES);
}
END_TEST

/* ---- values */

#define THREE_TYPES                                                                                                    \
    "{\"f32\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"                                            \
    "\"bf16\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[24,36]},"                                          \
    "\"f16\":{\"dtype\":\"F16\",\"shape\":[6],\"data_offsets\":[36,48]},"                                              \
    "\"i64\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[48,56]}}"

static const struct {
    float f32[6];
    uint16_t bf16[6], f16[6];
    int64_t i64;
} three_types = {
    .f32 = {0, 1, 2, 3, 4, 5},
    .bf16 = {0x3f80, 0xc000, 0x0001, 0x7f80, 0x8000, 0x4049}, /* 1, -2, smallest, infinity, -0, 3.140625 */
    .f16 = {0x3c00, 0xc000, 0x0001, 0xfc00, 0x8000, 0x7bff},  /* 1, -2, smallest, -infinity, -0, largest */
};

START_TEST(reads_rows_of_each_dtype)
{
    write_tensors("model.safetensors", THREE_TYPES, &three_types, sizeof three_types);
    struct checkpoint *checkpoint = expect_opened(folder);
    float values[6];
    ck_assert(checkpoint_read_rows(checkpoint, checkpoint_tensor(checkpoint, "f32"), 1, 1, values, &error));
    ck_assert_mem_eq(values, three_types.f32 + 3, 3 * sizeof(float));
    ck_assert(checkpoint_read_rows(checkpoint, checkpoint_tensor(checkpoint, "bf16"), 0, 2, values, &error));
    ck_assert_mem_eq(values, ((float[]){1, -2, 0x1p-133F, INFINITY, -0.0F, 3.140625F}), sizeof values);
    const struct tensor_view *vector = checkpoint_tensor(checkpoint, "f16");
    ck_assert_uint_eq(tensor_rows(vector), 1);
    ck_assert_uint_eq(tensor_columns(vector), 6);
    ck_assert(checkpoint_read_rows(checkpoint, vector, 0, 1, values, &error));
    ck_assert_mem_eq(values, ((float[]){1, -2, 0x1p-24F, -INFINITY, -0.0F, 65504}), sizeof values);
    ck_assert(!checkpoint_read_rows(checkpoint, checkpoint_tensor(checkpoint, "i64"), 0, 1, values, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "stored as I64"));
    checkpoint_close(checkpoint);
}
END_TEST

START_TEST(reads_blocks_and_refuses_those_outside)
{
    write_tensors("model.safetensors", THREE_TYPES, &three_types, sizeof three_types);
    struct checkpoint *checkpoint = expect_opened(folder);
    const struct tensor_view *view = checkpoint_tensor(checkpoint, "f32");
    float values[6];
    ck_assert(checkpoint_read_block(checkpoint, view, 0, 2, 1, 2, values, &error));
    ck_assert_mem_eq(values, ((float[]){1, 2, 4, 5}), 4 * sizeof(float));
    ck_assert(checkpoint_read_block(checkpoint, view, 1, 1, 2, 1, values, &error));
    ck_assert_float_eq(values[0], 5);
    ck_assert(checkpoint_read_block(checkpoint, view, 2, 0, 3, 0, values, &error));
    static const uint64_t outside[][4] = {
        {0, 3, 0, 3}, {2, 1, 0, 3},          {3, 0, 0, 3},          {0, 2, 1, 3},
        {0, 2, 4, 0}, {1, UINT64_MAX, 0, 3}, {0, 1, 1, UINT64_MAX},
    };
    for (size_t index = 0; index < sizeof outside / sizeof *outside; index++) {
        const uint64_t *block = outside[index];
        ck_assert(!checkpoint_read_block(checkpoint, view, block[0], block[1], block[2], block[3], values, &error));
        ck_assert_ptr_nonnull(strstr(error.text, "2 rows of 3"));
    }
    checkpoint_close(checkpoint);
}
END_TEST

/* More than one buffer of values, so that a read in pieces must join them. */
START_TEST(reads_large_tensors_in_pieces)
{
    enum { ROWS = 3, COLUMNS = 50000 };
    static uint16_t stored[ROWS][COLUMNS];
    static float values[ROWS][COLUMNS];
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            stored[row][column] = (uint16_t)((row * COLUMNS + column) % 0x7f00);
    write_tensors("model.safetensors", "{\"a\":{\"dtype\":\"BF16\",\"shape\":[3,50000],\"data_offsets\":[0,300000]}}",
                  stored, sizeof stored);
    struct checkpoint *checkpoint = expect_opened(folder);
    ck_assert(checkpoint_read_rows(checkpoint, checkpoint_tensor(checkpoint, "a"), 0, ROWS, values[0], &error));
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            uint32_t bits;
            memcpy(&bits, &values[row][column], sizeof bits);
            ck_assert_uint_eq(bits, (uint32_t)stored[row][column] << 16);
        }
    checkpoint_close(checkpoint);
}
END_TEST

START_TEST(names_the_tensor_of_a_file_cut_after_opening)
{
    write_tensors("model.safetensors", THREE_TYPES, &three_types, sizeof three_types);
    struct checkpoint *checkpoint = expect_opened(folder);
    write_text("model.safetensors", "cut");
    float values[6];
    uint8_t identity[CHECKPOINT_IDENTITY_BYTES];
    ck_assert(!checkpoint_read_rows(checkpoint, checkpoint_tensor(checkpoint, "f16"), 0, 1, values, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "within tensor f16"));
    ck_assert(!checkpoint_identity(checkpoint, identity, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "within tensor bf16"));
    checkpoint_close(checkpoint);
}
END_TEST

/* ---- the index */

static void write_two_files(void)
{
    write_tensors("one", "{\"a\":" ENTRY("1") "}", "1", 1);
    write_tensors("two", "{\"b\":" ENTRY("2") "}", "22", 2);
}

START_TEST(follows_the_index)
{
    size_t count;
    write_two_files();
    ck_assert_int_eq(mkdir(inside("below"), 0700), 0);
    write_tensors("below/three", "{\"a\":" ENTRY("3") ",\"c\":" ENTRY("0") "}", "333", 3);
    write_text(INDEX, MAP("\"c\":\"below/three\",\"b\":\"two\",\"a\":\"one\""));
    struct checkpoint *checkpoint = expect_opened(folder);
    ck_assert_uint_eq(checkpoint_tensor(checkpoint, "a")->bytes, 1);
    ck_assert_uint_eq(checkpoint_tensor(checkpoint, "b")->bytes, 2);
    ck_assert_uint_eq(checkpoint_tensor(checkpoint, "c")->bytes, 0);
    ck_assert_ptr_null(checkpoint_tensor(checkpoint, "d"));
    const char *const *unmapped = checkpoint_unmapped(checkpoint, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(unmapped[0], "below/three: a");
    checkpoint_close(checkpoint);

    /* a single file goes before the index */
    write_tensors("model.safetensors", "{\"d\":" ENTRY("1") "}", "1", 1);
    checkpoint = expect_opened(folder);
    ck_assert_ptr_nonnull(checkpoint_tensor(checkpoint, "d"));
    ck_assert_ptr_null(checkpoint_tensor(checkpoint, "a"));
    checkpoint_close(checkpoint);
}
END_TEST

/* As in a download cache: snapshots/x/file -> ../../blobs/hash. */
START_TEST(follows_links_out_of_the_folder)
{
    write_tensors("blob", "{\"a\":" ENTRY("1") "}", "1", 1);
    ck_assert_int_eq(mkdir(inside("snapshot"), 0700), 0);
    ck_assert_int_eq(symlink("../blob", inside("snapshot/linked")), 0);
    write_text("snapshot/" INDEX, MAP("\"a\":\"linked\""));
    struct checkpoint *checkpoint = expect_opened(inside("snapshot"));
    ck_assert_ptr_nonnull(checkpoint_tensor(checkpoint, "a"));
    checkpoint_close(checkpoint);

    ck_assert_int_eq(unlink(inside("blob")), 0);
    ck_assert_ptr_null(checkpoint_open(inside("snapshot"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "is missing, and tensor a "));
}
END_TEST

static const struct {
    const char *index, *file, *why;
} bad_indexes[] = {
    {"", INDEX, "not valid"},
    {"[]", INDEX, "not an object"},
    {"{}", INDEX, "no weight_map"},
    {"{\"weight_map\":[\"one\"]}", INDEX, "no weight_map"},
    {MAP(""), INDEX, "no weight_map"},
    {MAP("\"a\":\"one\",\"a\":\"one\""), INDEX, "duplicate"},
    {MAP("\"a\":1"), INDEX, "no file name for tensor a"},
    {MAP("\"a\":\"\""), INDEX, "no file name for tensor a"},
    {MAP("\"a\":\"\\u001b[2J\""), INDEX, "no file name for tensor a"},
    {MAP("\"\\n\":\"one\""), INDEX, "not printable"},
    {MAP("\"a\":\"../one\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"/tmp/one\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"below/../one\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"below/..\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"..\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"./one\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"below//one\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"one/\""), INDEX, "not a plain path"},
    {MAP("\"a\":\"one\",\"b\":\"three\""), "three", "is missing, and tensor b "},
    {MAP("\"a\":\"one\",\"b\":\"one\""), "one", "does not hold tensor b"},
    {MAP("\"a\":\"one\",\"b\":\"..two\""), "..two", "is missing, and tensor b "},
    {MAP("\"a\":\"one\",\"b\":\"" INDEX "\""), INDEX, "it is not a safetensors file or is damaged"},
    {MAP("\"a\":\"one/below\""), "one/below", "Not a directory"},
};

START_TEST(refuses_bad_indexes)
{
    write_two_files();
    write_text(INDEX, bad_indexes[_i].index);
    expect_refused(bad_indexes[_i].file, bad_indexes[_i].why);
}
END_TEST

START_TEST(refuses_folders_without_weights)
{
    expect_refused(NULL, "holds neither model.safetensors nor model.safetensors.index.json");
    ck_assert_int_eq(symlink("nowhere", inside("model.safetensors")), 0);
    expect_refused("model.safetensors", "cannot be opened");
    ck_assert_ptr_null(checkpoint_open(inside("missing"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "cannot be opened"));
    write_text("file", "");
    ck_assert_ptr_null(checkpoint_open(inside("file"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "is not a folder"));
}
END_TEST

START_TEST(refuses_a_thousand_and_one_files)
{
    struct text map = {0};
    text_format(&map, "{\"weight_map\":{");
    for (int index = 0; index <= 1000; index++) {
        char header[128], name[16];
        snprintf(name, sizeof name, "%04d", index);
        snprintf(header, sizeof header, "{\"%s\":" ENTRY("1") "}", name);
        write_tensors(name, header, "1", 1);
        text_format(&map, "%s\"%s\":\"%s\"", index ? "," : "", name, name);
    }
    text_format(&map, "}}");
    write_text(INDEX, map.bytes);
    text_free(&map);
    expect_refused("1000", "one file too many");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("folders");
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, shardings_of_one_checkpoint_have_one_identity);
    tcase_add_test(cases, shardings_of_one_checkpoint_hold_one_set_of_values);
    tcase_add_test(cases, identity_depends_on_all_that_matters);
    tcase_add_test(cases, reads_rows_of_each_dtype);
    tcase_add_test(cases, reads_blocks_and_refuses_those_outside);
    tcase_add_test(cases, reads_large_tensors_in_pieces);
    tcase_add_test(cases, names_the_tensor_of_a_file_cut_after_opening);
    tcase_add_test(cases, follows_the_index);
    tcase_add_test(cases, follows_links_out_of_the_folder);
    tcase_add_loop_test(cases, refuses_bad_indexes, 0, (int)(sizeof bad_indexes / sizeof *bad_indexes));
    tcase_add_test(cases, refuses_folders_without_weights);
    tcase_add_test(cases, refuses_a_thousand_and_one_files);
    return run_case("checkpoint", cases);
}
