/* gpu-ops-private.h: the list of dispatches behind GpuOps, for the ops themselves and for gpu/graph. */
#pragma once

#include "gpu-ops.h"
#include "gpu-shader-params.h"

#define GPU_MAX_PUSH 128
#define GPU_MAX_OPERANDS 10

/* Memory that a dispatch touches; its address goes into the push constants when it is known. */
typedef struct {
  GpuStorage *storage;
  guint64 offset, bytes; /* from the storage's start */
  guint push_offset;
  gboolean writes;
} GpuOperand;

typedef struct {
  const char *op; /* "conv2d", "attention": static */
  GpuPipeline *pipeline;
  guint groups[3];
  guint8 push[GPU_MAX_PUSH];
  guint push_bytes;
  GpuOperand operands[GPU_MAX_OPERANDS];
  guint n_operands;
  double flop, bytes;
} GpuDispatch;

struct _GpuOps {
  GpuDevice *device;
  GpuDtype dtype;
  GpuKernels kernels;
  guint attention_kernel; /* which of gpu_attention_kernels() is used; 0: the best guess */
  GArray *dispatches;  /* GpuDispatch */
  GPtrArray *storages; /* every storage that is used, owned */
  GpuStorage *zeros;   /* what convolutions read outside the picture */
  GError *error;
};

/* Starts a dispatch of "SHADER-TYPE" (or of @shader as it is, if @typed is FALSE) with @spec behind the
 * local size. Returns NULL after an error; the calls below accept that. */
GpuDispatch *gpu_ops_dispatch (GpuOps *self, const char *op, const char *shader, gboolean typed, guint local_size,
                               const GpuSpec *spec, guint push_bytes);
/* Call these after the push constants are set: they remember where in them the address goes. */
void gpu_dispatch_push (GpuDispatch *self, gconstpointer push, guint x, guint y, guint z);
/* A grid of @n workgroups, and one of @x by @rows: folded at GRID_FOLD. */
void gpu_dispatch_push_flat (GpuDispatch *self, gconstpointer push, guint64 n);
void gpu_dispatch_push_rows (GpuDispatch *self, gconstpointer push, guint x, guint rows);
void gpu_dispatch_reads (GpuOps *ops, GpuDispatch *self, guint push_offset, const GpuTensor *tensor);
void gpu_dispatch_writes (GpuOps *ops, GpuDispatch *self, guint push_offset, const GpuTensor *tensor);
void gpu_dispatch_uses (GpuOps *ops, GpuDispatch *self, guint push_offset, GpuStorage *storage, guint64 offset,
                        guint64 bytes, gboolean writes);

#define GPU_READS(ops, d, Params, field, tensor) gpu_dispatch_reads (ops, d, G_STRUCT_OFFSET (Params, field), tensor)
#define GPU_WRITES(ops, d, Params, field, tensor) gpu_dispatch_writes (ops, d, G_STRUCT_OFFSET (Params, field), tensor)
#define GPU_USES(ops, d, Params, field, storage, writes) \
  gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (Params, field), storage, 0, (storage)->bytes, writes)

/* TRUE if the list has failed or fails now, because @tensor is what a failed op or bank returned. */
gboolean gpu_ops_lack (GpuOps *self, const GpuTensor *tensor);
/* A planned f32 scratch of @bytes. */
GpuStorage *gpu_ops_scratch (GpuOps *self, guint64 bytes);
guint gpu_ops_subgroup (GpuOps *self);
guint gpu_ceil_div (guint64 a, guint64 b);
