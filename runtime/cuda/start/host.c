/* Rank 0 at the rendezvous: lets everybody in who is of this job, keeps the ids that leaders publish and hands them to
 * the members of their groups. Later it passes on who is gone. */
#include "cuda/start/meeting.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRANGERS = 32 /* connections that have not said who they are, at most */, SPOKEN_MILLISECONDS = 5000 };

struct visitor {
    struct wire wire;
    int rank; /* -1: a stranger, has not said */
    int64_t since;
    int at[RENDEZVOUS_AXES];
    uint32_t wants; /* bit a: the id of its group along a, which it has not got */
};

/* Ids by axis and group: see place_of. */
struct published {
    bool known;
    unsigned char id[RENDEZVOUS_ID_BYTES];
};

struct host {
    struct meeting *meeting;
    int listening;
    int came; /* ranks, this one included */
    struct visitor *visitors;
    struct pollfd *polled; /* the visitors' sockets, then the listening one */
    int count, capacity;
    struct published *published;
    char refused[RENDEZVOUS_TEXT_BYTES]; /* the last refusal */
};

/* A group's place among the published ids, by its axis and the coordinates of its members along the others. */
static size_t place_of(const struct rendezvous_member *member, int axis, const int at[RENDEZVOUS_AXES])
{
    size_t place = (size_t)axis;
    for (int i = 0; i < RENDEZVOUS_AXES; i++)
        place = place * (size_t)member->sizes[i] + (size_t)(i == axis ? 0 : at[i]);
    return place;
}

static void publish(struct host *host, int axis, const int at[RENDEZVOUS_AXES], const unsigned char *id)
{
    struct published *published = &host->published[place_of(&host->meeting->member, axis, at)];
    memcpy(published->id, id, sizeof published->id);
    published->known = true;
}

/* ---- opening */

static void free_host(struct host *host)
{
    for (int i = 0; i < host->count; i++)
        wire_close(&host->visitors[i].wire);
    if (host->listening >= 0)
        close(host->listening);
    free(host->visitors);
    free(host->polled);
    free(host->published);
    free(host);
}

static bool take_room(struct host *host)
{
    int world = host->meeting->member.world;
    host->capacity = world + STRANGERS;
    host->visitors = calloc((size_t)host->capacity, sizeof *host->visitors);
    host->polled = calloc((size_t)host->capacity + 1, sizeof *host->polled);
    host->published = calloc((size_t)world * RENDEZVOUS_AXES, sizeof *host->published);
    return host->visitors && host->polled && host->published;
}

struct host *host_open(struct meeting *meeting, const char *address, int *port, char *message, size_t room)
{
    struct wire_address at;
    const char *where = address ? address : "127.0.0.1:0";
    if (!wire_resolve(where, &at, message, room))
        return NULL;
    struct host *host = calloc(1, sizeof *host);
    if (!host || (host->meeting = meeting, host->listening = -1, !take_room(host))) {
        snprintf(message, room, "there is no memory for the rendezvous of %d ranks", meeting->member.world);
        if (host)
            free_host(host);
        return NULL;
    }
    host->listening = wire_listen(&at);
    if (host->listening < 0) {
        snprintf(message, room, "cannot listen at %s for the other ranks: %s", where, strerror(errno));
        free_host(host);
        return NULL;
    }
    host->came = 1;
    *port = wire_port(host->listening);
    for (int i = 0; i < meeting->member.group_count; i++)
        if (meeting->member.groups[i].known)
            publish(host, meeting->member.groups[i].axis, meeting->member.at, meeting->member.groups[i].id);
    return host;
}

/* ---- visitors */

static void remove_visitor(struct host *host, int index)
{
    wire_close(&host->visitors[index].wire);
    host->visitors[index] = host->visitors[--host->count];
}

static void let_in(struct host *host)
{
    int oldest = -1, strangers = 0;
    for (int i = 0; i < host->count; i++)
        if (host->visitors[i].rank < 0) {
            strangers++;
            if (oldest < 0 || host->visitors[i].since < host->visitors[oldest].since)
                oldest = i;
        }
    if (strangers == STRANGERS)
        remove_visitor(host, oldest);
    int made = accept(host->listening, NULL, NULL);
    if (made < 0)
        return;
    wire_prepare(made);
    host->visitors[host->count++] = (struct visitor){.wire = {.socket = made}, .rank = -1, .since = wire_now()};
}

/* A rank's visitor; NULL: it has not come. */
static const struct visitor *visitor_of(const struct host *host, int rank)
{
    for (int i = 0; i < host->count; i++)
        if (host->visitors[i].rank == rank)
            return &host->visitors[i];
    return NULL;
}

