#include "shared_memory.h"

#include "../include/cuda_runtime.h"
#include "sanitizers.h"
#include "settings.h"

#include <cstring>
#include <vector>

enum { GUARD_BYTES = 128, GUARD = 0xa5 };

alignas(128) unsigned char dynamic_shared_memory[cuda_on_cpu::SHARED_BYTES + GUARD_BYTES] asm("dynamic_shared");

namespace cuda_on_cpu
{

struct range {
    unsigned char *begin, *end;
};

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

static size_t dynamic_bytes_now;

static size_t whole_words(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

static void begin_range(unsigned char *begin, size_t bytes)
{
    /* The section may begin and end inside a word of 8 bytes, which belongs to nobody else. */
    unsigned char *word = (unsigned char *)((uintptr_t)begin & ~(uintptr_t)7);
    size_t words_bytes = whole_words((size_t)(begin - word) + bytes);
    forget_accesses(word, words_bytes);
    memset(begin, 0xff, bytes);
    forget_accesses(word, words_bytes);
}

void begin_shared_memory(size_t dynamic_bytes)
{
    for (const range &r : sections())
        begin_range(r.begin, (size_t)(r.end - r.begin));
    dynamic_bytes_now = dynamic_bytes;
    allow(dynamic_shared_memory, sizeof dynamic_shared_memory);
    begin_range(dynamic_shared_memory, dynamic_bytes);
    memset(dynamic_shared_memory + dynamic_bytes, GUARD, GUARD_BYTES);
    forbid(dynamic_shared_memory + whole_words(dynamic_bytes),
           sizeof dynamic_shared_memory - whole_words(dynamic_bytes));
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
