#include "base/file.h"
#include "base/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read(const char *path, size_t most_bytes, struct text *text, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return fail_errno(error, path, "cannot be opened");
    struct stat status;
    bool done = false;
    if (fstat(file, &status) != 0) {
        fail_errno(error, path, "cannot be examined");
    } else if (!S_ISREG(status.st_mode)) {
        fail(error, path, 0, "is not a regular file; name a file");
    } else if ((uint64_t)status.st_size > most_bytes) {
        fail(error, path, 0, "has %lld bytes; at most %zu are read", (long long)status.st_size, most_bytes);
    } else {
        char buffer[65536];
        ssize_t got;
        size_t total = 0;
        while ((got = read(file, buffer, sizeof buffer)) > 0 && (total += (size_t)got) <= most_bytes)
            text_add(text, buffer, (size_t)got);
        if (got < 0)
            fail_errno(error, path, "cannot be read");
        else
            done = true;
    }
    text_add(text, "", 0);
    close(file);
    return done;
}

static bool holds_already(const char *path, const char *bytes, size_t length)
{
    struct stat status;
    if (stat(path, &status) != 0 || (size_t)status.st_size != length)
        return false;
    struct text old = {0};
    struct error ignored;
    bool same = file_read(path, length, &old, &ignored) && old.length == length &&
                (length == 0 || memcmp(old.bytes, bytes, length) == 0);
    text_free(&old);
    return same;
}

bool file_write(const char *path, const char *bytes, size_t length, int mode, struct error *error)
{
    if (holds_already(path, bytes, length))
        return chmod(path, (mode_t)mode) == 0 || fail_errno(error, path, "its mode cannot be set");
    struct file_writer writer;
    if (!file_writer_open(&writer, path, error))
        return false;
    if (file_writer_put(&writer, 0, bytes, length, error))
        return file_writer_close(&writer, mode, error);
    file_writer_abandon(&writer);
    return false;
}

bool output_flush(struct error *error)
{
    return (fflush(stdout) == 0 && !ferror(stdout)) || fail_errno(error, NULL, "standard output cannot be written");
}

bool folder_make(const char *path, struct error *error)
{
    char partial[4096];
    if (snprintf(partial, sizeof partial, "%s", path) >= (int)sizeof partial)
        return fail(error, path, 0, "the path is too long");
    for (char *cut = partial + 1; *cut; cut++) {
        if (*cut != '/')
            continue;
        *cut = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST)
            return fail_errno(error, partial, "the folder cannot be made");
        *cut = '/';
    }
    struct stat status;
    if (mkdir(partial, 0777) != 0 && errno != EEXIST)
        return fail_errno(error, path, "the folder cannot be made");
    if (stat(partial, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(error, path, 0, "is not a folder; name another output folder");
    return true;
}

bool path_join(char *out, size_t room, const char *folder, const char *name, struct error *error)
{
    int length = snprintf(out, room, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= room)
        return fail(error, folder, 0, "the path is too long");
    return true;
}

void sha256_text(const void *bytes, size_t length, char out[SHA256_TEXT])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, bytes, length);
    sodium_bin2hex(out, SHA256_TEXT, hash, sizeof hash);
}

bool path_is_inside(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    for (int names = 0; names < 2 && *path && strchr(letters, *path); names++) {
        path += strspn(path, all);
        if (*path == '\0')
            return true;
        if (*path++ != '/')
            return false;
    }
    return false;
}
