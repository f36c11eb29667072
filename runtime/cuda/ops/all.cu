/* All ops that a class needs, in one translation unit: the Toolkit's headers, which take most of the time, are read
 * once. So what these files define has names that no other of them has. build.cmake says which ends of the pipeline
 * the class holds. */
#include "cuda/ops/attention.cu"
#include "cuda/ops/combine.cu"
#include "cuda/ops/dispatch.cu"
#include "cuda/ops/experts.cu"
#include "cuda/ops/matmul.cu"
#include "cuda/ops/places.cu"
#include "cuda/ops/residual.cu"
#include "cuda/ops/rotary.cu"
#include "cuda/ops/route.cu"
#include "cuda/ops/stage.cu"
#include "cuda/ops/sums.cu"

#ifdef FIRST_STAGE
#include "cuda/ops/embed.cu"
#endif

#ifdef LAST_STAGE
#include "cuda/ops/head.cu"
#include "cuda/ops/logits.cu"
#include "cuda/ops/sample.cu"
#endif
