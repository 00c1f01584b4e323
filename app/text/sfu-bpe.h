/* sfu-bpe.h: byte-pair encoding of words, with the vocabulary behind it. Immutable once made.
 * Source: Sennrich et al. 2016; in the byte-level form of GPT-2 (Radford et al. 2019), with CLIP's "</w>" at the end
 * of words. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

typedef struct _SfuBpe SfuBpe;

/* The whole vocabulary follows from the merges: 256 bytes, 256 bytes that end words, the merges in order, and
 * the two special tokens. @merges: lines "left right", the first one a comment. */
SfuBpe *sfu_bpe_new_from_merges (const char *merges, gsize size, GError **error);
/* @vocabulary: token -> id. @merges: (element-type utf8) "left right". What a shorter vocabulary lacks is left out. */
SfuBpe *sfu_bpe_new (JsonObject *vocabulary, GPtrArray *merges, GError **error);
void sfu_bpe_free (SfuBpe *self);

guint sfu_bpe_size (SfuBpe *self);
/* -1 if there is no such token. */
gint32 sfu_bpe_lookup (SfuBpe *self, const char *token);
/* Appends the ids (gint32) of one word; @unknown for bytes without a token. */
void sfu_bpe_encode (SfuBpe *self, const char *word, gsize length, gint32 unknown, GArray *ids);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuBpe, sfu_bpe_free)
