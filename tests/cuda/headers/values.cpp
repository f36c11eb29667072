/* Prints what callers of NCCL and cuBLASLt see in the headers it is compiled with: sizes, places of fields, values of
 * names and types of functions. Compiled against the tests' headers and against the toolkit's, it must print the same.
 */
#include "cuda/libraries.h"

#include <cstddef>
#include <cstdio>
#include <typeinfo>

#define SIZE(type)         printf("sizeof %s %zu\n", #type, sizeof(type));
#define FIELD(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(type, field));
#define VALUE(name)        printf("%s %lld\n", #name, (long long)(name));
#define FUNCTION(function) printf("%s %s\n", #function, typeid(decltype(&(function))).name());

int main(void)
{
    NCCL_FUNCTIONS(FUNCTION)
    CUBLASLT_FUNCTIONS(FUNCTION)

    SIZE(ncclUniqueId);
    SIZE(ncclResult_t);
    SIZE(ncclDataType_t);
    SIZE(ncclRedOp_t);
    SIZE(ncclConfig_t);
    FIELD(ncclConfig_t, size);
    FIELD(ncclConfig_t, magic);
    FIELD(ncclConfig_t, version);
    FIELD(ncclConfig_t, blocking);
    FIELD(ncclConfig_t, cgaClusterSize);
    FIELD(ncclConfig_t, minCTAs);
    FIELD(ncclConfig_t, maxCTAs);
    FIELD(ncclConfig_t, netName);
    FIELD(ncclConfig_t, splitShare);
    FIELD(ncclConfig_t, trafficClass);
    FIELD(ncclConfig_t, commName);
    FIELD(ncclConfig_t, collnetEnable);
    FIELD(ncclConfig_t, CTAPolicy);
    FIELD(ncclConfig_t, shrinkShare);
    FIELD(ncclConfig_t, nvlsCTAs);
    FIELD(ncclConfig_t, nChannelsPerNetPeer);
    FIELD(ncclConfig_t, nvlinkCentricSched);

    VALUE(NCCL_VERSION_CODE);
    VALUE(NCCL_UNIQUE_ID_BYTES);
    VALUE(NCCL_CONFIG_UNDEF_INT);
    VALUE(ncclSuccess);
    VALUE(ncclUnhandledCudaError);
    VALUE(ncclSystemError);
    VALUE(ncclInternalError);
    VALUE(ncclInvalidArgument);
    VALUE(ncclInvalidUsage);
    VALUE(ncclRemoteError);
    VALUE(ncclInProgress);
    VALUE(ncclNumResults);
    VALUE(ncclSum);
    VALUE(ncclProd);
    VALUE(ncclMax);
    VALUE(ncclMin);
    VALUE(ncclAvg);
    VALUE(ncclInt8);
    VALUE(ncclChar);
    VALUE(ncclUint8);
    VALUE(ncclInt32);
    VALUE(ncclInt);
    VALUE(ncclUint32);
    VALUE(ncclInt64);
    VALUE(ncclUint64);
    VALUE(ncclFloat16);
    VALUE(ncclHalf);
    VALUE(ncclFloat32);
    VALUE(ncclFloat);
    VALUE(ncclFloat64);
    VALUE(ncclDouble);
    VALUE(ncclBfloat16);
    VALUE(ncclFloat8e4m3);
    VALUE(ncclFloat8e5m2);
    VALUE(ncclNumTypes);

    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    printf("config %zu %u %u %d %d %d %d\n", config.size, config.magic, config.version, config.blocking,
           config.splitShare, config.nvlinkCentricSched, config.netName != nullptr);

    SIZE(cublasLtMatmulDescOpaque_t);
    SIZE(cublasLtMatrixLayoutOpaque_t);
    SIZE(cublasLtMatmulAlgo_t);
    SIZE(cublasStatus_t);
    SIZE(cublasOperation_t);
    SIZE(cublasComputeType_t);
    SIZE(cudaDataType_t);
    VALUE(CUBLAS_STATUS_SUCCESS);
    VALUE(CUBLAS_STATUS_NOT_INITIALIZED);
    VALUE(CUBLAS_STATUS_ALLOC_FAILED);
    VALUE(CUBLAS_STATUS_INVALID_VALUE);
    VALUE(CUBLAS_STATUS_ARCH_MISMATCH);
    VALUE(CUBLAS_STATUS_MAPPING_ERROR);
    VALUE(CUBLAS_STATUS_EXECUTION_FAILED);
    VALUE(CUBLAS_STATUS_INTERNAL_ERROR);
    VALUE(CUBLAS_STATUS_NOT_SUPPORTED);
    VALUE(CUBLAS_STATUS_LICENSE_ERROR);
    VALUE(CUBLAS_VERSION);
    VALUE(CUBLAS_OP_N);
    VALUE(CUBLAS_OP_T);
    VALUE(CUBLAS_OP_C);
    VALUE(CUBLAS_COMPUTE_32F);
    VALUE(CUBLAS_COMPUTE_32F_PEDANTIC);
    VALUE(CUBLAS_COMPUTE_32F_FAST_16BF);
    VALUE(CUBLAS_COMPUTE_32F_FAST_TF32);
    VALUE(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE);
    VALUE(CUBLASLT_MATMUL_DESC_SCALE_TYPE);
    VALUE(CUBLASLT_MATMUL_DESC_POINTER_MODE);
    VALUE(CUBLASLT_MATMUL_DESC_TRANSA);
    VALUE(CUBLASLT_MATMUL_DESC_TRANSB);
    VALUE(CUBLASLT_MATMUL_DESC_TRANSC);
    VALUE(CUBLASLT_MATMUL_DESC_FILL_MODE);
    VALUE(CUBLASLT_MATMUL_DESC_EPILOGUE);
    VALUE(CUDA_R_32F);
    VALUE(CUDA_R_64F);
    VALUE(CUDA_R_16F);
    VALUE(CUDA_R_8I);
    VALUE(CUDA_R_32I);
    VALUE(CUDA_R_16BF);
    return 0;
}
