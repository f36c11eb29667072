/* Sleeping on a word of memory that processes share. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* Sleeps while *word == seen, at most `milliseconds`. May wake for no reason. */
void futex_sleep(_Atomic uint32_t *word, uint32_t seen, int milliseconds);

/* Wakes all who sleep on the word. */
void futex_wake_all(_Atomic uint32_t *word);
