/* What kernels can do: threads, barriers, warps, atomics, shared memory, bf16. For several seeds each. */
#include "suite.h"

#include <cuda_bf16.h>

extern __shared__ __align__(16) unsigned char dynamic_shared[];

static cudaStream_t stream;

static void start(int seed)
{
    use_seed(seed);
    stream = new_stream();
}

__global__ void note_indices(unsigned *seen)
{
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    atomicAdd(&seen[block * blockDim.x * blockDim.y * blockDim.z + thread], 1);
}

START_TEST(runs_each_thread_of_each_block_once)
{
    start(_i);
    buffer<unsigned> seen(2 * 3 * 4 * 5 * 6 * 7);
    CHECK(cudaMemsetAsync(seen.device, 0, seen.bytes, stream));
    run(note_indices, dim3(2, 3, 4), dim3(5, 6, 7), 0, stream, seen.device);
    seen.to_host(stream);
    finish(stream);
    for (size_t i = 0; i < seen.bytes / sizeof(unsigned); i++)
        ck_assert_uint_eq(seen.host[i], 1);
}
END_TEST

/* out[i] is the sum of all i of the block, by a tree in shared memory. */
__global__ void sum_by_tree(int *out)
{
    int *values = (int *)dynamic_shared, i = (int)threadIdx.x;
    values[i] = i;
    for (int step = (int)blockDim.x / 2; step > 0; step /= 2) {
        __syncthreads();
        if (i < step)
            values[i] += values[i + step];
    }
    __syncthreads();
    out[i] = values[0];
}

START_TEST(barriers_hold_a_block_of_1024_threads)
{
    start(_i);
    buffer<int> out(1024);
    run(sum_by_tree, 3, 1024, 1024 * sizeof(int), stream, out.device);
    out.to_host(stream);
    finish(stream);
    for (int i = 0; i < 1024; i++)
        ck_assert_int_eq(out.host[i], 1023 * 1024 / 2);
}
END_TEST

__global__ void vote_in_block(int *out)
{
    int i = (int)threadIdx.x;
    if (i == 99)
        return; /* who has exited is not waited for */
    int count = __syncthreads_count(i % 3 == 0), any = __syncthreads_or(i == 50), none = __syncthreads_or(i == 99),
        all = __syncthreads_and(i < 99), some = __syncthreads_and(i < 50);
    out[i] = count * 10000 + any * 1000 + none * 100 + all * 10 + some;
}

START_TEST(votes_of_a_block)
{
    start(_i);
    buffer<int> out(100);
    run(vote_in_block, 1, 100, 0, stream, out.device);
    out.to_host(stream);
    finish(stream);
    for (int i = 0; i < 99; i++)
        ck_assert_int_eq(out.host[i], 33 * 10000 + 1010);
}
END_TEST

enum { WARP_RESULTS = 12 };

__global__ void use_warps(float *out)
{
    const unsigned ALL = 0xffffffffu;
    unsigned lane = threadIdx.x % 32;
    float value = (float)threadIdx.x, *mine = out + threadIdx.x * WARP_RESULTS;
    mine[0] = __shfl_sync(ALL, value, 5);
    mine[1] = __shfl_sync(ALL, value, 3, 8);
    mine[2] = __shfl_xor_sync(ALL, value, 1);
    mine[3] = __shfl_down_sync(ALL, value, 2);
    mine[4] = __shfl_up_sync(ALL, value, 2);
    mine[5] = __shfl_down_sync(ALL, value, 4, 16);
    mine[6] = (float)__ballot_sync(ALL, lane < 3);
    mine[7] = (float)(__any_sync(ALL, lane == 7) * 10 + __all_sync(ALL, lane == 7));
    mine[8] = (float)__reduce_add_sync(ALL, (int)lane);
    mine[9] = (float)__reduce_max_sync(ALL, lane ^ 21);
    mine[10] = -1;
    if (lane < 16)
        mine[10] = (float)__shfl_xor_sync(0xffffu, (double)value, 15);
    __syncwarp();
    mine[11] = lane < 16 ? 0 : (float)__reduce_min_sync(0xffff0000u, (int)lane);
}

START_TEST(lanes_of_a_warp_exchange_values)
{
    start(_i);
    enum { THREADS = 96 };
    buffer<float> out(THREADS * WARP_RESULTS);
    run(use_warps, 2, THREADS, 0, stream, out.device);
    out.to_host(stream);
    finish(stream);
    for (int i = 0; i < THREADS; i++) {
        int lane = i % 32, first = i - lane;
        int expected[WARP_RESULTS] = {first + 5,
                                      first + lane / 8 * 8 + 3,
                                      i ^ 1,
                                      lane < 30 ? i + 2 : i,
                                      lane < 2 ? i : i - 2,
                                      lane % 16 < 12 ? i + 4 : i,
                                      7,
                                      10,
                                      31 * 32 / 2,
                                      31,
                                      lane < 16 ? first + (lane ^ 15) : -1,
                                      lane < 16 ? 0 : 16};
        for (int j = 0; j < WARP_RESULTS; j++)
            ck_assert_msg(out.host[i * WARP_RESULTS + j] == (float)expected[j], "thread %d, result %d: %g, not %d", i,
                          j, (double)out.host[i * WARP_RESULTS + j], expected[j]);
    }
}
END_TEST

