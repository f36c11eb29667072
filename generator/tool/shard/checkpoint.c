#include "tool/shard/checkpoint.h"
#include "base/file.h"
#include "checksum.h"
#include "packed.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SINGLE_FILE "model.safetensors"
#define INDEX_FILE  "model.safetensors.index.json"

enum {
    MOST_PATH = 4096,
    MOST_FILES = 1000, /* below the usual limit of 1024 descriptors; the largest checkpoints have about 200 files */
    BUFFER_VALUES = 32 * 1024
};

struct entry {
    const char *name;
    const char *file_name; /* relative to the folder */
    const struct safetensors *file;
    const struct tensor_view *view;
};

struct checkpoint {
    struct pool pool; /* owns all but the files */
    const char *folder;
    struct safetensors *files[MOST_FILES];
    const char *file_names[MOST_FILES];
    size_t file_count;
    struct entry *entries; /* sorted by name */
    size_t entry_count;
    const char **unmapped;
    size_t unmapped_count;
};

/* ---- looking up */

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

static int by_file(const void *left, const void *right)
{
    int order = strcmp(((const struct entry *)left)->file_name, ((const struct entry *)right)->file_name);
    return order ? order : by_name(left, right);
}

static const struct entry *find(const struct checkpoint *checkpoint, const char *name)
{
    struct entry wanted = {.name = name};
    return bsearch(&wanted, checkpoint->entries, checkpoint->entry_count, sizeof wanted, by_name);
}

const struct tensor_view *checkpoint_tensor(const struct checkpoint *checkpoint, const char *name)
{
    const struct entry *entry = find(checkpoint, name);
    return entry ? entry->view : NULL;
}

const char *const *checkpoint_unmapped(const struct checkpoint *checkpoint, size_t *count)
{
    *count = checkpoint->unmapped_count;
    return checkpoint->unmapped;
}

/* ---- opening */

static struct safetensors *open_file(struct checkpoint *checkpoint, const char *name, struct error *error)
{
    char path[MOST_PATH];
    if (!path_join(path, sizeof path, checkpoint->folder, name, error))
        return NULL;
    if (checkpoint->file_count == MOST_FILES) {
        fail(error, path, 0, "is one file too many, at most %d are read; merge some", MOST_FILES);
        return NULL;
    }
    struct safetensors *file = safetensors_open(path, error);
    if (file) {
        checkpoint->file_names[checkpoint->file_count] = name;
        checkpoint->files[checkpoint->file_count++] = file;
    }
    return file;
}

static bool open_single(struct checkpoint *checkpoint, struct error *error)
{
    const struct safetensors *file = open_file(checkpoint, SINGLE_FILE, error);
    if (!file)
        return false;
    checkpoint->entries = pool_take(&checkpoint->pool, file->count, sizeof *checkpoint->entries);
    checkpoint->entry_count = file->count;
    for (size_t index = 0; index < file->count; index++) {
        const struct tensor_view *view = &file->tensors[index];
        checkpoint->entries[index] =
            (struct entry){.name = view->name, .file_name = SINGLE_FILE, .file = file, .view = view};
    }
    return true;
}

/* Relative, downwards, and with one spelling for each file: no empty, "." or ".." component. Whoever made the folder
 * may link out of it (download caches do); whoever wrote the index may not. */
static bool stays_inside(const char *name)
{
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && strncmp(part, "..", 2) == 0))
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

static bool read_weight_map(struct checkpoint *checkpoint, const char *path, json_t *map, struct error *error)
{
    if (json_object_size(map) == 0)
        return fail(error, path, 0, "has no weight_map, or an empty one; download it again");
    checkpoint->entries = pool_take(&checkpoint->pool, json_object_size(map), sizeof *checkpoint->entries);
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        const char *file_name = json_string_value(value);
        if (!name_is_printable(name))
            return fail(error, path, 0,
                        "weight_map has a tensor whose name is empty, too long or not printable; rename it");
        if (!file_name || !name_is_printable(file_name))
            return fail(error, path, 0, "weight_map has no file name for tensor %s; download it again", name);
        if (!stays_inside(file_name))
            return fail(error, path, 0,
                        "weight_map looks for tensor %s in \"%s\", which is not a plain path within the folder; "
                        "correct the map",
                        name, file_name);
        checkpoint->entries[checkpoint->entry_count++] = (struct entry){
            .name = pool_text(&checkpoint->pool, name), .file_name = pool_text(&checkpoint->pool, file_name)};
    }
    return true;
}

static const struct safetensors *open_mapped_file(struct checkpoint *checkpoint, const struct entry *entry,
                                                  struct error *error)
{
    char path[MOST_PATH];
    if (!path_join(path, sizeof path, checkpoint->folder, entry->file_name, error))
        return NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        fail(error, path, 0, "is missing, and tensor %s should be in it; download it", entry->name);
        return NULL;
    }
    return open_file(checkpoint, entry->file_name, error);
}

