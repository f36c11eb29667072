#include "claims.h"

const struct quantity_info quantity_table[QUANTITY_COUNT] = {
#define X(name, dimension, label, assumptions, text) {#name, dimension, label, assumptions, text},
    QUANTITIES(X)
#undef X
};

const char *const assumption_names[ASSUMPTIONS_ALL] = {
#define X(name, text) #name,
    ASSUMPTIONS(X)
#undef X
};

const char *const assumption_texts[ASSUMPTIONS_ALL] = {
#define X(name, text) text,
    ASSUMPTIONS(X)
#undef X
};

const char *const storage_names[STORAGES] = {"bf16", "f32", "adam"};
const int storage_bytes[STORAGES] = {2, 4, 16}; /* adam: bf16 weight and gradient; f32 master copy and two moments */
