#include "cuda/start/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char MAGIC[8] = "rankcrv1";

_Static_assert(sizeof(struct wire_message) == 8 + 4 * 4 + 16 + 8 + RENDEZVOUS_HASH_BYTES + RENDEZVOUS_TEXT_BYTES,
               "messages have no holes");

int64_t wire_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct wire_message wire_make(enum wire_kind kind)
{
    struct wire_message message = {.kind = (uint32_t)kind};
    memcpy(message.magic, MAGIC, sizeof message.magic);
    return message;
}

void wire_close(struct wire *wire)
{
    if (wire->socket >= 0)
        close(wire->socket);
    wire->socket = -1;
    wire->filled = 0;
}

/* Fails as soon as the bytes at hand cannot begin a message: a browser that waits for an answer gets none. */
static bool begins_message(const struct wire *wire)
{
    size_t magic = wire->filled < sizeof MAGIC ? wire->filled : sizeof MAGIC;
    if (memcmp(wire->arriving.magic, MAGIC, magic) != 0)
        return false;
    return wire->filled < sizeof wire->arriving || (wire->arriving.kind > 0 && wire->arriving.kind < WIRE_KINDS);
}

enum wire_result wire_receive(struct wire *wire)
{
    if (wire->socket < 0)
        return WIRE_CLOSED;
    if (wire->filled == sizeof wire->arriving)
        wire->filled = 0;
    ssize_t got = recv(wire->socket, (unsigned char *)&wire->arriving + wire->filled,
                       sizeof wire->arriving - wire->filled, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return WIRE_NOTHING;
    if (got > 0)
        wire->filled += (size_t)got;
    if (got <= 0 || !begins_message(wire)) {
        wire_close(wire);
        return WIRE_CLOSED;
    }
    if (wire->filled < sizeof wire->arriving)
        return WIRE_NOTHING;
    wire->arriving.text[RENDEZVOUS_TEXT_BYTES - 1] = 0;
    return WIRE_MESSAGE;
}

bool wire_send(const struct wire *wire, const struct wire_message *message)
{
    return wire->socket >= 0 &&
           send(wire->socket, message, sizeof *message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof *message;
}

void wire_prepare(int socket)
{
    enum { IDLE_SECONDS = 5, PROBE_SECONDS = 2, PROBES = 3 };
    const struct {
        int level, name, value;
    } options[] = {{IPPROTO_TCP, TCP_NODELAY, 1},
                   {SOL_SOCKET, SO_KEEPALIVE, 1},
                   {IPPROTO_TCP, TCP_KEEPIDLE, IDLE_SECONDS},
                   {IPPROTO_TCP, TCP_KEEPINTVL, PROBE_SECONDS},
                   {IPPROTO_TCP, TCP_KEEPCNT, PROBES}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(socket, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
    fcntl(socket, F_SETFL, O_NONBLOCK);
    fcntl(socket, F_SETFD, FD_CLOEXEC);
}

/* ---- addresses */

bool wire_resolve(const char *text, struct wire_address *address, char *message, size_t room)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (length == 0 || length >= sizeof host || !colon[1]) {
        snprintf(message, room, "the rendezvous \"%s\" is not HOST:PORT; give --rendezvous HOST:PORT", text);
        return false;
    }
    bool bracketed = text[0] == '[' && colon[-1] == ']' && length > 2;
    snprintf(host, sizeof host, "%.*s", (int)(bracketed ? length - 2 : length), text + bracketed);
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int reason = getaddrinfo(host, colon + 1, &wanted, &found);
    if (reason != 0) {
        snprintf(message, room, "the rendezvous \"%s\" is not known: %s; give --rendezvous HOST:PORT", text,
                 gai_strerror(reason));
        return false;
    }
    memcpy(&address->address, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static int fail_with(int socket)
{
    int reason = errno;
    if (socket >= 0)
        close(socket);
    errno = reason;
    return -1;
}

int wire_listen(const struct wire_address *address)
{
    int made = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (made >= 0)
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool done = made >= 0 && bind(made, (const struct sockaddr *)&address->address, address->length) == 0 &&
                listen(made, SOMAXCONN) == 0;
    return done ? made : fail_with(made);
}

int wire_port(int listening)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char port[8];
    if (getsockname(listening, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
        return 0;
    return (int)strtol(port, NULL, 10);
}

int wire_connect(const struct wire_address *address)
{
    int made = socket(address->address.ss_family, SOCK_STREAM, 0);
    if (made >= 0)
        wire_prepare(made);
    bool done = made >= 0 && (connect(made, (const struct sockaddr *)&address->address, address->length) == 0 ||
                              errno == EINPROGRESS);
    return done ? made : fail_with(made);
}
