/* The post-processor of a tokenizer.json: which special tokens go before a text and which after it. */
#include "tool/tokenizer/parts.h"

#include <string.h>

enum { MOST_SPECIAL_IDS = 4096 };

/* Adds the ids that special_tokens[name] stands for. */
static bool add_special_ids(struct reading *reading, json_t *object, const char *name, struct token_ids *list)
{
    json_t *special = json_object_get(json_object_get(object, "special_tokens"), name);
    json_t *ids = json_object_get(special, "ids");
    if (!json_is_array(ids))
        return REFUSE(reading, "post-processor uses \"%s\", which has no ids in its special_tokens; add them",
                      tokenizer_shown(reading, name));
    size_t index;
    json_t *id;
    json_array_foreach(ids, index, id)
    {
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        const struct tokenizer *tokenizer = reading->tokenizer;
        if (value < 0 || value >= tokenizer->id_count || !tokenizer->tokens[value].spelling.bytes)
            return REFUSE(reading, "post-processor gives \"%s\" an id that is no token's; correct special_tokens",
                          tokenizer_shown(reading, name));
        if (list->count >= MOST_SPECIAL_IDS)
            return REFUSE(reading, "post-processor adds more than %d tokens; no model needs so many", MOST_SPECIAL_IDS);
        token_ids_add(list, (int)value);
    }
    return true;
}

/* Sorts the pieces of a template into the ids before the text and those after it. */
static bool read_template_pieces(struct reading *reading, json_t *object, struct token_ids *before,
                                 struct token_ids *after)
{
    json_t *pieces = json_object_get(object, "single"), *piece;
    bool text_met = false;
    size_t index;
    json_array_foreach(pieces, index, piece)
    {
        const char *special = json_string_value(json_object_get(json_object_get(piece, "SpecialToken"), "id"));
        const char *sequence = json_string_value(json_object_get(json_object_get(piece, "Sequence"), "id"));
        bool is_text = !special && sequence && strcmp(sequence, "A") == 0;
        if ((!special && !is_text) || (is_text && text_met) || json_object_size(piece) != 1)
            return REFUSE(reading, "post-processor has a template that is not special tokens around one sequence A; "
                                   "nothing else is supported");
        text_met = text_met || is_text;
        if (special && !add_special_ids(reading, object, special, text_met ? after : before))
            return false;
    }
    return text_met || REFUSE(reading, "post-processor has a template without sequence A; correct \"single\"");
}

/* A second template would take what the first made for a pair of texts: no file means that. */
static bool read_template(struct reading *reading, json_t *object)
{
    if (reading->template_met)
        return REFUSE(reading, "post-processor \"TemplateProcessing\" is there twice; remove one");
    reading->template_met = true;
    return read_template_pieces(reading, object, &reading->tokenizer->before, &reading->tokenizer->after);
}

static bool read_post_processor_sequence(struct reading *reading, json_t *object);

static const char *const template_keys[] = {"type", "single", "pair", "special_tokens", NULL};
static const char *const processors_keys[] = {"type", "processors", NULL};
static const struct part_kind post_processors[] = {{"TemplateProcessing", template_keys, read_template},
                                                   {"Sequence", processors_keys, read_post_processor_sequence},
                                                   {0}};

static bool read_post_processor_sequence(struct reading *reading, json_t *object)
{
    return part_read_list(reading, "post-processor", post_processors, object, "processors");
}

bool tokenizer_read_post_processor(struct reading *reading, json_t *object)
{
    return !object || json_is_null(object) || part_read(reading, "post-processor", post_processors, object);
}
