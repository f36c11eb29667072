#include "cuda/start/rendezvous.h"
#include "cuda/start/meeting.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct rendezvous {
    struct meeting meeting;
    struct host *host; /* one of both */
    struct guest *guest;
};

enum rendezvous_state meeting_fails(struct meeting *meeting, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(meeting->message, sizeof meeting->message, format, arguments);
    va_end(arguments);
    return RENDEZVOUS_FAILED;
}

struct rendezvous_group *meeting_group(struct meeting *meeting, int axis)
{
    for (int i = 0; i < meeting->member.group_count; i++)
        if (meeting->member.groups[i].axis == axis)
            return &meeting->member.groups[i];
    return NULL;
}

bool meeting_complete(const struct meeting *meeting)
{
    for (int i = 0; i < meeting->member.group_count; i++)
        if (!meeting->member.groups[i].known)
            return false;
    return true;
}

static struct rendezvous *make(const struct rendezvous_member *member, int milliseconds, char *message, size_t room)
{
    struct rendezvous *made = calloc(1, sizeof *made);
    if (made)
        made->meeting = (struct meeting){.member = *member, .limit = milliseconds, .since = wire_now(), .gone = -1};
    else
        snprintf(message, room, "there is no memory for the rendezvous");
    return made;
}

struct rendezvous *rendezvous_listen(const struct rendezvous_member *member, const char *address, int milliseconds,
                                     int *port, char *message, size_t room)
{
    struct rendezvous *made = make(member, milliseconds, message, room);
    if (!made || (made->host = host_open(&made->meeting, address, port, message, room)))
        return made;
    free(made);
    return NULL;
}

struct rendezvous *rendezvous_join(const struct rendezvous_member *member, const char *address, int milliseconds,
                                   char *message, size_t room)
{
    struct rendezvous *made = make(member, milliseconds, message, room);
    if (!made || (made->guest = guest_open(&made->meeting, address, message, room)))
        return made;
    free(made);
    return NULL;
}

enum rendezvous_state rendezvous_meet(struct rendezvous *meeting, int milliseconds)
{
    return meeting->host ? host_meet(meeting->host, milliseconds) : guest_meet(meeting->guest, milliseconds);
}

const char *rendezvous_message(const struct rendezvous *meeting)
{
    return meeting->meeting.message;
}

const struct rendezvous_group *rendezvous_groups(const struct rendezvous *meeting)
{
    return meeting->meeting.member.groups;
}

int rendezvous_gone(struct rendezvous *meeting)
{
    if (meeting->host)
        host_watch(meeting->host);
    else
        guest_watch(meeting->guest);
    return meeting->meeting.gone;
}

void rendezvous_close(struct rendezvous *meeting)
{
    if (meeting->host)
        host_close(meeting->host);
    else
        guest_close(meeting->guest);
    free(meeting);
}
