/* Streams, events, copies, graphs and the operations that libraries add, for several seeds each. */
#include "../../cuda_on_cpu/stream.h"
#include "suite.h"

#include <vector>

__global__ void append(int *list, int value)
{
    list[++list[0]] = value;
}

static cudaStream_t first, second;
static cudaEvent_t event;
static int *list, *pinned;
enum { LIST = 64 };

static void start(int seed)
{
    use_seed(seed);
    first = new_stream();
    second = new_stream();
    event = new_event();
    CHECK(cudaMalloc(&list, LIST * sizeof(int)));
    CHECK(cudaMallocHost(&pinned, LIST * sizeof(int)));
    CHECK(cudaMemsetAsync(list, 0, LIST * sizeof(int), first));
    finish(first);
}

static void append_on(cudaStream_t stream, int value)
{
    run(append, 1, 1, 0, stream, list, value);
}

static void expect_list(const std::vector<int> &values)
{
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(pinned, list, LIST * sizeof(int), cudaMemcpyDeviceToHost));
    ck_assert_int_eq(pinned[0], (int)values.size());
    for (size_t i = 0; i < values.size(); i++)
        ck_assert_int_eq(pinned[i + 1], values[i]);
}

START_TEST(a_stream_keeps_its_order)
{
    start(_i);
    for (int i = 0; i < 10; i++)
        append_on(first, i);
    expect_list({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}
END_TEST

START_TEST(an_event_orders_two_streams)
{
    start(_i);
    for (int i = 0; i < 5; i++) {
        append_on(first, i);
        CHECK(cudaEventRecord(event, first));
        CHECK(cudaStreamWaitEvent(second, event, 0));
        append_on(second, 10 + i);
        CHECK(cudaEventRecord(event, second));
        CHECK(cudaStreamWaitEvent(first, event, 0));
    }
    expect_list({0, 10, 1, 11, 2, 12, 3, 13, 4, 14});
}
END_TEST

START_TEST(a_wait_is_for_the_last_record_before_it)
{
    start(_i);
    CHECK(cudaStreamWaitEvent(second, event, 0)); /* never recorded: nothing to wait for */
    append_on(first, 1);
    CHECK(cudaEventRecord(event, first));
    CHECK(cudaStreamWaitEvent(second, event, 0));
    append_on(second, 2);
    cudaEvent_t other = new_event();
    CHECK(cudaEventRecord(other, second));
    CHECK(cudaStreamWaitEvent(first, other, 0));
    append_on(first, 3);
    CHECK(cudaEventRecord(event, first)); /* the wait above is not for this one, else a deadlock */
    CHECK(cudaEventDestroy(event));
    expect_list({1, 2, 3});
}
END_TEST

START_TEST(queries_come_to_an_end)
{
    start(_i);
    for (int i = 0; i < 4; i++)
        append_on(first, i);
    CHECK(cudaEventRecord(event, first));
    int asked = 0;
    cudaError_t status;
    while ((status = cudaEventQuery(event)) == cudaErrorNotReady)
        asked++;
    ck_assert_int_eq(status, cudaSuccess);
    append_on(second, 4);
    while ((status = cudaStreamQuery(second)) == cudaErrorNotReady)
        asked++;
    ck_assert_int_eq(status, cudaSuccess);
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    if (_i == 1)
        ck_assert_int_gt(asked, 0); /* the seed that does nothing early */
    expect_list({0, 1, 2, 3, 4});
}
END_TEST

static void host_function(void *data)
{
    *(int *)data += 1;
}

START_TEST(only_what_an_event_covers_is_waited_for)
{
    start(1); /* does nothing early */
    int calls = 0;
    CHECK(cudaLaunchHostFunc(first, host_function, &calls));
    CHECK(cudaEventRecord(event, first));
    CHECK(cudaLaunchHostFunc(first, host_function, &calls));
    ck_assert_int_eq(calls, 0);
    CHECK(cudaEventSynchronize(event));
    CHECK(cudaEventSynchronize(event));
    ck_assert_int_eq(calls, 1);
    finish(first);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(host_functions_run_in_order)
{
    start(_i);
    int calls = 0;
    CHECK(cudaMemsetAsync(pinned, 0, sizeof(int), first));
    CHECK(cudaLaunchHostFunc(first, host_function, &calls));
    CHECK(cudaLaunchHostFunc(first, host_function, pinned));
    finish(first);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(pinned[0], 1);
}
END_TEST

START_TEST(copies_of_rows_and_of_registered_memory)
{
    start(_i);
    static int plain[12], back[12];
    for (int i = 0; i < 12; i++)
        plain[i] = i;
    CHECK(cudaHostRegister(plain, sizeof plain, cudaHostRegisterDefault));
    CHECK(cudaHostRegister(back, sizeof back, cudaHostRegisterDefault));
    ck_assert_int_eq(cudaHostRegister(back, 4, 0), cudaErrorHostMemoryAlreadyRegistered);
    CHECK(cudaMemcpy2DAsync(list, 16, plain, 12, 12, 4, cudaMemcpyHostToDevice, first));
    CHECK(cudaMemcpy2DAsync(back, 12, list, 16, 12, 4, cudaMemcpyDeviceToHost, first));
    finish(first);
    ck_assert_mem_eq(back, plain, sizeof plain);
    CHECK(cudaHostUnregister(plain));
    ck_assert_int_eq(cudaHostUnregister(plain), cudaErrorHostMemoryNotRegistered);
    struct cudaPointerAttributes attributes;
    CHECK(cudaPointerGetAttributes(&attributes, list));
    ck_assert_int_eq(attributes.type, cudaMemoryTypeDevice);
    CHECK(cudaPointerGetAttributes(&attributes, plain));
    ck_assert_int_eq(attributes.type, cudaMemoryTypeUnregistered);
}
END_TEST

extern __shared__ __align__(16) unsigned char dynamic_shared[];
__global__ void use_shared(int bytes)
{
    dynamic_shared[bytes - 1] = 1;
}

static cudaError_t launch(void (*kernel)(int), dim3 grid, dim3 block, size_t shared_bytes)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = first;
    return cudaLaunchKernelEx(&config, kernel, 1);
}

START_TEST(launches_that_no_gpu_takes)
{
    start(0);
    ck_assert_int_eq(launch(use_shared, 1, 1025, 16), cudaErrorInvalidConfiguration);
    ck_assert_int_eq(launch(use_shared, 1, 0, 16), cudaErrorInvalidConfiguration);
    ck_assert_int_eq(launch(use_shared, dim3(1, 65536), 1, 16), cudaErrorInvalidConfiguration);
    ck_assert_int_eq(launch(use_shared, 1, 1, (48 << 10) + 1), cudaErrorInvalidValue);
    ck_assert_int_eq(cudaFuncSetAttribute(use_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 228 << 10),
                     cudaErrorInvalidValue);
    CHECK(cudaFuncSetAttribute(use_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 << 10));
    CHECK(launch(use_shared, 1, 1, 227 << 10));
    finish(first);
}
END_TEST

/* ---- graphs */

static cudaGraphExec_t end_capture(cudaStream_t stream)
{
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    return executable;
}

START_TEST(a_graph_forks_joins_and_is_replayed)
{
    start(_i);
    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < 10; i += 2) {
        append_on(first, i);
        CHECK(cudaEventRecord(event, first));
        CHECK(cudaStreamWaitEvent(second, event, 0));
        append_on(second, i + 1);
        CHECK(cudaEventRecord(event, second));
        CHECK(cudaStreamWaitEvent(first, event, 0));
    }
    cudaGraphExec_t executable = end_capture(first);
    CHECK(cudaGraphUpload(executable, first));
    expect_list({}); /* capturing runs nothing */
    append_on(second, 100);
    finish(second);
    CHECK(cudaGraphLaunch(executable, first));
    CHECK(cudaGraphLaunch(executable, second)); /* follows the launch before, whatever the stream */
    CHECK(cudaGraphExecDestroy(executable));
    expect_list({100, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}
END_TEST

START_TEST(captures_end_with_errors)
{
    start(_i);
    cudaGraph_t graph;
    cudaStream_t third = new_stream();
    cudaEvent_t outside = new_event(), other = new_event();
    CHECK(cudaEventRecord(outside, second));

    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    ck_assert_int_eq(cudaStreamSynchronize(first), cudaErrorStreamCaptureUnsupported);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
    ck_assert_ptr_null(graph);

    void *memory;
    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    ck_assert_int_eq(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);

    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaEventRecord(event, first));
    CHECK(cudaStreamWaitEvent(second, event, 0));
    append_on(second, 1);
    ck_assert_int_eq(cudaStreamEndCapture(second, &graph), cudaErrorStreamCaptureUnmatched);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);

    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaEventRecord(event, first));
    CHECK(cudaStreamWaitEvent(second, event, 0));
    append_on(second, 1);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureUnjoined);
    ck_assert_int_eq(cudaEventQuery(event), cudaErrorCapturedEvent);

    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    ck_assert_int_eq(cudaStreamWaitEvent(first, outside, 0), cudaErrorStreamCaptureIsolation);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);

    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaStreamBeginCapture(third, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaEventRecord(other, third));
    ck_assert_int_eq(cudaStreamWaitEvent(first, other, 0), cudaErrorStreamCaptureMerge);
    ck_assert_int_eq(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
    CHECK(cudaStreamEndCapture(third, &graph));
    expect_list({});
}
END_TEST

