/* The ranges of shared memory that there are, and what a block finds in them. */
#include "shared_memory.h"

#include "../include/cuda_runtime.h"
#include "sanitizers.h"
#include "settings.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

enum { GUARD_BYTES = 128, GUARD = 0xa5 };

alignas(128) unsigned char dynamic_shared_memory[cuda_on_cpu::SHARED_BYTES + GUARD_BYTES] asm("dynamic_shared");

namespace cuda_on_cpu
{

struct range {
    unsigned char *begin, *end;
};

static range announced;
static size_t dynamic_bytes_now;

static std::vector<range> &sections()
{
    static std::vector<range> all;
    return all;
}

void register_shared_memory(unsigned char *begin, unsigned char *end)
{
    if (!begin)
        return;
    for (const range &known : sections())
        if (known.begin == begin)
            return;
    sections().push_back({begin, end});
}

/* Whole words of 8 bytes: a section may begin and end inside one, which belongs to nobody else. */
static range in_words(range r)
{
    return {(unsigned char *)((uintptr_t)r.begin & ~(uintptr_t)7),
            (unsigned char *)(((uintptr_t)r.end + 7) & ~(uintptr_t)7)};
}

static range dynamic_range(size_t bytes)
{
    return {dynamic_shared_memory, dynamic_shared_memory + bytes};
}

/* ThreadSanitizer forgets in one range only, and searches it at each report: all shared memory must lie in one program.
 * The dynamic array is part of the program that uses it. */
static void announce_shared_memory()
{
    constexpr long FAR = 64 << 20;
    range all = sections().empty() ? dynamic_range(sizeof dynamic_shared_memory) : in_words(sections()[0]);
    std::vector<range> others = sections();
    others.push_back(dynamic_range(sizeof dynamic_shared_memory));
    for (range r : others) {
        r = in_words(r);
        bool is_dynamic = r.begin == dynamic_shared_memory;
        if (labs(r.begin - all.begin) < FAR)
            all = {std::min(all.begin, r.begin), std::max(all.end, r.end)};
        else if (!is_dynamic)
            give_up("kernels with static shared memory in two libraries cannot be watched for races");
    }
    announced = all;
    announce_forgetting(all.begin, (size_t)(all.end - all.begin));
}

static void begin_range(range r)
{
    range words = in_words(r);
    bool is_announced = words.begin >= announced.begin && words.end <= announced.end;
    if (watched_for_races() && !is_announced)
        give_up("dynamic shared memory in a library cannot be watched for races: launch from the program");
    forget_accesses(words.begin, (size_t)(words.end - words.begin));
    memset(r.begin, 0xff, (size_t)(r.end - r.begin));
}

void begin_shared_memory(size_t dynamic_bytes)
{
    if (!announced.begin)
        announce_shared_memory();
    for (const range &r : sections())
        begin_range(r);
    dynamic_bytes_now = dynamic_bytes;
    allow(dynamic_shared_memory, sizeof dynamic_shared_memory);
    if (dynamic_bytes)
        begin_range(dynamic_range(dynamic_bytes));
    memset(dynamic_shared_memory + dynamic_bytes, GUARD, GUARD_BYTES);
    unsigned char *behind = in_words(dynamic_range(dynamic_bytes)).end;
    forbid(behind, (size_t)(dynamic_shared_memory + sizeof dynamic_shared_memory - behind));
}

bool is_shared_memory(const void *begin, size_t bytes)
{
    const unsigned char *first = (const unsigned char *)begin, *end = first + bytes;
    if (first >= dynamic_shared_memory && end <= dynamic_shared_memory + dynamic_bytes_now)
        return true;
    for (const range &r : sections())
        if (first >= r.begin && end <= r.end)
            return true;
    return false;
}

void check_shared_memory(const char *kernel, size_t dynamic_bytes)
{
    allow(dynamic_shared_memory, sizeof dynamic_shared_memory);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        if (dynamic_shared_memory[dynamic_bytes + i] != GUARD)
            give_up("kernel %s wrote past its %zu bytes of dynamic shared memory", kernel, dynamic_bytes);
}

} // namespace cuda_on_cpu
