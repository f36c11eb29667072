/* NCCL without peers, for a benchmark of one rank of many: every peer is taken to do what this rank does. What is sent
 * to a peer is what comes from it, copied on the device; a sum over the group is the own share; what comes from another
 * stage stays what it was. So a rank has its work, its buffers and its order, but no wire. */
#pragma once

#include "cuda/libraries.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions that ops call; the others are NULL. */
extern const struct nccl_library mirror;

#ifdef __cplusplus
}
#endif
