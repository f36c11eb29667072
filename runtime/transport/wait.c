/* Bounded waits: a short spin, then a futex. A waiter wakes now and then to see whether the job was aborted and whether
 * the rank it waits for is alive. It counts its own wake-ups, not the clock, so that suspending and resuming the whole
 * job (Ctrl-Z) looks like no time at all. */
#include "rank.h"
#include "transport/futex.h"

enum {
    NAP_MILLISECONDS = 100,
    NAPS_UNTIL_DEAD = 35 /* without a heartbeat: 3.5 s; a live rank beats every 0.2 s */
};

void raise_flag(struct flag *flag, uint32_t value)
{
    /* Sequentially consistent on both sides: either the writer sees the sleeper or the sleeper sees the value. */
    atomic_store(&flag->value, value);
    if (atomic_load(&flag->sleepers) != 0)
        futex_wake_all(&flag->value);
}

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Sleeps until the value is there. Watches the peer's heartbeat between naps. */
static void sleep_for_flag(struct rank *r, struct flag *flag, uint32_t value, int32_t peer)
{
    const struct rank_control *other = control_of(r->job, peer);
    uint32_t seen, beat = atomic_load_explicit(&other->heartbeat, memory_order_relaxed);
    int naps = 0;
    while ((seen = atomic_load(&flag->value)) != value) {
        futex_sleep(&flag->value, seen, NAP_MILLISECONDS);
        if (atomic_load(&r->job->end) == JOB_ABORTED)
            rank_leave(r);
        uint32_t beats = atomic_load_explicit(&other->heartbeat, memory_order_relaxed);
        naps = beats == beat ? naps + 1 : 0;
        beat = beats;
        if (naps >= NAPS_UNTIL_DEAD) {
            uint32_t nobody = 0;
            atomic_compare_exchange_strong(&r->job->culprit, &nobody, (uint32_t)peer + 1);
            rank_fail(r, "gave up on rank %d, which stands still", peer);
        }
    }
}

static void spin_then_sleep(struct rank *r, struct flag *flag, uint32_t value, int32_t peer)
{
    for (uint32_t i = 0; i < r->job->spin; i++) {
        pause_briefly();
        if (atomic_load_explicit(&flag->value, memory_order_acquire) == value)
            return;
    }
    atomic_store_explicit(&r->control->waits_for, (uint32_t)peer + 1, memory_order_relaxed);
    atomic_fetch_add(&flag->sleepers, 1);
    sleep_for_flag(r, flag, value, peer);
    atomic_fetch_sub(&flag->sleepers, 1);
    atomic_store_explicit(&r->control->waits_for, 0, memory_order_relaxed);
}

void wait_for_flag(struct rank *r, struct flag *flag, uint32_t value, int32_t peer)
{
    if (atomic_load_explicit(&flag->value, memory_order_acquire) == value)
        return;
    if (!r->recorder) {
        spin_then_sleep(r, flag, value, peer);
        return;
    }
    uint64_t entered = recorder_clock();
    spin_then_sleep(r, flag, value, peer);
    recorder_waited(r->recorder, recorder_clock() - entered);
}
