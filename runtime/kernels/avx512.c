/* The kernels in AVX-512: 32 registers of 16 floats. Tiles of up to 8 rows by two panels. */
#define TABLE            kernels_avx512
#define NAME             "avx512"
#define LANES            16
#define ACCUMULATORS     16
#define ROW_COUNTS(EACH) EACH(1) EACH(2) EACH(3) EACH(4) EACH(5) EACH(6) EACH(7) EACH(8)

#include "kernels.inc.c"
