/* Bytes that ops put into mailboxes, exactly as the ranks count them (runtime/transport/channel.h), and the way they
 * take through the levels of links.
 *
 * GPUs send by NCCL, without mailboxes; the kinds stay the same:
 *
 *     STAGE      rows x hidden x 4
 *     PARTIAL    of an all-reduce over n ranks, 2/n of rows x hidden values to each peer: a part to sum, a part that is
 *                summed. A ring sends as much in all, to one neighbour
 *     COUNTS     4 + expert slots x 4, before messages of exactly as many rows as are sent
 *     DISPATCH   records of rows and their wishes; where messages are of a fixed size (in decode, and with a capacity),
 *                that many, and the counts
 *     COMBINE    the same records back
 *     LOGITS     rows whose logits are wanted x vocabulary slice x 4
 *
 * where in decode rows are as many as fit: a captured graph sends them all. */
#pragma once

#include "predict/work.h"

/* The message of a posting op to the peer at coordinate `peer` along the op's axis (along pp: the next stage). */
uint64_t message_bytes(const struct work_site *site, const struct op *op, int peer);

/* How often a message of this op has the latency of its link: NCCL's all-reduce sends parts to be summed, then sums. */
int latencies_of(enum op_kind kind);

/* The level of links at which two ranks meet. */
int level_between(const struct hardware *hardware, int left, int right);

/* The ranks along the op's axis, by coordinate; the rank itself is among them. Along pp: the one that it sends to or
 * receives from. */
struct peers {
    const int *ranks;
    int count;
};
struct peers peers_of(const struct plan *plan, const struct rank_row *row, const struct op_info *info);
