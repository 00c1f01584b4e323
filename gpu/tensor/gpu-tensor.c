#include "gpu-tensor.h"

GpuStorage *
gpu_storage_new_planned (guint64 bytes)
{
  GpuStorage *self = g_new0 (GpuStorage, 1);
  g_atomic_ref_count_init (&self->refs);
  self->bytes = bytes;
  self->planned = TRUE;
  return self;
}

GpuStorage *
gpu_storage_new (GpuDevice *device, guint64 bytes, GpuMemory memory, const char *label, GError **error)
{
  g_autoptr (GpuStorage) self = gpu_storage_new_planned (bytes);
  self->planned = FALSE;
  self->buffer = gpu_buffer_new (device, bytes, memory, label, error);
  return self->buffer != NULL ? g_steal_pointer (&self) : NULL;
}

GpuStorage *
gpu_storage_ref (GpuStorage *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gpu_storage_unref (GpuStorage *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (!self->planned)
    g_clear_pointer (&self->buffer, gpu_buffer_unref);
  g_free (self);
}

guint
gpu_tensor_rows (const GpuTensor *self)
{
  return self->n * self->h * self->w;
}

guint64
gpu_tensor_bytes (const GpuTensor *self)
{
  guint64 rows = gpu_tensor_rows (self);
  return rows == 0 ? 0 : ((rows - 1) * self->stride + GPU_PADDED (self->c)) * gpu_dtype_bytes (self->dtype);
}

GpuTensor
gpu_tensor_channels (GpuTensor self, guint first, guint count)
{
  /* What a failed op returned. */
  if (self.storage == NULL)
    return self;
  g_return_val_if_fail (first % 8 == 0 && first + GPU_PADDED (count) <= GPU_PADDED (self.c), self);
  self.offset += first * gpu_dtype_bytes (self.dtype);
  self.c = count;
  return self;
}

GpuTensor
gpu_tensor_strip (GpuTensor self, guint first, guint count)
{
  if (self.storage == NULL)
    return self;
  g_return_val_if_fail (self.n == 1 && first + count <= self.h, self);
  self.offset += (guint64) first * self.w * self.stride * gpu_dtype_bytes (self.dtype);
  self.h = count;
  return self;
}

GpuTensor
gpu_tensor_reshape (GpuTensor self, guint n, guint h, guint w)
{
  if (self.storage == NULL)
    return self;
  g_return_val_if_fail (n * h * w == gpu_tensor_rows (&self), self);
  self.n = n;
  self.h = h;
  self.w = w;
  return self;
}

GpuTensor
gpu_tensor_over (GpuStorage *storage, GpuDtype dtype, guint n, guint h, guint w, guint c)
{
  return (GpuTensor) { .storage = storage, .dtype = dtype, .n = n, .h = h, .w = w, .c = c, .stride = GPU_PADDED (c) };
}
