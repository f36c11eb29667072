/* What a GPU would answer with a fault, a hang or wrong results ends the process, with a line that says what and where.
 */
#include "cuda/kernels/tensor_core.cuh"
#include "suite.h"

extern __shared__ __align__(16) unsigned char dynamic_shared[];

__global__ void touch(float *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = 1;
}
__global__ void write_shared(int count)
{
    for (int i = 0; i < count; i++)
        dynamic_shared[i] = 1;
}
__global__ void half_at_the_barrier(float *values)
{
    if (threadIdx.x < 20)
        __syncthreads();
    else
        __shfl_sync(0xffffffffu, values[0], 0);
}
__global__ void two_barriers(float *values)
{
    if (threadIdx.x % 2)
        __syncthreads();
    else
        __syncthreads();
    values[0] = 1;
}
__global__ void outside_own_mask()
{
    __syncwarp(0xfu);
}
__global__ void read_outside_mask(float *values)
{
    if (threadIdx.x < 16)
        values[threadIdx.x] = __shfl_sync(0xffffu, 1.0f, 20);
}
__global__ void full_mask(float *values)
{
    values[0] = __shfl_xor_sync(0xffffffffu, values[0], 1);
}
__global__ void two_shuffles(float *values)
{
    if (threadIdx.x < 16)
        values[0] = __shfl_xor_sync(0xffffffffu, values[0], 1);
    else
        values[1] = __shfl_sync(0xffffffffu, values[1], 1);
}
__global__ void unaligned_copy(const float *values)
{
    copy_async_16(dynamic_shared, values + 1, true);
}
__global__ void copy_to_local(const float *values)
{
    uint4 local = {};
    copy_async_16(&local, values, true);
}

/* What the programs below get. */
struct machine {
    cudaStream_t stream = new_stream();
    float *device, *pinned;
    float pageable[64];
    machine()
    {
        CHECK(cudaMalloc(&device, 256));
        CHECK(cudaMallocHost(&pinned, 256));
    }
};

static volatile float read_by_host;

static void use_device_memory(void *data)
{
    *(float *)data = 1;
}

static const struct {
    void (*program)(machine &m);
    int status;
    const char *text; /* part of what it says */
} cases[] = {
    {[](machine &m) {
         run(touch, 1, 1, 0, m.stream, m.device, 1);
         finish(m.stream);
         read_by_host = m.device[7];
     },
     128 + SIGSEGV, "the host touches byte 28 of 256 of a device"},
    {[](machine &m) {
         CHECK(cudaLaunchHostFunc(m.stream, use_device_memory, m.device));
         finish(m.stream);
     },
     128 + SIGSEGV, "the host touches byte 0 of 256 of a device"},
    {[](machine &m) { read_by_host = m.device[7]; }, 128 + SIGSEGV, "the host touches byte 28 of 256 of a device"},
    {[](machine &m) {
         run(touch, 1, 1, 0, m.stream, m.device, 65);
         finish(m.stream);
     },
     128 + SIGSEGV, "kernel touch, block (0,0,0), thread (0,0,0)"},
    {[](machine &m) {
         CHECK(cudaFree(m.device));
         read_by_host = m.device[0];
     },
     128 + SIGSEGV, "the host touches"},
    {[](machine &m) { run(touch, 1, 1, 0, m.stream, m.pageable, 1); }, 97, "pointer 1 among its arguments is neither"},
    {[](machine &m) { run(touch, 1, 1, 0, m.stream, m.device + 64, 1); }, 97, "is neither device nor pinned memory"},
    {[](machine &m) {
         run(write_shared, 1, 1, 16, m.stream, 17);
         finish(m.stream);
     },
     97, "kernel write_shared wrote past its 16 bytes of dynamic shared memory"},
    {[](machine &m) {
         run(half_at_the_barrier, 1, 32, 0, m.stream, m.device);
         finish(m.stream);
     },
     97, "deadlock in kernel half_at_the_barrier; threads 0-19 in __syncthreads at "},
    {[](machine &m) {
         run(two_barriers, 1, 32, 0, m.stream, m.device);
         finish(m.stream);
     },
     97, "meet at different barriers: thread 0 at "},
    {[](machine &m) {
         run(outside_own_mask, 1, 32, 0, m.stream);
         finish(m.stream);
     },
     97, "__syncwarp by a lane outside its mask 0xf"},
    {[](machine &m) {
         run(read_outside_mask, 1, 32, 0, m.stream, m.device);
         finish(m.stream);
     },
     97, "a shuffle reads lane 20, which is outside the mask"},
    {[](machine &m) {
         run(full_mask, 1, 40, 0, m.stream, m.device);
         finish(m.stream);
     },
     97, "the block's last warp has lanes 0xff only"},
    {[](machine &m) {
         run(two_shuffles, 1, 32, 0, m.stream, m.device);
         finish(m.stream);
     },
     97, "but others of its mask with"},
    {[](machine &m) {
         run(unaligned_copy, 1, 1, 16, m.stream, m.device);
         finish(m.stream);
     },
     97, "from an address that is not aligned to 16 bytes"},
    {[](machine &m) {
         run(copy_to_local, 1, 1, 16, m.stream, m.device);
         finish(m.stream);
     },
     97, "copy_async_16 of an address outside shared memory"},
    {[](machine &m) { run(touch, 1, 1, 0, nullptr, m.device, 1); }, 97, "the default stream, which is not modelled"},
    {[](machine &m) {
         CHECK(cudaStreamDestroy(m.stream));
         finish(m.stream);
     },
     97, "a stream that does not exist"},
    {[](machine &m) { CHECK(cudaMemcpyAsync(m.device, m.pinned, 257, cudaMemcpyHostToDevice, m.stream)); }, 97,
     "257 bytes to other memory from other memory"},
    {[](machine &m) { CHECK(cudaMemcpyAsync(m.device, m.pageable, 16, cudaMemcpyHostToDevice, m.stream)); }, 97,
     "16 bytes to device memory from other memory"},
    {[](machine &m) { CHECK(cudaMemcpyAsync(m.device, m.pinned, 16, cudaMemcpyDeviceToHost, m.stream)); }, 97,
     "to device memory from pinned memory"},
    {[](machine &m) { CHECK(cudaMemsetAsync(m.device, 0, 257, m.stream)); }, 97, "cudaMemsetAsync: 257 bytes"},
    {[](machine &m) {
         (void)m;
         __syncthreads();
     },
     97, "__syncthreads was called outside a kernel"},
    {[](machine &m) { CHECK(cudaStreamCreateWithFlags(&m.stream, cudaStreamDefault)); }, 97, "cudaStreamNonBlocking"},
    {[](machine &m) {
         (void)m;
         CHECK(cudaSetDevice(1));
     },
     97, "changes the device after streams were made"},
};

