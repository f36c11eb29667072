/* Capturing streams into graphs: operations become nodes, events become edges. */
#pragma once

#include "../stream.h"

#include <memory>
#include <vector>

namespace cuda_on_cpu
{

struct graph_node {
    step_maker make;
    const char *name;
    std::vector<int> after; /* nodes, all before it */
};

struct graph {
    std::vector<graph_node> nodes;
};

struct capture {
    std::shared_ptr<graph> into = std::make_shared<graph>();
    cudaStream_t origin;
    enum cudaStreamCaptureMode mode;
    std::vector<cudaStream_t> streams; /* origin, and those that an event pulled in */
    bool invalid = false, ended = false;
};

/* For calls that wait or allocate: the error to return, and the captures in progress can only end with an error. */
cudaError_t refuse_in_capture();

/* Adds a node to the capture that the stream belongs to. */
cudaError_t capture_operation(cudaStream_t stream, step_maker make, const char *name);

/* The stream waits for an event of a capture: it becomes part of it. */
cudaError_t capture_wait(cudaStream_t stream, const std::shared_ptr<capture> &captured, const std::vector<int> &after);

/* A captured stream waits for an event from outside of its capture. */
cudaError_t refuse_outside_event(cudaStream_t stream);

} // namespace cuda_on_cpu

struct CUgraph_st {
    std::shared_ptr<cuda_on_cpu::graph> content;
};
