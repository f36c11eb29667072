/* The word that a misspelled one was most likely meant to be. */
#pragma once

#include <stddef.h>

/* The nearest of `count` words, or NULL when none is near enough to be worth proposing. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

/* How many letters must be added, dropped, replaced or swapped with their neighbour to turn one word into the other;
 * words are compared up to NEAREST_LENGTH letters, case ignored. */
enum { NEAREST_LENGTH = 48 };
size_t word_distance(const char *left, const char *right);

/* Whether a word at this distance is near enough. */
int word_is_near(const char *word, size_t distance);
