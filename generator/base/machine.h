/* The machine that this process runs on. */
#pragma once

/* Of a clock that never goes back; only differences mean something. */
double seconds_now(void);

/* Processors that this process may use; 1 where nobody can say. */
int processors_allowed(void);
