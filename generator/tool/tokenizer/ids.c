#include "base/heap.h"
#include "tool/tokenizer/tokenizer.h"

#include <stdlib.h>

void token_ids_add(struct token_ids *list, int id)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->ids = heap_grow(list->ids, list->room, sizeof *list->ids);
    }
    list->ids[list->count++] = id;
}

void token_ids_free(struct token_ids *list)
{
    free(list->ids);
    *list = (struct token_ids){0};
}