/* Whether a greeting is of this job. Why not, if it is of another, is left in `why`; else that is empty. */
static bool belongs(const struct host *host, const struct wire_message *hello, char *why, size_t room)
{
    const struct rendezvous_member *own = &host->meeting->member;
    char plan[13] = "";
    for (int i = 0; i < 6; i++)
        snprintf(plan + (size_t)2 * i, 3, "%02x", hello->plan_hash[i]);
    why[0] = 0;
    if (memcmp(hello->plan_hash, own->plan_hash, sizeof own->plan_hash) != 0)
        snprintf(why, room, "rank %d runs plan %s, which is not the plan of rank 0; build all ranks of one plan",
                 hello->rank, plan);
    else if (hello->world != own->world)
        snprintf(why, room, "rank %d is one of %d ranks, rank 0 one of %d; build all ranks of one plan", hello->rank,
                 hello->world, own->world);
    else if (hello->rank == own->rank || (hello->rank > 0 && visitor_of(host, hello->rank)))
        snprintf(why, room, "there is a rank %d already; start each rank once", hello->rank);
    bool right = hello->rank >= 0 && hello->rank < own->world;
    for (int axis = 0; axis < RENDEZVOUS_AXES; axis++)
        right = right && hello->at[axis] >= 0 && hello->at[axis] < own->sizes[axis];
    return right && !why[0] && hello->groups < 1u << RENDEZVOUS_AXES;
}

static bool greet(struct host *host, struct visitor *visitor)
{
    const struct wire_message *hello = &visitor->wire.arriving;
    struct wire_message refusal = wire_make(WIRE_REFUSED);
    if (!belongs(host, hello, refusal.text, sizeof refusal.text)) {
        if (refusal.text[0]) {
            wire_send(&visitor->wire, &refusal);
            memcpy(host->refused, refusal.text, sizeof host->refused);
        }
        return false;
    }
    visitor->rank = hello->rank;
    visitor->wants = hello->groups;
    memcpy(visitor->at, hello->at, sizeof visitor->at);
    host->came++;
    return true;
}

/* False: the visitor is sent away. */
static bool take_message(struct host *host, struct visitor *visitor)
{
    const struct wire_message *message = &visitor->wire.arriving;
    if (visitor->rank < 0)
        return message->kind == WIRE_HELLO && greet(host, visitor);
    if (message->kind != WIRE_PUBLISH || message->axis < 0 || message->axis >= RENDEZVOUS_AXES ||
        visitor->at[message->axis] != 0)
        return false;
    publish(host, message->axis, visitor->at, message->id);
    return true;
}

/* ---- the meeting */

static void tell_all(const struct host *host, const struct wire_message *message)
{
    for (int i = 0; i < host->count; i++)
        if (host->visitors[i].rank >= 0)
            wire_send(&host->visitors[i].wire, message);
}

/* Ends the meeting for everybody. */
static enum rendezvous_state fail_all(struct host *host, const char *text)
{
    struct wire_message refusal = wire_make(WIRE_REFUSED);
    snprintf(refusal.text, sizeof refusal.text, "%s", text);
    tell_all(host, &refusal);
    return meeting_fails(host->meeting, "%s", text);
}

/* Hands out the ids that are here and not yet there. Returns whether everybody has all. */
static bool hand_out(struct host *host)
{
    const struct rendezvous_member *member = &host->meeting->member;
    bool all = host->came == member->world;
    for (int i = 0; i < host->count; i++) {
        struct visitor *visitor = &host->visitors[i];
        for (int axis = 0; axis < RENDEZVOUS_AXES && visitor->rank >= 0; axis++) {
            const struct published *published = &host->published[place_of(member, axis, visitor->at)];
            if (!(visitor->wants & 1u << axis) || !published->known)
                continue;
            struct wire_message message = wire_make(WIRE_ID);
            message.axis = axis;
            memcpy(message.id, published->id, sizeof message.id);
            if (wire_send(&visitor->wire, &message))
                visitor->wants &= ~(1u << axis);
        }
        all = all && (visitor->rank < 0 || visitor->wants == 0);
    }
    for (int i = 0; i < member->group_count; i++) {
        struct rendezvous_group *group = &host->meeting->member.groups[i];
        const struct published *published = &host->published[place_of(member, group->axis, member->at)];
        group->known = published->known;
        memcpy(group->id, published->id, sizeof group->id);
    }
    return all && meeting_complete(host->meeting);
}

