/* What the files that read descriptions of hardware share; everyone else includes read/hardware_file.h. */
#pragma once

#include "read/hardware_file.h"
#include "read/keys.h"

/* One description that is being read: a file, or the table in a strategy. Its keys are named by their whole path. */
struct description {
    struct reader *reader;
    const char *prefix; /* of paths: "", or "target.hardware" in a strategy */
    struct hardware *out;
};

/* The whole path of a key, "target.hardware.memory.size". Returns `out`. */
enum { KEY_PATH_TEXT = 128 };
const char *description_path(const struct description *description, const char *key, char out[KEY_PATH_TEXT]);

extern const char *const hardware_dtypes[HARDWARE_DTYPES]; /* keys of `flops`, by enum dtype */

/* hardware_keys.c: all keys. What needs no strategy to be found wrong is refused. */
bool description_read(const struct description *description);

/* hardware_keys.c: { peak = "...", sustained = "..." }, at least one of them; the sustained rate is filled in from the
 * peak where it is left out. Refuses an absent key. */
bool description_read_rate(const struct description *description, const struct quantity_key *rate, struct rate *out);

/* calibration.c: `calibration`, which only rankc calibrate writes. */
bool description_read_calibration(const struct description *description);

/* hardware_links.c: `links`, innermost first. */
bool description_read_links(const struct description *description);

/* hardware_use.c: whether the groups of the strategy's grid communicate over every level of links. Refuses the first
 * that none does, at its line. */
bool hardware_links_are_used(const struct hardware *hardware, const struct strategy *strategy, struct error *error);

/* Who names a description, for errors about the name. */
struct asker {
    const char *file; /* NULL: the command line */
    int line;
    const char *key; /* "target.hardware", "--hardware" */
};

/* presets.c: the file of a preset in strategies/hardware/. Refuses another name, with the nearest that there is. */
extern const char this_machine[]; /* "this-machine", which is no preset but a name too */
bool preset_path(const char *name, const struct asker *asker, char *out, size_t room, struct error *error);

/* hardware_file.c: what a key of the strategy names: a preset, "this-machine" or a file. Refuses, at the key, what is
 * not there. */
bool hardware_read_named(struct reader *reader, const char *key, const char *name, const struct hardware **out);
