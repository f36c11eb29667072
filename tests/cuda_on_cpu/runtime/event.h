/* An event and its last record. */
#pragma once

#include "sanitizers.h"

#include <cuda_runtime_api.h>
#include <memory>
#include <vector>

namespace cuda_on_cpu
{

struct capture;

struct event_record {
    bool done = false;
    double milliseconds = 0;
    sync_point reached;
};

} // namespace cuda_on_cpu

struct CUevent_st {
    bool timed;
    std::shared_ptr<cuda_on_cpu::event_record> record; /* null: never recorded, or in a capture */
    std::shared_ptr<cuda_on_cpu::capture> captured;    /* the capture that it was last recorded in */
    std::vector<int> after;                            /* the nodes before that record */
};
