/* Byte-pair encoding of one piece, in O(n log n): a piece can be a whole document.
 *
 *     symbols    [▁][t][h][e][▁][c] …     a linked list in an array; a merge keeps its left symbol and unlinks the
 * right heap       (rank, position) …       pairs that could merge, the lowest rank first, of these the leftmost
 *
 * A pair in the heap may be gone when its turn comes; it is then skipped. */
#include "base/heap.h"
#include "tool/tokenizer/parts.h"

#include <stdlib.h>

enum { NONE = -1 };

/* A token of the piece as merged so far, and its neighbours. An id of NONE: merged into the left neighbour. */
struct symbol {
    int id, previous, next;
};

/* The symbol at `position` and its right neighbour become `merged`. */
struct candidate {
    int rank, position, merged;
};

static const struct merge *find_merge(const struct tokenizer *tokenizer, int left, int right)
{
    int low = tokenizer->merge_rows[left], high = tokenizer->merge_rows[left + 1], end = high;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (tokenizer->merges[middle].right < right)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && tokenizer->merges[low].right == right ? &tokenizer->merges[low] : NULL;
}

static bool goes_before(struct candidate left, struct candidate right)
{
    return left.rank != right.rank ? left.rank < right.rank : left.position < right.position;
}

static void heap_push(struct merger *merger, struct candidate candidate)
{
    if (merger->heap_count == merger->heap_room) {
        merger->heap_room = merger->heap_room ? merger->heap_room * 2 : 256;
        merger->heap = heap_grow(merger->heap, merger->heap_room, sizeof *merger->heap);
    }
    size_t hole = merger->heap_count++;
    while (hole > 0 && goes_before(candidate, merger->heap[(hole - 1) / 2])) {
        merger->heap[hole] = merger->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    merger->heap[hole] = candidate;
}

static struct candidate heap_pop(struct merger *merger)
{
    struct candidate *heap = merger->heap, top = heap[0], last = heap[--merger->heap_count];
    size_t hole = 0, child;
    while ((child = 2 * hole + 1) < merger->heap_count) {
        if (child + 1 < merger->heap_count && goes_before(heap[child + 1], heap[child]))
            child++;
        if (!goes_before(heap[child], last))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = last;
    return top;
}

static void push_pair(const struct tokenizer *tokenizer, struct merger *merger, int position)
{
    const struct symbol *left = &merger->symbols[position];
    const struct merge *merge = find_merge(tokenizer, left->id, merger->symbols[left->next].id);
    if (merge)
        heap_push(merger, (struct candidate){merge->rank, position, merge->merged});
}

/* One symbol a character of the vocabulary, else one a byte. There are at most as many as bytes. */
static int fill_symbols(const struct tokenizer *tokenizer, struct merger *merger, struct span piece)
{
    if (piece.length > merger->symbol_room) {
        merger->symbol_room = piece.length;
        merger->symbols = heap_grow(merger->symbols, merger->symbol_room, sizeof *merger->symbols);
    }
    int count = 0;
    for (size_t at = 0; at < piece.length;) {
        uint32_t code_point = 0;
        size_t bytes = utf8_character(piece.bytes + at, piece.length - at, &code_point);
        int id = bytes > 0 ? tokenizer->character_ids[code_point] - 1 : NONE;
        if (id >= 0)
            merger->symbols[count++].id = id;
        for (size_t byte = 0; id < 0 && byte < (bytes > 0 ? bytes : 1); byte++)
            merger->symbols[count++].id = tokenizer->byte_ids[(unsigned char)piece.bytes[at + byte]];
        at += bytes > 0 ? bytes : 1;
    }
    for (int position = 0; position < count; position++) {
        merger->symbols[position].previous = position - 1;
        merger->symbols[position].next = position + 1 < count ? position + 1 : NONE;
    }
    return count;
}

/* Merges as the candidate says, unless the pair it was made for is gone; looks at the two pairs that this makes. */
static void apply(const struct tokenizer *tokenizer, struct merger *merger, struct candidate candidate)
{
    struct symbol *symbols = merger->symbols, *left = &symbols[candidate.position];
    if (left->id == NONE || left->next == NONE)
        return;
    struct symbol *right = &symbols[left->next];
    const struct merge *merge = find_merge(tokenizer, left->id, right->id);
    if (!merge || merge->merged != candidate.merged)
        return;
    left->id = candidate.merged;
    left->next = right->next;
    right->id = NONE;
    if (left->next != NONE)
        symbols[left->next].previous = candidate.position;
    if (left->previous != NONE)
        push_pair(tokenizer, merger, left->previous);
    if (left->next != NONE)
        push_pair(tokenizer, merger, candidate.position);
}

void merger_encode(const struct tokenizer *tokenizer, struct merger *merger, struct span piece, struct token_ids *list)
{
    int count = fill_symbols(tokenizer, merger, piece);
    for (int position = 0; position + 1 < count; position++)
        push_pair(tokenizer, merger, position);
    while (merger->heap_count > 0)
        apply(tokenizer, merger, heap_pop(merger));
    for (int position = count > 0 ? 0 : NONE; position != NONE; position = merger->symbols[position].next)
        token_ids_add(list, merger->symbols[position].id);
}

void merger_free(struct merger *merger)
{
    free(merger->symbols);
    free(merger->heap);
    *merger = (struct merger){0};
}
