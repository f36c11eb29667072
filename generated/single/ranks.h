/* single: the job as a whole, and what is particular to each rank. */
#pragma once

/* clang-format off */
#define STRATEGY_NAME    "single"
#define PLAN_HASH        "66aad350c25a1f51da6730e64d8645e87feb2ac1e8b652119edbaf7894c2ccc2"
#define MODEL_FAMILY     "mixtral"
#define DISPATCH         "exact"
#define TARGET_DEVICE    "cpu"
#define TARGET_TRANSPORT "shm"
#define STOP_TOKENS      {2}

enum {
    WORLD = 1,
    DP = 1,
    PP = 1,
    EP = 1,
    TP = 1,
    CLASSES = 1,
    THREADS = 1,
    RANKS_PER_NODE = 1,
};

/* The shared segment: the control of the job and of each rank, then step headers, then mailboxes. */
enum {
    STEP_OFFSET = 8192,               // step headers, two a lane
    STEP_BYTES = 8192,                // one step header
    MAILBOX_OFFSET = 24576,           // mailboxes, a part a rank
    MAILBOX_BYTES = 528384,           // one rank's part
    SEGMENT_BYTES = 552960,           // 0.53 MiB
    DEVICE_MEMORY_BYTES = 2147483648, // 2,048.00 MiB of one rank's device
};

#include "rank_row.h"

static const char *const CLASS_NAMES[CLASSES] = {
    "only",
};

static const struct {
    int class_index;
    struct rank_row row;
} RANKS[WORLD] = {
    // class         rank  dp  pp  ep  tp  base  prev  next  tp group  ep group  shards
    {0, {RANK_MAGIC,    0,  0,  0,  0,  0,    0,   -1,   -1, {0},      {0},      "stage0-tp0.dense", "stage0-ep0-tp0.experts"}},
};
