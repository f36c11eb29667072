/* A growing text, for output that is built up and then written as a whole. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* NUL-terminated once anything was added; owned, freed by text_free */
    size_t length, room;
};

void text_add(struct text *text, const char *bytes, size_t length);
/* Decimal digits by hand: of large worlds and long runs they are millions, and printf would be most of the time. */
void text_number(struct text *text, int64_t number);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

/* "1 rank", "8 ranks", "2 classes", "2 micro-batches": nouns whose plural ends in s or es. */
struct counted {
    char text[48];
};
struct counted counted(int count, const char *noun);
