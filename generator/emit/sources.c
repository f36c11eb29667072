#include "emit/sources.h"
#include "base/file.h"
#include "base/home.h"
#include "base/manifest.h"
#include "base/sandbox.h"
#include "emit/publish.h"
#include "emit/tables.h"
#include "emit/template.h"
#include "emit/words.h"

#include <stdio.h>
#include <string.h>

enum scope { ONCE, EACH_CLASS };
enum { CPU = 1 << DEVICE_CPU, CUDA = 1 << DEVICE_CUDA, ANY = CPU | CUDA };

/* Every file that is emitted, and its template. The report comes first. */
static const struct output {
    const char *template, *name;
    enum scope scope;
    enum phase phase; /* which schedule the template sees */
    unsigned devices; /* bits: for which it is emitted */
} outputs[] = {
    {"PLAN.txt", "PLAN.txt", ONCE, PREFILL, ANY},
    {"CMakeLists.txt", "CMakeLists.txt", ONCE, PREFILL, CPU},
    {"cuda/CMakeLists.txt", "CMakeLists.txt", ONCE, PREFILL, CUDA},
    {"ranks.h", "ranks.h", ONCE, PREFILL, ANY},
    {"placement.h", "placement.h", ONCE, PREFILL, ANY},
    {"placement.c", "placement.c", ONCE, PREFILL, CPU},
    {"placement.c", "placement.cuh", ONCE, PREFILL, CUDA},
    {"class.h", "class.h", EACH_CLASS, PREFILL, ANY},
    {"memory.h", "memory.h", EACH_CLASS, PREFILL, ANY},
    {"comm.c", "comm.c", EACH_CLASS, PREFILL, CPU},
    {"schedule.c", "schedule_prefill.c", EACH_CLASS, PREFILL, CPU},
    {"schedule.c", "schedule_decode.c", EACH_CLASS, DECODE, CPU},
    {"cuda/schedule.cu", "schedule_prefill.cu", EACH_CLASS, PREFILL, CUDA},
    {"cuda/schedule.cu", "schedule_decode.cu", EACH_CLASS, DECODE, CUDA},
    {"main.c", "main.c", EACH_CLASS, PREFILL, CPU},
    {"cuda/main.c", "main.c", EACH_CLASS, PREFILL, CUDA},
};

enum { OUTPUTS = sizeof outputs / sizeof *outputs, MOST_BYTES = 64 << 20 };

struct rendering {
    struct facts facts;
    struct templates templates;
    struct output_file *files;
    int count;
};

static bool render_file(struct rendering *rendering, const struct output *output, const char *class_name,
                        struct error *error)
{
    char relative[64], path[4096];
    snprintf(relative, sizeof relative, "templates/%s", output->template);
    if (!home_path(relative, path, sizeof path, error))
        return false;
    struct output_file *file = &rendering->files[rendering->count++];
    if (class_name)
        snprintf(file->path, sizeof file->path, "%s/%s", class_name, output->name);
    else
        snprintf(file->path, sizeof file->path, "%s", output->name);
    return template_run(&rendering->templates, path, &file->bytes, error);
}

static bool is_for(const struct output *output, const struct rank_class *class)
{
    return output->devices >> class->device & 1;
}

static bool render_all(struct rendering *rendering, struct error *error)
{
    lua_State *lua = rendering->templates.lua;
    const struct plan *plan = rendering->facts.plan;
    for (int i = 0; i < OUTPUTS; i++)
        if (outputs[i].scope == ONCE && is_for(&outputs[i], &plan->classes[0]) &&
            !render_file(rendering, &outputs[i], NULL, error))
            return false;
    for (int class = 0; class < plan->class_count; class ++)
        for (int i = 0; i < OUTPUTS; i++) {
            if (outputs[i].scope != EACH_CLASS || !is_for(&outputs[i], &plan->classes[class]))
                continue;
            tables_choose(lua, &rendering->facts, class, outputs[i].phase);
            if (!render_file(rendering, &outputs[i], plan->classes[class].name, error))
                return false;
        }
    return true;
}

