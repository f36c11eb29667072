#include "emit/page.h"
#include "base/file.h"
#include "base/home.h"
#include "base/sandbox.h"
#include "emit/page_parts.h"
#include "emit/template.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PART_BYTES = 1 << 20 };

static const struct section {
    const char *name;
    json_t *(*make)(const struct page_facts *facts);
} sections[] = {
    {"title", page_title}, {"ledger", page_ledger},     {"prediction", page_prediction}, {"claims", page_claims},
    {"ranks", page_ranks}, {"timeline", page_timeline}, {"traffic", page_traffic},       {"roofline", page_roofline},
};

#define TEMPLATE(name) "templates/report/" name
static const char *const styles[] = {TEMPLATE("page.css"), NULL};

/* In the order in which they need each other. */
static const char *const scripts[] = {
    TEMPLATE("common.js"),     TEMPLATE("cells.js"),    TEMPLATE("title.js"), TEMPLATE("ledger.js"),
    TEMPLATE("prediction.js"), TEMPLATE("claims.js"),   TEMPLATE("ranks.js"), TEMPLATE("timeline.js"),
    TEMPLATE("traffic.js"),    TEMPLATE("roofline.js"), TEMPLATE("start.js"), NULL,
};

/* JSON inside a script element: a "<" could end the element, so none is left. It only occurs within strings. */
static void add_escaped(struct text *out, const char *json)
{
    for (const char *c = json; *c;) {
        size_t plain = strcspn(c, "<");
        text_add(out, c, plain);
        c += plain;
        if (*c == '<') {
            text_add(out, "\\u003c", 6);
            c++;
        }
    }
}

static void add_data(const struct page_input *input, struct text *out)
{
    json_t *page = json_object();
    struct page_facts facts;
    page_facts_make(input, &facts);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        json_t *section = sections[i].make(&facts);
        if (section)
            json_object_set_new(page, sections[i].name, section);
    }
    char *json = json_dumps(page, JSON_COMPACT | JSON_REAL_PRECISION(7));
    if (json)
        add_escaped(out, json);
    free(json);
    json_decref(page);
    pool_free(&facts.pool);
}

/* A global of the template: the text as it is. */
static void add_global(struct templates *templates, const char *name, const struct text *text)
{
    lua_pushlstring(templates->lua, text->bytes ? text->bytes : "", text->length);
    sandbox_add(templates->lua, name);
}

/* The style and the script are files of their own, so that editors and tests know what they are. */
static bool add_files(struct templates *templates, const char *name, const char *const *files, struct error *error)
{
    char path[4096];
    struct text text = {0};
    bool done = true;
    for (; done && *files; files++)
        done = home_path(*files, path, sizeof path, error) && file_read(path, MOST_PART_BYTES, &text, error);
    if (done)
        add_global(templates, name, &text);
    text_free(&text);
    return done;
}

bool emit_page(const struct page_input *input, struct text *out, struct error *error)
{
    char path[4096];
    struct templates templates;
    templates_open(&templates);
    struct text data = {0};
    add_data(input, &data);
    add_global(&templates, "data", &data);
    text_free(&data);
    lua_pushstring(templates.lua, input->plan->name); /* letters, digits and dashes only */
    sandbox_add(templates.lua, "name");
    bool done = add_files(&templates, "style", styles, error) && add_files(&templates, "script", scripts, error) &&
                home_path("templates/report/page.html", path, sizeof path, error) &&
                template_run(&templates, path, out, error);
    templates_close(&templates);
    return done;
}
