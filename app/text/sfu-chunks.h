/* sfu-chunks.h: a prompt as the text encoder takes it: pieces of 75 tokens, each between a start and an end token of
 * its own and padded, and a weight for every token. Immutable once made.
 *
 * Source: for A1111's rule stable-diffusion-webui 1.10, modules/sd_hijack_clip.py, tokenize_line; for ComfyUI's
 * comfy/sd1_clip.py, SDTokenizer.tokenize_with_weights. Without a rule there is one chunk, cut as diffusers does. */
#pragma once

#include "sfu-emphasis.h"
#include "sfu-tokenizer.h"

G_BEGIN_DECLS

typedef struct {
  guint n_chunks, chunk_length; /* chunk_length: 77 for CLIP */
  gint32 *ids;       /* n_chunks * chunk_length */
  float *weights;    /* as many; 1 for start, end and padding */
  guint *starts;     /* n_chunks: the byte of the prompt from which on words are in the chunk */
  guint used;        /* places that are taken, without start and end: whole chunks, and what is in the last one */
  gboolean weighted; /* a weight is not 1 */
  gboolean has_edits; /* see SfuPhrases */
  char *lost;        /* the end of the prompt that did not fit; NULL where nothing is cut */
} SfuChunks;

/**
 * sfu_chunks_new:
 * @prompt: UTF-8
 * @chunk_length: 3 at least
 *
 * Under A1111's rule words behind a comma go to the next chunk together, if the comma is one of the last 20 tokens.
 * Under ComfyUI's rule phrases of less than 8 tokens stay together.
 * Returns: (transfer full): never NULL.
 */
SfuChunks *sfu_chunks_new (SfuTokenizer *tokenizer, SfuEmphasis rule, const char *prompt, guint chunk_length);
void sfu_chunks_free (SfuChunks *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuChunks, sfu_chunks_free)

G_END_DECLS
