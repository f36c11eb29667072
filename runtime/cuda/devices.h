/* The GPUs that this process sees. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many; 0: `message` says in one line why there is none that can be used, and what to do. */
int count_gpus(char *message, size_t room);

#ifdef __cplusplus
}
#endif
