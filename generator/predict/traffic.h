/* Bytes that ops put into mailboxes, exactly as the ranks count them (runtime/transport/channel.h), and the way they
 * take through the levels of links. */
#pragma once

#include "predict/work.h"

/* The message of a posting op to the peer at coordinate `peer` along the op's axis (along pp: the next stage). */
uint64_t message_bytes(const struct work_site *site, const struct op *op, int peer);

/* The level of links at which two ranks meet. */
int level_between(const struct hardware *hardware, int left, int right);

/* The ranks along the op's axis, by coordinate; the rank itself is among them. Along pp: the one that it sends to or
 * receives from. */
struct peers {
    const int *ranks;
    int count;
};
struct peers peers_of(const struct plan *plan, const struct rank_row *row, const struct op_info *info);
