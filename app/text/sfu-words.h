/* sfu-words.h: how CLIP's tokenizer sees text: normalised, in lower case, split into words. */
#pragma once

#include <glib.h>

/* NFC, runs of white space as one space, lower case letter by letter (no locale, no final sigma), as the
 * tokenizers library has them. @length bytes of valid UTF-8. */
char *sfu_words_normalise (const char *text, gssize length);

typedef void (*SfuWordFunc) (const char *word, gsize length, gsize offset, gpointer data);
/* Calls @func for each word of normalised text: letters, one digit, an English ending, or a run of other signs. */
void sfu_words_split (const char *normalised, SfuWordFunc func, gpointer data);

/* Where in a text words of its normalised form come from: asked for one word after another, so that a whole text
 * takes one pass. Begin with { text, text + length }. */
typedef struct {
  const char *at, *end;
  gsize normalised; /* bytes that what lies before `at` becomes */
  gboolean spaced;  /* the last of them is a space */
} SfuWordOrigin;
/* The byte where the character begins that the normalised text has at @offset. Offsets do not decrease. */
const char *sfu_word_origin (SfuWordOrigin *self, gsize offset);