START_TEST(ends_the_process)
{
    use_seed(0);
    const auto &c = cases[_i];
    ending seen = ending_of([&] {
        machine m;
        c.program(m);
    });
#ifndef __SANITIZE_ADDRESS__ /* it reports some of these first, in its own words */
    ck_assert_msg(seen.text.find(c.text) != std::string::npos, "case %d says \"%s\", not \"%s\"", _i, seen.text.c_str(),
                  c.text);
    ck_assert_msg(seen.status == c.status, "case %d ended with %d: %s", _i, seen.status, seen.text.c_str());
#endif
    ck_assert_int_ne(seen.status, 0);
}
END_TEST

static const struct {
    const char *name, *value;
    cudaError_t expected;
    const char *text;
} machines[] = {
    {"CUDA_ON_CPU_DEVICES", "0", cudaErrorNoDevice, "no CUDA-capable device is detected"},
    {"CUDA_ON_CPU_DRIVER", "0", cudaErrorInsufficientDriver,
     "CUDA driver version is insufficient for CUDA runtime version"},
    {"CUDA_ON_CPU_DRIVER", "12080", cudaErrorInsufficientDriver,
     "CUDA driver version is insufficient for CUDA runtime version"},
};

START_TEST(plays_a_machine_without_a_usable_device)
{
    setenv(machines[_i].name, machines[_i].value, 1);
    int count = 7, version = -1;
    void *memory;
    cudaStream_t stream;
    ck_assert_int_eq(cudaGetDeviceCount(&count), machines[_i].expected);
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(cudaMalloc(&memory, 16), machines[_i].expected);
    ck_assert_int_eq(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), machines[_i].expected);
    ck_assert_int_eq(cudaGetLastError(), machines[_i].expected);
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    ck_assert_str_eq(cudaGetErrorString(machines[_i].expected), machines[_i].text);
    ck_assert_int_eq(cudaDriverGetVersion(&version), cudaSuccess);
    ck_assert_int_eq(version, _i == 0 ? CUDART_VERSION : atoi(machines[_i].value));
}
END_TEST

START_TEST(plays_the_machine_that_the_environment_describes)
{
    setenv("CUDA_ON_CPU_DEVICES", "3", 1);
    setenv("CUDA_ON_CPU_MEMORY_MIB", "5", 1);
    setenv("CUDA_ON_CPU_CAPABILITY", "75", 1);
    int count, device, major;
    struct cudaDeviceProp properties;
    size_t available, total;
    void *memory;
    CHECK(cudaGetDeviceCount(&count));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(cudaSetDevice(3), cudaErrorInvalidDevice);
    CHECK(cudaSetDevice(2));
    CHECK(cudaGetDevice(&device));
    ck_assert_int_eq(device, 2);
    CHECK(cudaGetDeviceProperties(&properties, 2));
    ck_assert_int_eq(properties.major * 10 + properties.minor, 75);
    CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
    ck_assert_int_eq(major, 7);
    CHECK(cudaMalloc(&memory, 3 << 20));
    CHECK(cudaMemGetInfo(&available, &total));
    ck_assert_uint_eq(total, 5 << 20);
    ck_assert_uint_eq(available, 2 << 20);
    ck_assert_int_eq(cudaMalloc(&memory, 3 << 20), cudaErrorMemoryAllocation);
    ck_assert_str_eq(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
}
END_TEST

int main(void)
{
    return run_suite("cuda_faults", [](TCase *tests) {
        tcase_add_loop_test(tests, ends_the_process, 0, (int)(sizeof cases / sizeof *cases));
        tcase_add_loop_test(tests, plays_a_machine_without_a_usable_device, 0,
                            (int)(sizeof machines / sizeof *machines));
        tcase_add_test(tests, plays_the_machine_that_the_environment_describes);
    });
}
