/* The tables that this build holds; select.c alone reads them. */
#pragma once

#include "kernels.h"

extern const struct kernels kernels_portable;
#ifdef __x86_64__
extern const struct kernels kernels_avx2, kernels_avx512;
#endif
