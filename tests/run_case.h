/* The end of every suite's main(). */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Runs the suite, as loud as CK_VERBOSITY says. The status for main to return. */
static inline int run_whole_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The same of a suite that has this test case only. */
static inline int run_case(const char *name, TCase *tests)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    return run_whole_suite(suite);
}
