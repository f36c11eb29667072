/* CUDA C++ for a processor, in place of the toolkit's header: the words of the language, what kernels call, and the
 * runtime's functions that are templates. */
#pragma once

#include "cuda_runtime_api.h"

#include "cuda_on_cpu/language.h"
#include "cuda_on_cpu/thread.h"

#include "cuda_on_cpu/atomic.h"
#include "cuda_on_cpu/launch.h"
#include "cuda_on_cpu/math.h"
#include "cuda_on_cpu/warp.h"
