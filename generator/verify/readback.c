#include "verify/readback.h"
#include "verify/readback_class.h"
#include "verify/source_facts.h"

#include <limits.h>
#include <string.h>

/* ---- ranks.h */

static bool read_stop_tokens(const struct fact_file *facts, struct plan *plan)
{
    const char *at = fact_place(facts, "\n#define STOP_TOKENS "), *end = at ? strchr(at, '}') : NULL;
    if (!end)
        return at ? facts_fail(facts, at, "the stop tokens do not end") : false;
    while (plan->stop_token_count < MAX_STOP_TOKENS && strpbrk(at, "0123456789}") < end)
        if (!next_int(facts, &at, 0, INT_MAX, &plan->stop_tokens[plan->stop_token_count++]))
            return false;
    return true;
}

static bool read_job(const struct fact_file *facts, struct plan *plan)
{
    struct pool *pool = &plan->pool;
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"STRATEGY_NAME", &plan->name},
                 {"MODEL_FAMILY", &plan->family},
                 {"DISPATCH", &plan->dispatch},
                 {"TARGET_DEVICE", &plan->device},
                 {"TARGET_TRANSPORT", &plan->transport}};
    const struct {
        const char *name;
        int *number;
    } numbers[] = {{"DP", &plan->grid[AXIS_DP]}, {"PP", &plan->grid[AXIS_PP]},
                   {"EP", &plan->grid[AXIS_EP]}, {"TP", &plan->grid[AXIS_TP]},
                   {"WORLD", &plan->world},      {"CLASSES", &plan->class_count},
                   {"THREADS", &plan->threads},  {"RANKS_PER_NODE", &plan->ranks_per_node}};
    const struct {
        const char *name;
        uint64_t most, *bytes;
    } sizes[] = {{"STEP_OFFSET", MOST_PLAN_BYTES, &plan->step_offset},
                 {"STEP_BYTES", MOST_PLAN_BYTES, &plan->step_bytes},
                 {"MAILBOX_OFFSET", MOST_PLAN_BYTES, &plan->mailbox_offset},
                 {"MAILBOX_BYTES", MOST_PLAN_BYTES, &plan->mailbox_bytes},
                 {"SEGMENT_BYTES", MOST_PLAN_BYTES, &plan->segment_bytes},
                 {"DEVICE_MEMORY_BYTES", UINT64_MAX, &plan->memory_bytes}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!(*texts[i].text = fact_define(facts, texts[i].name, pool)))
            return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!fact_int(facts, numbers[i].name, MAX_WORLD, numbers[i].number))
            return false;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!fact_number(facts, sizes[i].name, sizes[i].most, sizes[i].bytes))
            return false;
    int64_t world = 1;
    for (int axis = 0; axis < AXES; axis++)
        world = plan->grid[axis] < 1 || world > MAX_WORLD ? INT64_MAX / MAX_WORLD : world * plan->grid[axis];
    if (world != plan->world || plan->class_count < 1 || plan->class_count > plan->grid[AXIS_PP])
        return facts_fail(facts, facts->code, "the grid does not make this world");
    return read_stop_tokens(facts, plan);
}

static bool read_class_names(const struct fact_file *facts, struct plan *plan)
{
    const char *at = fact_place(facts, "CLASS_NAMES[CLASSES] = {");
    plan->classes = pool_take(&plan->pool, (size_t)plan->class_count, sizeof *plan->classes);
    for (int i = 0; i < plan->class_count && at; i++) {
        plan->classes[i].device = device_named(plan->device);
        if (!(plan->classes[i].name = next_text(facts, &at, &plan->pool)))
            return false;
    }
    return at != NULL;
}

static bool read_group(const struct fact_file *facts, const char **at, struct plan *plan, enum axis axis,
                       const int **out)
{
    int *group = pool_take(&plan->pool, (size_t)plan->grid[axis], sizeof *group);
    for (int i = 0; i < plan->grid[axis]; i++)
        if (!next_int(facts, at, 0, plan->world - 1, &group[i]))
            return false;
    *out = group;
    return true;
}

static bool read_rank(const struct fact_file *facts, const char **at, struct plan *plan, struct rank_row *row)
{
    int *const fields[] = {&row->class_index, &row->rank,       &row->at[AXIS_DP], &row->at[AXIS_PP], &row->at[AXIS_EP],
                           &row->at[AXIS_TP], &row->layer_base, &row->previous,    &row->next};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!next_int(facts, at, -1, MAX_WORLD, fields[i]))
            return false;
    if (row->class_index < 0 || row->class_index >= plan->class_count)
        return facts_fail(facts, *at, "the class of a rank is none of the plan's");
    if (!read_group(facts, at, plan, AXIS_TP, &row->tp_group) || !read_group(facts, at, plan, AXIS_EP, &row->ep_group))
        return false;
    for (int file = 0; file < SHARD_FILES; file++)
        if (!(row->shards[file] = next_text(facts, at, &plan->pool)))
            return false;
    struct rank_class *class = &plan->classes[row->class_index];
    class->ranks++;
    class->first_stage = row->at[AXIS_PP] == 0;
    class->last_stage = row->at[AXIS_PP] == plan->grid[AXIS_PP] - 1;
    return true;
}

