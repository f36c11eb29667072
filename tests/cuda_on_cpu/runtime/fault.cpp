/* The handler of SIGSEGV. */
#include "fault.h"

#include "block.h"
#include "memory.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace cuda_on_cpu
{

static void write_line(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void handle_fault(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    char what[200], line[700];
    if (describe_device_address(info->si_addr, what, sizeof what)) {
        if (running_block.current)
            snprintf(line, sizeof line, "cuda_on_cpu: %s (last seen there) touches %s\n",
                     whereabouts(running_block.current->from), what);
        else
            snprintf(line, sizeof line, "cuda_on_cpu: the host touches %s\n", what);
        write_line(line);
    } else if (running_block.current) {
        snprintf(line, sizeof line, "cuda_on_cpu: %s (last seen there) touches %p, which is no device memory\n",
                 whereabouts(running_block.current->from), info->si_addr);
        write_line(line);
    }
    signal(signal_number, SIG_DFL); /* the instruction is tried again and ends the program */
}

void report_faults()
{
    struct sigaction before = {};
    sigaction(SIGSEGV, nullptr, &before);
    if ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_DFL)
        return;
    static char stack[64 << 10]; /* the fault may be that a stack is full */
    stack_t alternate = {};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    sigaltstack(&alternate, nullptr);
    struct sigaction ours = {};
    ours.sa_sigaction = handle_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &ours, nullptr);
}

} // namespace cuda_on_cpu
