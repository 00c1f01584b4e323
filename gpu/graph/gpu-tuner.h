/* gpu-tuner.h: measures which kernel variant is the fastest for every shape that programs have, and right.
 *
 * Programs are made with kernels that an estimate says are fast. The tuner runs the candidates for each of their shapes
 * on buffers of the real size, and enters the fastest one into the table whose output agrees with the vector form's; where
 * none does, the vector form itself. Programs that are made afterwards take what the table says.
 * Owner: whoever made it. Threads: the device's. Test: tests/tuner.c. */
#pragma once

#include "gpu-program.h"
#include "gpu-tuning.h"

G_BEGIN_DECLS

typedef struct _GpuTuner GpuTuner;

typedef struct {
  void (*progress) (guint done, guint total, gpointer data); /* (nullable): candidates that are done with, of all */
  gpointer data;
  GCancellable *cancellable; /* (nullable): looked at between any two candidates */
  double limit_s;            /* shapes whose turn does not come within so many seconds keep their estimate; 0: no limit */
  GArray *(*candidates) (const GpuProblem *problem, gpointer data); /* (nullable): instead of all that suit, for tests */
} GpuTunerOptions;

/* @tuning: borrowed. */
GpuTuner *gpu_tuner_new (GpuDevice *device, GpuTuning *tuning);
void gpu_tuner_free (GpuTuner *self);
/* What the program has that is not in the table. It may be freed then: memory that it has is missing for measuring. */
void gpu_tuner_add (GpuTuner *self, GpuProgram *program);
guint gpu_tuner_n_problems (GpuTuner *self);

/**
 * gpu_tuner_run:
 *
 * Measures, those shapes first that take the most time. A variant that does not compile is passed over; a shape for which
 * there is no memory keeps its estimate. What has been found out is in the table and in its file whatever the end, also
 * that of the program: the shape that a driver dies of keeps its estimate for good.
 * Errors: %GPU_ERROR_CANCELLED, %GPU_ERROR_DEVICE_LOST.
 */
gboolean gpu_tuner_run (GpuTuner *self, const GpuTunerOptions *options, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuTuner, gpu_tuner_free)

G_END_DECLS
