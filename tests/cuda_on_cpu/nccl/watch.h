/* Notices that an operation stands still: says who waits for whom in what, and ends the process. */
#pragma once

#include <chrono>
#include <stdint.h>

struct ncclComm;

namespace nccl_on_cpu
{
/* The exit status of a process whose operation stood still for STANDSTILL_VARIABLE seconds (fractions too), 10 where
 * that is unset, while none of its peers moved either. */
constexpr int STANDSTILL_STATUS = 94;
constexpr char STANDSTILL_VARIABLE[] = "NCCL_ON_CPU_STANDSTILL";

using clock = std::chrono::steady_clock;
struct transfer;

struct watch {
    clock::time_point moved; /* this operation, or a process that takes part in it */
    clock::time_point looked;
    uint64_t peer_moves;
};

/* A chunk was sent or received. */
void note_move(struct watch *watch);

/* Nothing could be done: `stuck` is what waits. */
void note_wait(struct watch *watch, const struct transfer *stuck);

/* The same for the meeting of a communicator. */
void note_absence(struct watch *watch, struct ncclComm *comm);
} // namespace nccl_on_cpu
