/* gpu-trial.h: one product (or attention) at its real size with random numbers, run by one kernel variant after another,
 * to see which is fast and which is right. Owner: whoever made it. Threads: the device's. */
#pragma once

#include <gio/gio.h>

#include <gpu-attention-kernels.h>
#include <gpu-kernels.h>

G_BEGIN_DECLS

typedef struct _GpuTrial GpuTrial;

/**
 * gpu_trial_new:
 * @cancellable: (nullable)
 *
 * Fills inputs and weights, and computes what the vector form makes of them: what is right.
 * Errors: %GPU_ERROR_OUT_OF_MEMORY, %GPU_ERROR_CANCELLED, %GPU_ERROR_DEVICE_LOST.
 */
GpuTrial *gpu_trial_new (GpuDevice *device, const GpuProblem *problem, GCancellable *cancellable, GError **error);
void gpu_trial_free (GpuTrial *self);

/**
 * gpu_trial_time:
 * @enough: milliseconds; a variant that takes longer at first is not run again
 * @ms: (out): of one call, the median of several runs back to back, by timestamps
 *
 * Errors: %GPU_ERROR_UNSUPPORTED where the driver refuses the variant, or the device has no timestamps.
 */
gboolean gpu_trial_time (GpuTrial *self, const GpuChoice *choice, double enough, double *ms, GError **error);

/**
 * gpu_trial_check:
 * @margin: (out): the error as a share of what is allowed; more than 1: wrong
 *
 * Compares the variant's output with the vector form's: all of a small one, parts from beginning to end of a large one.
 */
gboolean gpu_trial_check (GpuTrial *self, const GpuChoice *choice, double *margin, GError **error);

/* What @ops takes for @problem, as the table of tuned kernels has it. */
char *gpu_trial_text (GpuOps *ops, const GpuProblem *problem);
/* The variant's text in the table of tuned kernels; @choice NULL: that of the vector form. */
char *gpu_trial_variant (GpuTrial *self, const GpuChoice *choice);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuTrial, gpu_trial_free)

G_END_DECLS
