/* What travels between the ranks of a rendezvous: messages of one fixed size over non-blocking TCP. Whatever else comes
 * to the port is not a message, and its connection is closed. */
#pragma once

#include "cuda/start/rendezvous.h"

#include <sys/socket.h>

enum wire_kind {
    WIRE_HELLO = 1, /* to rank 0, first: who I am, where in the grid, of which plan; flags: bit a: in a group along a */
    WIRE_PUBLISH,   /* to rank 0: the id of a group I lead */
    WIRE_ID,        /* from rank 0: the id of a group */
    WIRE_MET,       /* from rank 0: everybody has come and has got all ids */
    WIRE_REFUSED,   /* from rank 0: text says why; the connection ends */
    WIRE_GONE,      /* from rank 0: `rank` is gone */
    WIRE_BYE,       /* both ways: I end as I should */
    WIRE_KINDS
};

struct wire_message {
    char magic[8];
    uint32_t kind;
    int32_t rank, world, axis;
    int32_t at[RENDEZVOUS_AXES];
    uint32_t groups;
    uint32_t reserved;
    unsigned char plan_hash[RENDEZVOUS_HASH_BYTES];
    union {
        unsigned char id[RENDEZVOUS_ID_BYTES];
        char text[RENDEZVOUS_TEXT_BYTES];
    };
};

/* One end of a connection, and the message that is arriving on it. */
struct wire {
    int socket;    /* -1: closed */
    size_t filled; /* bytes of `arriving` */
    struct wire_message arriving;
};

enum wire_result { WIRE_NOTHING, WIRE_MESSAGE, WIRE_CLOSED };

struct wire_message wire_make(enum wire_kind kind);

/* Takes in what has arrived, without waiting. MESSAGE: a whole one is in `arriving`, its text ends. CLOSED: the other
 * end closed, or sent something else than messages; the socket is closed. */
enum wire_result wire_receive(struct wire *wire);

/* Sends a message, without waiting: a rendezvous sends far less than a socket holds. False: the connection is broken.
 */
bool wire_send(const struct wire *wire, const struct wire_message *message);

void wire_close(struct wire *wire);

/* Non-blocking, without delay, and told by the kernel when the other machine is dead. */
void wire_prepare(int socket);

struct wire_address {
    struct sockaddr_storage address;
    socklen_t length;
};

/* HOST:PORT or [HOST]:PORT. False: `message` says what is wrong. */
bool wire_resolve(const char *text, struct wire_address *address, char *message, size_t room);

/* A listening socket; -1: errno says why. */
int wire_listen(const struct wire_address *address);
/* The port that a listening socket has. */
int wire_port(int listening);
/* A socket that is connecting; -1: nobody listens there, or errno says why else. */
int wire_connect(const struct wire_address *address);

int64_t wire_now(void); /* milliseconds */
