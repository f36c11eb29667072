/* The libraries that a CUDA rank opens at start: NCCL and cuBLASLt. A node that lacks one gets a line that says so, not
 * a loader's error. The functions keep the signatures of nccl.h and cublasLt.h. */
#pragma once

#include <cublasLt.h>
#include <nccl.h>
#include <stddef.h>

/* clang-format off */
#define NCCL_FUNCTIONS(X)                                                                                              \
    X(ncclGetVersion) X(ncclGetUniqueId) X(ncclCommInitRankConfig) X(ncclCommGetAsyncError) X(ncclCommAbort)           \
    X(ncclCommFinalize) X(ncclCommDestroy) X(ncclGetErrorString) X(ncclGetLastError) X(ncclGroupStart)                 \
    X(ncclGroupEnd) X(ncclSend) X(ncclRecv) X(ncclAllReduce) X(ncclAllGather)

#define CUBLASLT_FUNCTIONS(X)                                                                                          \
    X(cublasLtGetVersion) X(cublasLtCreate) X(cublasLtDestroy) X(cublasLtMatmul) X(cublasLtMatmulDescCreate)           \
    X(cublasLtMatmulDescDestroy) X(cublasLtMatmulDescSetAttribute) X(cublasLtMatrixLayoutCreate)                       \
    X(cublasLtMatrixLayoutDestroy) X(cublasLtGetStatusString)
/* clang-format on */

#ifdef __cplusplus
extern "C" {
#define RANKC_POINTER_TO(function) decltype(&::function)
#else
#define RANKC_POINTER_TO(function) __typeof__(&function)
#endif

struct nccl_library {
#define X(function) RANKC_POINTER_TO(function) function;
    NCCL_FUNCTIONS(X)
#undef X
};

struct cublaslt_library {
#define X(function) RANKC_POINTER_TO(function) function;
    CUBLASLT_FUNCTIONS(X)
#undef X
};

/* Fills the table from the library found at run time. NULL: done; else what is wrong, in one line, with what to do:
 * the library is absent, too old, or lacks a function. */
const char *open_nccl(struct nccl_library *library, char *message, size_t room);
const char *open_cublaslt(struct cublaslt_library *library, char *message, size_t room);

#ifdef __cplusplus
}
#endif
