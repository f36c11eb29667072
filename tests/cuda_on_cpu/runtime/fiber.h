/* Stacks that one operating-system thread switches between: one for each CUDA thread of the block that runs. */
#pragma once

#include <cstddef>

#if !defined(__x86_64__) || defined(CUDA_ON_CPU_UCONTEXT)
#define CUDA_ON_CPU_USES_UCONTEXT 1
#include <ucontext.h>
#endif

namespace cuda_on_cpu
{

struct fiber {
    void *stack_pointer; /* where it goes on; kept first, the switch in fiber.cpp stores it */
    char *stack;         /* lowest address; the page below is a guard */
    size_t stack_bytes;
    void *watched;    /* ThreadSanitizer's name of it */
    void *fake_stack; /* AddressSanitizer's */
#ifdef CUDA_ON_CPU_USES_UCONTEXT
    ucontext_t context;
#endif
};

/* The stack that the program itself runs on. */
fiber *host_fiber();

/* A new fiber, which starts in `main` at the first switch to it; main never returns. Never freed. */
fiber *new_fiber(void (*main)());

/* Goes on in `to`; returns when something switches back to `from`. */
void switch_fiber(fiber *from, fiber *to);

/* To be called first thing in a fiber's main. */
void fiber_entered();

} // namespace cuda_on_cpu
