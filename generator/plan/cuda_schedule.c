/* The op lists of a class on GPUs, and what its two streams await of each other.
 *
 * In prefill, where ranks have peers, micro-batches go in pairs, half a layer apart: while one attends, the rows of the
 * other travel to their experts; while one computes experts, the other's attention is summed over tp; while one routes,
 * the other's expert sums come back. In the order of the list, with X half a layer behind Y:
 *
 *     compute   attention X     experts Y      route X       combine Y       attention Y, the next layer
 *     comm        rows of Y    sum of X    sums of Y go back   sum of Y        rows of X
 *
 * All communication of a rank is one stream, in the order of this list, which is the same on all ranks of a class. */
#include "plan/listing.h"
#include "plan/passes.h"

/* A micro-batch in a layer. */
struct visit {
    int micro, layer;
};

static void add_if(struct listing *listing, bool wanted, enum op_kind kind, struct visit visit)
{
    if (wanted)
        list_op(listing, kind, visit.micro, visit.layer);
}

static void start_dispatch(struct listing *listing, struct visit visit)
{
    add_if(listing, listing->shape->ep > 1, OP_DISPATCH_START, visit);
}

static void compute_experts(struct listing *listing, struct visit visit)
{
    bool peers = listing->shape->ep > 1;
    list_op(listing, peers ? OP_DISPATCH_FINISH : OP_GATHER, visit.micro, visit.layer);
    list_op(listing, OP_EXPERTS, visit.micro, visit.layer);
    add_if(listing, peers, OP_COMBINE_START, visit);
}

static void combine(struct listing *listing, struct visit visit)
{
    const struct shapes *shape = listing->shape;
    list_op(listing, shape->ep > 1 ? OP_COMBINE_FINISH : OP_SCATTER, visit.micro, visit.layer);
    add_if(listing, shape->tp > 1, OP_SUM_EXPERTS, visit);
    list_op(listing, OP_ADD_EXPERTS, visit.micro, visit.layer);
    if (visit.layer == shape->layers - 1)
        list_exit(listing, visit.micro);
}

/* One half of the picture above: `visit` up to its routing, beside the experts of `other`, half a layer ahead; none if
 * its micro is -1. */
static void attend_beside(struct listing *listing, struct visit visit, struct visit other)
{
    const struct shapes *shape = listing->shape;
    bool beside = other.micro >= 0;
    if (visit.layer == 0)
        list_entry(listing, visit.micro);
    list_op(listing, OP_ATTENTION, visit.micro, visit.layer);
    if (beside)
        start_dispatch(listing, other);
    add_if(listing, shape->tp > 1, OP_SUM_ATTENTION, visit);
    if (beside)
        compute_experts(listing, other);
    list_op(listing, OP_ADD_AND_ROUTE, visit.micro, visit.layer);
    add_if(listing, listing->counts && shape->ep > 1, OP_DISPATCH_COUNTS, visit);
    if (beside)
        combine(listing, other);
}

/* Micro-batches begin <= m < end go through the stage half a layer apart. */
static void pass(struct listing *listing, int begin, int end)
{
    struct visit before = {-1, 0};
    for (int layer = 0; layer < listing->shape->layers; layer++)
        for (int micro = begin; micro < end; micro++) {
            struct visit visit = {micro, layer};
            bool apart = end - begin > 1;
            attend_beside(listing, visit, apart ? before : (struct visit){-1, 0});
            before = visit;
            if (apart)
                continue;
            start_dispatch(listing, visit);
            compute_experts(listing, visit);
            combine(listing, visit);
        }
    if (end - begin > 1) {
        start_dispatch(listing, before);
        compute_experts(listing, before);
        combine(listing, before);
    }
}

void list_cuda_ops(const struct rank_class *class, enum phase phase, bool exactly, struct schedule *schedule)
{
    const struct shapes *shape = &class->shape;
    struct listing listing = {class, shape, schedule, exactly};
    list_in_groups(&listing, phase == PREFILL && (shape->ep > 1 || shape->tp > 1) ? 2 : 1, pass);
}
