/* Why a run stopped: who waits for whom. */
#pragma once

#include "verify/walk.h"

/* Fills `error` for a run that did not finish: a rank that waits for one that has finished, or the shortest cycle of
 * ranks that wait for each other. Returns false. */
bool explain_deadlock(const struct walk *walk, struct error *error);
