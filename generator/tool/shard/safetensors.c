#include "tool/shard/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN "; download it again"

enum {
    LENGTH_BYTES = 8,
    MOST_NAME_BYTES = 255,
    /* A tensor takes about 8 brackets and commas, a real file has some thousands of tensors. 100 MB of "[{},{},..." on
     * the other hand would take jansson gigabytes. */
    MOST_JSON_VALUES = 4 << 20
};

static const struct {
    const char *name;
    unsigned bits;
} dtypes[STORED_DTYPES] = {
    [STORED_BOOL] = {"BOOL", 8},
    [STORED_F4] = {"F4", 4},
    [STORED_F6_E2M3] = {"F6_E2M3", 6},
    [STORED_F6_E3M2] = {"F6_E3M2", 6},
    [STORED_U8] = {"U8", 8},
    [STORED_I8] = {"I8", 8},
    [STORED_F8_E5M2] = {"F8_E5M2", 8},
    [STORED_F8_E4M3] = {"F8_E4M3", 8},
    [STORED_F8_E8M0] = {"F8_E8M0", 8},
    [STORED_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8},
    [STORED_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8},
    [STORED_I16] = {"I16", 16},
    [STORED_U16] = {"U16", 16},
    [STORED_F16] = {"F16", 16},
    [STORED_BF16] = {"BF16", 16},
    [STORED_I32] = {"I32", 32},
    [STORED_U32] = {"U32", 32},
    [STORED_F32] = {"F32", 32},
    [STORED_C64] = {"C64", 64},
    [STORED_F64] = {"F64", 64},
    [STORED_I64] = {"I64", 64},
    [STORED_U64] = {"U64", 64},
};

const char *stored_dtype_name(enum stored_dtype dtype)
{
    return dtypes[dtype].name;
}

/* ---- bytes */

/* Reads until `length` bytes are there or the file ends; how many, or -1 with errno. */
static ssize_t read_at(int file, void *out, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(file, (char *)out + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

bool safetensors_read(const struct safetensors *file, const struct tensor_view *view, uint64_t offset, size_t bytes,
                      void *out, struct error *error)
{
    if (offset > view->bytes || bytes > view->bytes - offset)
        return fail(error, file->path, 0,
                    "tensor %s has %llu bytes, and %zu from byte %llu on were asked for; this is a bug of rankc",
                    view->name, (unsigned long long)view->bytes, bytes, (unsigned long long)offset);
    ssize_t got = read_at(file->file, out, bytes, view->begin + offset);
    if (got < 0)
        return fail_errno(error, file->path, "tensor %s cannot be read", view->name);
    if ((size_t)got < bytes)
        return fail(error, file->path, 0,
                    "ends within tensor %s: it was cut while in use; let no other program write it", view->name);
    return true;
}

/* ---- JSON */

bool name_is_printable(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++)
        if (length == MOST_NAME_BYTES || (unsigned char)name[length] < ' ' || name[length] == 0x7f)
            return false;
    return length > 0;
}

static bool has_too_many_values(const char *bytes, size_t length)
{
    size_t values = 0;
    for (size_t index = 0; index < length; index++)
        values += bytes[index] == ',' || bytes[index] == '[' || bytes[index] == '{';
    return values > MOST_JSON_VALUES;
}

json_t *hostile_json(const char *path, const char *bytes, size_t length, struct error *error)
{
    if (has_too_many_values(bytes, length)) {
        fail(error, path, 0, "holds JSON of more than %d values" AGAIN, MOST_JSON_VALUES);
        return NULL;
    }
    json_error_t reason;
    json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &reason);
    if (!json) {
        for (char *letter = reason.text; *letter; letter++)
            if ((unsigned char)*letter < ' ' || *letter == 0x7f)
                *letter = '?'; /* jansson quotes the text, and that could steer a terminal */
        fail(error, path, 0, "holds JSON that is not valid at byte %d: %s" AGAIN, reason.position, reason.text);
    } else if (!json_is_object(json)) {
        fail(error, path, 0, "holds JSON that is not an object" AGAIN);
        json_decref(json);
        json = NULL;
    }
    return json;
}

/* ---- the header */

static bool read_natural(const json_t *json, uint64_t *number)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return false;
    *number = (uint64_t)json_integer_value(json);
    return true;
}