/* "rank 5", "ranks 5, 6 and 9 more": who has not come. */
static enum rendezvous_state name_missing(struct host *host)
{
    enum { NAMED = 4 };
    const struct meeting *meeting = host->meeting;
    char text[RENDEZVOUS_TEXT_BYTES], names[64] = "";
    int missing = meeting->member.world - host->came, named = 0;
    size_t length = 0;
    for (int rank = 0; rank < meeting->member.world && named < NAMED; rank++) {
        if (rank == meeting->member.rank || visitor_of(host, rank))
            continue;
        length += (size_t)snprintf(names + length, sizeof names - length, named ? ", %d" : "%d", rank);
        named++;
    }
    if (missing > named)
        snprintf(names + length, sizeof names - length, " and %d more", missing - named);
    if (missing == 0)
        snprintf(text, sizeof text, "not all groups got their ids within %d s", meeting->limit / 1000);
    else
        snprintf(text, sizeof text, "rank%s %s did not come within %d s%s%.70s", missing > 1 ? "s" : "", names,
                 meeting->limit / 1000, host->refused[0] ? "; sent away: " : "", host->refused);
    return fail_all(host, text);
}

/* Waits until something happens. */
static void poll_all(struct host *host, int milliseconds)
{
    for (int i = 0; i < host->count; i++)
        host->polled[i] = (struct pollfd){.fd = host->visitors[i].wire.socket, .events = POLLIN};
    host->polled[host->count] = (struct pollfd){.fd = host->listening, .events = POLLIN};
    poll(host->polled, (nfds_t)host->count + 1, milliseconds);
}

static bool spoke_too_late(const struct visitor *visitor)
{
    return visitor->rank < 0 && wire_now() - visitor->since > SPOKEN_MILLISECONDS;
}

/* Takes in what has come. Returns a rank that left, -1: none. Backwards: removing moves the last into the gap. */
static int take_in(struct host *host)
{
    bool knock = host->polled[host->count].revents != 0;
    for (int i = host->count - 1; i >= 0; i--) {
        struct visitor *visitor = &host->visitors[i];
        enum wire_result result = host->polled[i].revents ? wire_receive(&visitor->wire) : WIRE_NOTHING;
        int rank = visitor->rank;
        if (result == WIRE_NOTHING ? spoke_too_late(visitor) : result == WIRE_CLOSED || !take_message(host, visitor))
            remove_visitor(host, i);
        else
            continue;
        if (rank >= 0)
            return rank;
    }
    if (knock)
        let_in(host);
    return -1;
}

enum rendezvous_state host_meet(struct host *host, int milliseconds)
{
    struct meeting *meeting = host->meeting;
    for (int64_t begin = wire_now(), left = milliseconds; left >= 0; left = begin + milliseconds - wire_now()) {
        if (hand_out(host)) {
            struct wire_message met = wire_make(WIRE_MET);
            tell_all(host, &met);
            close(host->listening);
            host->listening = -1;
            return RENDEZVOUS_MET;
        }
        int64_t until_limit = meeting->since + meeting->limit - wire_now();
        if (until_limit <= 0)
            return name_missing(host);
        poll_all(host, (int)(left < until_limit ? left : until_limit));
        int rank = take_in(host);
        if (rank >= 0) {
            char text[RENDEZVOUS_TEXT_BYTES];
            snprintf(text, sizeof text, "rank %d left before all ranks had met", rank);
            meeting->gone = rank;
            return fail_all(host, text);
        }
    }
    return RENDEZVOUS_MEETING;
}

/* ---- during the job */

void host_watch(struct host *host)
{
    poll_all(host, 0);
    for (int i = host->count - 1; i >= 0; i--) {
        struct visitor *visitor = &host->visitors[i];
        enum wire_result result = host->polled[i].revents ? wire_receive(&visitor->wire) : WIRE_NOTHING;
        if (result == WIRE_NOTHING)
            continue;
        struct wire_message gone = wire_make(WIRE_GONE);
        gone.rank = visitor->rank;
        bool well = visitor->rank < 0 || (result == WIRE_MESSAGE && visitor->wire.arriving.kind == WIRE_BYE);
        remove_visitor(host, i);
        if (well)
            continue;
        tell_all(host, &gone);
        if (host->meeting->gone < 0)
            host->meeting->gone = gone.rank;
    }
}

void host_close(struct host *host)
{
    struct wire_message bye = wire_make(WIRE_BYE);
    tell_all(host, &bye);
    free_host(host);
}