/* ---- operations of libraries */

using cuda_on_cpu::progress;

START_TEST(a_step_that_waits_for_the_outside_is_waited_for)
{
    start(_i);
    int calls = 0;
    CHECK(cuda_on_cpu::enqueue(first, [&] {
        int left = 5; /* of each run its own */
        return [&, left]() mutable {
            calls++;
            if (left-- > 0)
                return progress::outside;
            list[++list[0]] = 1; /* device memory is accessible */
            return progress::finished;
        };
    }));
    append_on(first, 2);
    expect_list({1, 2});
    ck_assert_int_eq(calls, 6);
}
END_TEST

START_TEST(a_step_of_a_graph_begins_anew_at_each_replay)
{
    start(_i);
    CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal));
    CHECK(cuda_on_cpu::enqueue(first, [] {
        int parts = 0;
        return [=]() mutable {
            list[++list[0]] = ++parts;
            return parts == 3 ? progress::finished : progress::some;
        };
    }));
    cudaGraphExec_t executable = end_capture(first);
    CHECK(cudaGraphLaunch(executable, first));
    CHECK(cudaGraphLaunch(executable, first));
    expect_list({1, 2, 3, 1, 2, 3});
}
END_TEST

START_TEST(a_step_that_nothing_unblocks_is_a_deadlock)
{
    bool polls = _i % 2;
    ending seen = ending_of([=] {
        start(_i / 2);
        cuda_on_cpu::enqueue(
            first, [] { return [] { return progress::blocked; }; }, "a lost message");
        while (polls)
            cudaStreamQuery(first);
        cudaDeviceSynchronize();
    });
    ck_assert_int_eq(seen.status, 97);
    ck_assert_msg(seen.text.find("waits in a lost message") != std::string::npos, "it says \"%s\"", seen.text.c_str());
}
END_TEST

