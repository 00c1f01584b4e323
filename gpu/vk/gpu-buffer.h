/* gpu-buffer.h: a span of memory that shaders reach by address.
 * Owner: reference counted. A buffer must outlive the GPU work that uses it: whoever submits waits, or
 * hands the buffer to gpu_commands_keep().
 * Spans are cut from large blocks, so thousands of small buffers cost no driver allocation each. */
#pragma once

#include "gpu-device.h"

G_BEGIN_DECLS

typedef struct _GpuBuffer GpuBuffer;

typedef enum {
  GPU_MEMORY_DEVICE,   /* fastest for shaders; not visible to the host */
  GPU_MEMORY_UPLOAD,   /* host writes, device reads; mapped */
  GPU_MEMORY_DOWNLOAD, /* device writes, host reads (cached where the device has such memory); mapped */
} GpuMemory;

/**
 * gpu_buffer_new:
 * @size: bytes, at least 1
 * @label: for the validation layer and error messages; copied
 *
 * Memory is not cleared. Its address is a multiple of 256.
 * Errors: %GPU_ERROR_OUT_OF_MEMORY (over the budget, the driver's limit for one allocation, or what the
 * device has), with the sizes in the message.
 */
GpuBuffer *gpu_buffer_new (GpuDevice *device, guint64 size, GpuMemory memory, const char *label,
                           GError **error);
GpuBuffer *gpu_buffer_ref (GpuBuffer *self);
void gpu_buffer_unref (GpuBuffer *self);

guint64 gpu_buffer_size (GpuBuffer *self);
guint64 gpu_buffer_address (GpuBuffer *self);

/* The host's view of an upload or download buffer; NULL for device memory. Coherent. */
void *gpu_buffer_map (GpuBuffer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuBuffer, gpu_buffer_unref)

G_END_DECLS
