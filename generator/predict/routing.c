#include "predict/routing.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- how often an expert is chosen */

static double *take_shares(const struct shapes *shape, struct pool *pool)
{
    return pool_take(pool, (size_t)shape->model_layers * (size_t)shape->experts, sizeof(double));
}

/* A step that visits all experts before it comes to one again, and spreads neighbours. */
static int spreading_stride(int experts)
{
    for (int stride = (int)(0.618 * experts) + 1;; stride++) {
        int left = stride, right = experts;
        while (right > 0) { /* their greatest common divisor */
            int rest = left % right;
            left = right;
            right = rest;
        }
        if (left == 1)
            return stride;
    }
}

/* The popular experts of a layer are spread over it, so that no ep coordinate has them all, and are others in the next.
 */
static void zipf_shares(const struct shapes *shape, double exponent, double *share)
{
    const int stride = spreading_stride(shape->experts);
    for (int layer = 0; layer < shape->model_layers; layer++)
        for (int i = 0; i < shape->experts; i++) {
            int expert = (i * stride + layer * 3) % shape->experts;
            share[layer * shape->experts + expert] = pow(i + 1, -exponent);
        }
}

static const long long most_load = 1LL << 40;

static bool layer_shares(const json_t *json, const struct shapes *shape, const char *path, double *share,
                         struct error *error)
{
    const json_t *rows = json_object_get(json, "rows");
    if (json_array_size(rows) != (size_t)shape->experts)
        return fail(error, path, 0, "has a layer of %zu experts, not %d; give a file that rankc run --load wrote",
                    json_array_size(rows), shape->experts);
    json_int_t sum = 0;
    for (int expert = 0; expert < shape->experts; expert++) {
        const json_t *count = json_array_get(rows, (size_t)expert);
        if (!json_is_integer(count) || json_integer_value(count) < 0 || json_integer_value(count) > most_load)
            return fail(error, path, 0,
                        "counts rows by something else than whole numbers up to %lld; give a file that rankc run "
                        "--load wrote",
                        most_load);
        sum += json_integer_value(count);
        share[expert] = (double)json_integer_value(count) + 1e-3; /* nobody chose it in this sample, but may */
    }
    return sum > 0 || fail(error, path, 0, "has a layer without any rows; give one of a run that served something");
}

static bool measured_shares(const char *path, const struct shapes *shape, double *share, struct error *error)
{
    json_error_t why;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        return fail(error, path, why.line > 0 ? why.line : 0,
                    "%s; --routing takes uniform, zipf:1.1, or a file that rankc run --load wrote", why.text);
    const json_t *layers = json_object_get(json, "layers");
    bool read = json_array_size(layers) == (size_t)shape->model_layers ||
                fail(error, path, 0, "has %zu layers; the model has %d", json_array_size(layers), shape->model_layers);
    for (int layer = 0; read && layer < shape->model_layers; layer++) {
        const json_t *at = json_array_get(layers, (size_t)layer);
        read = json_integer_value(json_object_get(at, "layer")) == layer
                   ? layer_shares(at, shape, path, share + layer * shape->experts, error)
                   : fail(error, path, 0, "does not have layer %d in its place", layer);
    }
    json_decref(json);
    return read;
}

bool routing_read(const char *text, const struct plan *plan, struct pool *pool, struct routing *out,
                  struct error *error)
{
    const struct shapes *shape = &plan->classes[0].shape;
    double *share = take_shares(shape, pool);
    *out = (struct routing){.kind = ROUTING_UNIFORM};
    if (strcmp(text, "uniform") == 0)
        return true;
    out->share = share;
    if (strncmp(text, "zipf:", 5) == 0) {
        char *end;
        out->kind = ROUTING_ZIPF;
        out->exponent = strtod(text + 5, &end);
        if (end == text + 5 || *end || !(out->exponent >= 0 && out->exponent <= 10))
            return fail(error, NULL, 0, "--routing \"%s\" has no exponent from 0 to 10; write zipf:1.1", text);
        zipf_shares(shape, out->exponent, share);
        return true;
    }
    out->kind = ROUTING_MEASURED;
    return measured_shares(text, shape, share, error);
}

/* ---- drawing */

/* splitmix64: the same numbers on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* Walker's alias method: one look decides an expert, whatever the shares are. */
struct urn {
    int experts;
    uint32_t limit[MAX_EXPERTS]; /* of 2^32: below it the expert itself, from it on its alias */
    uint16_t alias[MAX_EXPERTS];
};

