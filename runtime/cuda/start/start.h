/* The parts of a CUDA rank's start, in the order in which start.c runs them. Each ends the rank with a message when it
 * cannot do its part. */
#pragma once

#include "cuda/gpu.h"
#include "rank.h"

/* Picks this rank's GPU and makes it the process's: `wanted` of those that CUDA shows, -1: the rank's number modulo the
 * ranks of a machine. Sees to it that driver, GPU and free memory will do, before anything is allocated. */
void choose_device(struct gpu *r, int wanted);

/* Meets the other ranks and returns with the ids of this rank's groups; then makes their communicators. */
void meet_ranks(struct gpu *r, const struct class_info *class, const char *rendezvous);
void make_communicators(struct gpu *r);
/* Lets go of the communicators: together with the peers at the job's end; or at once, so that peers do not wait. */
void finish_communicators(struct gpu *r);
void abort_communicators(struct gpu *r);

/* Streams, events and host memory; then the arena (zeros) and copies of the shards in device memory. */
void take_streams(struct gpu *r);
void take_host_memory(struct gpu *r, const struct class_info *class);
void take_device_memory(struct gpu *r, const struct class_info *class, const char *shards);
