/* A report for people, before it has a form: sections of lines and tables. document_text sets it out for a terminal,
 * document_markdown for a comment on a pull request. */
#pragma once

#include "base/pool.h"
#include "base/text.h"

#include <stdbool.h>

enum { DOCUMENT_COLUMNS = 6, DOCUMENT_WIDTH = 100 };

enum block_kind { BLOCK_SECTION, BLOCK_LINE, BLOCK_TABLE, BLOCK_ROW };

/* One part of the report. A table's block is its head; a column whose head begins with `>` is set to the right. */
struct block {
    enum block_kind kind;
    bool folded;                         /* of a section: shown in Markdown when it is opened */
    const char *cells[DOCUMENT_COLUMNS]; /* of a section and of a line: one */
    int count;
};

struct document {
    struct pool pool;
    const char *title;
    struct block *blocks;
    int count;
};

void document_section(struct document *document, const char *title, bool folded);
void document_line(struct document *document, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Texts are copied. The arguments of both are `count` texts. */
void document_table(struct document *document, int count, ...);
void document_row(struct document *document, int count, ...);

/* Lines of at most DOCUMENT_WIDTH columns, as far as words allow. */
void document_text(const struct document *document, struct text *out);
void document_markdown(const struct document *document, struct text *out);
void document_free(struct document *document);
