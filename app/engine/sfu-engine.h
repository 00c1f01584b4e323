/* sfu-engine.h: the queue of jobs and the thread that carries them out.
 *
 * The thread opens the device for the first job, keeps the last model loaded, and opens the device anew after
 * it was lost. Jobs run one after another in the order they were queued. All functions here are for the
 * thread that made the engine; nothing blocks but sfu_engine_free(). */
#pragma once

#include <gpu-ops.h>

#include "sfu-job.h"

G_BEGIN_DECLS

typedef struct _SfuEngine SfuEngine;

typedef struct {
  const char *device;               /* index, UUID or part of a name; NULL: the best */
  guint64 budget_bytes;             /* device memory to take at most; 0: no limit of ours */
  const char *cache_folder;         /* for compiled pipelines; NULL: none */
  const char *const *model_folders; /* (array zero-terminated=1) (nullable): where preview decoders may lie */
  gboolean validate;                /* Vulkan's validation layer, for tests */
  GpuKernels kernels;               /* which may be chosen; 0: what suits the device */
  gboolean tune_software;           /* measure kernels on a software device too, where that is never worth it: for tests */
} SfuEngineOptions;

SfuEngine *sfu_engine_new (const SfuEngineOptions *options);
/* Stops what is running, and what is queued ends as stopped. */
void sfu_engine_free (SfuEngine *self);
void sfu_engine_queue (SfuEngine *self, SfuJob *job);
/* Another device (or NULL: the best) from the next job on; the model is loaded anew there. */
void sfu_engine_set_device (SfuEngine *self, const char *device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuEngine, sfu_engine_free)

G_END_DECLS
