#include "tool/build.h"
#include "base/file.h"
#include "base/home.h"
#include "base/manifest.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SOURCE_BYTES = 64 << 20, MOST_LOG_BYTES = 64 << 20 };

/* ---- a copy of the sources, by their manifest */

static bool copy_source(const char *from, const char *to, const char *name, struct error *error)
{
    char source[4096], target[4096];
    struct text text = {0};
    bool done = path_join(source, sizeof source, from, name, error) &&
                path_join(target, sizeof target, to, name, error) && file_read(source, MOST_SOURCE_BYTES, &text, error);
    char *slash = done ? strrchr(target, '/') : NULL;
    if (done) {
        *slash = '\0';
        done = folder_make(target, error);
        *slash = '/';
    }
    done = done && file_write(target, text.bytes, text.length, 0644, error);
    text_free(&text);
    return done;
}

/* The manifest goes last: with it the copy is whole. */
static bool copy_sources(const char *from, const char *to, struct error *error)
{
    struct manifest manifest;
    bool done = manifest_read(&manifest, from, error);
    for (int i = 0; done && i < manifest.count; i++)
        done = copy_source(from, to, manifest.lines[i].name, error);
    manifest_free(&manifest);
    return done && copy_source(from, to, MANIFEST_NAME, error);
}

/* ---- running cmake */

/* Shows the first line that says what is wrong; the rest is in the log. */
static bool fail_with_log(const char *log, struct error *error)
{
    struct text text = {0};
    if (file_read(log, MOST_LOG_BYTES, &text, error)) {
        char *first = strcasestr(text.bytes, "error");
        while (first && first > text.bytes && first[-1] != '\n')
            first--;
        fail(error, log, 0, "the build failed: %.*s; read the log", first ? (int)strcspn(first, "\n") : 0,
             first ? first : "");
    }
    text_free(&text);
    return false;
}

static bool run_logged(const char *log, char *const arguments[], struct error *error)
{
    catch_stop_requests();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    pid_t id;
    int status = 0, reason = posix_spawnp(&id, arguments[0], &files, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    if (reason != 0) {
        errno = reason;
        return fail_errno(error, NULL, "%s cannot be started; install it (./dev says how)", arguments[0]);
    }
    while (waitpid(id, &status, 0) < 0 && errno == EINTR)
        if (stop_requested())
            kill(id, SIGTERM);
    if (stop_requested())
        return fail_stopped(error, "the build goes on from here the next time");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return fail_with_log(log, error);
}

bool build_ranks(const char *sources, const char *build, struct error *error)
{
    char copy[4096], tree[4096], log[4096], runtime[4096], cache[4096], define_runtime[4096 + 32];
    if (!path_join(copy, sizeof copy, build, "sources", error) || !path_join(tree, sizeof tree, build, "tree", error) ||
        !path_join(log, sizeof log, build, "log", error) || !home_path("runtime", runtime, sizeof runtime, error) ||
        !path_join(cache, sizeof cache, tree, "CMakeCache.txt", error) || !folder_make(build, error) ||
        !copy_sources(sources, copy, error))
        return false;
    if (truncate(log, 0) != 0 && errno != ENOENT)
        return fail_errno(error, log, "cannot be emptied");
    snprintf(define_runtime, sizeof define_runtime, "-DRANKC_RUNTIME=%s", runtime);
    char define_library[] = "-DRANKC_RUNTIME_LIBRARY=" RANKC_RUNTIME_LIBRARY;
    char define_sanitize[] = "-DRANKC_SANITIZE=" RANKC_SANITIZE_RANKS;
    char define_output[4096 + 64];
    snprintf(define_output, sizeof define_output, "-DRANKC_OUTPUT=%s", build);
    char *configure[] = {"cmake",         "-S",          copy, "-B", tree, define_runtime, define_library,
                         define_sanitize, define_output, NULL};
    char *compile[] = {"cmake", "--build", tree, "--parallel", NULL};
    if (access(cache, F_OK) != 0 && !run_logged(log, configure, error)) {
        unlink(cache); /* or the next build would take this one for configured */
        return false;
    }
    return run_logged(log, compile, error);
}
