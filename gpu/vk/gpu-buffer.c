#include "gpu-vk-private.h"

struct _GpuBuffer {
  gatomicrefcount refs;
  GpuDevice *device;
  GpuMemory memory;
  GpuSpan span; /* in a rehearsal of a block without memory, or of none */
  guint64 size;
};

GpuBuffer *
gpu_buffer_new (GpuDevice *device, guint64 size, GpuMemory memory, const char *label, GError **error)
{
  GpuSpan span = { NULL };
  GpuMemoryPool *pool = gpu_device_pool (device, memory);
  g_return_val_if_fail (size > 0, NULL);
  if (pool != NULL && !gpu_memory_pool_take (pool, size, label, &span, error))
    return NULL;
  GpuBuffer *self = g_new0 (GpuBuffer, 1);
  g_atomic_ref_count_init (&self->refs);
  self->device = gpu_device_ref (device);
  self->memory = memory;
  self->span = span;
  self->size = size;
  return self;
}

GpuBuffer *
gpu_buffer_ref (GpuBuffer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gpu_buffer_unref (GpuBuffer *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->span.block != NULL)
    gpu_memory_pool_give (gpu_device_pool (self->device, self->memory), self->span);
  gpu_device_unref (self->device);
  g_free (self);
}

guint64
gpu_buffer_size (GpuBuffer *self)
{
  return self->size;
}

guint64
gpu_buffer_address (GpuBuffer *self)
{
  return gpu_block_address (self->span.block) + self->span.offset;
}

void *
gpu_buffer_map (GpuBuffer *self)
{
  guint8 *map = self->span.block != NULL ? gpu_block_map (self->span.block) : NULL;
  return map != NULL ? map + self->span.offset : NULL;
}

VkBuffer
gpu_buffer_handle (GpuBuffer *self, guint64 *offset)
{
  *offset += self->span.offset;
  return gpu_block_buffer (self->span.block);
}
