/* demo-8-cuda: the job as a whole, and what is particular to each rank. */
#pragma once

/* clang-format off */
#define STRATEGY_NAME    "demo-8-cuda"
#define PLAN_HASH        "54770493b4e32eb19d64e1402575c25ebd40b6d4a82866139b3a5704fd43c864"
#define MODEL_FAMILY     "mixtral"
#define DISPATCH         "exact"
#define TARGET_DEVICE    "cuda"
#define TARGET_TRANSPORT "nccl"
#define STOP_TOKENS      {2}

enum {
    WORLD = 8,
    DP = 1,
    PP = 2,
    EP = 2,
    TP = 2,
    CLASSES = 2,
    THREADS = 1,
    RANKS_PER_NODE = 8,
};

/* The shared segment: the control of the job and of each rank, then step headers, then mailboxes. */
enum {
    STEP_OFFSET = 8192,               // step headers, two a lane
    STEP_BYTES = 8192,                // one step header
    MAILBOX_OFFSET = 40960,           // mailboxes, a part a rank
    MAILBOX_BYTES = 528384,           // one rank's part
    SEGMENT_BYTES = 4268032,          // 4.07 MiB
    DEVICE_MEMORY_BYTES = 4294967296, // 4,096.00 MiB of one rank's device
};

#include "rank_row.h"

static const char *const CLASS_NAMES[CLASSES] = {
    "first",
    "last",
};

static const struct {
    int class_index;
    struct rank_row row;
} RANKS[WORLD] = {
    // class         rank  dp  pp  ep  tp  base  prev  next  tp group  ep group  shards
    {0, {RANK_MAGIC,    0,  0,  0,  0,  0,    0,   -1,    4, {0, 1},   {0, 2},   "stage0-tp0.dense", "stage0-ep0-tp0.experts"}},
    {0, {RANK_MAGIC,    1,  0,  0,  0,  1,    0,   -1,    5, {0, 1},   {1, 3},   "stage0-tp1.dense", "stage0-ep0-tp1.experts"}},
    {0, {RANK_MAGIC,    2,  0,  0,  1,  0,    0,   -1,    6, {2, 3},   {0, 2},   "stage0-tp0.dense", "stage0-ep1-tp0.experts"}},
    {0, {RANK_MAGIC,    3,  0,  0,  1,  1,    0,   -1,    7, {2, 3},   {1, 3},   "stage0-tp1.dense", "stage0-ep1-tp1.experts"}},
    {1, {RANK_MAGIC,    4,  0,  1,  0,  0,    8,    0,   -1, {4, 5},   {4, 6},   "stage1-tp0.dense", "stage1-ep0-tp0.experts"}},
    {1, {RANK_MAGIC,    5,  0,  1,  0,  1,    8,    1,   -1, {4, 5},   {5, 7},   "stage1-tp1.dense", "stage1-ep0-tp1.experts"}},
    {1, {RANK_MAGIC,    6,  0,  1,  1,  0,    8,    2,   -1, {6, 7},   {4, 6},   "stage1-tp0.dense", "stage1-ep1-tp0.experts"}},
    {1, {RANK_MAGIC,    7,  0,  1,  1,  1,    8,    3,   -1, {6, 7},   {5, 7},   "stage1-tp1.dense", "stage1-ep1-tp1.experts"}},
};