static bool read_ranks(const struct source_files *files, struct plan *plan, struct error *error)
{
    struct fact_file facts;
    if (!facts_open(&facts, files, "ranks.h", &plan->pool, error) || !read_job(&facts, plan) ||
        !read_class_names(&facts, plan))
        return false;
    const char *at = fact_place(&facts, "} RANKS[WORLD] = {");
    plan->ranks = pool_take(&plan->pool, (size_t)plan->world, sizeof *plan->ranks);
    for (int rank = 0; rank < plan->world; rank++)
        if (!at || !read_rank(&facts, &at, plan, &plan->ranks[rank]))
            return false;
    return facts_are_of_plan(&facts, files->manifest.plan_hash, &plan->pool);
}

/* ---- placement.c */

static bool read_table(const struct fact_file *facts, const char *mark, int entries, int most, struct pool *pool,
                       int **out)
{
    const char *at = fact_place(facts, mark);
    *out = pool_take(pool, (size_t)entries, sizeof **out);
    for (int i = 0; i < entries; i++)
        if (!at || !next_int(facts, &at, 0, most, &(*out)[i]))
            return false;
    return true;
}

/* Who holds what follows from who serves what, and where. */
static void fill_held(struct plan *plan, int experts)
{
    struct placement *placement = &plan->placement;
    int ep = plan->grid[AXIS_EP];
    size_t slots = (size_t)placement->rows * (size_t)ep * (size_t)placement->expert_slots;
    placement->held = pool_take(&plan->pool, slots, sizeof *placement->held);
    memset(placement->held, -1, slots * sizeof *placement->held);
    for (int i = 0; i < placement->rows * placement->sources * experts; i++) {
        size_t row = (size_t)(i / (placement->sources * experts));
        size_t holder = row * (size_t)ep + (size_t)placement->home[i];
        placement->held[holder * (size_t)placement->expert_slots + (size_t)placement->slot[i]] = i % experts;
    }
}

static bool read_placement(const struct source_files *files, struct plan *plan, struct error *error)
{
    struct fact_file header, tables;
    struct placement *placement = &plan->placement;
    const struct shapes *shape = &plan->classes[0].shape;
    if (!facts_open(&header, files, "placement.h", &plan->pool, error) ||
        !facts_open(&tables, files, plan->classes[0].device == DEVICE_CUDA ? "placement.cuh" : "placement.c",
                    &plan->pool, error) ||
        !fact_int(&header, "PLACEMENT_ROWS", MAX_LAYERS, &placement->rows) ||
        !fact_int(&header, "PLACEMENT_SOURCES", plan->grid[AXIS_EP], &placement->sources))
        return false;
    placement->expert_slots = shape->expert_slots;
    if (placement->rows < 1 || placement->sources < 1 || shape->experts < 1 || shape->experts > MAX_EXPERTS ||
        shape->expert_slots < 1 || shape->expert_slots > shape->experts)
        return facts_fail(&header, header.code, "the placement has sizes that no plan has");
    int64_t entries = (int64_t)placement->rows * placement->sources * shape->experts;
    if (entries > (int64_t)strlen(tables.code))
        return facts_fail(&tables, tables.code, "the tables are shorter than they say");
    if (!read_table(&tables, "EXPERT_HOME[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS] = {", (int)entries,
                    plan->grid[AXIS_EP] - 1, &plan->pool, &placement->home) ||
        !read_table(&tables, "EXPERT_SLOT[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS] = {", (int)entries,
                    shape->expert_slots - 1, &plan->pool, &placement->slot))
        return false;
    fill_held(plan, shape->experts);
    return true;
}

/* ---- the folder */

static bool read_folder(const struct source_files *files, struct plan *plan, struct error *error)
{
    if (!read_ranks(files, plan, error))
        return false;
    for (int i = 0; i < plan->class_count; i++)
        if (!read_back_class(files, plan, i, error))
            return false;
    for (int i = 0; i < plan->class_count; i++)
        if (!read_back_links(files, plan, i, error))
            return false;
    if (!read_placement(files, plan, error))
        return false;
    plan_hash(plan);
    if (strcmp(plan->hash, files->manifest.plan_hash) == 0)
        return true;
    return fail(
        error, files->manifest.path, 1,
        "states plan %.12s, but the sources are those of plan %.12s; they were changed by hand, generate them again",
        files->manifest.plan_hash, plan->hash);
}

bool read_back(const char *folder, struct plan *plan, struct error *error)
{
    struct source_files files;
    *plan = (struct plan){0};
    bool done = source_files_open(&files, folder, error) && read_folder(&files, plan, error);
    source_files_close(&files);
    return done;
}

bool verify_sources(const struct plan *plan, const char *folder, struct error *error)
{
    struct plan emitted;
    bool done = read_back(folder, &emitted, error) &&
                (strcmp(emitted.hash, plan->hash) == 0 ||
                 fail(error, folder, 0, "holds plan %.12s instead of %.12s", emitted.hash, plan->hash));
    pool_free(&emitted.pool);
    return done;
}
