/* Stands in for cuBLASLt in tests of single ops: a thread an output. */
#include "cuda/ops/matmul.h"

template <class Out>
__global__ void plain_matmul(const element *in, const element *weight, int outputs, int inputs, Out *out)
{
    const int output = (int)(blockIdx.y * blockDim.x + threadIdx.x);
    if (output >= outputs)
        return;
    float sum = 0;
    for (int i = 0; i < inputs; i++)
        sum += to_float(in[(size_t)blockIdx.x * inputs + i]) * to_float(weight[(size_t)output * inputs + i]);
    out[(size_t)blockIdx.x * outputs + output] = from_float<Out>(sum);
}

template <class Out>
static void multiply(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, Out *out)
{
    launch(r, r->compute, dim3((unsigned)rows, (unsigned)(outputs + 127) / 128), dim3(128), 0, plain_matmul<Out>, in,
           (const element *)weight, outputs, inputs, out);
}

void matmul(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, element *out)
{
    multiply(r, in, rows, weight, outputs, inputs, out);
}

void matmul_f32_out(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, float *out)
{
    multiply(r, in, rows, weight, outputs, inputs, out);
}
