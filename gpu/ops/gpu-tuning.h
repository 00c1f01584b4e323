/* gpu-tuning.h: which kernel variant was measured to be the fastest for a shape, on one device.
 *
 * A table in memory and in a file, "tuning-UUID.tsv" in the cache folder. Its first line names the driver with its
 * version, and the hash of all shaders: a file with another one counts as empty, since other code may have another
 * winner. Filled by GpuTuner (gpu/graph), looked up by gpu_kernel_choose().
 * Owner: whoever made it. Threads: the device's. Test: tests/tuner.c. */
#pragma once

#include "gpu-ops.h"

G_BEGIN_DECLS

typedef struct _GpuProblem GpuProblem; /* what a variant is chosen for: see gpu-kernels.h */

/* @folder: (nullable): where the file is, or will be; NULL: nowhere. What cannot be read of it is as if it were not there. */
GpuTuning *gpu_tuning_new (GpuDevice *device, const char *folder);
void gpu_tuning_free (GpuTuning *self);
/* Forgets everything; the file stays until the table is saved. */
void gpu_tuning_clear (GpuTuning *self);
/* Writes the file, atomically; failure is logged, not an error. */
void gpu_tuning_save (GpuTuning *self);

/* Entries, and those of them that have been used by a list of ops. */
guint gpu_tuning_n_entries (GpuTuning *self);
guint gpu_tuning_n_used (GpuTuning *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuTuning, gpu_tuning_free)

G_END_DECLS
