/* gpu-ops-private.h: the list of dispatches behind GpuOps, for the ops themselves and for gpu/graph. */
#pragma once

#include "gpu-ops.h"
#include "gpu-shader-params.h"
#include "gpu-tuning.h"

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
  guint m, n;          /* rows and columns of the tensor it writes */
  guint k;             /* of a product: what each value is a sum over; else 0 */
  double flop, bytes;
} GpuDispatch;

/* Statistics of the group norms of a part in strips. */
typedef struct _GpuNormPool GpuNormPool;

/* Statistics that producers of a storage took along for group norm: for each channel its moments over every NORM_CHUNK
 * pixels. Several producers may each have written some of the channels. */
typedef struct {
  GpuStorage *parts; /* f32 (images, chunks, stride, 2) */
  guint rows;        /* of the producers' tensors */
  guint stride;
  guint8 *there;     /* for each 8 channels */
} GpuMoments;

/* A kernel variant for a product: see gpu-kernels.h. */
typedef struct _GpuChoice GpuChoice;

struct _GpuOps {
  GpuDevice *device;
  GpuDtype dtype;
  GpuKernels kernels;
  guint attention_kernel; /* which of gpu_attention_kernels() is used; 0: the best guess */
  GArray *dispatches;  /* GpuDispatch */
  GPtrArray *storages; /* every storage that is used, owned */
  GHashTable *moments; /* GpuStorage -> GpuMoments, owned */
  GpuStorage *zeros;   /* what convolutions read outside the picture */
  GpuTuning *tuning;   /* borrowed; NULL: kernels are chosen by estimate */
  GArray *guesses;     /* GpuGuess: see gpu-kernels.h */
  const GpuChoice *forced; /* what products take instead of the best, borrowed; NULL: the best */
  GpuNormPool *norm_pool; /* of a part that is run in strips, or NULL */
  gboolean silent;     /* what is appended now is not recorded */
  GError *error;
};

/* Starts a dispatch of "SHADER-TYPE" (or of @shader as it is, if @typed is FALSE) with @spec behind the
 * local size. Returns NULL after an error, and where
 * nothing is recorded; the calls below accept that. */
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
/* Where the producer of @tensor puts its moments, which count as there from now on. */
GpuMoments *gpu_ops_add_moments (GpuOps *self, const GpuTensor *tensor);
/* The moments of all channels of @tensor, or NULL. */
GpuMoments *gpu_ops_find_moments (GpuOps *self, const GpuTensor *tensor);
/* Bytes from the first moments in `parts` to those of @tensor's first channel. */
guint64 gpu_moments_offset (const GpuTensor *tensor);

/* A planned f32 scratch of @bytes. */
GpuStorage *gpu_ops_scratch (GpuOps *self, guint64 bytes);
guint gpu_ops_subgroup (GpuOps *self);
guint gpu_ceil_div (guint64 a, guint64 b);

/* -- the steps of group norm -- */

/* f32 (images, chunks of NORM_CHUNK pixels, stride, 2): means and sums of squared distances. */
typedef struct {
  GpuStorage *parts;
  guint64 offset; /* of the first channel's */
  guint stride;   /* channels from a chunk to the next */
} GpuNormParts;

/* Of @x as it is; and, where its producer took them along, those. */
GpuNormParts gpu_norm_measure (GpuOps *ops, GpuTensor x);
GpuNormParts gpu_norm_parts (GpuOps *ops, GpuTensor x);
/* Those of all @pixels become f32 (images, channels, 2): what a channel has subtracted, and what it is multiplied by. */
GpuStorage *gpu_norm_join (GpuOps *ops, GpuNormParts parts, guint images, guint pixels, GpuTensor gamma, guint groups, float eps);
GpuTensor gpu_norm_apply (GpuOps *ops, GpuTensor x, GpuStorage *factors, GpuTensor beta, GpuActivation act);
void gpu_norm_pool_free (GpuNormPool *self);
/* gpu_group_norm() where the list has a pool. */
GpuTensor gpu_norm_pool_apply (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, guint groups, float eps, GpuActivation act);
