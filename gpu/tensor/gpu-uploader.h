/* gpu-uploader.h: weights from a file's memory into tensors on the device, turned by pack.comp into the layout that kernels read.
 *
 * Two staging buffers take turns, so that one is filled while the device reads the other.
 * Owner: a bank. Threads: the device's. */
#pragma once

#include "gpu-commands.h"
#include "gpu-tensor.h"

G_BEGIN_DECLS

typedef struct _GpuUploader GpuUploader;

/* How a weight goes from its file to its tensor: what pack.comp and random.comp need to know. */
typedef struct {
  guint n, k, taps;   /* as the file has it */
  guint rows, stride; /* padded */
  guint row_stride;   /* values from a row to the next; 0: nothing lies between them */
  guint flags;        /* PACK_... */
  float random_scale, random_offset;
} GpuLayout;

/* Taps that the tensor has: more than the file where phases are summed. */
guint gpu_layout_taps (const GpuLayout *self);

/* @bytes: how much has been copied since the last call. FALSE ends the upload: %GPU_ERROR_CANCELLED. */
typedef gboolean (*GpuUploadWatch) (guint64 bytes, gpointer data);

GpuUploader *gpu_uploader_new (GpuDevice *device);
void gpu_uploader_free (GpuUploader *self);
/* Called between the pieces of uploads. NULL: no longer. */
void gpu_uploader_set_watch (GpuUploader *self, GpuUploadWatch watch, gpointer data);

/* Copies @weight piece by piece into @to and packs it there; the last piece also writes the rows of padding. The device works on
 * until gpu_uploader_finish(). In a rehearsal nothing is copied. */
gboolean gpu_uploader_pack (GpuUploader *self, const GpuWeight *weight, const GpuTensor *to, const GpuLayout *layout, GError **error);
/* Fills @to with even random numbers of @seed: the layout's scale to both sides of its offset. */
gboolean gpu_uploader_fill_random (GpuUploader *self, const GpuTensor *to, const GpuLayout *layout, guint seed, GError **error);
/* Waits until everything is there, and lets go of the staging buffers. */
gboolean gpu_uploader_finish (GpuUploader *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuUploader, gpu_uploader_free)

G_END_DECLS
