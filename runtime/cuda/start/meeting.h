/* The two sides of a rendezvous, for rendezvous.c alone: the host is rank 0, everybody else a guest. */
#pragma once

#include "cuda/start/wire.h"

/* What both sides keep. */
struct meeting {
    struct rendezvous_member member;
    int limit;     /* milliseconds from `since` until it is given up */
    int64_t since; /* wire_now */
    char message[RENDEZVOUS_TEXT_BYTES];
    int gone; /* a rank that is gone, -1: none */
};

/* Notes why the meeting failed. */
enum rendezvous_state meeting_fails(struct meeting *meeting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The meeting's group along an axis; NULL: this rank is in none. */
struct rendezvous_group *meeting_group(struct meeting *meeting, int axis);

/* Whether the ids of all of this rank's groups are here. */
bool meeting_complete(const struct meeting *meeting);

struct host;
struct host *host_open(struct meeting *meeting, const char *address, int *port, char *message, size_t room);
enum rendezvous_state host_meet(struct host *host, int milliseconds);
void host_watch(struct host *host);
void host_close(struct host *host);

struct guest;
struct guest *guest_open(struct meeting *meeting, const char *address, char *message, size_t room);
enum rendezvous_state guest_meet(struct guest *guest, int milliseconds);
void guest_watch(struct guest *guest);
void guest_close(struct guest *guest);
