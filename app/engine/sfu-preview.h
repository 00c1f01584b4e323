/* sfu-preview.h: pictures of what the sampler is at, while it goes on. Engine thread.
 *
 * With a tiny decoder the preview is computed on the device beside the next step and fetched when it is
 * done; without one the latent is turned to colours linearly. */
#pragma once

#include "sfu-dump.h"
#include "sfu-job.h"

typedef struct {
  SfuPrograms *programs; /* borrowed */
  SfuJob *job;           /* borrowed */
  SfuDump *dump;         /* borrowed; NULL: none */
  guint picture;
  guint step;            /* of the preview under way */
  GpuPoint done;
  gboolean under_way;
} SfuPreviewer;

/* Begins the preview of @step (from 1) if the job wants it and the last one is done. A preview that fails
 * never fails the job: it is left out. */
void sfu_previewer_begin (SfuPreviewer *self, guint step, guint n_steps);
/* Hands a finished preview to the job. @wait: also one that is not finished yet. */
void sfu_previewer_collect (SfuPreviewer *self, gboolean wait);
