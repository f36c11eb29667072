/* The kernels in AVX2 and FMA: 16 registers of 8 floats. Tiles of up to 6 rows by one panel. */
#define TABLE            kernels_avx2
#define NAME             "avx2"
#define LANES            8
#define ACCUMULATORS     12
#define ROW_COUNTS(EACH) EACH(1) EACH(2) EACH(3) EACH(4) EACH(5) EACH(6)

#include "kernels.inc.c"