static bool read_dtype(const struct safetensors *file, const json_t *json, struct tensor_view *view,
                       struct error *error)
{
    const char *name = json_string_value(json);
    if (!name)
        return fail(error, file->path, 0, "tensor %s has no dtype" AGAIN, view->name);
    for (int dtype = 0; dtype < STORED_DTYPES; dtype++)
        if (strcmp(name, dtypes[dtype].name) == 0) {
            view->dtype = (enum stored_dtype)dtype;
            return true;
        }
    return fail(error, file->path, 0, "tensor %s has dtype %s, which the format does not know; convert it to BF16",
                view->name, name_is_printable(name) ? name : "(unprintable)");
}

static bool read_shape(const struct safetensors *file, const json_t *json, struct tensor_view *view,
                       struct error *error)
{
    if (!json_is_array(json))
        return fail(error, file->path, 0, "tensor %s has no shape" AGAIN, view->name);
    if (json_array_size(json) > MOST_DIMENSIONS)
        return fail(error, file->path, 0, "tensor %s has %zu dimensions; at most %d are read", view->name,
                    json_array_size(json), MOST_DIMENSIONS);
    view->dimensions = (int)json_array_size(json);
    for (int dimension = 0; dimension < view->dimensions; dimension++)
        if (!read_natural(json_array_get(json, (size_t)dimension), &view->shape[dimension]))
            return fail(error, file->path, 0, "tensor %s has a dimension that is not a whole number" AGAIN, view->name);
    return true;
}

/* Checks begin <= end, and that the bytes between are those of the shape. Offsets still count from the data's start. */
static bool read_extent(const struct safetensors *file, const json_t *json, struct tensor_view *view,
                        struct error *error)
{
    uint64_t end, bits = dtypes[view->dtype].bits;
    if (json_array_size(json) != 2 || !read_natural(json_array_get(json, 0), &view->begin) ||
        !read_natural(json_array_get(json, 1), &end) || end < view->begin)
        return fail(error, file->path, 0, "tensor %s has data_offsets that are not [begin, end]" AGAIN, view->name);
    view->bytes = end - view->begin;

    uint64_t values = 1;
    for (int dimension = 0; dimension < view->dimensions; dimension++)
        if (__builtin_mul_overflow(values, view->shape[dimension], &values))
            return fail(error, file->path, 0, "tensor %s has a shape of more than 2^64 values" AGAIN, view->name);
    if (__builtin_mul_overflow(values, bits, &bits))
        return fail(error, file->path, 0, "tensor %s has a shape of more than 2^64 bits" AGAIN, view->name);
    if (bits % 8 != 0)
        return fail(error, file->path, 0, "tensor %s does not fill its last byte" AGAIN, view->name);
    if (bits / 8 != view->bytes)
        return fail(error, file->path, 0,
                    "tensor %s has %llu bytes by its offsets and %llu by its shape and dtype %s" AGAIN, view->name,
                    (unsigned long long)view->bytes, (unsigned long long)(bits / 8), stored_dtype_name(view->dtype));
    return true;
}

static bool check_metadata(const struct safetensors *file, json_t *json, struct error *error)
{
    bool strings = json_is_object(json);
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value) strings = strings && json_is_string(value);
    return strings || fail(error, file->path, 0, "__metadata__ is not a map of strings" AGAIN);
}

static bool read_tensors(struct safetensors *file, json_t *header, struct error *error)
{
    file->tensors = pool_take(&file->pool, json_object_size(header), sizeof *file->tensors);
    const char *name;
    json_t *json;
    json_object_foreach(header, name, json)
    {
        if (strcmp(name, "__metadata__") == 0) {
            if (!check_metadata(file, json, error))
                return false;
            continue;
        }
        if (!name_is_printable(name))
            return fail(error, file->path, 0,
                        "has a tensor whose name is empty, over %d bytes or not printable; rename it", MOST_NAME_BYTES);
        struct tensor_view *view = &file->tensors[file->count++];
        view->name = pool_text(&file->pool, name);
        if (!json_is_object(json))
            return fail(error, file->path, 0, "tensor %s is not described by an object" AGAIN, name);
        if (!read_dtype(file, json_object_get(json, "dtype"), view, error) ||
            !read_shape(file, json_object_get(json, "shape"), view, error) ||
            !read_extent(file, json_object_get(json, "data_offsets"), view, error))
            return false;
    }
    return true;
}

/* ---- the layout */

/* An empty tensor comes before the one that begins at the same byte. */
static int by_begin(const void *left, const void *right)
{
    const struct tensor_view *one = left, *other = right;
    if (one->begin != other->begin)
        return one->begin < other->begin ? -1 : 1;
    return (one->bytes > other->bytes) - (one->bytes < other->bytes);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct tensor_view *)left)->name, ((const struct tensor_view *)right)->name);
}

