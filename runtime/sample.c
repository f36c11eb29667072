#include "sample.h"

#include "draw.h"

#include <stdbool.h>

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->token < b->token);
}

/* Restores the heap (the best candidate on top) below `at`. */
static void sift(struct candidate *heap, int count, int at)
{
    struct candidate moved = heap[at];
    for (int child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* Takes the best candidate off a heap of `count` and puts it behind the rest, where the taken ones end up sorted. */
static void take_best(struct candidate *heap, int count)
{
    struct candidate best = heap[0];
    heap[0] = heap[count - 1];
    sift(heap, count - 1, 0);
    heap[count - 1] = best;
}

/* How many of the best candidates the draw is among, taken off the heap to its end: candidates[count - 1] is the best.
 */
static int cut(struct candidate *candidates, int count, const struct sampling *sampling)
{
    int most = sampling->top_k > 0 && sampling->top_k < count ? sampling->top_k : count, taken = 0;
    float best = candidates[0].logit;
    double sum = 0, kept = 0;
    if (most == count)
        for (int i = 0; i < count; i++)
            sum += weight_of(candidates[i].logit, best, sampling->temperature);
    else
        for (; taken < most; taken++) {
            take_best(candidates, count - taken);
            sum += weight_of(candidates[count - 1 - taken].logit, best, sampling->temperature);
        }
    if (sampling->top_p >= 1)
        return most;
    for (int nucleus = 0; nucleus < most; nucleus++) {
        if (nucleus == taken)
            take_best(candidates, count - taken++);
        kept += weight_of(candidates[count - 1 - nucleus].logit, best, sampling->temperature);
        if (kept >= (double)sampling->top_p * sum)
            return nucleus + 1;
    }
    return most;
}

int32_t sample_token(struct candidate *candidates, int count, const struct sampling *sampling, int position)
{
    if (sampling->temperature <= 0) {
        const struct candidate *best = &candidates[0];
        for (int i = 1; i < count; i++)
            if (before(&candidates[i], best))
                best = &candidates[i];
        return best->token;
    }
    for (int i = count / 2 - 1; i >= 0; i--)
        sift(candidates, count, i);
    float top = candidates[0].logit;
    int kept = cut(candidates, count, sampling);
    const struct candidate *first = candidates + count - kept;
    double sum = 0;
    for (int i = 0; i < kept; i++)
        sum += weight_of(first[i].logit, top, sampling->temperature);
    double left = draw(sampling->seed, position) * sum;
    for (int i = kept - 1; i > 0; i--) {
        left -= weight_of(first[i].logit, top, sampling->temperature);
        if (left < 0)
            return first[i].token;
    }
    return first[0].token;
}
