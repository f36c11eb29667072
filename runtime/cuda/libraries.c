/* NCCL and cuBLASLt, opened at run time; or, when a build asks for it, linked in. */
#include "cuda/libraries.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST_NCCL = 21800 /* the first whose communicators need not block */ };

struct symbol {
    const char *name;
    size_t offset; /* of its pointer in the table */
};

struct source {
    const char *title, *file, *variable; /* the environment variable names another file */
    const struct symbol *symbols;
    size_t count;
};

#if !defined(RANKC_STATIC_NCCL) || !defined(RANKC_STATIC_CUBLASLT)
static const char *file_of(const struct source *source)
{
    const char *named = getenv(source->variable);
    return named && named[0] ? named : source->file;
}

/* The handle is kept for as long as the process lives. NULL: `message` says why. */
static void *open_library(const struct source *source, char *message, size_t room)
{
    void *handle = dlopen(file_of(source), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        snprintf(message, room, "%s cannot be opened: %s; install %s, or name its file in %s", source->title, dlerror(),
                 source->title, source->variable);
    return handle;
}

static const char *fill(const struct source *source, void *handle, void *table, char *message, size_t room)
{
    for (size_t i = 0; i < source->count; i++) {
        void *found = dlsym(handle, source->symbols[i].name);
        if (!found) {
            snprintf(message, room, "%s lacks %s; install a newer %s, or name its file in %s", file_of(source),
                     source->symbols[i].name, source->title, source->variable);
            return message;
        }
        memcpy((unsigned char *)table + source->symbols[i].offset, &found, sizeof found);
    }
    return NULL;
}
#endif

#ifdef RANKC_STATIC_NCCL
const char *open_nccl(struct nccl_library *library, char *message, size_t room)
{
    (void)message, (void)room;
#define X(function) .function = function,
    *library = (struct nccl_library){NCCL_FUNCTIONS(X)};
#undef X
    return NULL;
}
#else
const char *open_nccl(struct nccl_library *library, char *message, size_t room)
{
    static const struct symbol symbols[] = {
#define X(function) {#function, offsetof(struct nccl_library, function)},
        NCCL_FUNCTIONS(X)
#undef X
    };
    const struct source source = {"NCCL", "libnccl.so.2", "RANKC_NCCL", symbols, sizeof symbols / sizeof *symbols};
    void *handle = open_library(&source, message, room);
    if (!handle)
        return message;
    /* The version first: an old library lacks functions too, but that is not what is wrong with it. */
    const struct source version = {source.title, source.file, source.variable, symbols, 1};
    int number = 0;
    if (fill(&version, handle, library, message, room))
        return message;
    if (library->ncclGetVersion(&number) == ncclSuccess && number >= OLDEST_NCCL)
        return fill(&source, handle, library, message, room);
    /* Up to 2.8 the number was 1000 major + 100 minor + patch. */
    int unit = number < 10000 ? 1000 : 10000;
    snprintf(message, room, "%s is NCCL %d.%d.%d; install 2.18 or newer, or name its file in %s", file_of(&source),
             number / unit, number % unit / 100, number % 100, source.variable);
    return message;
}
#endif

#ifdef RANKC_STATIC_CUBLASLT
const char *open_cublaslt(struct cublaslt_library *library, char *message, size_t room)
{
    (void)message, (void)room;
#define X(function) .function = function,
    *library = (struct cublaslt_library){CUBLASLT_FUNCTIONS(X)};
#undef X
    return NULL;
}
#else
const char *open_cublaslt(struct cublaslt_library *library, char *message, size_t room)
{
    static const struct symbol symbols[] = {
#define X(function) {#function, offsetof(struct cublaslt_library, function)},
        CUBLASLT_FUNCTIONS(X)
#undef X
    };
    const struct source source = {"cuBLASLt", "libcublasLt.so.13", "RANKC_CUBLASLT", symbols,
                                  sizeof symbols / sizeof *symbols};
    void *handle = open_library(&source, message, room);
    return handle ? fill(&source, handle, library, message, room) : message;
}
#endif