static void fill_urn(struct urn *urn, int experts, const double *share)
{
    double sum = 0, left[MAX_EXPERTS];
    int small[MAX_EXPERTS], large[MAX_EXPERTS], smalls = 0, larges = 0;
    urn->experts = experts;
    for (int i = 0; i < experts; i++)
        sum += share ? share[i] : 1;
    for (int i = 0; i < experts; i++) {
        left[i] = (share ? share[i] : 1) / sum * experts;
        urn->limit[i] = UINT32_MAX;
        urn->alias[i] = (uint16_t)i;
        if (left[i] < 1)
            small[smalls++] = i;
        else
            large[larges++] = i;
    }
    while (smalls > 0 && larges > 0) {
        int poor = small[--smalls], rich = large[larges - 1];
        urn->limit[poor] = (uint32_t)(left[poor] * UINT32_MAX);
        urn->alias[poor] = (uint16_t)rich;
        left[rich] -= 1 - left[poor];
        if (left[rich] < 1) {
            larges--;
            small[smalls++] = rich;
        }
    }
}

static int draw_expert(const struct urn *urn, uint64_t *state)
{
    uint64_t random = next_random(state);
    int expert = (int)((random >> 32) * (uint64_t)urn->experts >> 32);
    return (uint32_t)random < urn->limit[expert] ? expert : urn->alias[expert];
}

/* Draws until an expert comes that the row does not have yet; gives up on the shares when they are too lopsided. */
static int draw_other(const struct urn *urn, uint64_t *state, const int *chosen, int count)
{
    enum { TRIES = 64 };
    int expert = 0;
    for (int attempt = 0;; attempt++) {
        expert = attempt < TRIES ? draw_expert(urn, state) : (expert + 1) % urn->experts;
        bool taken = false;
        for (int i = 0; i < count; i++)
            taken |= chosen[i] == expert;
        if (!taken)
            return expert;
    }
}

/* Rows of one lane, layer and micro-batch: `sent` by ep coordinate, and `slots` by lane of the replica and slot. */
struct share_out {
    const struct placement *placement;
    const struct shapes *shape;
    int placed, source;
    int32_t *sent;      /* [ep] */
    int32_t *slots;     /* of ep coordinate 0 */
    size_t lane_stride; /* to the next ep coordinate's */
    int32_t taken[MAX_EXPERTS];
};

static void place_row(struct share_out *out, const int *chosen)
{
    const struct placement *placement = out->placement;
    const int experts = out->shape->experts;
    const size_t at = ((size_t)out->placed * (size_t)placement->sources + (size_t)out->source) * (size_t)experts;
    int homes[MAX_TOP_K], home_count = 0;
    for (int k = 0; k < out->shape->top_k; k++) {
        if (++out->taken[chosen[k]] > out->shape->expert_capacity)
            continue;
        int home = placement->home[at + (size_t)chosen[k]];
        out->slots[(size_t)home * out->lane_stride + (size_t)placement->slot[at + (size_t)chosen[k]]]++;
        bool known = false;
        for (int i = 0; i < home_count; i++)
            known |= homes[i] == home;
        if (!known) {
            homes[home_count++] = home;
            out->sent[home]++;
        }
    }
}

static void draw_rows(const struct urn *urn, int rows, struct share_out *out, uint64_t *state)
{
    memset(out->taken, 0, (size_t)out->shape->experts * sizeof *out->taken);
    for (int row = 0; row < rows; row++) {
        int chosen[MAX_TOP_K];
        for (int k = 0; k < out->shape->top_k; k++)
            chosen[k] = draw_other(urn, state, chosen, k);
        place_row(out, chosen);
    }
}

void routes_draw(const struct plan *plan, const struct routing *routing, uint64_t seed, struct pool *pool,
                 struct step *step)
{
    const struct placement *placement = &plan->placement;
    const struct shapes *shape = &plan->classes[0].shape;
    size_t lanes = (size_t)plan_lanes(plan), layers = (size_t)shape->model_layers;
    size_t active = (size_t)step->active, ep = (size_t)shape->ep, slots = (size_t)placement->expert_slots;
    step_take_routes(plan, pool, step);
    uint64_t state = seed;
    struct urn urn = {0};
    for (size_t layer = 0; layer < layers; layer++) {
        if (layer == 0 || routing->share)
            fill_urn(&urn, shape->experts, routing->share ? routing->share + layer * (size_t)shape->experts : NULL);
        for (size_t lane = 0; lane < lanes; lane++)
            for (size_t micro = 0; micro < active; micro++) {
                size_t first_lane = lane / ep * ep; /* of the replica */
                struct share_out out = {
                    .placement = placement,
                    .shape = shape,
                    .placed = placement->rows > 1 ? (int)layer : 0,
                    .source = placement->sources > 1 ? (int)(lane % ep) : 0,
                    .sent = step->routes.sent_rows + ((lane * layers + layer) * active + micro) * ep,
                    .slots = step->routes.slot_rows + ((first_lane * layers + layer) * active + micro) * slots,
                    .lane_stride = layers * active * slots,
                };
                draw_rows(&urn, step->rows[lane * active + micro].rows, &out, &state);
            }
    }
}
