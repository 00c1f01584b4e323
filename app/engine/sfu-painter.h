/* sfu-painter.h: carries out one request with a loaded model. Engine thread. */
#pragma once

#include "sfu-checkpoint.h"
#include "sfu-job.h"

/**
 * sfu_paint:
 *
 * Encodes the prompts, then paints every picture of the batch, reporting to @job as it goes.
 * Errors: those of model, text, scheduler, image and GPU; %GPU_ERROR_CANCELLED when the job was stopped.
 */
gboolean sfu_paint (SfuCheckpoint *checkpoint, SfuJob *job, GError **error);
