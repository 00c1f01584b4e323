#include "gpu-transfer.h"

#include <string.h>

/* Half precision on the host: both compilers of the platform know the type on x86-64 and arm64. */
typedef _Float16 Half;

static gboolean
copy (GpuDevice *device, GpuBuffer *to, guint64 to_offset, GpuBuffer *from, guint64 from_offset, guint64 bytes,
      GError **error)
{
  g_autoptr (GpuCommands) commands = gpu_commands_new (device, "transfer", error);
  GpuPoint done;
  if (commands == NULL || !gpu_commands_begin (commands, error))
    return FALSE;
  gpu_commands_barrier (commands);
  gpu_commands_copy (commands, to, to_offset, from, from_offset, bytes);
  gpu_commands_barrier (commands);
  gpu_commands_host_barrier (commands);
  return gpu_commands_end (commands, error) && gpu_commands_submit (commands, 0, NULL, &done, error)
         && gpu_device_wait (device, done, error);
}

gboolean
gpu_transfer_write (GpuDevice *device, GpuStorage *to, guint64 offset, gconstpointer data, guint64 bytes, GError **error)
{
  g_autoptr (GpuBuffer) staging = NULL;
  g_return_val_if_fail (offset + bytes <= to->bytes, FALSE);
  if (gpu_buffer_map (to->buffer) != NULL)
    {
      memcpy ((guint8 *) gpu_buffer_map (to->buffer) + to->offset + offset, data, bytes);
      return TRUE;
    }
  staging = gpu_buffer_new (device, bytes, GPU_MEMORY_UPLOAD, "upload", error);
  if (staging == NULL)
    return FALSE;
  memcpy (gpu_buffer_map (staging), data, bytes);
  return copy (device, to->buffer, to->offset + offset, staging, 0, bytes, error);
}

gboolean
gpu_transfer_read (GpuDevice *device, GpuStorage *from, guint64 offset, gpointer data, guint64 bytes, GError **error)
{
  g_autoptr (GpuBuffer) staging = NULL;
  g_return_val_if_fail (offset + bytes <= from->bytes, FALSE);
  if (gpu_buffer_map (from->buffer) != NULL)
    {
      memcpy (data, (guint8 *) gpu_buffer_map (from->buffer) + from->offset + offset, bytes);
      return TRUE;
    }
  staging = gpu_buffer_new (device, bytes, GPU_MEMORY_DOWNLOAD, "download", error);
  if (staging == NULL || !copy (device, staging, 0, from->buffer, from->offset + offset, bytes, error))
    return FALSE;
  memcpy (data, gpu_buffer_map (staging), bytes);
  return TRUE;
}

float *
gpu_transfer_read_floats (GpuDevice *device, const GpuTensor *tensor, GError **error)
{
  guint64 bytes = gpu_tensor_bytes (tensor);
  guint rows = gpu_tensor_rows (tensor);
  g_autofree guint8 *raw = g_malloc (bytes);
  g_autofree float *values = g_new (float, (gsize) rows * tensor->c);
  if (!gpu_transfer_read (device, tensor->storage, tensor->offset, raw, bytes, error))
    return NULL;
  for (guint r = 0; r < rows; r++)
    for (guint c = 0; c < tensor->c; c++)
      {
        gsize at = (gsize) r * tensor->stride + c;
        values[(gsize) r * tensor->c + c]
          = tensor->dtype == GPU_DTYPE_F16 ? (float) ((const Half *) raw)[at] : ((const float *) raw)[at];
      }
  return g_steal_pointer (&values);
}

gboolean
gpu_transfer_write_floats (GpuDevice *device, const GpuTensor *tensor, const float *values, GError **error)
{
  guint64 bytes = gpu_tensor_bytes (tensor);
  guint rows = gpu_tensor_rows (tensor);
  g_autofree guint8 *raw = g_malloc0 (bytes);
  for (guint r = 0; r < rows; r++)
    for (guint c = 0; c < tensor->c; c++)
      {
        gsize at = (gsize) r * tensor->stride + c;
        float value = values[(gsize) r * tensor->c + c];
        if (tensor->dtype == GPU_DTYPE_F16)
          ((Half *) raw)[at] = (Half) value;
        else
          ((float *) raw)[at] = value;
      }
  return gpu_transfer_write (device, tensor->storage, tensor->offset, raw, bytes, error);
}
