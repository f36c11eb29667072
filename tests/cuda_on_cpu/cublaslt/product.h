/* Products of column-major matrices in plain loops: f32 sums, bf16 or f32 in and out. */
#pragma once

#include <cublasLt.h>

namespace cublaslt_on_cpu
{
/* Of a column-major matrix: element (i, j) is at i + j * leading. */
struct layout {
    cudaDataType_t type;
    size_t rows, columns, leading;
};

/* d = alpha op(a) op(b) + beta c, where op is what `a_turned` and `b_turned` say: the transpose or nothing. */
struct product {
    bool a_turned, b_turned;
    float alpha, beta;
    struct layout a_layout, b_layout, c_layout, d_layout;
    const unsigned char *a, *b, *c;
    unsigned char *d;
};

size_t bytes_of(cudaDataType_t type);
/* From the first element to the end of the last. */
size_t extent_of(const struct layout *layout);

/* Columns [begin, end) of d. */
void multiply(const struct product *product, size_t begin, size_t end);
} // namespace cublaslt_on_cpu
