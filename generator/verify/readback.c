#include "verify/readback.h"
bool read_back(const char *folder, struct plan *plan, struct error *error)
{
    *plan = (struct plan){0};
    return fail(error, folder, 0, "cannot be read back yet");
}
