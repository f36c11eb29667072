#include "tool/cache.h"
#include "base/file.h"
#include "base/home.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool name_folders(struct cache *cache, const char *folder, const char *sources, const char *binaries,
                         struct error *error)
{
    return path_join(cache->sources, sizeof cache->sources, folder, sources, error) &&
           path_join(cache->binaries, sizeof cache->binaries, folder, binaries, error) &&
           path_join(cache->shards, sizeof cache->shards, folder, "shards", error);
}

bool cache_open(struct cache *cache, const char *name, const char *strategy_path, struct error *error)
{
    char root[2048], folder[4096], lock[4096], hash[SHA256_TEXT], *path = realpath(strategy_path, NULL);
    cache->lock = -1;
    if (!path)
        return fail_errno(error, strategy_path, "cannot be found");
    sha256_text(path, strlen(path), hash);
    free(path);
    if (!cache_root(root, sizeof root, error))
        return false;
    snprintf(folder, sizeof folder, "%s/%s-%.8s", root, name, hash);
    if (!name_folders(cache, folder, "sources", "build", error) || !folder_make(folder, error) ||
        !path_join(lock, sizeof lock, folder, "lock", error))
        return false;
    cache->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (cache->lock < 0 || flock(cache->lock, LOCK_EX) != 0)
        return fail_errno(error, lock, "cannot be locked");
    return true;
}

bool cache_of_build(struct cache *cache, const char *build, struct error *error)
{
    cache->lock = -1;
    if (!name_folders(cache, build, "sources", "", error))
        return false;
    if (access(cache->sources, R_OK) != 0)
        return fail(error, build, 0, "is no build; make one with rankc build");
    return true;
}

void cache_close(struct cache *cache)
{
    if (cache->lock >= 0)
        close(cache->lock);
    cache->lock = -1;
}
