/* gpu-weights.h: the table of weights a net is built from: names, types, shapes and host memory.
 * Whoever fills it (app/model) keeps the memory alive as long as the table; nothing is copied.
 * Names are those of diffusers ("down_blocks.0.resnets.0.conv1.weight"); each part of a model (text
 * encoder, UNet, VAE, TAESD) has a table of its own. Thread: any, but one at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  GPU_DTYPE_F32,
  GPU_DTYPE_F16,
  GPU_DTYPE_BF16,
  GPU_DTYPE_I64,
  GPU_DTYPE_I32,
} GpuDtype;

#define GPU_MAX_DIMS 6

typedef struct {
  const char *name;
  GpuDtype dtype;
  guint n_dims;
  guint64 dims[GPU_MAX_DIMS]; /* as PyTorch prints them, outermost first */
  const void *data;           /* little endian, contiguous, any alignment; NULL in a random table */
  gboolean used;              /* set by gpu_weights_take() */
} GpuWeight;

typedef struct _GpuWeights GpuWeights;

gsize gpu_dtype_bytes (GpuDtype dtype);
const char *gpu_dtype_name (GpuDtype dtype); /* "F32" as safetensors spells it */

GpuWeights *gpu_weights_new (void);
/* A table that has every name at whatever shape is asked for, in the bank's own type, filled on the device with
 * small random values: for what needs no file. */
GpuWeights *gpu_weights_new_random (void);
void gpu_weights_free (GpuWeights *self);

/* Adds one tensor; a name that is there already is replaced. @name is copied. */
void gpu_weights_add (GpuWeights *self, const char *name, GpuDtype dtype, guint n_dims,
                      const guint64 *dims, const void *data);
gboolean gpu_weights_is_random (GpuWeights *self);
guint gpu_weights_count (GpuWeights *self);
const GpuWeight *gpu_weights_nth (GpuWeights *self, guint i); /* in order of addition */
const GpuWeight *gpu_weights_find (GpuWeights *self, const char *name); /* NULL if absent */
/* As find, and remembers that a net used it. */
const GpuWeight *gpu_weights_take (GpuWeights *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuWeights, gpu_weights_free)

G_END_DECLS
