#include "emit/publish.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, FILE_MODE = 0644 };

static bool holds_already(const char *path, const struct text *bytes)
{
    struct stat status;
    if (stat(path, &status) != 0 || (size_t)status.st_size != bytes->length)
        return false;
    struct text old = {0};
    struct error ignored;
    bool same = file_read(path, bytes->length, &old, &ignored) && old.length == bytes->length &&
                memcmp(old.bytes, bytes->bytes, old.length) == 0;
    text_free(&old);
    return same;
}

/* "folder/path" without its last name. */
static bool make_parent(const char *path, struct error *error)
{
    char parent[PATH_ROOM];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    return folder_make(parent, error);
}

/* The staged copy of a file goes by its number. */
static bool stage_path(char *out, const char *staging, int number, struct error *error)
{
    char name[16];
    snprintf(name, sizeof name, "%d", number);
    return path_join(out, PATH_ROOM, staging, name, error);
}

static bool stage_files(const char *folder, const char *staging, const struct output_file *files, int count,
                        bool *changed, struct error *error)
{
    for (int i = 0; i < count; i++) {
        char path[PATH_ROOM], staged[PATH_ROOM];
        if (stop_requested())
            return fail_stopped(error, "nothing was written");
        if (!path_join(path, sizeof path, folder, files[i].path, error) || !stage_path(staged, staging, i, error))
            return false;
        changed[i] = !holds_already(path, &files[i].bytes);
        if (!changed[i])
            continue;
        struct error why;
        if (!file_write(staged, files[i].bytes.bytes, files[i].bytes.length, FILE_MODE, &why))
            return fail(error, path, 0, "%s", why.text); /* the user knows no staged copy */
    }
    return true;
}

static bool move_files(const char *folder, const char *staging, const struct output_file *files, int count,
                       const bool *changed, struct error *error)
{
    for (int i = 0; i < count; i++) {
        char path[PATH_ROOM], staged[PATH_ROOM];
        if (!changed[i])
            continue;
        if (!path_join(path, sizeof path, folder, files[i].path, error) || !stage_path(staged, staging, i, error) ||
            !make_parent(path, error))
            return false;
        if (rename(staged, path) != 0)
            return fail_errno(error, path, "cannot be replaced");
    }
    return true;
}

/* A stale file in a folder that is a link is somewhere else, and stays. */
static bool remove_stale(const char *folder, const char *relative, struct error *error)
{
    char path[PATH_ROOM], parent[PATH_ROOM];
    if (!path_join(path, sizeof path, folder, relative, error))
        return false;
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    bool in_folder = strchr(relative, '/') != NULL;
    struct stat status;
    if (in_folder && (lstat(parent, &status) != 0 || !S_ISDIR(status.st_mode)))
        return true;
    if (unlink(path) != 0 && errno != ENOENT)
        return fail_errno(error, path, "is left from an earlier generation and cannot be removed");
    if (in_folder)
        rmdir(parent); /* fails while something else is in it, as it should */
    return true;
}

static void remove_staging(const char *staging, int count)
{
    for (int i = 0; i < count; i++) {
        char path[PATH_ROOM];
        struct error ignored;
        if (stage_path(path, staging, i, &ignored))
            unlink(path);
    }
    rmdir(staging);
}

bool publish(const char *folder, const struct output_file *files, int count, const char *const *stale, int stale_count,
             struct error *error)
{
    char staging[PATH_ROOM];
    catch_stop_requests();
    if (!folder_make(folder, error) || !path_join(staging, sizeof staging, folder, ".rankc-XXXXXX", error))
        return false;
    if (!mkdtemp(staging))
        return fail_errno(error, folder, "cannot be written; give another output folder");
    bool *changed = heap_take((size_t)count, sizeof *changed);
    bool done = stage_files(folder, staging, files, count, changed, error) &&
                move_files(folder, staging, files, count, changed, error);
    for (int i = 0; i < stale_count && done; i++)
        done = remove_stale(folder, stale[i], error);
    remove_staging(staging, count);
    free(changed);
    return done;
}
