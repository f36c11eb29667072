#include "emit/diff/document.h"
#include "base/heap.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct block *add_block(struct document *document, enum block_kind kind)
{
    document->blocks = heap_grow(document->blocks, (size_t)document->count + 1, sizeof *document->blocks);
    struct block *block = &document->blocks[document->count++];
    *block = (struct block){.kind = kind};
    return block;
}

void document_section(struct document *document, const char *title, bool folded)
{
    struct block *block = add_block(document, BLOCK_SECTION);
    block->folded = folded;
    block->cells[block->count++] = pool_text(&document->pool, title);
}

void document_line(struct document *document, const char *format, ...)
{
    va_list arguments;
    char line[4096];
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct block *block = add_block(document, BLOCK_LINE);
    block->cells[block->count++] = pool_text(&document->pool, line);
}

static void add_cells(struct document *document, enum block_kind kind, int count, va_list *cells)
{
    assert(count <= DOCUMENT_COLUMNS);
    struct block *block = add_block(document, kind);
    for (block->count = 0; block->count < count; block->count++)
        block->cells[block->count] = pool_text(&document->pool, va_arg(*cells, const char *));
}

void document_table(struct document *document, int count, ...)
{
    va_list cells;
    va_start(cells, count);
    add_cells(document, BLOCK_TABLE, count, &cells);
    va_end(cells);
}

void document_row(struct document *document, int count, ...)
{
    va_list cells;
    va_start(cells, count);
    add_cells(document, BLOCK_ROW, count, &cells);
    va_end(cells);
}

void document_free(struct document *document)
{
    pool_free(&document->pool);
    free(document->blocks);
}
