/* Where ranks work: which weights their processor passes over in a step, and whether others do so beside it. */
#include "predict/work.h"

int node_ranks(const struct plan *plan, const struct hardware *hardware)
{
    bool one_node = hardware->link_count == 0 || hardware->links[0].ranks >= plan->world;
    return one_node ? plan->world : hardware->links[0].ranks;
}

/* Bytes of weights that the rank comes back to. Not every step reads every expert, but before it comes to one again it
 * has read about all the others. Of the embedding it reads a few rows. */
static double weight_bytes(const struct rank_class *class)
{
    uint64_t embedding = class->first_stage ? class->tensors[TENSOR_EMBEDDING].bytes : 0;
    return (double)(class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS] - embedding);
}

/* A processor passes over what all ranks that share it touch. Stages work in turn, so others read at the same time only
 * where a stage has several ranks, or there are micro-batches for several stages. */
static void share_node(const struct plan *plan, struct work_site *sites, int ranks)
{
    int processors = sites->hardware->processors, stages = plan->grid[AXIS_PP], active = sites->step->active;
    int sharing = ranks < processors ? ranks : processors;
    double at_work = (double)ranks / stages * (active < stages ? active : stages), bytes = 0;
    for (int i = 0; i < ranks; i++)
        bytes += weight_bytes(sites[i].class);
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
