/* A report for a terminal: underlined sections, tables in columns, long lines broken between words. */
#include "emit/diff/document.h"

#include <string.h>

enum { INDENT = 2, GAP = 2 };

static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += (*text & 0xc0) != 0x80; /* a character of UTF-8 is one column */
    return width;
}

static void add_blanks(struct text *out, int count)
{
    for (int i = 0; i < count; i++)
        text_add(out, " ", 1);
}

/* Adds words from column `at` on; lines that follow begin at column `indent`. */
static void add_words(struct text *out, const char *words, int at, int indent)
{
    for (bool first = true; *words;) {
        size_t length = strcspn(words, " ");
        if (!first && at + 1 + (int)length > DOCUMENT_WIDTH) {
            text_add(out, "\n", 1);
            add_blanks(out, indent);
            at = indent;
            first = true;
        }
        if (!first) {
            text_add(out, " ", 1);
            at++;
        }
        text_add(out, words, length);
        at += (int)length;
        words += length;
        words += *words == ' ';
        first = false;
    }
    text_add(out, "\n", 1);
}

static void add_underlined(struct text *out, const char *title, char mark)
{
    text_format(out, "%s\n", title);
    for (int i = width_of(title); i > 0; i--)
        text_add(out, &mark, 1);
    text_add(out, "\n", 1);
}

static const char *head_text(const char *cell)
{
    return cell + (*cell == '>');
}

/* The table's head and rows, from its block on; the last column takes what is left of the line. */
static int add_table(const struct document *document, int begin, struct text *out)
{
    const struct block *head = &document->blocks[begin];
    int end = begin + 1, widths[DOCUMENT_COLUMNS] = {0};
    while (end < document->count && document->blocks[end].kind == BLOCK_ROW)
        end++;
    for (int i = begin; i < end; i++)
        for (int column = 0; column < head->count; column++) {
            int width = width_of(head_text(document->blocks[i].cells[column]));
            widths[column] = width > widths[column] ? width : widths[column];
        }
    for (int i = begin; i < end; i++) {
        int at = INDENT;
        add_blanks(out, INDENT);
        for (int column = 0; column < head->count; column++) {
            const char *cell = i == begin ? head_text(head->cells[column]) : document->blocks[i].cells[column];
            int blanks = widths[column] - width_of(cell);
            bool right = head->cells[column][0] == '>', last = column == head->count - 1;
            add_blanks(out, right ? blanks : 0);
            if (last) {
                add_words(out, cell, at + (right ? blanks : 0), at);
                break;
            }
            text_format(out, "%s", cell);
            add_blanks(out, (right ? 0 : blanks) + GAP);
            at += widths[column] + GAP;
        }
    }
    return end;
}

/* Whether a blank line parts the two: tables from what is around them. */
static bool starts_part(const struct block *before, const struct block *block)
{
    return before->kind != BLOCK_SECTION && (block->kind == BLOCK_TABLE || before->kind == BLOCK_ROW);
}

void document_text(const struct document *document, struct text *out)
{
    add_underlined(out, document->title, '=');
    text_add(out, "\n", 1);
    for (int i = 0; i < document->count;) {
        const struct block *block = &document->blocks[i];
        if (i > 0 && block->kind != BLOCK_SECTION && starts_part(&document->blocks[i - 1], block))
            text_add(out, "\n", 1);
        if (block->kind == BLOCK_TABLE) {
            i = add_table(document, i, out);
            continue;
        }
        if (block->kind == BLOCK_SECTION) {
            text_add(out, "\n\n", out->length > 1 && out->bytes[out->length - 2] == '\n' ? 1 : 2);
            add_underlined(out, block->cells[0], '-');
            text_add(out, "\n", 1);
        } else {
            add_words(out, block->cells[0], 0, INDENT);
        }
        i++;
    }
}
