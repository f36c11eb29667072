#include "emit/page/page.h"
#include "base/file.h"
#include "base/home.h"
#include "base/sandbox.h"
#include "emit/page/parts.h"
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

/* All sections that there are. Jansson makes nothing of a text that is not UTF-8. */
static bool add_sections(const struct page_facts *facts, json_t *page, struct error *error)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        json_t *section = sections[i].make(facts);
        if (!section)
            return fail(error, facts->plan->path, 0,
                        "a text of the page's section \"%s\" is not UTF-8; write it in UTF-8", sections[i].name);
        if (json_is_null(section))
            json_decref(section);
        else
            json_object_set_new(page, sections[i].name, section);
    }
    return true;
}

static bool add_data(const struct page_input *input, struct text *out, struct error *error)
{
    struct page_facts facts;
    page_facts_make(input, &facts);
    json_t *page = json_object();
    bool done = add_sections(&facts, page, error);
    char *json = done ? json_dumps(page, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    if (json)
        add_escaped(out, json);
    free(json);
    json_decref(page);
    pool_free(&facts.pool);
    return done;
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

/* What the template shows. The plan's name holds letters, digits and dashes only. */
static bool add_globals(struct templates *templates, const struct page_input *input, struct error *error)
{
    struct text data = {0};
    bool done = add_data(input, &data, error) && add_files(templates, "style", styles, error) &&
                add_files(templates, "script", scripts, error);
    add_global(templates, "data", &data);
    text_free(&data);
    lua_pushstring(templates->lua, input->plan->name);
    sandbox_add(templates->lua, "name");
    return done;
}

bool emit_page(const struct page_input *input, struct text *out, struct error *error)
{
    char path[4096];
    struct templates templates;
    templates_open(&templates);
    bool done = add_globals(&templates, input, error) && home_path(TEMPLATE("page.html"), path, sizeof path, error) &&
                template_run(&templates, path, out, error);
    templates_close(&templates);
    return done;
}
