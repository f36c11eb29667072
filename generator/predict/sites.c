/* Where ranks work: which weights their processor passes over in a step, and whether others do so beside it. */
#include "predict/work.h"

int node_ranks(const struct plan *plan, const struct hardware *hardware)
{
    bool one_node = hardware->link_count == 0 || hardware->links[0].ranks >= plan->world;
    return one_node ? plan->world : hardware->links[0].ranks;
}

/* Bytes of weights that the rank reads in the step. */
static double touched_bytes(const struct work_site *site)
{
    const struct rank_class *class = site->class;
    const struct shapes *shape = &class->shape;
    double bytes = (double)class->shard_bytes[SHARD_DENSE];
    double slot_bytes = (double)class->tensors[TENSOR_GATE_UP].slot_stride;
    size_t lane = (size_t)lane_of(site->plan, site->row), active = (size_t)site->step->active;
    if (class->first_stage) /* of the embedding only the rows of the step's tokens */
        bytes -= (double)class->tensors[TENSOR_EMBEDDING].bytes;
    for (int layer = 0; layer < shape->layers; layer++)
        for (int slot = 0; slot < shape->expert_slots; slot++) {
            bool used = false;
            for (size_t micro = 0; micro < active; micro++) {
                size_t at = (lane * (size_t)shape->model_layers + (size_t)(site->row->layer_base + layer)) * active;
                used |= site->step->routes.slot_rows[(at + micro) * (size_t)shape->expert_slots + (size_t)slot] > 0;
            }
            bytes += used ? slot_bytes : 0;
        }
    return bytes;
}

/* A processor passes over what all ranks that share it touch. Stages work in turn, so others read at the same time only
 * where a stage has several ranks, or there are micro-batches for several stages. */
static void share_node(const struct plan *plan, struct work_site *sites, int ranks)
{
    int processors = sites->hardware->processors, stages = plan->grid[AXIS_PP], active = sites->step->active;
    int sharing = ranks < processors ? ranks : processors;
    double at_work = (double)ranks / stages * (active < stages ? active : stages), bytes = 0;
    for (int i = 0; i < ranks; i++)
        bytes += touched_bytes(&sites[i]);
    for (int i = 0; i < ranks; i++) {
        sites[i].footprint_bytes = bytes / sharing;
        sites[i].company = at_work > 1 && sharing > 1 ? TOGETHER : ALONE;
    }
}

struct work_site *work_sites(const struct plan *plan, const struct hardware *hardware, const struct step *step,
                             struct pool *pool)
{
    struct work_site *sites = pool_take(pool, (size_t)plan->world, sizeof *sites);
    for (int rank = 0; rank < plan->world; rank++)
        sites[rank] = (struct work_site){.plan = plan,
                                         .hardware = hardware,
                                         .class = &plan->classes[plan->ranks[rank].class_index],
                                         .row = &plan->ranks[rank],
                                         .step = step};
    int each = node_ranks(plan, hardware);
    for (int first = 0; hardware->calibrated && first < plan->world; first += each)
        share_node(plan, sites + first, first + each < plan->world ? each : plan->world - first);
    return sites;
}
