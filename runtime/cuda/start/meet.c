/* A rank's way to the rendezvous: where it is, who this rank is there, and the ids of the groups that it leads. */
#include "cuda/start/rendezvous.h"
#include "cuda/start/start.h"
#include "cuda/watch.h"
#include "transport/futex.h"

#include <stdio.h>
#include <string.h>

enum { MEETING_MILLISECONDS = 60000, NAP_MILLISECONDS = 100 };

_Static_assert(sizeof(ncclUniqueId) == RENDEZVOUS_ID_BYTES, "an id of NCCL is what the rendezvous hands out");
_Static_assert((int)PLAN_HASH_BYTES == (int)RENDEZVOUS_HASH_BYTES, "the rendezvous compares whole plan hashes");

static struct rendezvous_member introduce(struct gpu *r, const struct class_info *class)
{
    const struct gpu_class *sizes = r->gpu_class;
    struct rendezvous_member member = {.rank = r->number,
                                       .world = class->world,
                                       .sizes = {sizes->dp, sizes->pp, sizes->ep, sizes->tp},
                                       .at = {r->dp, r->pp, r->ep, r->tp}};
    memcpy(member.plan_hash, r->rank->control->plan_hash, sizeof member.plan_hash);
    for (int i = 0; i < COMMUNICATORS; i++) {
        struct communicator communicator = communicator_of(r, i);
        if (communicator.size == 1)
            continue;
        struct rendezvous_group *group = &member.groups[member.group_count++];
        group->axis = communicator.axis;
        group->known = communicator.at == 0;
        ncclUniqueId id;
        if (!group->known)
            continue;
        NCCL_CHECK(r, r->nccl->ncclGetUniqueId(&id));
        memcpy(group->id, id.internal, sizeof group->id);
    }
    return member;
}

/* On one machine rank 0 takes any free port and says in the job which; other machines are told by --rendezvous. */
static void wait_for_port(struct gpu *r, char *address, size_t room)
{
    uint32_t port;
    struct job *job = r->rank->job;
    for (int waited = 0; (port = atomic_load(&job->rendezvous_port)) == 0; waited += NAP_MILLISECONDS) {
        if (waited >= MEETING_MILLISECONDS)
            rank_fail(r->rank,
                      "rank 0 did not open the rendezvous within %d s; if it is on another machine, give "
                      "--rendezvous HOST:PORT to all ranks",
                      MEETING_MILLISECONDS / 1000);
        futex_sleep(&job->rendezvous_port, 0, NAP_MILLISECONDS);
        gpu_watch(r);
    }
    snprintf(address, room, "127.0.0.1:%u", port);
}

void meet_ranks(struct gpu *r, const struct class_info *class, const char *rendezvous)
{
    if (class->world == 1)
        return;
    char message[256] = "", found[32];
    struct rendezvous_member member = introduce(r, class);
    struct rendezvous *meeting;
    if (r->number == 0) {
        int port = 0;
        meeting = rendezvous_listen(&member, rendezvous, MEETING_MILLISECONDS, &port, message, sizeof message);
        atomic_store(&r->rank->job->rendezvous_port, (uint32_t)port);
        futex_wake_all(&r->rank->job->rendezvous_port);
    } else {
        if (!rendezvous)
            wait_for_port(r, found, sizeof found);
        meeting =
            rendezvous_join(&member, rendezvous ? rendezvous : found, MEETING_MILLISECONDS, message, sizeof message);
    }
    if (!meeting)
        rank_fail(r->rank, "%s", message);
    enum rendezvous_state state;
    while ((state = rendezvous_meet(meeting, NAP_MILLISECONDS)) == RENDEZVOUS_MEETING)
        gpu_watch(r);
    if (state == RENDEZVOUS_FAILED) {
        gpu_give_head_time(r);
        rank_fail(r->rank, "%s", rendezvous_message(meeting));
    }
    r->rendezvous = meeting;
}