struct counters {
    int sum, least, most, any_bits, all_bits, swapped, claimed;
    unsigned unsigned_sum;
    unsigned long long long_sum;
    float float_sum;
};

__global__ void use_atomics(struct counters *c, int *before)
{
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    before[i] = atomicAdd(&c->sum, 1);
    atomicSub(&c->sum, -1);
    atomicMin(&c->least, i);
    atomicMax(&c->most, i);
    atomicOr(&c->any_bits, 1 << i % 8);
    atomicAnd(&c->all_bits, ~(1 << i % 8));
    if (atomicExch(&c->swapped, 1) == 0)
        atomicAdd(&c->claimed, 1);
    atomicCAS(&c->claimed, 1, 100);
    atomicAdd(&c->unsigned_sum, 1);
    atomicAdd(&c->long_sum, 1ull << 33);
    atomicAdd(&c->float_sum, 0.5f);
}

START_TEST(atomics)
{
    start(_i);
    enum { THREADS = 300 };
    buffer<struct counters> c(1);
    buffer<int> before(THREADS);
    *c.host = {};
    c.host->all_bits = -1;
    c.to_device(stream);
    run(use_atomics, THREADS / 100, 100, 0, stream, c.device, before.device);
    c.to_host(stream);
    before.to_host(stream);
    finish(stream);
    ck_assert_int_eq(c.host->sum, 2 * THREADS);
    ck_assert_int_eq(c.host->least, 0);
    ck_assert_int_eq(c.host->most, THREADS - 1);
    ck_assert_int_eq(c.host->any_bits, 255);
    ck_assert_int_eq(c.host->all_bits, ~255);
    ck_assert_int_eq(c.host->claimed, 100);
    ck_assert_uint_eq(c.host->unsigned_sum, THREADS);
    ck_assert(c.host->long_sum == (unsigned long long)THREADS << 33);
    ck_assert_float_eq(c.host->float_sum, THREADS / 2);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_lt(before.host[i], 2 * THREADS);
}
END_TEST

__global__ void read_shared_memory(int *is_nan)
{
    static __shared__ float fixed[4];
    float *dynamic = (float *)dynamic_shared;
    is_nan[blockIdx.x] = isnan(fixed[3]) && isnan(dynamic[0]) && isnan(dynamic[9]);
    fixed[3] = dynamic[0] = dynamic[9] = 1;
}

START_TEST(shared_memory_of_each_block_and_device_memory_begin_as_nan)
{
    start(_i);
    buffer<int> is_nan(5);
    buffer<float> fresh(3);
    run(read_shared_memory, 5, 1, 10 * sizeof(float), stream, is_nan.device);
    is_nan.to_host(stream);
    fresh.to_host(stream);
    finish(stream);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(is_nan.host[i], 1);
    for (int i = 0; i < 3; i++)
        ck_assert_float_nan(fresh.host[i]);
}
END_TEST

/* Rounding by hand: the neighbours of a value are compared, and the even one taken at a tie. */
static float nearest_bf16(float value)
{
    unsigned bits = __float_as_uint(value) & 0xffff0000u;
    float below = __uint_as_float(bits), above = __uint_as_float(bits + 0x10000u);
    double to_below = fabs((double)value - (double)below), to_above = fabs((double)above - (double)value);
    return to_below < to_above || (to_below == to_above && (bits >> 16 & 1) == 0) ? below : above;
}

START_TEST(bf16_rounds_to_nearest_even)
{
    for (unsigned i = 0; i < 200000; i++) {
        float value = __uint_as_float(0x00800000u + i * 9973u); /* normal, below infinity */
        ck_assert_float_eq(__bfloat162float(__float2bfloat16_rn(value)), nearest_bf16(value));
        ck_assert_float_eq(__bfloat162float(__float2bfloat16_rn(-value)), -nearest_bf16(value));
    }
    const struct {
        unsigned bits;
        unsigned short expected;
    } cases[] = {{0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80},
                 {0xff800000, 0xff80}, {0x7f800001, 0x7fff}, {0xffc00000, 0x7fff}, {0x80000000, 0x8000},
                 {0x00008000, 0x0000}, {0x00018000, 0x0002}};
    for (const auto &c : cases)
        ck_assert_uint_eq(__bfloat16_as_ushort(__float2bfloat16_rn(__uint_as_float(c.bits))), c.expected);
    for (unsigned i = 0; i < 65536; i++)
        if (!isnan(__bfloat162float(__ushort_as_bfloat16((unsigned short)i))))
            ck_assert_uint_eq(
                __bfloat16_as_ushort(__float2bfloat16_rn(__bfloat162float(__ushort_as_bfloat16((unsigned short)i)))),
                i);
}
END_TEST

int main(void)
{
    return run_suite("cuda_language", [](TCase *tests) {
        tcase_add_loop_test(tests, runs_each_thread_of_each_block_once, 0, SEEDS);
        tcase_add_loop_test(tests, barriers_hold_a_block_of_1024_threads, 0, SEEDS);
        tcase_add_loop_test(tests, votes_of_a_block, 0, SEEDS);
        tcase_add_loop_test(tests, lanes_of_a_warp_exchange_values, 0, SEEDS);
        tcase_add_loop_test(tests, atomics, 0, SEEDS);
        tcase_add_loop_test(tests, shared_memory_of_each_block_and_device_memory_begin_as_nan, 0, SEEDS);
        tcase_add_test(tests, bf16_rounds_to_nearest_even);
    });
}
