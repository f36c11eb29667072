/* What the suites of this folder share: every test runs in a process of its own (Check forks), so that each has a
 * fresh runtime and chooses its seed and its machine. */
#pragma once

#include "program.h"

#include "run_case.h"

#include <check.h>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEDS = 6 };

/* To be called before anything of the runtime. */
inline void use_seed(int seed)
{
    setenv("CUDA_ON_CPU_SEED", std::to_string(seed).c_str(), 1);
}

/* A stream's synchronization, and the error that it must give. */
inline void finish(cudaStream_t stream)
{
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaSuccess);
}

struct ending {
    int status; /* of exit, or 128 and the signal */
    std::string text;
};

/* How a process ends that does `work`, and what it says on standard error. */
inline ending ending_of(const std::function<void()> &work)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        work();
        _exit(0);
    }
    close(ends[1]);
    ending seen = {};
    char part[512];
    for (ssize_t length; (length = read(ends[0], part, sizeof part)) > 0;)
        seen.text.append(part, (size_t)length);
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    seen.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return seen;
}

inline int run_suite(const char *name, void (*add_tests)(TCase *tests))
{
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    add_tests(tests);
    return run_case(name, tests);
}
