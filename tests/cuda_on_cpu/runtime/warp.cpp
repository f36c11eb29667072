/* Meetings of the lanes of a warp: the part of include/cuda_on_cpu/warp.h that waits. */
#include "block.h"
#include "settings.h"

#include <cstring>

namespace cuda_on_cpu
{

unsigned lane()
{
    return current_thread("a warp operation").number % 32;
}

void outside_mask(unsigned source, place from)
{
    give_up("%s: a shuffle reads lane %u, which is outside the mask", whereabouts(from), source);
}

static void check_mask(unsigned mask, unsigned number, const char *operation, place from)
{
    unsigned size = running_block.size, first = number & ~31u;
    unsigned present = size - first >= 32 ? 0xffffffffu : (1u << (size - first)) - 1;
    if (!(mask >> number % 32 & 1))
        give_up("%s: %s by a lane outside its mask 0x%x", whereabouts(from), operation, mask);
    if (mask & ~present)
        give_up("%s: %s with mask 0x%x, but the block's last warp has lanes 0x%x only", whereabouts(from), operation,
                mask, present);
}

static meeting &meeting_of(unsigned mask, unsigned warp, place from)
{
    meeting *unused = nullptr;
    for (meeting &m : running_block.meetings[warp]) {
        if (m.mask == mask)
            return m;
        if (!unused && m.arrived == 0)
            unused = &m;
    }
    if (!unused)
        give_up("%s: lanes of one warp wait with too many different masks", whereabouts(from));
    unused->mask = mask;
    return *unused;
}

lane_value *meet(unsigned mask, const void *value, size_t bytes, void (*combine)(lane_value *), const char *operation,
                 place from)
{
    unwatched own_objects;
    cuda_thread &t = current_thread(operation);
    unsigned own = t.number % 32;
    check_mask(mask, t.number, operation, from);
    meeting &m = meeting_of(mask, t.number / 32, from);
    if (m.arrived == 0) {
        m.operation = operation;
        m.from = from;
    } else if (m.from.line != from.line || strcmp(m.operation, operation) != 0) {
        give_up("%s: a lane comes with %s, but others of its mask with %s at %s:%d", whereabouts(from), operation,
                m.operation, m.from.file, m.from.line);
    }
    unsigned which = m.count & 1;
    if (bytes)
        memcpy(m.values[which][own].bytes, value, bytes);
    m.arrived |= 1u << own;
    m.sync[which].release();
    if (m.arrived != mask) {
        t.state = thread_state::at_meeting;
        t.waits_in = operation;
        t.from = from;
        t.at = &m;
        wait_for_turn();
        m.sync[which].acquire();
        return m.values[which];
    }
    m.sync[which].acquire();
    if (combine) {
        combine(m.values[which]); /* nobody else can be here */
        m.sync[which].release();
    }
    m.arrived = 0;
    m.count++;
    for (unsigned i = t.number - own; i < t.number - own + 32 && i < running_block.size; i++) {
        cuda_thread &other = running_block.threads[i];
        if (other.state == thread_state::at_meeting && other.at == &m)
            make_ready(other);
    }
    return m.values[which];
}

} // namespace cuda_on_cpu
