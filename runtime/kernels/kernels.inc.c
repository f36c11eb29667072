/* One table of kernels. portable.c, avx2.c and avx512.c include this file, each compiled for its own instruction set,
 * after they define
 *
 *     TABLE, NAME     the table's symbol and its name
 *     LANES           floats in a native vector
 *     ACCUMULATORS    vectors of partial sums that stay in registers
 *     ROW_COUNTS      the rows that a tile can have, 1 to the most that the accumulators allow */
#include "tables.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "vector.inc.c"

#include "tile.inc.c"

#include "attend.inc.c"
#include "elementwise.inc.c"
#include "matmul.inc.c"

const struct kernels TABLE = {
    .name = NAME,
    .matmul = matmul,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .add_scaled = add_scaled,
    .add_parts = add_parts,
    .rotate = rotate,
    .attend = attend,
};
