/* sfu-differences.h: two requests told apart in as few words as will do. */
#pragma once

#include "sfu-picture.h"

/* What is on each that is not on the other, "Guidance 4.5 · Seed 12"; never empty: where nothing differs, or a
 * picture has no settings, the files' names. Free both with g_free(). */
void sfu_differences (SfuPicture *left, SfuPicture *right, char **left_text, char **right_text);
