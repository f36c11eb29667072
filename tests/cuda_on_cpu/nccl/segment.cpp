/* Files in shared memory: see segment.h. */
#include "segment.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace nccl_on_cpu
{
static_assert(std::atomic<struct waits>::is_always_lock_free, "processes share it");

static const char PREFIX[] = "/nccl-on-cpu-";

void new_name(char name[NAME_BYTES])
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        random[0] = (uint64_t)getpid(), random[1] = (uint64_t)clock();
    snprintf(name, NAME_BYTES, "%s%016llx%016llx", PREFIX, (unsigned long long)random[0],
             (unsigned long long)random[1]);
}

bool is_name(const char *name)
{
    return strnlen(name, NAME_BYTES) < NAME_BYTES && strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

static size_t channels_offset(void)
{
    return (sizeof(struct meeting) + 4095) / 4096 * 4096;
}

static size_t segment_bytes(int members)
{
    return channels_offset() + (size_t)members * (size_t)members * sizeof(struct channel);
}

static struct flock lock_of(int rank)
{
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = rank;
    lock.l_len = 1;
    return lock;
}

static const char *take_place(struct segment *segment)
{
    struct meeting *meeting = segment->meeting;
    uint32_t size = 0;
    if (!meeting->members.compare_exchange_strong(size, (uint32_t)segment->members) &&
        size != (uint32_t)segment->members)
        return "its members disagree about how many they are";
    struct flock lock = lock_of(segment->rank);
    if (fcntl(segment->file, F_SETLK, &lock))
        return "another process has this rank";
    if (meeting->member[segment->rank].joined.exchange(1))
        return "another process had this rank";
    meeting->joined.fetch_add(1);
    ring_all(segment);
    return nullptr;
}

const char *join(struct segment *segment, const char *name, int rank, int members)
{
    *segment = {};
    segment->rank = rank;
    segment->members = members;
    snprintf(segment->name, NAME_BYTES, "%s", name);
    segment->file = shm_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (segment->file < 0)
        return "cannot open its file in /dev/shm";
    size_t bytes = segment_bytes(members);
    struct stat state;
    /* A file that is larger than this member's belongs to members that think they are more. */
    bool sized = fstat(segment->file, &state) == 0 &&
                 ((size_t)state.st_size >= bytes || ftruncate(segment->file, (off_t)bytes) == 0);
    void *memory = sized ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, segment->file, 0) : MAP_FAILED;
    if (memory == MAP_FAILED) {
        close(segment->file);
        return "cannot map its file in /dev/shm";
    }
    segment->meeting = (struct meeting *)memory;
    segment->channels = (struct channel *)((unsigned char *)memory + channels_offset());
    const char *wrong = take_place(segment);
    if (wrong) {
        munmap(memory, bytes);
        close(segment->file);
    }
    return wrong;
}

void remove_name(const struct segment *segment)
{
    shm_unlink(segment->name); /* whoever is first; to the others it is gone */
}

bool all_joined(const struct segment *segment)
{
    if (segment->meeting->joined.load() < (uint32_t)segment->members)
        return false;
    remove_name(segment);
    return true;
}

void leave(struct segment *segment)
{
    remove_name(segment);
    segment->meeting->member[segment->rank].left.store(1);
    ring_all(segment);
    munmap(segment->meeting, segment_bytes(segment->members));
    close(segment->file);
    segment->meeting = nullptr;
}

int dead_member(const struct segment *segment)
{
    for (int i = 0; i < segment->members; i++) {
        const struct member *member = &segment->meeting->member[i];
        if (i == segment->rank || !member->joined.load() || member->left.load())
            continue;
        struct flock lock = lock_of(i);
        if (fcntl(segment->file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK && !member->left.load())
            return i;
    }
    return -1;
}

struct channel *channel_between(const struct segment *segment, int from, int to)
{
    return &segment->channels[from * segment->members + to];
}

void ring(const struct segment *segment, int rank)
{
    struct member *member = &segment->meeting->member[rank];
    member->bell.fetch_add(1);
    if (member->sleepers.load())
        syscall(SYS_futex, &member->bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void ring_all(const struct segment *segment)
{
    for (int i = 0; i < segment->members; i++)
        ring(segment, i);
}

uint32_t bell_of(const struct segment *segment)
{
    return segment->meeting->member[segment->rank].bell.load();
}

void sleep_until_rung(const struct segment *segment, uint32_t heard, long microseconds)
{
    struct member *member = &segment->meeting->member[segment->rank];
    struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
    member->sleepers.fetch_add(1);
    syscall(SYS_futex, &member->bell, FUTEX_WAIT, heard, &time, nullptr, 0);
    member->sleepers.fetch_sub(1);
}
} // namespace nccl_on_cpu
