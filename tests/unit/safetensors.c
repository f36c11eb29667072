/* safetensors files: good ones are read, and of the bad ones each is refused for its own reason. */
#include "tool/shard/safetensors.h"

#include "run_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

#define ONE_TENSOR "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"
#define ENTRY(name, dtype, shape, offsets)                                                                             \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static char folder[] = "/tmp/rankc-safetensors-XXXXXX";
static char path[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
}

/* A file of this header after this stated length, and of `data_bytes` bytes 0, 1, 2, ... */
static void write_file(uint64_t stated, const char *header, size_t header_bytes, size_t data_bytes)
{
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    for (int index = 0; index < 8; index++)
        fputc((int)(stated >> 8 * index & 0xff), out);
    fwrite(header, 1, header_bytes, out);
    for (size_t index = 0; index < data_bytes; index++)
        fputc((int)(index & 0xff), out);
    ck_assert_int_eq(fclose(out), 0);
}

static void expect_refused(const char *why)
{
    struct error error = {0};
    ck_assert_ptr_null(safetensors_open(path, &error));
    ck_assert_msg(strstr(error.text, why) != NULL, "\"%s\" does not say \"%s\"", error.text, why);
    for (const char *letter = error.text; *letter; letter++)
        ck_assert_msg((unsigned char)*letter >= ' ', "the error could steer a terminal");
    ck_assert_str_eq(error.file, path);
    ck_assert_int_eq(error.status, EXIT_REFUSED);
}

static struct safetensors *expect_opened(const char *header, size_t data_bytes)
{
    struct error error = {0};
    write_file(strlen(header), header, strlen(header), data_bytes);
    struct safetensors *file = safetensors_open(path, &error);
    ck_assert_msg(file != NULL, "%s", error.text);
    return file;
}

START_TEST(reads_the_shipped_model)
{
    struct error error;
    struct safetensors *file = safetensors_open(TEST_SOURCE_DIR "/models/shakespeare-moe/model.safetensors", &error);
    ck_assert_msg(file != NULL, "%s", error.text);
    ck_assert_uint_eq(file->count, 883);
    const struct tensor_view *view = safetensors_tensor(file, "model.embed_tokens.weight");
    ck_assert_ptr_nonnull(view);
    ck_assert_int_eq(view->dtype, STORED_BF16);
    ck_assert_int_eq(view->dimensions, 2);
    ck_assert_uint_eq(view->shape[0], 2048);
    ck_assert_uint_eq(view->shape[1], 128);
    ck_assert_uint_eq(view->begin, 8 + 106720 + 524288);
    ck_assert_uint_eq(view->bytes, 524288);
    ck_assert_ptr_null(safetensors_tensor(file, "model.embed_tokens.weigh"));
    safetensors_close(file);
}
END_TEST

START_TEST(reads_bytes_of_a_tensor)
{
    struct safetensors *file =
        expect_opened("{" ENTRY("b", "I32", "[1]", "[0,4]") "," ENTRY("a", "U8", "[3]", "[4,7]") "}   ", 7);
    const struct tensor_view *view = safetensors_tensor(file, "a");
    struct error error = {0};
    unsigned char bytes[3] = {0};
    ck_assert(safetensors_read(file, view, 0, 3, bytes, &error));
    ck_assert_mem_eq(bytes, ((unsigned char[]){4, 5, 6}), 3);
    ck_assert(safetensors_read(file, view, 2, 1, bytes, &error));
    ck_assert_int_eq(bytes[0], 6);
    ck_assert_uint_eq(safetensors_tensor(file, "b")->bytes, 4); /* not first by name, but first in the file */
    ck_assert(!safetensors_read(file, view, 2, 2, bytes, &error));
    ck_assert(!safetensors_read(file, view, UINT64_MAX, 2, bytes, &error));
    ck_assert(!safetensors_read(file, view, 2, SIZE_MAX, bytes, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "were asked for"));
    safetensors_close(file);
}
END_TEST

START_TEST(accepts_what_is_legal)
{
    static const struct {
        const char *header;
        size_t data_bytes, count;
    } legal[] = {
        {"{}", 0, 0},
        {"{\"__metadata__\":{\"format\":\"pt\"}}", 0, 0},
        {"{" ENTRY("scalar", "F64", "[]", "[0,8]") "}", 8, 1},
        {"{" ENTRY("empty", "F32", "[0,7]", "[0,0]") "}", 0, 1},
        /* empty ones at both ends of another, listed in the wrong order */
        {"{" ENTRY("last", "F32", "[0]", "[4,4]") "," ENTRY("full", "F32", "[1]",
                                                            "[0,4]") "," ENTRY("first", "F32", "[0]", "[0,0]") "}",
         4, 3},
        {"{" ENTRY("a", "I8", "[1,1,1,1,1,1,1,2]", "[0,2]") "}", 2, 1},
        {"{" ENTRY("nibbles", "F4", "[4]", "[0,2]") "," ENTRY("sixes", "F6_E2M3", "[4]", "[2,5]") "}", 5, 2},
        {"{" ENTRY("a", "F8_E4M3", "[3]", "[0,3]") "," ENTRY("b", "C64", "[1]", "[3,11]") "}", 11, 2},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,2],\"dtype\":\"BF16\",\"later\":null}}", 2, 1},
    };
    for (size_t index = 0; index < sizeof legal / sizeof *legal; index++) {
        struct safetensors *file = expect_opened(legal[index].header, legal[index].data_bytes);
        ck_assert_uint_eq(file->count, legal[index].count);
        safetensors_close(file);
    }
}
END_TEST

