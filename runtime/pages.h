/* Which pages of a rank are resident: exactly those that the plan's ledger counts, from the start on. */
#pragma once

#include <stdint.h>

/* Maps the pages of shared memory that these bytes lie in, without changing a byte: no step pays for a page fault.
 * Pages beside them stay out, which they would not if these were faulted in by reading: then the kernel maps up to 16
 * around the one that is read, and which of them depends on what other ranks have touched. */
void map_pages(unsigned char *first, uint64_t bytes);

/* The process's resident bytes; 0 where the kernel does not tell. */
uint64_t resident_bytes(void);
