/* The tables of ops.h as data. */
#include "ops.h"
#include "plan.h"

#include <string.h>

const struct op_info op_table[OP_KINDS] = {
#define X(id, function, text, has_layer, action, axis, mailbox, frees)                                                 \
    {#id, #function, text, has_layer, ACTION_##action, AXIS_##axis, MAILBOX_##mailbox, MAILBOX_##frees},
    OPS(X)
#undef X
};

const struct op_effects op_effects[DEVICES][OP_KINDS] = {
#define X(id, stream, reads, writes) [OP_##id] = {1, STREAM_##stream, reads, writes},
    [DEVICE_CPU] = {CPU_EFFECTS(X)},
    [DEVICE_CUDA] = {CUDA_EFFECTS(X)},
#undef X
};

const char *const device_names[DEVICES] = {"cpu", "cuda"};
const char *const stream_names[STREAMS] = {"compute", "comm"};

const char *const buffer_names[BUFFER_KINDS] = {
#define X(id, text) #id,
    BUFFERS(X)
#undef X
};

const char *const buffer_texts[BUFFER_KINDS] = {
#define X(id, text) text,
    BUFFERS(X)
#undef X
};

const char *const mailbox_names[MAILBOX_KINDS] = {
#define X(id, text) #id,
    MAILBOXES(X)
#undef X
};

const char *const mailbox_texts[MAILBOX_KINDS] = {
#define X(id, text) text,
    MAILBOXES(X)
#undef X
};

enum device device_named(const char *name)
{
    return strcmp(name, device_names[DEVICE_CUDA]) == 0 ? DEVICE_CUDA : DEVICE_CPU;
}
