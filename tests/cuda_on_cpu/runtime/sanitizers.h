/* What ThreadSanitizer and AddressSanitizer are told, where the program is built with one. This library is not
 * instrumented itself: the functions are weak, null without a sanitizer, so that one build serves all programs. */
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
__attribute__((weak)) void *__tsan_get_current_fiber();
__attribute__((weak)) void *__tsan_create_fiber(unsigned flags);
__attribute__((weak)) void __tsan_switch_to_fiber(void *fiber, unsigned flags);
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);
__attribute__((weak)) void __tsan_read_range(void *begin, long bytes);
__attribute__((weak)) void __tsan_write_range(void *begin, long bytes);
__attribute__((weak)) void AnnotateIgnoreWritesBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreWritesEnd(const char *file, int line);
__attribute__((weak)) void __tsan_java_init(unsigned long heap_begin, unsigned long heap_bytes);
__attribute__((weak)) void __tsan_java_alloc(unsigned long begin, unsigned long bytes);
__attribute__((weak)) void __tsan_java_free(unsigned long begin, unsigned long bytes);

__attribute__((weak)) void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t bytes);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *bytes);
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *begin, size_t bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *begin, size_t bytes);
}

namespace cuda_on_cpu
{

inline bool watched_for_races()
{
    return __tsan_create_fiber != nullptr;
}

inline bool watched_for_bounds()
{
    return __asan_poison_memory_region != nullptr;
}

/* A point that one thread passes before another: whoever acquires it comes after all who released it. Its address is
 * its identity, hence not copied. */
struct sync_point {
    char identity = 0;
    sync_point() = default;
    sync_point(const sync_point &) = delete;

    void acquire()
    {
        if (__tsan_acquire)
            __tsan_acquire(&identity);
    }
    void release()
    {
        if (__tsan_release)
            __tsan_release(&identity);
    }
};

inline void stop_watching()
{
    if (AnnotateIgnoreWritesBegin)
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
inline void go_on_watching()
{
    if (AnnotateIgnoreWritesEnd)
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
}

/* Inside the runtime nothing is watched: its objects have one real thread. Its functions that the program calls hold
 * the first of these; the second is for what the runtime calls of the program. */
struct unwatched {
    unwatched()
    {
        stop_watching();
    }
    ~unwatched()
    {
        go_on_watching();
    }
    unwatched(const unwatched &) = delete;
};
struct watched {
    watched()
    {
        go_on_watching();
    }
    ~watched()
    {
        stop_watching();
    }
    watched(const watched &) = delete;
};

/* Switching without an edge: the schedule itself must hide no race. */
inline void switch_watched_thread(void *fiber)
{
    if (__tsan_switch_to_fiber)
        __tsan_switch_to_fiber(fiber, 1);
}

/* Forgets who used the range before: a new block's shared memory. Must lie in the range that was announced once. */
inline void announce_forgetting(unsigned char *begin, size_t bytes)
{
    if (__tsan_java_init)
        __tsan_java_init((unsigned long)begin, bytes);
}
inline void forget_accesses(unsigned char *begin, size_t bytes)
{
    if (!__tsan_java_alloc || bytes == 0)
        return;
    __tsan_java_alloc((unsigned long)begin, bytes);
    __tsan_java_free((unsigned long)begin, bytes);
}

inline void forbid(const void *begin, size_t bytes)
{
    if (__asan_poison_memory_region)
        __asan_poison_memory_region(begin, bytes);
}
inline void allow(const void *begin, size_t bytes)
{
    if (__asan_unpoison_memory_region)
        __asan_unpoison_memory_region(begin, bytes);
}

} // namespace cuda_on_cpu
