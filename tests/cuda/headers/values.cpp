/* Prints what callers of NCCL and cuBLASLt see in the headers it is compiled with: sizes, places of fields, values of
 * names and types of functions. Compiled against the tests' headers and against the toolkit's, it must print the same.
 */
#include "cuda/libraries.h"

#include <cstddef>
#include <cstdio>
#include <typeinfo>

/* clang-format off */
#define TYPES(X)                                                                                                      \
    X(ncclUniqueId) X(ncclResult_t) X(ncclDataType_t) X(ncclRedOp_t) X(ncclConfig_t)                                  \
    X(cublasLtMatmulDescOpaque_t) X(cublasLtMatrixLayoutOpaque_t) X(cublasLtMatmulAlgo_t) X(cublasStatus_t)           \
    X(cublasOperation_t) X(cublasComputeType_t) X(cudaDataType_t)

#define FIELDS(X)                                                                                                     \
    X(size) X(magic) X(version) X(blocking) X(cgaClusterSize) X(minCTAs) X(maxCTAs) X(netName) X(splitShare)          \
    X(trafficClass) X(commName) X(collnetEnable) X(CTAPolicy) X(shrinkShare) X(nvlsCTAs)                              \
    X(nChannelsPerNetPeer) X(nvlinkCentricSched)

#define VALUES(X)                                                                                                     \
    X(NCCL_VERSION_CODE) X(NCCL_UNIQUE_ID_BYTES) X(NCCL_CONFIG_UNDEF_INT) X(ncclSuccess)                              \
    X(ncclUnhandledCudaError) X(ncclSystemError) X(ncclInternalError) X(ncclInvalidArgument)                          \
    X(ncclInvalidUsage) X(ncclRemoteError) X(ncclInProgress) X(ncclNumResults) X(ncclSum) X(ncclProd)                 \
    X(ncclMax) X(ncclMin) X(ncclAvg) X(ncclInt8) X(ncclChar) X(ncclUint8) X(ncclInt32) X(ncclInt)                     \
    X(ncclUint32) X(ncclInt64) X(ncclUint64) X(ncclFloat16) X(ncclHalf) X(ncclFloat32) X(ncclFloat)                   \
    X(ncclFloat64) X(ncclDouble) X(ncclBfloat16) X(ncclFloat8e4m3) X(ncclFloat8e5m2) X(ncclNumTypes)                  \
    X(CUBLAS_STATUS_SUCCESS) X(CUBLAS_STATUS_NOT_INITIALIZED) X(CUBLAS_STATUS_ALLOC_FAILED)                           \
    X(CUBLAS_STATUS_INVALID_VALUE) X(CUBLAS_STATUS_ARCH_MISMATCH) X(CUBLAS_STATUS_MAPPING_ERROR)                      \
    X(CUBLAS_STATUS_EXECUTION_FAILED) X(CUBLAS_STATUS_INTERNAL_ERROR) X(CUBLAS_STATUS_NOT_SUPPORTED)                  \
    X(CUBLAS_STATUS_LICENSE_ERROR) X(CUBLAS_VERSION) X(CUBLAS_OP_N) X(CUBLAS_OP_T) X(CUBLAS_OP_C)                     \
    X(CUBLAS_COMPUTE_32F) X(CUBLAS_COMPUTE_32F_PEDANTIC) X(CUBLAS_COMPUTE_32F_FAST_16BF)                              \
    X(CUBLAS_COMPUTE_32F_FAST_TF32) X(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE) X(CUBLASLT_MATMUL_DESC_SCALE_TYPE)           \
    X(CUBLASLT_MATMUL_DESC_POINTER_MODE) X(CUBLASLT_MATMUL_DESC_TRANSA) X(CUBLASLT_MATMUL_DESC_TRANSB)                \
    X(CUBLASLT_MATMUL_DESC_TRANSC) X(CUBLASLT_MATMUL_DESC_FILL_MODE) X(CUBLASLT_MATMUL_DESC_EPILOGUE)                 \
    X(CUDA_R_32F) X(CUDA_R_64F) X(CUDA_R_16F) X(CUDA_R_8I) X(CUDA_R_32I) X(CUDA_R_16BF)
/* clang-format on */

#define SIZE(type)         printf("sizeof %s %zu\n", #type, sizeof(type));
#define FIELD(field)       printf("ncclConfig_t.%s %zu\n", #field, offsetof(ncclConfig_t, field));
#define VALUE(name)        printf("%s %lld\n", #name, (long long)(name));
#define FUNCTION(function) printf("%s %s\n", #function, typeid(decltype(&(function))).name());

int main(void)
{
    NCCL_FUNCTIONS(FUNCTION);
    CUBLASLT_FUNCTIONS(FUNCTION);
    TYPES(SIZE);
    FIELDS(FIELD);
    VALUES(VALUE);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    printf("config %zu %u %u %d %d %d %d\n", config.size, config.magic, config.version, config.blocking,
           config.splitShare, config.nvlinkCentricSched, config.netName != nullptr);
    return 0;
}
