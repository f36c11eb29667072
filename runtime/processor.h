/* A processor of a rank's own. */
#pragma once

/* Moves this process to a processor that no other rank on this machine has taken, and keeps it there: its weights stay
 * in that processor's caches from step to step. Begins to look at the `first`-th that it may use. Where all are taken,
 * or nobody can say, it stays wherever the kernel puts it. */
void stay_on_processor(int first);
