/* The kernels in what every processor has: 128-bit vectors. */
#define TABLE kernels_portable
#define NAME  "portable"
#define LANES 4

/* 16 registers on x86-64, 32 on what else is alive. */
#ifdef __x86_64__
#define ACCUMULATORS     8
#define ROW_COUNTS(EACH) EACH(1) EACH(2)
#else
#define ACCUMULATORS     24
#define ROW_COUNTS(EACH) EACH(1) EACH(2) EACH(3) EACH(4) EACH(5) EACH(6)
#endif

#include "kernels.inc.c"
