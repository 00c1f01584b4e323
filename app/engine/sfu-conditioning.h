/* sfu-conditioning.h: a prompt, encoded, and what weights do to the encoder's states. Pure functions on the host. */
#pragma once

#include "sfu-chunks.h"

G_BEGIN_DECLS

/* Chunks a prompt may have, so that a text dropped by mistake ends in a sentence and not in hours of work. */
#define SFU_MAX_CHUNKS 64

typedef struct {
  SfuChunks *chunks;
  float *states; /* (n_chunks * chunk_length, width), weighted */
} SfuConditioning;

/* Takes both. */
SfuConditioning *sfu_conditioning_new (SfuChunks *chunks, float *states);
void sfu_conditioning_free (SfuConditioning *self);

/**
 * sfu_conditioning_weigh:
 * @states: (n_chunks * chunk_length, width), changed in place
 * @empty: (chunk_length, width): the states of the empty prompt; only looked at under ComfyUI's rule
 *
 * A1111 (stable-diffusion-webui 1.10, modules/sd_emphasis.py, "Original"): each token's state h becomes w h, then the
 * whole chunk is scaled so that the mean of its numbers is what it was.
 * ComfyUI (comfy/sd1_clip.py, encode_token_weights): h becomes e + w (h - e), where e is the empty prompt's state in the
 * same place. Without weights nothing changes, to the bit.
 */
void sfu_conditioning_weigh (SfuEmphasis rule, const SfuChunks *chunks, guint width, const float *empty, float *states);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuConditioning, sfu_conditioning_free)

G_END_DECLS
