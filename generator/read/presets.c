/* The presets: files of strategies/hardware/, each named after what it describes. */
#include "base/file.h"
#include "base/home.h"
#include "base/nearest.h"
#include "read/hardware_parts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 64, NAME_ROOM = 64 };

const char this_machine[] = "this-machine";

struct names {
    char texts[MOST_NAMES][NAME_ROOM];
    const char *list[MOST_NAMES]; /* sorted */
    size_t count;
};

static void add_name(struct names *names, const char *text, size_t length)
{
    if (names->count == MOST_NAMES || length >= NAME_ROOM)
        return;
    char *copy = names->texts[names->count];
    memcpy(copy, text, length);
    copy[length] = '\0';
    names->list[names->count++] = copy;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Every name that `target.hardware` can have. */
static bool list_names(const char *folder, struct names *names, struct error *error)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return fail_errno(error, folder, "cannot be listed");
    for (struct dirent *entry; (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".lua") == 0)
            add_name(names, entry->d_name, length - 4);
    }
    closedir(entries);
    add_name(names, this_machine, strlen(this_machine));
    qsort(names->list, names->count, sizeof *names->list, by_text);
    return true;
}

static bool fail_unknown(const char *name, const struct asker *asker, const struct names *names, struct error *error)
{
    const char *nearest = nearest_word(name, names->list, names->count);
    if (nearest)
        return fail(error, asker->file, asker->line, "%s \"%.40s\" is unknown; did you mean \"%s\"?", asker->key, name,
                    nearest);
    char list[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < names->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "\"%s\", ", names->list[i]);
    return fail(error, asker->file, asker->line,
                "%s \"%.40s\" is unknown; use one of %sor a file whose name ends in .lua", asker->key, name, list);
}

bool preset_path(const char *name, const struct asker *asker, char *out, size_t room, struct error *error)
{
    char folder[4096], file[NAME_ROOM + 8];
    struct names names = {.count = 0};
    if (!home_path("strategies/hardware", folder, sizeof folder, error) || !list_names(folder, &names, error))
        return false;
    if (!bsearch(&name, names.list, names.count, sizeof *names.list, by_text))
        return fail_unknown(name, asker, &names, error);
    snprintf(file, sizeof file, "%s.lua", name);
    return path_join(out, room, folder, file, error);
}
