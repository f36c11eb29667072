/* See rows.h. */
#include "rows.h"

#include <cmath>
#include <cstring>

float numbers::next(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (float)(int32_t)(state >> 32) / 2147483648.0F;
}

bool is_near(double a, double b, double tolerance)
{
    return std::fabs(a - b) <= tolerance * (1 + std::fmax(std::fabs(a), std::fabs(b)));
}

struct router_weights put_router_weights(struct gpu *r)
{
    struct numbers numbers = {7};
    struct router_weights weights = {std::vector<float>(HIDDEN), std::vector<float>(EXPERTS * HIDDEN)};
    for (float &value : weights.norm)
        value = 1 + 0.25F * numbers.next();
    for (float &value : weights.router)
        value = numbers.next();
    memcpy(&weights.router[5 * HIDDEN], &weights.router[3 * HIDDEN], HIDDEN * sizeof(float));
    harness_put(r, (void *)DENSE_WEIGHT(r, POST_NORM, LAYER_1), weights.norm.data(), HIDDEN * sizeof(float));
    harness_put(r, (void *)DENSE_WEIGHT(r, ROUTER, LAYER_1), weights.router.data(), EXPERTS * HIDDEN * sizeof(float));
    return weights;
}

struct rows put_rows(struct gpu *r, int count, uint64_t seed)
{
    struct numbers numbers = {seed};
    struct rows rows = {count, {}, {}};
    std::vector<struct step_row> step((size_t)(2 * count), {1, 0, 0, 0});
    harness_step(r, step, 2, std::vector<struct sampling>(SEQUENCES), std::vector<uint32_t>(SEQUENCES));
    std::vector<element> partial((size_t)(count * HIDDEN));
    for (int i = 0; i < count * HIDDEN; i++) {
        rows.residual.push_back(numbers.next());
        partial[(size_t)i] = from_float<element>(numbers.next());
        rows.partial.push_back(to_float(partial[(size_t)i]));
    }
    const uint64_t load[LAYERS * (EXPERT_SLOTS + 1)] = {};
    harness_put(r, r->arena + LOAD_OFFSET, load, sizeof load);
    if (count == 0)
        return rows;
    harness_put(r, residual_of(r, B), rows.residual.data(), rows.residual.size() * sizeof(float));
    harness_put(r, partial_of(r, B), partial.data(), partial.size() * sizeof(element));
    return rows;
}

struct routes get_routes(struct gpu *r)
{
    return harness_values<struct routes>(r, ARENA(r, B, ROUTES), 1)[0];
}

struct arrivals get_arrivals(struct gpu *r)
{
    return harness_values<struct arrivals>(r, ARENA(r, B, ARRIVALS), 1)[0];
}

std::vector<struct travelling_row> get_records(struct gpu *r, const void *buffer, size_t count)
{
    return harness_values<struct travelling_row>(r, buffer, count);
}

std::vector<float> get_elements(struct gpu *r, const void *buffer, size_t count)
{
    std::vector<float> values;
    for (element value : harness_values<element>(r, buffer, count))
        values.push_back(to_float(value));
    return values;
}

uint64_t get_dropped(struct gpu *r, enum layer layer)
{
    return harness_values<uint64_t>(r, r->arena + LOAD_OFFSET,
                                    LAYERS * (EXPERT_SLOTS + 1))[(size_t)layer * (EXPERT_SLOTS + 1) + EXPERT_SLOTS];
}

int home_of(const struct gpu *r, enum layer layer, int expert)
{
    return HOST_EXPERT_HOME[PLACEMENT_ROWS > 1 ? (int)layer : 0][PLACEMENT_SOURCES > 1 ? r->ep : 0][expert];
}

int slot_of(const struct gpu *r, enum layer layer, int expert)
{
    return HOST_EXPERT_SLOT[PLACEMENT_ROWS > 1 ? (int)layer : 0][PLACEMENT_SOURCES > 1 ? r->ep : 0][expert];
}
