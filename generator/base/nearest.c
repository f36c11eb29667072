/* Edit distance (optimal string alignment) over three rows of the usual table. */
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

static int same_letter(char left, char right)
{
    return tolower((unsigned char)left) == tolower((unsigned char)right);
}

size_t word_distance(const char *left, const char *right)
{
    size_t rows[3][NEAREST_LENGTH + 1];
    size_t left_length = strnlen(left, NEAREST_LENGTH), right_length = strnlen(right, NEAREST_LENGTH);
    for (size_t j = 0; j <= right_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= left_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= right_length; j++) {
            size_t replaced = above[j - 1] + !same_letter(left[i - 1], right[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(left[i - 1], right[j - 2]) && same_letter(left[i - 2], right[j - 1]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[left_length % 3][right_length];
}

int word_is_near(const char *word, size_t distance)
{
    size_t length = strnlen(word, NEAREST_LENGTH);
    return distance <= (length < 4 ? 1 : length < 7 ? 2 : length / 3);
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < count; i++) {
        size_t this_distance = word_distance(word, words[i]);
        if (!nearest || this_distance < distance) {
            nearest = words[i];
            distance = this_distance;
        }
    }
    return nearest && word_is_near(word, distance) ? nearest : NULL;
}