/* The tensors fill the data from its start to the file's end; then `begin` counts from the start of the file. */
static bool place_tensors(struct safetensors *file, uint64_t data, uint64_t data_bytes, struct error *error)
{
    qsort(file->tensors, file->count, sizeof *file->tensors, by_begin);
    uint64_t end = 0;
    for (size_t index = 0; index < file->count; index++) {
        struct tensor_view *view = &file->tensors[index];
        if (view->begin != end)
            return fail(error, file->path, 0,
                        "tensor %s begins at byte %llu of the data, %s the tensor before it ends (%llu)" AGAIN,
                        view->name, (unsigned long long)view->begin, view->begin < end ? "before" : "after",
                        (unsigned long long)end);
        end += view->bytes;
        view->begin += data;
    }
    if (end != data_bytes)
        return fail(error, file->path, 0, "has %llu bytes of data where its header describes %llu" AGAIN,
                    (unsigned long long)data_bytes, (unsigned long long)end);
    qsort(file->tensors, file->count, sizeof *file->tensors, by_name);
    return true;
}

static bool read_header(struct safetensors *file, uint64_t length, uint64_t file_bytes, struct error *error)
{
    struct pool scratch = {0};
    char *bytes = pool_take(&scratch, length, 1);
    json_t *header = NULL;
    ssize_t got = read_at(file->file, bytes, length, LENGTH_BYTES);
    if (got < 0)
        fail_errno(error, file->path, "cannot be read");
    else if ((uint64_t)got < length)
        fail(error, file->path, 0, "was cut while it was read; let no other program write it");
    else if (length == 0 || bytes[0] != '{')
        fail(error, file->path, 0, "has a header that does not begin with {" AGAIN);
    else
        header = hostile_json(file->path, bytes, length, error);
    pool_free(&scratch);

    uint64_t data = LENGTH_BYTES + length;
    bool done = header && read_tensors(file, header, error) && place_tensors(file, data, file_bytes - data, error);
    json_decref(header);
    return done;
}

/* ---- the file */

static bool open_checked(struct safetensors *file, struct error *error)
{
    file->file = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would block until someone writes */
    struct stat status;
    if (file->file < 0)
        return fail_errno(error, file->path, "cannot be opened");
    if (fstat(file->file, &status) != 0)
        return fail_errno(error, file->path, "cannot be examined");
    if (!S_ISREG(status.st_mode))
        return fail(error, file->path, 0, "is not a regular file; name a .safetensors file");

    unsigned char stored[LENGTH_BYTES];
    uint64_t file_bytes = (uint64_t)status.st_size, length = 0;
    ssize_t got = read_at(file->file, stored, sizeof stored, 0);
    if (got < 0)
        return fail_errno(error, file->path, "cannot be read");
    if (got < LENGTH_BYTES || file_bytes < LENGTH_BYTES)
        return fail(error, file->path, 0, "has %zd bytes, less than any safetensors file" AGAIN, got);
    for (int index = LENGTH_BYTES - 1; index >= 0; index--)
        length = length << 8 | stored[index];
    if (length > MOST_JSON_BYTES)
        return fail(error, file->path, 0,
                    "has a header of %llu bytes, over the %d that are allowed; it is not a safetensors file or is "
                    "damaged" AGAIN,
                    (unsigned long long)length, MOST_JSON_BYTES);
    if (length > file_bytes - LENGTH_BYTES)
        return fail(error, file->path, 0, "has %llu bytes and ends within its header of %llu" AGAIN,
                    (unsigned long long)file_bytes, (unsigned long long)length);
    return read_header(file, length, file_bytes, error);
}

struct safetensors *safetensors_open(const char *path, struct error *error)
{
    struct pool pool = {0};
    struct safetensors *file = pool_take(&pool, 1, sizeof *file);
    file->path = pool_text(&pool, path);
    file->file = -1;
    file->pool = pool;
    if (open_checked(file, error))
        return file;
    safetensors_close(file);
    return NULL;
}

void safetensors_close(struct safetensors *file)
{
    if (!file)
        return;
    if (file->file >= 0)
        close(file->file);
    struct pool pool = file->pool; /* it holds `file` itself */
    pool_free(&pool);
}

const struct tensor_view *safetensors_tensor(const struct safetensors *file, const char *name)
{
    struct tensor_view wanted = {.name = name};
    return bsearch(&wanted, file->tensors, file->count, sizeof wanted, by_name);
}