static const struct {
    const char *header;
    size_t data_bytes;
    const char *why;
} damaged[] = {
    {"[1]", 0, "does not begin with {"},
    {" {}", 0, "does not begin with {"},
    {"", 0, "does not begin with {"},
    {"{", 0, "not valid"},
    {"{}x", 0, "not valid"},
    {"{\x1b[2J", 0, "not valid"},
    {"{\"a\xff\":1}", 0, "not valid"},
    {"{\"\\u001b[2J\":1,\"\\u001b[2J\":1}", 0, "duplicate"},
    {"{\"a\\u0000b\":1}", 0, "not valid"},
    {"{\"\\u001b[2J\":1}", 0, "not printable"},
    {"{\"\":1}", 0, "empty"},
    {"{\"a\":1}", 0, "not described by an object"},
    {"{" ENTRY("a", "U8", "[1]", "[0,1]") "," ENTRY("a", "U8", "[1]", "[1,2]") "}", 2, "duplicate"},
    {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "duplicate"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__"},
    {"{\"__metadata__\":[]}", 0, "__metadata__"},
    /* dtypes */
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "has no dtype"},
    {"{\"a\":{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "has no dtype"},
    {"{" ENTRY("a", "u8", "[1]", "[0,1]") "}", 1, "has dtype u8"},
    {"{" ENTRY("a", "\\u001b[2J", "[1]", "[0,1]") "}", 1, "unprintable"},
    {"{" ENTRY("a", "F32", "[2]", "[0,4]") "}", 4, "has 4 bytes by its offsets and 8"},
    {"{" ENTRY("a", "BF16", "[1]", "[0,4]") "}", 4, "has 4 bytes by its offsets and 2"},
    {"{" ENTRY("a", "F4", "[3]", "[0,2]") "}", 2, "last byte"},
    /* shapes */
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "has no shape"},
    {"{" ENTRY("a", "U8", "1", "[0,1]") "}", 1, "has no shape"},
    {"{" ENTRY("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "9 dimensions"},
    {"{" ENTRY("a", "U8", "[-1]", "[0,1]") "}", 1, "dimension"},
    {"{" ENTRY("a", "U8", "[1.0]", "[0,1]") "}", 1, "dimension"},
    {"{" ENTRY("a", "U8", "[\"1\"]", "[0,1]") "}", 1, "dimension"},
    {"{" ENTRY("a", "U8", "[null]", "[0,1]") "}", 1, "dimension"},
    {"{" ENTRY("a", "U8", "[4294967296,4294967296]", "[0,0]") "}", 0, "2^64 values"},
    {"{" ENTRY("a", "U8", "[4294967296,4294967296,0]", "[0,0]") "}", 0, "2^64 values"},
    {"{" ENTRY("a", "F64", "[2305843009213693952]", "[0,0]") "}", 0, "2^64 bits"},
    {"{" ENTRY("a", "U8", "[99999999999999999999]", "[0,1]") "}", 1, "not valid"},
    /* offsets */
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[0]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[0,1,2]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[-1,0]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[0.0,1.0]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[0,1e0]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "[1,0]") "}", 1, "data_offsets"},
    {"{" ENTRY("a", "U8", "[1]", "{\"0\":0,\"1\":1}") "}", 1, "data_offsets"},
    /* the layout */
    {"{" ENTRY("a", "U8", "[2]", "[0,2]") "," ENTRY("b", "U8", "[2]", "[1,3]") "}", 3, "before the tensor before"},
    {"{" ENTRY("a", "U8", "[2]", "[0,2]") "," ENTRY("b", "U8", "[2]", "[0,2]") "}", 2, "before the tensor before"},
    {"{" ENTRY("a", "U8", "[1]", "[0,1]") "," ENTRY("b", "U8", "[1]", "[2,3]") "}", 3, "after the tensor before"},
    {"{" ENTRY("a", "U8", "[1]", "[1,2]") "}", 2, "after the tensor before"},
    {"{" ENTRY("a", "U8", "[0]", "[5,5]") "}", 0, "after the tensor before"},
    {ONE_TENSOR, 15, "15 bytes of data"},
    {ONE_TENSOR, 17, "17 bytes of data"},
    {"{}", 1, "1 bytes of data"},
    {"{" ENTRY("a", "U8", "[9223372036854775807]", "[0,9223372036854775807]") "}", 1, "2^64 bits"},
};

