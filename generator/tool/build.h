/* Compiling generated sources into rank binaries. */
#pragma once

#include "base/error.h"

/* Builds the sources in `sources` (a folder that `gen` wrote) with CMake into `build`: class binaries, and one stamped
 * binary a rank. Does nothing when nothing changed since the last build there. The compiler's output goes to
 * build/log; its last lines are shown when it fails. The sources are copied into build/sources, so that the folder can
 * be run, shipped and rebuilt without the one they came from. $RANKC_CUDA_ON_CPU names a folder that takes the CUDA
 * Toolkit's place (see runtime/cuda/build.cmake). */
bool build_ranks(const char *sources, const char *build, struct error *error);
