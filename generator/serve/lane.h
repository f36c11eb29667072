/* One lane of a job: the sequences that the ranks of one (dp, ep) coordinate serve, their KV blocks, and the rows of
 * the step that is being made. */
#pragma once

#include "job.h"
#include "serve/request.h"

struct sequence {
    struct request *request; /* NULL: free */
    int position;            /* of the next row */
    int blocks;              /* KV blocks it has */
};

struct lane {
    const struct shapes *shape;
    int *last_ranks;            /* [tp] its ranks in the last stage */
    struct sequence *sequences; /* [sequences] */
    int busy;
    uint32_t *block_tables; /* [sequences][sequence_blocks] */
    uint32_t *free_blocks;  /* stack */
    int free_count;
    struct step_row *rows; /* of the step being made */
    int row_count, row_capacity;
};

/* Of the sizes that all lanes of a plan share. */
void lane_make(struct lane *lane, const struct shapes *shape);
void lane_free(struct lane *lane);

/* Takes a request in if a sequence is free. */
bool lane_admit(struct lane *lane, struct request *request);

/* Makes the next step's rows: one for each decoding sequence, then as many prompt rows as fit. Returns how many. */
int lane_fill(struct lane *lane);
void lane_drop_last_row(struct lane *lane);

/* A sampled token for a sequence whose prompt is complete. */
void lane_accept_token(struct lane *lane, int sequence, int token, const struct plan *plan, double now_s);

/* Frees the sequences that are done. */
void lane_end_step(struct lane *lane);