/* Opens each file once: in the order of the files, the tensors of one file follow each other. */
static bool open_mapped(struct checkpoint *checkpoint, struct error *error)
{
    qsort(checkpoint->entries, checkpoint->entry_count, sizeof *checkpoint->entries, by_file);
    const struct entry *before = NULL;
    for (size_t index = 0; index < checkpoint->entry_count; index++) {
        struct entry *entry = &checkpoint->entries[index];
        bool same_file = before && strcmp(before->file_name, entry->file_name) == 0;
        entry->file = same_file ? before->file : open_mapped_file(checkpoint, entry, error);
        if (!entry->file)
            return false;
        entry->view = safetensors_tensor(entry->file, entry->name);
        if (!entry->view)
            return fail(error, entry->file->path, 0,
                        "does not hold tensor %s, which " INDEX_FILE " looks for in it; download both again",
                        entry->name);
        before = entry;
    }
    qsort(checkpoint->entries, checkpoint->entry_count, sizeof *checkpoint->entries, by_name);
    return true;
}

static void list_unmapped(struct checkpoint *checkpoint)
{
    size_t stored = 0;
    for (size_t file = 0; file < checkpoint->file_count; file++)
        stored += checkpoint->files[file]->count;
    checkpoint->unmapped = pool_take(&checkpoint->pool, stored - checkpoint->entry_count, sizeof(char *));
    for (size_t file = 0; file < checkpoint->file_count; file++)
        for (size_t index = 0; index < checkpoint->files[file]->count; index++) {
            const struct tensor_view *view = &checkpoint->files[file]->tensors[index];
            if (checkpoint_tensor(checkpoint, view->name) != view)
                checkpoint->unmapped[checkpoint->unmapped_count++] =
                    pool_format(&checkpoint->pool, "%s: %s", checkpoint->file_names[file], view->name);
        }
}

static bool open_index(struct checkpoint *checkpoint, struct error *error)
{
    char path[MOST_PATH];
    struct text text = {0};
    json_t *index = NULL;
    if (path_join(path, sizeof path, checkpoint->folder, INDEX_FILE, error) &&
        file_read(path, MOST_JSON_BYTES, &text, error))
        index = hostile_json(path, text.bytes, text.length, error);
    text_free(&text);
    bool done = index && read_weight_map(checkpoint, path, json_object_get(index, "weight_map"), error) &&
                open_mapped(checkpoint, error);
    json_decref(index);
    if (done)
        list_unmapped(checkpoint);
    return done;
}

/* A link that leads nowhere counts: saying that its target is missing helps more than saying that there is no file. */
static bool folder_has(const char *folder, const char *name)
{
    char path[MOST_PATH];
    struct stat status;
    struct error ignored;
    return path_join(path, sizeof path, folder, name, &ignored) && lstat(path, &status) == 0;
}

static bool open_checked(struct checkpoint *checkpoint, struct error *error)
{
    struct stat status;
    if (stat(checkpoint->folder, &status) != 0)
        return fail_errno(error, checkpoint->folder, "cannot be opened as a checkpoint");
    if (!S_ISDIR(status.st_mode))
        return fail(error, checkpoint->folder, 0, "is not a folder; name the folder that holds " SINGLE_FILE);
    if (folder_has(checkpoint->folder, SINGLE_FILE)) /* the loaders of others look for it first, too */
        return open_single(checkpoint, error);
    if (folder_has(checkpoint->folder, INDEX_FILE))
        return open_index(checkpoint, error);
    return fail(error, checkpoint->folder, 0,
                "holds neither " SINGLE_FILE " nor " INDEX_FILE
                "; name a Hugging Face folder with safetensors weights");
}

struct checkpoint *checkpoint_open(const char *folder, struct error *error)
{
    struct pool pool = {0};
    struct checkpoint *checkpoint = pool_take(&pool, 1, sizeof *checkpoint);
    checkpoint->folder = pool_text(&pool, folder);
    checkpoint->pool = pool;
    if (open_checked(checkpoint, error))
        return checkpoint;
    checkpoint_close(checkpoint);
    return NULL;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    for (size_t file = 0; file < checkpoint->file_count; file++)
        safetensors_close(checkpoint->files[file]);
    struct pool pool = checkpoint->pool; /* it holds `checkpoint` itself */
    pool_free(&pool);
}

/* ---- reading */

uint64_t tensor_rows(const struct tensor_view *view)
{
    uint64_t rows = 1;
    for (int dimension = 0; dimension + 1 < view->dimensions; dimension++)
        rows *= view->shape[dimension];
    return rows;
}

uint64_t tensor_columns(const struct tensor_view *view)
{
    return view->dimensions == 0 ? 1 : view->shape[view->dimensions - 1];
}

/* Multiplying by 2^112 moves the exponent from binary16's bias to binary32's, and turns the subnormal numbers of the
 * one into normal ones of the other. */
