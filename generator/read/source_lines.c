/* A scanner that knows just enough of Lua: comments, strings, names, brackets and blocks. A key is a name followed by a
 * single `=` with no bracket or block of its table's values open: no expression has one there. An item of a list begins
 * after a comma there. */
#include "read/source_lines.h"
#include "read/key_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_MARK };

struct token {
    enum token_kind kind;
    const char *start;
    size_t length;
    int line;
};

struct scanner {
    const char *at, *end;
    int line;
};

static char peek(const struct scanner *scanner, size_t ahead)
{
    return (size_t)(scanner->end - scanner->at) > ahead ? scanner->at[ahead] : '\0';
}

static void advance(struct scanner *scanner)
{
    scanner->line += *scanner->at == '\n';
    scanner->at++;
}

/* The count of `=` in a long bracket `[==[` that starts here, -1 when none does. */
static int long_bracket(const struct scanner *scanner)
{
    size_t equals = 0;
    if (peek(scanner, 0) != '[')
        return -1;
    while (peek(scanner, 1 + equals) == '=')
        equals++;
    return peek(scanner, 1 + equals) == '[' ? (int)equals : -1;
}

static void skip_long_bracket(struct scanner *scanner, int equals)
{
    for (; scanner->at < scanner->end; advance(scanner)) {
        if (peek(scanner, 0) != ']')
            continue;
        size_t closing = 1;
        while (peek(scanner, closing) == '=')
            closing++;
        if ((int)closing == equals + 1 && peek(scanner, closing) == ']') {
            scanner->at += closing + 1;
            return;
        }
    }
}

static void skip_string(struct scanner *scanner)
{
    char quote = *scanner->at++;
    while (scanner->at < scanner->end && *scanner->at != quote) {
        if (*scanner->at == '\\' && scanner->at + 1 < scanner->end)
            advance(scanner);
        advance(scanner);
    }
    if (scanner->at < scanner->end)
        scanner->at++;
}

static void skip_space_and_comments(struct scanner *scanner)
{
    while (scanner->at < scanner->end) {
        if (isspace((unsigned char)*scanner->at)) {
            advance(scanner);
        } else if (peek(scanner, 0) == '-' && peek(scanner, 1) == '-') {
            scanner->at += 2;
            int equals = long_bracket(scanner);
            if (equals >= 0)
                skip_long_bracket(scanner, equals);
            else
                while (scanner->at < scanner->end && *scanner->at != '\n')
                    scanner->at++;
        } else {
            return;
        }
    }
}

static struct token next_token(struct scanner *scanner)
{
    skip_space_and_comments(scanner);
    struct token token = {.kind = TOKEN_MARK, .start = scanner->at, .line = scanner->line};
    int equals = long_bracket(scanner);
    char first = peek(scanner, 0);
    if (scanner->at == scanner->end) {
        token.kind = TOKEN_END;
    } else if (isalpha((unsigned char)first) || first == '_') {
        token.kind = TOKEN_NAME;
        while (isalnum((unsigned char)peek(scanner, 0)) || peek(scanner, 0) == '_')
            scanner->at++;
    } else if (first == '"' || first == '\'') {
        token.kind = TOKEN_STRING;
        skip_string(scanner);
    } else if (equals >= 0) {
        token.kind = TOKEN_STRING;
        skip_long_bracket(scanner, equals);
    } else {
        scanner->at += first == '=' && peek(scanner, 1) == '=' ? 2 : 1;
    }
    token.length = (size_t)(scanner->at - token.start);
    return token;
}

static bool is(const struct token *token, const char *text)
{
    return token->kind != TOKEN_STRING && token->length == strlen(text) &&
           memcmp(token->start, text, token->length) == 0;
}

static bool is_any(const struct token *token, const char *const *texts)
{
    for (; *texts; texts++)
        if (is(token, *texts))
            return true;
    return false;
}

/* Counts the brackets and blocks that are open within a table; true for the token that ends the table itself. */
static bool ends_table(const struct token *token, int *depth)
{
    static const char *const openers[] = {"{", "(", "[", "function", "do", "if", "repeat", NULL};
    static const char *const closers[] = {"}", ")", "]", "end", "until", NULL};
    if (is_any(token, closers) && (*depth)-- == 0)
        return true;
    *depth += is_any(token, openers);
    return false;
}

/* From just after the `{` of a list: moves to its item and gives the item's line. */
static bool find_item(struct scanner *scanner, int index, int *line)
{
    static const char *const separators[] = {",", ";", NULL};
    int depth = 0, item = 1;
    bool at_start = true;
    for (;;) {
        struct scanner here = *scanner;
        struct token token = next_token(scanner);
        if (token.kind == TOKEN_END)
            return false;
        if (ends_table(&token, &depth))
            return false;
        if (at_start && item == index) {
            *scanner = here;
            *line = token.line;
            return true;
        }
        at_start = depth == 0 && is_any(&token, separators);
        item += at_start;
    }
}

/* From just after the `{` of a table: moves to just after the `=` of its key `name` and gives the key's line. */
static bool find_key(struct scanner *scanner, const char *name, size_t length, int *line)
{
    int depth = 0;
    for (;;) {
        struct token token = next_token(scanner);
        if (token.kind == TOKEN_END)
            return false;
        if (depth == 0 && token.kind == TOKEN_NAME && token.length == length &&
            memcmp(token.start, name, length) == 0) {
            struct scanner ahead = *scanner;
            struct token equals = next_token(&ahead);
            if (is(&equals, "=")) {
                *scanner = ahead;
                *line = token.line;
                return true;
            }
        }
        if (ends_table(&token, &depth))
            return false;
    }
}

/* Moves to just after the `{` of the call of `word`. */
static bool find_call(struct scanner *scanner, const char *word, int first_line)
{
    for (;;) {
        struct token token = next_token(scanner);
        if (token.kind == TOKEN_END)
            return false;
        if (token.line < first_line || !is(&token, word))
            continue;
        struct scanner ahead = *scanner;
        struct token next = next_token(&ahead);
        if (is(&next, "("))
            next = next_token(&ahead);
        if (is(&next, "{")) {
            *scanner = ahead;
            return true;
        }
    }
}

/* Moves along the parts of a key as far as they are written out, to just after the `=` of the last one found. Whether
 * all were; *last is the last one then. */
static bool follow(struct scanner *scanner, const char *word, int first_line, const char *key, struct key_part *last,
                   int *line)
{
    bool in_table = scanner->at < scanner->end && find_call(scanner, word, first_line);
    *line = first_line;
    while (in_table && *key) {
        *last = key_path_next(&key);
        bool found =
            last->index ? find_item(scanner, last->index, line) : find_key(scanner, last->name, last->length, line);
        if (!found || !*key)
            return found;
        struct token next = next_token(scanner);
        in_table = is(&next, "{");
    }
    return false;
}

int source_line(const char *text, size_t length, const char *word, int first_line, const char *key)
{
    struct scanner scanner = {.at = text, .end = text + length, .line = 1};
    struct key_part last;
    int line;
    follow(&scanner, word, first_line, key, &last, &line);
    return line;
}

int source_line_again(const char *text, size_t length, const char *word, int first_line, const char *key)
{
    struct scanner scanner = {.at = text, .end = text + length, .line = 1};
    struct key_part last;
    int line;
    bool again = follow(&scanner, word, first_line, key, &last, &line) && !last.index &&
                 find_key(&scanner, last.name, last.length, &line);
    return again ? line : 0;
}
