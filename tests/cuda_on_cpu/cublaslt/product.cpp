/* The loops: a column of op(b) and rows of op(a) as f32, several sums side by side so that the compiler can vectorise
 * them. */
#include "product.h"

#include <string.h>
#include <vector>

namespace cublaslt_on_cpu
{
constexpr size_t LANES = 16; /* partial sums of one element of d */
constexpr size_t ROWS = 32;  /* rows of op(a) that are converted at a time */

size_t bytes_of(cudaDataType_t type)
{
    return type == CUDA_R_32F ? 4 : type == CUDA_R_16BF ? 2 : 0;
}

size_t extent_of(const struct layout *layout)
{
    if (layout->rows == 0 || layout->columns == 0)
        return 0;
    return ((layout->columns - 1) * layout->leading + layout->rows) * bytes_of(layout->type);
}

static float load(cudaDataType_t type, const unsigned char *at)
{
    uint32_t bits = 0;
    float value;
    if (type == CUDA_R_32F)
        memcpy(&bits, at, 4);
    else
        memcpy((unsigned char *)&bits + 2, at, 2); /* bf16 is the upper half; this is for little-endian machines */
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store(cudaDataType_t type, unsigned char *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool number = (bits & 0x7fffffff) <= 0x7f800000;
    uint16_t half = number ? (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16) : (uint16_t)0x7fff;
    if (type == CUDA_R_32F)
        memcpy(at, &bits, 4);
    else
        memcpy(at, &half, 2);
}

/* Copies `count` elements from (row, column) on, down the rows or along the columns, as f32. */
static void copy_line(const struct layout *layout, const unsigned char *from, size_t row, size_t column, bool down,
                      size_t count, float *line)
{
    size_t bytes = bytes_of(layout->type), stride = (down ? 1 : layout->leading) * bytes;
    const unsigned char *at = from + (row + column * layout->leading) * bytes;
    for (size_t i = 0; i < count; i++)
        line[i] = load(layout->type, at + i * stride);
}

static float dot(const float *x, const float *y, size_t count)
{
    float lanes[LANES] = {};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            lanes[lane] += x[i + lane] * y[i + lane];
    for (; i < count; i++)
        lanes[i % LANES] += x[i] * y[i];
    float sum = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

void multiply(const struct product *p, size_t begin, size_t end)
{
    size_t depth = p->a_turned ? p->a_layout.rows : p->a_layout.columns;
    std::vector<float> lines(ROWS * depth), columns((end - begin) * depth);
    for (size_t j = begin; j < end; j++)
        copy_line(&p->b_layout, p->b, p->b_turned ? j : 0, p->b_turned ? 0 : j, !p->b_turned, depth,
                  columns.data() + (j - begin) * depth);
    for (size_t first = 0; first < p->d_layout.rows; first += ROWS) {
        size_t rows = p->d_layout.rows - first < ROWS ? p->d_layout.rows - first : ROWS;
        for (size_t i = 0; i < rows; i++)
            copy_line(&p->a_layout, p->a, p->a_turned ? 0 : first + i, p->a_turned ? first + i : 0, p->a_turned, depth,
                      lines.data() + i * depth);
        for (size_t j = begin; j < end; j++)
            for (size_t i = 0; i < rows; i++) {
                size_t row = first + i;
                float value = p->alpha * dot(lines.data() + i * depth, columns.data() + (j - begin) * depth, depth);
                if (p->beta != 0)
                    value += p->beta * load(p->c_layout.type,
                                            p->c + (row + j * p->c_layout.leading) * bytes_of(p->c_layout.type));
                store(p->d_layout.type, p->d + (row + j * p->d_layout.leading) * bytes_of(p->d_layout.type), value);
            }
    }
}
} // namespace cublaslt_on_cpu
