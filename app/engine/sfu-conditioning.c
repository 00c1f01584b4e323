#include "sfu-conditioning.h"

#include <math.h>

SfuConditioning *
sfu_conditioning_new (SfuChunks *chunks, float *states)
{
  SfuConditioning *self = g_new (SfuConditioning, 1);
  self->chunks = chunks;
  self->states = states;
  return self;
}

void
sfu_conditioning_free (SfuConditioning *self)
{
  if (self == NULL)
    return;
  sfu_chunks_free (self->chunks);
  g_free (self->states);
  g_free (self);
}

static gboolean
is_weighted (const float *weights, guint n)
{
  for (guint i = 0; i < n; i++)
    if (weights[i] != 1)
      return TRUE;
  return FALSE;
}

static void
weigh_a1111 (const float *weights, guint n, guint width, float *states)
{
  double before = 0, after = 0;
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < width; j++)
      {
        float *state = &states[i * width + j];
        before += *state;
        *state *= weights[i];
        after += *state;
      }
  /* Weights below zero may cancel the mean, and then there is nothing to scale by. */
  float scale = before / after;
  for (guint i = 0; i < n * width && isfinite (scale); i++)
    states[i] *= scale;
}

static void
weigh_comfyui (const float *weights, guint n, guint width, const float *empty, float *states)
{
  for (guint i = 0; i < n; i++)
    for (guint j = 0; weights[i] != 1 && j < width; j++)
      {
        float e = empty[i * width + j], *state = &states[i * width + j];
        *state = (*state - e) * weights[i] + e;
      }
}

void
sfu_conditioning_weigh (SfuEmphasis rule, const SfuChunks *chunks, guint width, const float *empty, float *states)
{
  guint n = chunks->chunk_length;
  for (guint i = 0; i < chunks->n_chunks; i++)
    {
      const float *weights = chunks->weights + i * n;
      float *own = states + (gsize) i * n * width;
      if (rule == SFU_EMPHASIS_A1111 && is_weighted (weights, n))
        weigh_a1111 (weights, n, width, own);
      else if (rule == SFU_EMPHASIS_COMFYUI)
        weigh_comfyui (weights, n, width, empty, own);
    }
}
