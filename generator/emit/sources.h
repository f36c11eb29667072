/* The last pass of gen: the plan as a folder of sources. */
#pragma once

#include "plan.h"

/* Renders every file of the plan, then writes to `folder` (made where it is missing) what is new or changed, and a
 * MANIFEST last. Files of an earlier generation that this plan does not have are removed; nothing else in the folder is
 * touched. A template that fails, a full disk or a folder that cannot be written leaves the folder as it was.
 * `prediction`: a text for PLAN.txt, NULL where nothing is predicted. */
bool emit_sources(const struct plan *plan, const char *prediction, const char *folder, struct error *error);

/* Whether the code in `folder` is what this plan is emitted as, to the byte. Names the file and line where it is not.
 * PLAN.txt is left out: its ledger cannot be told from sources. */
bool emitted_code_agrees(const struct plan *plan, const char *folder, struct error *error);

/* Appends PLAN.txt alone: the report for people. */
bool emit_report(const struct plan *plan, const char *prediction, struct text *out, struct error *error);
