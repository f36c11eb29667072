/* A rank that comes to the rendezvous: it connects to rank 0, until that listens; it introduces itself, publishes what
 * it has and waits for the rest. */
#include "cuda/start/meeting.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MILLISECONDS = 50, ANSWER_MILLISECONDS = 5000 };

struct guest {
    struct meeting *meeting;
    char address[256];
    struct wire_address at;
    struct wire wire;
    bool greeted; /* has said who it is */
    bool over;    /* rank 0 has said good-bye */
};

struct guest *guest_open(struct meeting *meeting, const char *address, char *message, size_t room)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (!guest) {
        snprintf(message, room, "there is no memory for the rendezvous");
        return NULL;
    }
    guest->meeting = meeting;
    guest->wire.socket = -1;
    snprintf(guest->address, sizeof guest->address, "%s", address);
    if (wire_resolve(address, &guest->at, message, room))
        return guest;
    free(guest);
    return NULL;
}

static bool greet(struct guest *guest)
{
    const struct rendezvous_member *member = &guest->meeting->member;
    struct wire_message hello = wire_make(WIRE_HELLO);
    hello.rank = member->rank;
    hello.world = member->world;
    memcpy(hello.at, member->at, sizeof hello.at);
    memcpy(hello.plan_hash, member->plan_hash, sizeof hello.plan_hash);
    for (int i = 0; i < member->group_count; i++)
        hello.groups |= 1u << member->groups[i].axis;
    bool sent = wire_send(&guest->wire, &hello);
    for (int i = 0; i < member->group_count && sent; i++) {
        if (!member->groups[i].known)
            continue;
        struct wire_message publish = wire_make(WIRE_PUBLISH);
        publish.axis = member->groups[i].axis;
        memcpy(publish.id, member->groups[i].id, sizeof publish.id);
        sent = wire_send(&guest->wire, &publish);
    }
    return guest->greeted = sent;
}

/* A connection that is being made: greets when it stands; else it is tried again. */
static void connect_on(struct guest *guest, int milliseconds)
{
    if (guest->wire.socket < 0)
        guest->wire.socket = wire_connect(&guest->at);
    struct pollfd wait = {.fd = guest->wire.socket, .events = POLLOUT};
    poll(&wait, 1, milliseconds < RETRY_MILLISECONDS ? milliseconds : RETRY_MILLISECONDS);
    int reason = 0;
    socklen_t length = sizeof reason;
    if (wait.fd < 0 || wait.revents == 0)
        return;
    if (getsockopt(wait.fd, SOL_SOCKET, SO_ERROR, &reason, &length) != 0 || reason != 0 || !greet(guest)) {
        wire_close(&guest->wire);
        poll(NULL, 0, milliseconds < RETRY_MILLISECONDS ? milliseconds : RETRY_MILLISECONDS);
    }
}

static enum rendezvous_state take_message(struct guest *guest)
{
    struct wire_message *message = &guest->wire.arriving;
    struct meeting *meeting = guest->meeting;
    struct rendezvous_group *group;
    switch (message->kind) {
    case WIRE_ID:
        group = meeting_group(meeting, message->axis);
        if (group && !group->known) {
            memcpy(group->id, message->id, sizeof group->id);
            group->known = true;
        }
        return RENDEZVOUS_MEETING;
    case WIRE_MET:
        return meeting_complete(meeting) ? RENDEZVOUS_MET
                                         : meeting_fails(meeting, "rank 0 did not hand out the ids of all groups");
    case WIRE_REFUSED:
        return meeting_fails(meeting, "%s", message->text);
    case WIRE_GONE:
        meeting->gone = message->rank;
        return meeting_fails(meeting, "rank %d left before all ranks had met", message->rank);
    case WIRE_BYE:
        guest->over = true;
        return meeting_fails(meeting, "rank 0 ended before all ranks had met");
    default: /* a socket that was connected to itself hears its own greeting: nobody listens there yet */
        wire_close(&guest->wire);
        guest->greeted = false;
        return RENDEZVOUS_MEETING;
    }
}

static enum rendezvous_state listen_on(struct guest *guest, int milliseconds)
{
    struct pollfd wait = {.fd = guest->wire.socket, .events = POLLIN};
    poll(&wait, 1, milliseconds);
    enum wire_result result = wire_receive(&guest->wire);
    if (result == WIRE_CLOSED)
        return meeting_fails(guest->meeting, "rank 0 closed the rendezvous at %s before all ranks had met",
                             guest->address);
    return result == WIRE_MESSAGE ? take_message(guest) : RENDEZVOUS_MEETING;
}

enum rendezvous_state guest_meet(struct guest *guest, int milliseconds)
{
    struct meeting *meeting = guest->meeting;
    enum rendezvous_state state = RENDEZVOUS_MEETING;
    for (int64_t begin = wire_now(), left = milliseconds; state == RENDEZVOUS_MEETING && left >= 0;
         left = begin + milliseconds - wire_now()) {
        /* Rank 0 knows best who is missing: it is given time to say so. */
        if (wire_now() - meeting->since > meeting->limit + (guest->greeted ? ANSWER_MILLISECONDS : 0))
            return meeting_fails(
                meeting, "rank 0 %s at %s within %d s; is it started, and is --rendezvous its address?",
                guest->greeted ? "did not answer" : "could not be reached", guest->address, meeting->limit / 1000);
        if (!guest->greeted)
            connect_on(guest, (int)left);
        else
            state = listen_on(guest, (int)left);
    }
    return state;
}

void guest_watch(struct guest *guest)
{
    enum wire_result result = WIRE_NOTHING;
    while (!guest->over && guest->meeting->gone < 0 && (result = wire_receive(&guest->wire)) == WIRE_MESSAGE)
        take_message(guest);
    if (result == WIRE_CLOSED && !guest->over && guest->meeting->gone < 0)
        guest->meeting->gone = 0;
}

void guest_close(struct guest *guest)
{
    struct wire_message bye = wire_make(WIRE_BYE);
    wire_send(&guest->wire, &bye);
    wire_close(&guest->wire);
    free(guest);
}