static float f16_to_f32(uint16_t half)
{
    union {
        uint32_t bits;
        float value;
    } both = {.bits = (uint32_t)(half & 0x7fff) << 13};
    both.value *= 0x1p112F;
    if ((half & 0x7c00) == 0x7c00)
        both.bits |= 0x7f800000U; /* infinite or not a number */
    both.bits |= (uint32_t)(half & 0x8000) << 16;
    return both.value;
}

static bool read_values(const struct entry *entry, uint64_t first, uint64_t count, float *out, struct error *error)
{
    if (entry->view->dtype == STORED_F32)
        return safetensors_read(entry->file, entry->view, first * sizeof *out, count * sizeof *out, out, error);
    uint16_t halves[BUFFER_VALUES];
    while (count > 0) {
        size_t now = count < BUFFER_VALUES ? count : BUFFER_VALUES;
        if (!safetensors_read(entry->file, entry->view, first * sizeof *halves, now * sizeof *halves, halves, error))
            return false;
        if (entry->view->dtype == STORED_BF16)
            for (size_t index = 0; index < now; index++)
                out[index] = bf16_to_f32(halves[index]);
        else
            for (size_t index = 0; index < now; index++)
                out[index] = f16_to_f32(halves[index]);
        first += now;
        count -= now;
        out += now;
    }
    return true;
}

bool checkpoint_read_block(const struct checkpoint *checkpoint, const struct tensor_view *view, uint64_t first_row,
                           uint64_t row_count, uint64_t first_column, uint64_t column_count, float *out,
                           struct error *error)
{
    const struct entry *entry = find(checkpoint, view->name);
    uint64_t rows = tensor_rows(view), columns = tensor_columns(view);
    if (!entry || entry->view != view)
        return fail(error, checkpoint->folder, 0, "tensor %s is of another checkpoint; this is a bug of rankc",
                    view->name);
    if (view->dtype != STORED_BF16 && view->dtype != STORED_F16 && view->dtype != STORED_F32)
        return fail(error, entry->file->path, 0, "tensor %s is stored as %s; convert it to BF16, F16 or F32",
                    view->name, stored_dtype_name(view->dtype));
    if (first_row > rows || row_count > rows - first_row || first_column > columns ||
        column_count > columns - first_column)
        return fail(error, entry->file->path, 0,
                    "tensor %s has %llu rows of %llu, too few for this config.json; take both from one model",
                    view->name, (unsigned long long)rows, (unsigned long long)columns);
    if (column_count == columns)
        return read_values(entry, first_row * columns, row_count * columns, out, error);
    for (uint64_t row = 0; row < row_count; row++)
        if (!read_values(entry, (first_row + row) * columns + first_column, column_count, out + row * column_count,
                         error))
            return false;
    return true;
}

bool checkpoint_read_rows(const struct checkpoint *checkpoint, const struct tensor_view *view, uint64_t first_row,
                          uint64_t row_count, float *out, struct error *error)
{
    return checkpoint_read_block(checkpoint, view, first_row, row_count, 0, tensor_columns(view), out, error);
}

/* ---- identity */

static bool checksum_tensor(const struct entry *entry, uint64_t *sum, struct error *error)
{
    unsigned char buffer[BUFFER_VALUES * 2];
    struct checksum checksum;
    checksum_start(&checksum, 0);
    for (uint64_t offset = 0; offset < entry->view->bytes; offset += sizeof buffer) {
        uint64_t left = entry->view->bytes - offset;
        size_t now = left < sizeof buffer ? left : sizeof buffer;
        if (!safetensors_read(entry->file, entry->view, offset, now, buffer, error))
            return false;
        checksum_add(&checksum, buffer, now);
    }
    *sum = checksum_value(&checksum);
    return true;
}

static void hash_text(crypto_hash_sha256_state *hash, const char *text)
{
    crypto_hash_sha256_update(hash, (const unsigned char *)text, strlen(text) + 1); /* the NUL separates */
}

static void hash_number(crypto_hash_sha256_state *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int index = 0; index < 8; index++)
        bytes[index] = (unsigned char)(number >> 8 * index);
    crypto_hash_sha256_update(hash, bytes, sizeof bytes);
}

bool checkpoint_identity(const struct checkpoint *checkpoint, uint8_t out[CHECKPOINT_IDENTITY_BYTES],
                         struct error *error)
{
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (size_t index = 0; index < checkpoint->entry_count; index++) {
        const struct entry *entry = &checkpoint->entries[index];
        uint64_t sum;
        if (!checksum_tensor(entry, &sum, error))
            return false;
        hash_text(&hash, entry->name);
        hash_text(&hash, stored_dtype_name(entry->view->dtype));
        hash_number(&hash, (uint64_t)entry->view->dimensions);
        for (int dimension = 0; dimension < entry->view->dimensions; dimension++)
            hash_number(&hash, entry->view->shape[dimension]);
        hash_number(&hash, sum);
    }
    crypto_hash_sha256_final(&hash, out);
    return true;
}
