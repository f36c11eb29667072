/* How a refused plan is talked about. */
#include "verify/proofs.h"

#include <stdarg.h>
#include <stdio.h>

bool refuse(struct error *error, const struct plan *plan, enum strategy_key key, const char *format, ...)
{
    char text[1536];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *advice = plan->path ? "rankc planned this wrongly, please report it with the strategy"
                                    : "the sources were changed by hand, generate them again";
    return fail(error, plan->path, plan->path ? plan->lines[key] : 0, "%s; %s", text, advice);
}

struct words words_of(const char *format, ...)
{
    struct words words;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words.text, sizeof words.text, format, arguments);
    va_end(arguments);
    return words;
}

/* Lists ranks as runs ("0-3, 8"); a long list ends in "...", for the class's name says the rest. */
struct words class_words(const struct plan *plan, int class_index)
{
    enum { MOST_RUNS = 6 };
    const struct rank_class *class = &plan->classes[class_index];
    struct words words;
    int length =
        snprintf(words.text, sizeof words.text, "class %.64s (rank%s", class->name, class->ranks == 1 ? "" : "s");
    int runs = 0;
    for (int first = 0; first < plan->world; first++) {
        if (plan->ranks[first].class_index != class_index)
            continue;
        int last = first;
        while (last + 1 < plan->world && plan->ranks[last + 1].class_index == class_index)
            last++;
        const char *comma = runs ? "," : "";
        char *end = words.text + length;
        size_t room = sizeof words.text - (size_t)length;
        if (runs++ == MOST_RUNS) {
            length += snprintf(end, room, ", ...");
            break;
        }
        length += first == last ? snprintf(end, room, "%s %d", comma, first)
                                : snprintf(end, room, "%s %d-%d", comma, first, last);
        first = last;
    }
    snprintf(words.text + length, sizeof words.text - (size_t)length, ")");
    return words;
}

struct words op_words(const struct plan *plan, int rank, enum phase phase, int op_index)
{
    const struct rank_row *row = &plan->ranks[rank];
    const struct rank_class *class = &plan->classes[row->class_index];
    char text[128];
    op_text(&class->schedules[phase].ops[op_index], row->layer_base, class->shape.micro_batches, text, sizeof text);
    return words_of("op %d \"%s\"", op_index + 1, text);
}

struct words class_op_words(const struct plan *plan, int class_index, enum phase phase, int op_index)
{
    return words_of("%.128s, %s %.100s", class_words(plan, class_index).text, phase_names[phase],
                    op_words(plan, first_rank(plan, class_index), phase, op_index).text);
}

struct words micro_words(const char *name, int micro)
{
    return micro < 0 ? words_of("%s", name) : words_of("%s of micro-batch %c", name, 'A' + micro);
}

int first_rank(const struct plan *plan, int class_index)
{
    int rank = 0;
    while (plan->ranks[rank].class_index != class_index)
        rank++;
    return rank;
}

const struct mailbox *find_mailbox(const struct rank_class *class, enum mailbox_kind kind, int micro)
{
    for (int i = 0; i < class->mailbox_count; i++)
        if (class->mailboxes[i].kind == kind && class->mailboxes[i].micro == micro)
            return &class->mailboxes[i];
    return NULL;
}

const struct buffer *find_buffer(const struct rank_class *class, enum buffer_kind kind, int micro)
{
    for (int i = 0; i < class->buffer_count; i++)
        if (class->buffers[i].kind == kind && class->buffers[i].micro == micro)
            return &class->buffers[i];
    return NULL;
}

int row_capacity(const struct shapes *shape)
{
    return shape->prefill_rows > shape->decode_rows ? shape->prefill_rows : shape->decode_rows;
}
