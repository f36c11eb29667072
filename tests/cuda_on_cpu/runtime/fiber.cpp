/* Making and switching stacks: by hand on x86-64, by ucontext elsewhere (ten times slower). */
#include "fiber.h"

#include "sanitizers.h"
#include "settings.h"

#include <pthread.h>
#include <sys/mman.h>

namespace cuda_on_cpu
{

enum { STACK_BYTES = 128 << 10, PAGE_BYTES = 4096 };

#ifdef CUDA_ON_CPU_USES_UCONTEXT

static void prepare(fiber *f, void (*main)())
{
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = f->stack_bytes;
    f->context.uc_link = nullptr;
    makecontext(&f->context, main, 0);
}

static void jump(fiber *from, fiber *to)
{
    swapcontext(&from->context, &to->context);
}

#else

/* Saves the registers that a call keeps, changes stacks, and takes them from there. */
extern "C" void cuda_on_cpu_jump(void **save, void *stack_pointer) __attribute__((visibility("hidden")));
asm(".pushsection .text\n"
    ".globl cuda_on_cpu_jump\n"
    ".hidden cuda_on_cpu_jump\n"
    ".type cuda_on_cpu_jump, @function\n"
    "cuda_on_cpu_jump:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size cuda_on_cpu_jump, . - cuda_on_cpu_jump\n"
    ".popsection\n");

static void prepare(fiber *f, void (*main)())
{
    void **top = (void **)(f->stack + f->stack_bytes);
    *--top = nullptr; /* main finds the stack as after a call */
    *--top = (void *)main;
    f->stack_pointer = top - 6;
}

static void jump(fiber *from, fiber *to)
{
    cuda_on_cpu_jump(&from->stack_pointer, to->stack_pointer);
}

#endif

fiber *host_fiber()
{
    static fiber *host = [] {
        fiber *f = new fiber();
        pthread_attr_t attributes;
        void *stack = nullptr;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstack(&attributes, &stack, &f->stack_bytes);
        pthread_attr_destroy(&attributes);
        f->stack = (char *)stack;
        return f;
    }();
    return host;
}

fiber *new_fiber(void (*main)())
{
    static size_t count = 0;
    /* Tops of stacks lie at different places of a page: at equal ones all would want the same lines of the cache. */
    size_t shift = count++ * 448 % PAGE_BYTES / 16 * 16;
    size_t room = STACK_BYTES + PAGE_BYTES;
    char *memory = (char *)mmap(nullptr, room + PAGE_BYTES, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, PAGE_BYTES, PROT_NONE) != 0)
        give_up("no memory for the stack of a CUDA thread");
    fiber *f = new fiber();
    f->stack = memory + PAGE_BYTES;
    f->stack_bytes = room - shift;
    f->watched = watched_for_races() ? __tsan_create_fiber(0) : nullptr;
    prepare(f, main);
    return f;
}

void switch_fiber(fiber *from, fiber *to)
{
    switch_watched_thread(to->watched);
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_bytes);
    jump(from, to);
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(from->fake_stack, nullptr, nullptr);
}

void fiber_entered()
{
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
}

} // namespace cuda_on_cpu