START_TEST(refuses_what_is_damaged)
{
    write_file(strlen(damaged[_i].header), damaged[_i].header, strlen(damaged[_i].header), damaged[_i].data_bytes);
    expect_refused(damaged[_i].why);
}
END_TEST

START_TEST(refuses_every_shorter_file)
{
    write_file(strlen(ONE_TENSOR), ONE_TENSOR, strlen(ONE_TENSOR), 16);
    for (size_t bytes = 8 + strlen(ONE_TENSOR) + 16; bytes-- > 0;) {
        ck_assert_int_eq(truncate(path, (off_t)bytes), 0);
        expect_refused(bytes < 8                        ? "less than any"
                       : bytes < 8 + strlen(ONE_TENSOR) ? "ends within its header"
                                                        : "bytes of data");
    }
}
END_TEST

START_TEST(refuses_lying_header_lengths)
{
    static const uint64_t lengths[] = {100000001, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 7};
    for (size_t index = 0; index < sizeof lengths / sizeof *lengths; index++) {
        write_file(lengths[index], ONE_TENSOR, strlen(ONE_TENSOR), 16);
        expect_refused("over the 100000000 that are allowed");
    }
    write_file(100000000, ONE_TENSOR, strlen(ONE_TENSOR), 16);
    expect_refused("ends within its header");
    write_file(strlen(ONE_TENSOR) + 1, ONE_TENSOR, strlen(ONE_TENSOR), 16);
    expect_refused("not valid");
    write_file(strlen(ONE_TENSOR) - 1, ONE_TENSOR, strlen(ONE_TENSOR), 16);
    expect_refused("not valid");
}
END_TEST

/* `start`, then `unit` over and over. */
static void write_repeated(const char *start, const char *unit, size_t times)
{
    size_t head = strlen(start), length = head + strlen(unit) * times;
    char *header = malloc(length);
    ck_assert_ptr_nonnull(header);
    memcpy(header, start, head);
    for (size_t index = head; index < length; index++)
        header[index] = unit[(index - head) % strlen(unit)];
    write_file(length, header, length, 0);
    free(header);
}

START_TEST(refuses_deep_and_wide_json)
{
    write_repeated("{\"a\":", "[", 100000);
    expect_refused("not valid");
    write_repeated("{\"a\":", "{\"a\":", 100000);
    expect_refused("not valid");
    write_repeated("{\"a\":[", "{},", 20000000);
    expect_refused("values");
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    expect_refused("cannot be opened");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_refused("not a regular file");
    unlink(path);
    ck_assert_int_eq(symlink(folder, path), 0);
    expect_refused("not a regular file");
}
END_TEST

START_TEST(names_the_tensor_of_a_file_cut_after_opening)
{
    struct safetensors *file = expect_opened(ONE_TENSOR, 16);
    ck_assert_int_eq(truncate(path, (off_t)(8 + strlen(ONE_TENSOR) + 15)), 0);
    struct error error = {0};
    unsigned char bytes[16];
    ck_assert(safetensors_read(file, safetensors_tensor(file, "a"), 0, 15, bytes, &error));
    ck_assert(!safetensors_read(file, safetensors_tensor(file, "a"), 0, 16, bytes, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "ends within tensor a"));
    ck_assert_str_eq(error.file, path);
    safetensors_close(file);
}
END_TEST

START_TEST(limits_names)
{
    char name[300], header[500];
    for (int length = 255; length <= 256; length++) {
        memset(name, 'n', sizeof name);
        name[length] = '\0';
        snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", name);
        if (length == 255)
            safetensors_close(expect_opened(header, 1));
        else
            write_file(strlen(header), header, strlen(header), 1);
    }
    expect_refused("over 255 bytes");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("files");
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, reads_the_shipped_model);
    tcase_add_test(cases, reads_bytes_of_a_tensor);
    tcase_add_test(cases, accepts_what_is_legal);
    tcase_add_loop_test(cases, refuses_what_is_damaged, 0, (int)(sizeof damaged / sizeof *damaged));
    tcase_add_test(cases, refuses_every_shorter_file);
    tcase_add_test(cases, refuses_lying_header_lengths);
    tcase_add_test(cases, refuses_deep_and_wide_json);
    tcase_add_test(cases, refuses_what_is_no_file);
    tcase_add_test(cases, names_the_tensor_of_a_file_cut_after_opening);
    tcase_add_test(cases, limits_names);
    return run_case("safetensors", cases);
}
