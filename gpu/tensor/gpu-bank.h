/* gpu-bank.h: a net's weights on the device, uploaded when first asked for and kept.
 *
 * A net is built by asking for its weights by name, so building it a second time (for another size or
 * precision) finds them there. Names are relative to a scope: enter "down_blocks.0", ask for "conv_in".
 * Errors stick: after the first one every call returns an empty value, and gpu_bank_finish() reports it;
 * so net builders need no error checks of their own.
 * Owner: whoever made it. Threads: the device's. */
#pragma once

#include "gpu-uploader.h"

G_BEGIN_DECLS

typedef struct _GpuBank GpuBank;

/* Weights of a linear layer or convolution, (n, taps, k) with rows of n and k padded to 8 by zeros. */
typedef struct {
  GpuTensor values;
  GpuTensor bias;   /* f32 (n), or no tensor */
  guint n, k, taps; /* taps 4: (n, phases, taps, k), of a convolution over the doubled input */
  guint k2;         /* channels of a second input, whose weights follow in each row; or 0 */
  gboolean is_geglu; /* rows are values and gates in turn */
} GpuMatrix;

/**
 * gpu_bank_new:
 * @weights: the table to read; must outlive the bank
 * @storage: F32 keeps 32-bit files exact; F16 stores all weights in 16 bits, except tensors with
 *   values that do not fit. 16-bit files are stored as F16 either way: nothing is lost.
 */
GpuBank *gpu_bank_new (GpuDevice *device, GpuWeights *weights, GpuDtype storage, GError **error);
void gpu_bank_free (GpuBank *self);

/* Called between the pieces of uploads; where it ends one, the bank is of no use any more. NULL: no longer. */
void gpu_bank_set_watch (GpuBank *self, GpuUploadWatch watch, gpointer data);
/* Device memory of the weights that are there. */
guint64 gpu_bank_bytes (GpuBank *self);

void gpu_bank_enter (GpuBank *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void gpu_bank_leave (GpuBank *self);
/* TRUE if "scope.name" is in the table. */
gboolean gpu_bank_has (GpuBank *self, const char *name);

/* "name.weight" (n, k) or (n, k, 1, 1), or for @taps 9 (n, k, 3, 3), with "name.bias" where there is one. */
GpuMatrix gpu_bank_matrix (GpuBank *self, const char *name, guint n, guint k, guint taps);
/* The same for what gpu_linear() turns into value * gelu (gate) at once; @n: values and gates together, a multiple of 32. */
GpuMatrix gpu_bank_geglu (GpuBank *self, const char *name, guint n, guint k);
/* "name.weight" (n, k, 3, 3) for a convolution over the input doubled in both directions: of its nine taps only four
 * read different pixels, so they are summed to four times 2x2, one for each output pixel over an input pixel. */
GpuMatrix gpu_bank_doubling (GpuBank *self, const char *name, guint n, guint k);
/* "name" as gpu_bank_matrix() gives it and "second" (n, k2) as one matrix, of the sum of two layers. */
GpuMatrix gpu_bank_joined (GpuBank *self, const char *name, guint n, guint k, guint taps, const char *second, guint k2);
/* The same layers of equal input stacked into one: rows of the first, then of the second, ...
 * @n: rows of each, a multiple of 8. A missing bias counts as zeros. */
GpuMatrix gpu_bank_matrices (GpuBank *self, const char *const *names, guint n_names, const guint *n, guint k);
/* "name" (n) as f32, padded with zeros. */
GpuTensor gpu_bank_vector (GpuBank *self, const char *name, guint n);
/* "name" (rows, c), for embedding lookups. */
GpuTensor gpu_bank_table (GpuBank *self, const char *name, guint rows, guint c);
/* Numbers of our own making, f32, under a name that no file has. */
GpuTensor gpu_bank_constants (GpuBank *self, const char *name, const float *values, guint n);

/* Waits until all uploads are done. FALSE with the first error there was: %GPU_ERROR_BAD_WEIGHTS,
 * %GPU_ERROR_OUT_OF_MEMORY, %GPU_ERROR_DEVICE_LOST. The bank cannot be used after a failure. */
gboolean gpu_bank_finish (GpuBank *self, GError **error);
gboolean gpu_bank_failed (GpuBank *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuBank, gpu_bank_free)

G_END_DECLS
