/* gpu-tensor.h: shape, type and place of an array on the device.
 *
 * Activations are NHWC: pixels in rows, channels innermost, a row of `stride` elements. Channels are
 * padded to a multiple of 8, and the padding always holds zeros, so that kernels can read whole vectors.
 * A matrix of tokens is the same thing with h = 1. A view of some channels is a tensor with a larger
 * stride than its width: this is how concatenation costs no copy.
 *
 * GpuTensor is a plain value; the memory behind it is a GpuStorage, kept by whoever made it. */
#pragma once

#include "gpu-buffer.h"
#include "gpu-weights.h"

G_BEGIN_DECLS

/* Memory that has an address now (`buffer` set), or will have one when a program is planned. */
typedef struct {
  gatomicrefcount refs;
  guint64 bytes;
  GpuBuffer *buffer; /* owned; of a planned storage NULL, later the arena's and borrowed */
  guint64 offset;    /* in the buffer, or in the arena once planned */
  gboolean planned;  /* lives in a program's arena, only while it is needed there */
} GpuStorage;

GpuStorage *gpu_storage_new_planned (guint64 bytes);
/* Memory of its own, for what outlives a program. Errors: %GPU_ERROR_OUT_OF_MEMORY. */
GpuStorage *gpu_storage_new (GpuDevice *device, guint64 bytes, GpuMemory memory, const char *label,
                             GError **error);
GpuStorage *gpu_storage_ref (GpuStorage *self);
void gpu_storage_unref (GpuStorage *self);

typedef struct {
  GpuStorage *storage; /* borrowed; NULL: no tensor */
  guint64 offset;      /* bytes from the storage's start to the first element */
  GpuDtype dtype;      /* F32, F16 or I32 */
  guint n, h, w, c;    /* images, rows, columns, channels (without padding) */
  guint stride;        /* elements from one pixel to the next */
} GpuTensor;

#define GPU_PADDED(c) (((c) + 7u) & ~7u)

guint gpu_tensor_rows (const GpuTensor *self);      /* pixels of all images */
guint64 gpu_tensor_bytes (const GpuTensor *self);   /* from its first element to its last */
/* The channels @first .. @first + @count - 1; @first is a multiple of 8. */
GpuTensor gpu_tensor_channels (GpuTensor self, guint first, guint count);
/* The rows @first .. @first + @count - 1 of the one image. */
GpuTensor gpu_tensor_strip (GpuTensor self, guint first, guint count);
/* The same memory with other numbers of images, rows and columns, their product unchanged. */
GpuTensor gpu_tensor_reshape (GpuTensor self, guint n, guint h, guint w);
/* A tensor over the whole of @storage. */
GpuTensor gpu_tensor_over (GpuStorage *storage, GpuDtype dtype, guint n, guint h, guint w, guint c);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuStorage, gpu_storage_unref)

G_END_DECLS
