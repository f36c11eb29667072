/* A class's op list, reduced to how it meets other ranks.
 *
 * Each rank counts what it has signalled, on one channel a kind of message and micro-batch. An op is then a few moves,
 * each of which signals on a channel or waits until peers have signalled often enough:
 *
 *   COLLECTIVE  signal entered; wait for the group to have entered as often
 *   POST        wait for the group to have freed all messages before this one; signal posted
 *   WAIT        wait for the group to have posted as often as this waits
 *   SEND        signal sending; wait for the next rank to have received as often
 *   RECEIVE     signal receiving; wait for the previous rank to have sent as often
 *
 * The group includes the rank itself: it has posted before it waits. After its last move an op signals that it has
 * freed the mailbox it frees, if any. An op that writes what tp peers read in place first waits until they have freed
 * what was there. Signals are never taken back and never wait, so the order in which ranks are run cannot change where
 * they end: one run shows what all runs do.
 *
 * On GPUs, ops meet on communicators, one along each axis, which know neither kinds nor micro-batches: the n-th call of
 * one member is the n-th of all. Nothing is buffered and nothing is handed back, so each call is a rendezvous:
 *
 *   COLLECTIVE, POST  signal entered on the communicator; wait for the group to have entered it as often
 *   SEND, RECEIVE     as above: each waits for the neighbour to have entered its half
 *   WAIT              no move: the own POST has ended, which the proof streams sees to
 *
 * That these moves one after another stand for every real overlap of kernels and messages follows from the streams.
 * All of a rank's messages are on one stream, which runs them one at a time in the order of the schedule; the ops of
 * the other stream that they await come earlier in the schedule, and await only what comes earlier still. So by the
 * time a rank has ended its first n COMM ops, everything that the next one awaits will end without any peer: when
 * an op begins may differ from run to run, but it ends exactly when its peers come to it, and the one thing that
 * matters of a rank is how many COMM ops it has ended. The host, too, waits for nothing but ops that it has enqueued
 * before. */
#pragma once

#include "plan.h"

enum reach { REACH_TP, REACH_EP, REACH_NEXT, REACH_PREVIOUS };

struct move {
    int op_index;
    bool waits; /* or signals */
    int channel;
    int needed;       /* signals of each rank in reach, for a wait */
    enum reach reach; /* for a wait */
};

struct script {
    struct move *moves; /* owned; freed with script_free */
    int count;
};

/* Messages (0) and their receipts (1): for STAGE, sends and receives. */
enum { MESSAGE, RECEIPT };
int channel_count(const struct rank_class *class);
int channel_of(const struct rank_class *class, enum mailbox_kind kind, int receipt, int micro);

/* The axis of the group that hears a channel; AXIS_NONE for STAGE, where just one neighbour does. */
enum axis axis_of_channel(const struct shapes *shape, int channel);

/* The moves of one phase. */
struct script script_make(const struct rank_class *class, enum phase phase);
void script_free(struct script *script);
