/* Replaying graphs: a launch is one operation of its stream, which runs the nodes in a topological order of the seed,
 * step by step. */
#include "capture.h"
#include "device.h"
#include "settings.h"
#include "stream.h"

namespace cuda_on_cpu
{

/* One launch of a graph that runs. */
struct replay {
    struct node {
        step run;
        bool done = false;
        sync_point finished;
    };
    std::vector<node> nodes;
    size_t left;
    sync_point begun;
    explicit replay(size_t count) : nodes(count), left(count)
    {
    }
};

/* Nodes that follow each other without a fork are one sequence for ThreadSanitizer. */
struct executable {
    std::shared_ptr<graph> content;
    std::vector<size_t> chain; /* of each node */
    replay *running = nullptr; /* a graph's launches follow each other */
};

static std::vector<size_t> chains_of(const graph &g)
{
    std::vector<size_t> chain(g.nodes.size());
    std::vector<bool> continued(g.nodes.size());
    size_t chains = 0;
    for (size_t i = 0; i < g.nodes.size(); i++) {
        chain[i] = SIZE_MAX;
        for (int before : g.nodes[i].after)
            if (chain[i] == SIZE_MAX && !continued[(size_t)before]) {
                chain[i] = chain[(size_t)before];
                continued[(size_t)before] = true;
            }
        if (chain[i] == SIZE_MAX)
            chain[i] = chains++;
    }
    return chain;
}

static timeline &line_of_chain(size_t chain)
{
    static std::vector<std::unique_ptr<timeline>> lines;
    while (lines.size() <= chain)
        lines.push_back(std::make_unique<timeline>());
    return *lines[chain];
}

static progress advance(const executable &e, replay &r, size_t i)
{
    return run_on(line_of_chain(e.chain[i]), [&] {
        const graph_node &node = e.content->nodes[i];
        if (!r.nodes[i].run) {
            r.begun.acquire();
            for (int before : node.after)
                r.nodes[(size_t)before].finished.acquire();
            r.nodes[i].run = node.make();
        }
        progress came_to = r.nodes[i].run();
        if (came_to == progress::finished)
            r.nodes[i].finished.release();
        return came_to;
    });
}

static std::vector<size_t> ready_nodes(const graph &g, const replay &r)
{
    std::vector<size_t> ready;
    for (size_t i = 0; i < g.nodes.size(); i++) {
        bool can_run = !r.nodes[i].done;
        for (int before : g.nodes[i].after)
            can_run = can_run && r.nodes[(size_t)before].done;
        if (can_run)
            ready.push_back(i);
    }
    seeded_order(ready);
    return ready;
}

static progress finish(executable &e, replay &r)
{
    for (replay::node &node : r.nodes)
        node.finished.acquire();
    e.running = nullptr;
    return progress::finished;
}

static progress advance_replay(executable &e, replay &r)
{
    if (e.running && e.running != &r)
        return progress::blocked;
    if (!e.running) {
        e.running = &r;
        r.begun.release();
    }
    progress all = progress::blocked;
    for (size_t i : ready_nodes(*e.content, r)) {
        progress came_to = advance(e, r, i);
        if (came_to == progress::outside)
            all = progress::outside;
        if (came_to == progress::finished) {
            r.nodes[i].done = true;
            r.left--;
        }
        if (came_to == progress::finished || came_to == progress::some) {
            all = progress::some;
            break;
        }
    }
    return r.left == 0 ? finish(e, r) : all;
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

struct CUgraphExec_st {
    std::shared_ptr<executable> content;
};

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *instance, cudaGraph_t graph, unsigned long long flags)
{
    (void)flags;
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (!graph)
        return failed(cudaErrorInvalidValue);
    auto made = std::make_shared<executable>();
    made->content = graph->content;
    made->chain = chains_of(*graph->content);
    *instance = new CUgraphExec_st{made};
    return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t instance, cudaStream_t stream)
{
    check_stream(stream, "cudaGraphUpload");
    return failed(instance ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t instance, cudaStream_t stream)
{
    if (!instance)
        return failed(cudaErrorInvalidValue);
    std::shared_ptr<executable> e = instance->content;
    return enqueue(
        stream,
        [e] {
            auto r = std::make_shared<replay>(e->content->nodes.size());
            return [e, r] { return advance_replay(*e, *r); };
        },
        "cudaGraphLaunch");
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t instance)
{
    delete instance; /* launches in flight share what they need */
    return begin_call(CALL_ALWAYS);
}
