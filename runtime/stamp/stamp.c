/* Writes the binary of every rank: a copy of its class's binary with the rank's row in place of the empty one.
 *
 *     stamp FROM TO      reads FROM/class-<name>, writes TO/rank-0000 and on
 *
 * Compiled against the ranks.h of one strategy. */
#include "ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    unsigned char *bytes;
    size_t length, row; /* where the row is */
};

static _Noreturn void give_up(const char *path, const char *what)
{
    fprintf(stderr, "%s: error: %s\n", path, what);
    exit(1);
}

/* The row is found by its magic, which must stand in the binary exactly once. */
static size_t find_row(const char *path, const unsigned char *bytes, size_t length)
{
    const unsigned char *row = memmem(bytes, length, RANK_MAGIC, sizeof RANK_MAGIC - 1);
    if (!row)
        give_up(path, "has no rank row; build it from its generated sources");
    size_t at = (size_t)(row - bytes), after = at + 1;
    if (memmem(bytes + after, length - after, RANK_MAGIC, sizeof RANK_MAGIC - 1))
        give_up(path, "has two rank rows; build it from its generated sources");
    if (length - at < sizeof(struct rank_row))
        give_up(path, "ends within its rank row; build it again");
    return at;
}

static struct image load(const char *folder, const char *class_name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/class-%s", folder, class_name) >= (int)sizeof path)
        give_up(folder, "the path is too long");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        give_up(path, strerror(errno));
    struct image image = {.length = (size_t)status.st_size};
    image.bytes = mmap(NULL, image.length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (image.bytes == MAP_FAILED)
        give_up(path, strerror(errno));
    close(file);
    image.row = find_row(path, image.bytes, image.length);
    return image;
}

/* Through a temporary name: a reader sees a whole binary or none. */
static void write_rank(const char *folder, int rank, const struct image *image)
{
    char path[4096], temporary[4096 + 8];
    if (snprintf(path, sizeof path, "%s/rank-%04d", folder, rank) >= (int)sizeof path)
        give_up(folder, "the path is too long");
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (file < 0)
        give_up(temporary, strerror(errno));
    for (size_t done = 0; done < image->length;) {
        ssize_t wrote = write(file, image->bytes + done, image->length - done);
        if (wrote < 0) {
            unlink(temporary);
            give_up(temporary, strerror(errno));
        }
        done += (size_t)wrote;
    }
    if (close(file) != 0 || rename(temporary, path) != 0) {
        unlink(temporary);
        give_up(path, strerror(errno));
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: stamp FROM TO\n");
        return 2;
    }
    struct image images[CLASSES];
    for (int class = 0; class < CLASSES; class ++)
        images[class] = load(argv[1], CLASS_NAMES[class]);
    for (int rank = 0; rank < WORLD; rank++) {
        const struct image *image = &images[RANKS[rank].class_index];
        memcpy(image->bytes + image->row, &RANKS[rank].row, sizeof RANKS[rank].row);
        write_rank(argv[2], rank, image);
    }
    return 0;
}
