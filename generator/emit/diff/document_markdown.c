/* A report for a comment on a pull request, in GitHub's Markdown: what is folded can be opened there. */
#include "emit/diff/document.h"

#include <string.h>

/* What Markdown would take for its own marks or for a tag. */
static void add_escaped(struct text *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|*_`\\", *text))
            text_add(out, "\\", 1);
        if (*text == '<')
            text_add(out, "&lt;", 4);
        else
            text_add(out, text, 1);
    }
}

static void add_row(struct text *out, const struct block *block)
{
    for (int column = 0; column < block->count; column++) {
        const char *cell = block->cells[column];
        text_add(out, "| ", 2);
        add_escaped(out, cell + (block->kind == BLOCK_TABLE && *cell == '>'));
        text_add(out, " ", 1);
    }
    text_add(out, "|\n", 2);
}

static void add_rule(struct text *out, const struct block *head)
{
    for (int column = 0; column < head->count; column++)
        text_format(out, "%s", head->cells[column][0] == '>' ? "|---:" : "|---");
    text_add(out, "|\n", 2);
}

static void end_section(struct text *out, const struct block *section)
{
    if (section && section->folded)
        text_format(out, "\n</details>\n");
}

static void begin_section(struct text *out, const struct block *section)
{
    if (section->folded)
        text_format(out, "\n<details><summary><b>%s</b></summary>\n", section->cells[0]);
    else
        text_format(out, "\n#### %s\n", section->cells[0]);
}

void document_markdown(const struct document *document, struct text *out)
{
    const struct block *section = NULL;
    enum block_kind last = BLOCK_SECTION;
    text_format(out, "### ");
    add_escaped(out, document->title);
    text_add(out, "\n", 1);
    for (int i = 0; i < document->count; last = document->blocks[i++].kind) {
        const struct block *block = &document->blocks[i];
        bool starts_list = block->kind == BLOCK_LINE && last != BLOCK_LINE;
        if (starts_list || block->kind == BLOCK_TABLE)
            text_add(out, "\n", 1);
        switch (block->kind) {
        case BLOCK_SECTION:
            end_section(out, section);
            begin_section(out, section = block);
            break;
        case BLOCK_LINE:
            text_add(out, "- ", 2);
            add_escaped(out, block->cells[0]);
            text_add(out, "\n", 1);
            break;
        case BLOCK_TABLE:
            add_row(out, block);
            add_rule(out, block);
            break;
        case BLOCK_ROW:
        default:
            add_row(out, block);
        }
    }
    end_section(out, section);
}
