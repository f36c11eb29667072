/* The types of values that libraries are told about; the toolkit's numbers. */
#pragma once

typedef enum cudaDataType_t {
    CUDA_R_32F = 0,
    CUDA_R_64F = 1,
    CUDA_R_16F = 2,
    CUDA_R_8I = 3,
    CUDA_R_32I = 10,
    CUDA_R_32U = 12,
    CUDA_R_16BF = 14,
} cudaDataType;

#ifdef __cplusplus
typedef cudaDataType cudaDataType_t;
#else
typedef enum cudaDataType_t cudaDataType_t;
#endif
