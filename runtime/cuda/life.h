/* The life of a rank on a GPU, for struct class_info: see runtime/rank.h. */
#pragma once

#include "rank.h"

void gpu_start(struct rank *r, const struct class_info *class, const struct rank_options *options);
void gpu_step(struct rank *r, const struct class_info *class);
void gpu_end(struct rank *r, const struct class_info *class);