static bool is_rendered(const struct rendering *rendering, const char *path)
{
    for (int i = 0; i < rendering->count; i++)
        if (strcmp(rendering->files[i].path, path) == 0)
            return true;
    return false;
}

/* The manifest goes last, so that it never lists what is not there yet. */
static void add_manifest(struct rendering *rendering)
{
    struct text manifest = {0};
    manifest_write(rendering->facts.plan->hash, rendering->files, rendering->count, &manifest);
    struct output_file *file = &rendering->files[rendering->count++];
    snprintf(file->path, sizeof file->path, "%s", MANIFEST_NAME);
    file->bytes = manifest;
}

static bool publish_all(struct rendering *rendering, const char *folder, struct error *error)
{
    struct manifest old = {0};
    bool read = !manifest_is_in(folder) || manifest_read(&old, folder, error), published = false;
    if (read) {
        const char **stale = pool_take(&old.pool, (size_t)old.count + 1, sizeof *stale);
        int stale_count = 0;
        for (int i = 0; i < old.count; i++)
            if (!is_rendered(rendering, old.lines[i].name))
                stale[stale_count++] = old.lines[i].name;
        published = publish(folder, rendering->files, rendering->count, stale, stale_count, error);
    }
    manifest_free(&old);
    return published;
}

static void rendering_open(struct rendering *rendering, const struct plan *plan, const char *prediction)
{
    *rendering = (struct rendering){0};
    facts_make(plan, &rendering->facts);
    rendering->facts.prediction = prediction;
    templates_open(&rendering->templates);
    size_t most_files = OUTPUTS * (size_t)plan->class_count + 1;
    rendering->files = pool_take(&rendering->facts.pool, most_files, sizeof *rendering->files);
    words_add(rendering->templates.lua);
    tables_add_plan(rendering->templates.lua, &rendering->facts);
}

static void rendering_close(struct rendering *rendering)
{
    templates_close(&rendering->templates);
    for (int i = 0; i < rendering->count; i++)
        text_free(&rendering->files[i].bytes);
    facts_free(&rendering->facts);
}

bool emit_sources(const struct plan *plan, const char *prediction, const char *folder, struct error *error)
{
    struct rendering rendering;
    rendering_open(&rendering, plan, prediction);
    bool done = render_all(&rendering, error);
    if (done) {
        add_manifest(&rendering);
        done = publish_all(&rendering, folder, error);
    }
    rendering_close(&rendering);
    return done;
}

static bool agrees(const struct output_file *file, const char *folder, struct error *error)
{
    char path[4096];
    struct text found = {0};
    if (!path_join(path, sizeof path, folder, file->path, error) || !file_read(path, MOST_BYTES, &found, error))
        return false;
    const char *at = found.bytes ? found.bytes : "", *wanted = file->bytes.bytes;
    int line = 1;
    for (; *at && *at == *wanted; at++, wanted++)
        line += *at == '\n';
    bool same = *at == *wanted;
    text_free(&found);
    return same || fail(error, path, line, "is not what rankc emits for this plan; generate the sources again");
}

bool emitted_code_agrees(const struct plan *plan, const char *folder, struct error *error)
{
    struct rendering rendering;
    rendering_open(&rendering, plan, NULL);
    bool done = render_all(&rendering, error);
    for (int i = 0; done && i < rendering.count; i++)
        done = strcmp(rendering.files[i].path, outputs[0].name) == 0 || agrees(&rendering.files[i], folder, error);
    rendering_close(&rendering);
    return done;
}

bool emit_report(const struct plan *plan, const char *prediction, struct text *out, struct error *error)
{
    struct rendering rendering;
    rendering_open(&rendering, plan, prediction);
    bool done = render_file(&rendering, &outputs[0], NULL, error);
    if (done)
        text_add(out, rendering.files[0].bytes.bytes, rendering.files[0].bytes.length);
    rendering_close(&rendering);
    return done;
}