START_TEST(libraries_are_told_whose_memory_it_is)
{
    start(0);
    using namespace cuda_on_cpu;
    ck_assert(is_device_memory(list, LIST * sizeof(int)) && !is_device_memory(list, LIST * sizeof(int) + 1));
    ck_assert(is_device_memory(list + LIST - 1, 4) && !is_device_memory(list + LIST, 1));
    ck_assert(is_pinned_memory(pinned, LIST * sizeof(int)) && !is_pinned_memory(list, 1));
    ck_assert(!is_device_memory(pinned, 1) && !is_device_memory(&first, 1));
}
END_TEST

int main(void)
{
    return run_suite("cuda_streams", [](TCase *tests) {
        tcase_add_loop_test(tests, a_stream_keeps_its_order, 0, SEEDS);
        tcase_add_loop_test(tests, an_event_orders_two_streams, 0, SEEDS);
        tcase_add_loop_test(tests, a_wait_is_for_the_last_record_before_it, 0, SEEDS);
        tcase_add_loop_test(tests, queries_come_to_an_end, 0, SEEDS);
        tcase_add_test(tests, only_what_an_event_covers_is_waited_for);
        tcase_add_loop_test(tests, host_functions_run_in_order, 0, SEEDS);
        tcase_add_loop_test(tests, copies_of_rows_and_of_registered_memory, 0, SEEDS);
        tcase_add_test(tests, launches_that_no_gpu_takes);
        tcase_add_loop_test(tests, a_graph_forks_joins_and_is_replayed, 0, SEEDS);
        tcase_add_loop_test(tests, captures_end_with_errors, 0, SEEDS);
        tcase_add_loop_test(tests, a_step_that_waits_for_the_outside_is_waited_for, 0, SEEDS);
        tcase_add_loop_test(tests, a_step_of_a_graph_begins_anew_at_each_replay, 0, SEEDS);
        tcase_add_loop_test(tests, a_step_that_nothing_unblocks_is_a_deadlock, 0, 2 * SEEDS);
        tcase_add_test(tests, libraries_are_told_whose_memory_it_is);
    });
}
