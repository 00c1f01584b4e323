/* sfu-words.h: how CLIP's tokenizer sees text: normalised, in lower case, split into words. */
#pragma once

#include <glib.h>

/* NFC, runs of white space as one space, lower case letter by letter (no locale, no final sigma), as the
 * tokenizers library has them. @length bytes of valid UTF-8. */
char *sfu_words_normalise (const char *text, gssize length);

typedef void (*SfuWordFunc) (const char *word, gsize length, gsize offset, gpointer data);
/* Calls @func for each word of normalised text: letters, one digit, an English ending, or a run of other signs. */
void sfu_words_split (const char *normalised, SfuWordFunc func, gpointer data);

/* The byte of @text from which on its normalised form begins at @offset or later. */
gsize sfu_words_original_offset (const char *text, gsize length, gsize offset);
