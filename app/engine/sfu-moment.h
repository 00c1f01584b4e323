/* sfu-moment.h: where the sampler was after a step: enough to show it, to finish it and to go on from it.
 * Reference counted and immutable once shared, so any thread may hold one. */
#pragma once

#include "sfu-request.h"

G_BEGIN_DECLS

typedef struct {
  gatomicrefcount refs;
  SfuRequest *request;  /* of the run, with the picture's own seed and true size */
  guint step, n_steps;  /* model calls made, and of how many */
  guint n_slots;        /* latents that the scheduler holds; the first is the sample */
  gsize latent_floats;  /* channels * (height / 8) * (width / 8) */
  float *x0;            /* the estimate of the finished latent */
  float *slots;         /* n_slots latents behind each other */
} SfuMoment;

/* The arrays are for the maker to fill. */
SfuMoment *sfu_moment_new (const SfuRequest *request, guint step, guint n_steps, guint n_slots, gsize latent_floats);
SfuMoment *sfu_moment_ref (SfuMoment *self);
void sfu_moment_unref (SfuMoment *self);

/* Bytes it takes, for whoever keeps many. */
gsize sfu_moment_size (const SfuMoment *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuMoment, sfu_moment_unref)

G_END_DECLS
