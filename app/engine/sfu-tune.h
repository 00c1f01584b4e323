/* sfu-tune.h: the fastest kernels for a model and a picture size, measured when they are first used on a device. Engine thread. */
#pragma once

#include <gpu-tuner.h>

#include "sfu-checkpoint.h"

G_BEGIN_DECLS

/* TRUE where it makes sense: a software device has one form of kernels that is the best for all shapes and would take
 * minutes to measure, and without timestamps nothing can be measured. @software_too: for tests. */
gboolean sfu_can_tune (GpuDevice *device, gboolean software_too);

/**
 * sfu_tuner_new:
 * @encodes_images: there will be a picture to start from
 *
 * What @programs, and the encoders' that belong to them, have that the nets' table does not know. Other programs and their
 * memory are best let go of before it runs.
 */
GpuTuner *sfu_tuner_new (const SfuNets *nets, SfuPrograms *programs, gboolean encodes_images, GError **error);

/**
 * sfu_tune:
 * @progress: called before the first candidate is measured and after each, and not at all where everything is known
 *
 * Makes the programs for @request, measures what the checkpoint's table does not know of them, saves the table, and makes
 * them again. Does nothing without a table. Errors: GPU_ERROR; %GPU_ERROR_CANCELLED.
 */
gboolean sfu_tune (SfuCheckpoint *checkpoint, const SfuRequest *request, void (*progress) (guint done, guint total, gpointer data),
                   gpointer data, GCancellable *cancellable, GError **error);

G_END_DECLS
