#include "gpu-bank-private.h"

#include <math.h>
#include <string.h>

#include "gpu-shader-params.h"

static void
tensor_free (gpointer data)
{
  GpuTensor *tensor = data;
  gpu_storage_unref (tensor->storage);
  g_free (tensor);
}

GpuBank *
gpu_bank_new (GpuDevice *device, GpuWeights *weights, GpuDtype storage, GError **error)
{
  g_autoptr (GpuBank) self = g_new0 (GpuBank, 1);
  self->device = gpu_device_ref (device);
  self->weights = weights;
  self->storage = storage;
  self->uploader = gpu_uploader_new (device);
  self->scope = g_string_new (NULL);
  self->scope_lengths = g_array_new (FALSE, FALSE, sizeof (guint));
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, tensor_free);
  return g_steal_pointer (&self);
}

void
gpu_bank_free (GpuBank *self)
{
  if (self == NULL)
    return;
  gpu_uploader_free (self->uploader);
  g_hash_table_unref (self->tensors);
  g_array_unref (self->scope_lengths);
  g_string_free (self->scope, TRUE);
  g_clear_error (&self->error);
  gpu_device_unref (self->device);
  g_free (self);
}

void
gpu_bank_set_watch (GpuBank *self, GpuUploadWatch watch, gpointer data)
{
  gpu_uploader_set_watch (self->uploader, watch, data);
}

guint64
gpu_bank_bytes (GpuBank *self)
{
  return self->bytes;
}

void
gpu_bank_enter (GpuBank *self, const char *format, ...)
{
  guint length = self->scope->len;
  va_list args;
  g_array_append_val (self->scope_lengths, length);
  va_start (args, format);
  g_string_append_vprintf (self->scope, format, args);
  va_end (args);
  g_string_append_c (self->scope, '.');
}

void
gpu_bank_leave (GpuBank *self)
{
  guint last = self->scope_lengths->len - 1;
  g_string_truncate (self->scope, g_array_index (self->scope_lengths, guint, last));
  g_array_set_size (self->scope_lengths, last);
}

char *
gpu_bank_full_name (GpuBank *self, const char *name, const char *suffix)
{
  return g_strconcat (self->scope->str, name, suffix, NULL);
}

gboolean
gpu_bank_has (GpuBank *self, const char *name)
{
  g_autofree char *full = gpu_bank_full_name (self, name, "");
  return gpu_weights_is_random (self->weights) || gpu_weights_find (self->weights, full) != NULL;
}

gboolean
gpu_bank_failed (GpuBank *self)
{
  return self->error != NULL;
}

void
gpu_bank_upload (GpuBank *self, const GpuWeight *weight, const GpuTensor *to, const GpuLayout *layout)
{
  if (self->error == NULL)
    gpu_uploader_pack (self->uploader, weight, to, layout, &self->error);
}

void
gpu_bank_fill_random (GpuBank *self, const GpuTensor *to, const GpuLayout *layout)
{
  if (self->error == NULL)
    gpu_uploader_fill_random (self->uploader, to, layout, g_hash_table_size (self->tensors), &self->error);
}

const GpuWeight *
gpu_bank_take (GpuBank *self, const char *full, const GpuLayout *layout)
{
  const GpuWeight *weight = gpu_weights_take (self->weights, full);
  guint64 elements = 1;
  if (weight == NULL)
    {
      g_set_error (&self->error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS, "The model has no tensor %s.", full);
      return NULL;
    }
  if (weight->dtype != GPU_DTYPE_F32 && weight->dtype != GPU_DTYPE_F16 && weight->dtype != GPU_DTYPE_BF16)
    {
      g_set_error (&self->error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS, "The tensor %s holds %s values, not floating-point ones.",
                   full, gpu_dtype_name (weight->dtype));
      return NULL;
    }
  for (guint i = 0; i < weight->n_dims; i++)
    elements *= weight->dims[i];
  if (elements != (guint64) layout->n * layout->k * layout->taps || weight->n_dims == 0
      || (layout->n > 1 && weight->dims[0] != layout->n))
    {
      g_set_error (&self->error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS, "The tensor %s has %" G_GUINT64_FORMAT
                   " values where the model's configuration needs %u x %u x %u.", full, elements, layout->n, layout->k,
                   layout->taps);
      return NULL;
    }
  return weight;
}

/* FALSE if a value would become infinite in 16 bits. 16-bit files are exact by definition. */
static gboolean
fits_f16 (const GpuWeight *weight, guint64 elements)
{
  const guint8 *data = weight->data;
  if (weight->dtype == GPU_DTYPE_F16)
    return TRUE;
  for (guint64 i = 0; i < elements; i++)
    {
      guint32 bits = 0;
      float value;
      if (weight->dtype == GPU_DTYPE_F32)
        memcpy (&bits, data + 4 * i, 4);
      else
        memcpy ((guint8 *) &bits + 2, data + 2 * i, 2);
      memcpy (&value, &bits, 4);
      if (fabsf (value) > 65504.0f)
        return FALSE;
    }
  return TRUE;
}

GpuDtype
gpu_bank_storage_of (GpuBank *self, const GpuWeight *weight, const GpuLayout *layout)
{
  /* Sums of 16-bit weights need more digits than their terms. */
  if (layout->flags & PACK_PHASES && self->storage == GPU_DTYPE_F32)
    return GPU_DTYPE_F32;
  if (weight == NULL)
    return self->storage;
  if (weight->dtype == GPU_DTYPE_F16)
    return GPU_DTYPE_F16;
  /* A rehearsal is not worth reading the whole file. */
  if (gpu_device_is_rehearsing (self->device))
    return self->storage;
  if (self->storage == GPU_DTYPE_F16 && fits_f16 (weight, (guint64) layout->n * layout->k * layout->taps))
    return GPU_DTYPE_F16;
  return GPU_DTYPE_F32;
}

GpuTensor
gpu_bank_remember (GpuBank *self, const char *name, GpuDtype dtype, guint rows, guint taps, guint k)
{
  guint64 bytes = (guint64) rows * taps * GPU_PADDED (k) * gpu_dtype_bytes (dtype);
  GpuStorage *storage = gpu_storage_new (self->device, bytes, GPU_MEMORY_DEVICE, name, &self->error);
  if (storage == NULL)
    return (GpuTensor) { 0 };
  self->bytes += bytes;
  GpuTensor tensor = gpu_tensor_over (storage, dtype, rows, 1, taps, k);
  g_hash_table_insert (self->tensors, g_strdup (name), g_memdup2 (&tensor, sizeof tensor));
  return tensor;
}

GpuTensor
gpu_bank_load (GpuBank *self, const char *full, const GpuDtype *dtype, const GpuLayout *layout)
{
  const char *form = layout->flags & PACK_PHASES ? " (phases)" : layout->flags & PACK_GEGLU ? " (pairs)" : "";
  g_autofree char *key = g_strconcat (full, form, NULL);
  const GpuTensor *known = g_hash_table_lookup (self->tensors, key);
  const GpuWeight *weight = NULL;
  if (known != NULL)
    return *known;
  if (self->error != NULL)
    return (GpuTensor) { 0 };
  if (!gpu_weights_is_random (self->weights) && (weight = gpu_bank_take (self, full, layout)) == NULL)
    return (GpuTensor) { 0 };
  GpuTensor tensor = gpu_bank_remember (self, key, dtype != NULL ? *dtype : gpu_bank_storage_of (self, weight, layout), layout->rows,
                                        gpu_layout_taps (layout), layout->k);
  if (tensor.storage == NULL)
    return tensor;
  if (weight != NULL)
    gpu_bank_upload (self, weight, &tensor, layout);
  else
    gpu_bank_fill_random (self, &tensor, layout);
  return tensor;
}

GpuTensor
gpu_bank_vector (GpuBank *self, const char *name, guint n)
{
  const GpuDtype f32 = GPU_DTYPE_F32;
  g_autofree char *full = gpu_bank_full_name (self, name, "");
  gboolean gain = strstr (name, "norm") != NULL && g_str_has_suffix (name, "weight");
  GpuLayout layout = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n), .random_offset = gain ? 1 : 0 };
  return gpu_bank_load (self, full, &f32, &layout);
}

GpuTensor
gpu_bank_table (GpuBank *self, const char *name, guint rows, guint c)
{
  g_autofree char *full = gpu_bank_full_name (self, name, "");
  GpuLayout layout = { .n = rows, .k = c, .taps = 1, .rows = rows, .stride = GPU_PADDED (c), .random_scale = 0.02f };
  return gpu_bank_load (self, full, NULL, &layout);
}

GpuTensor
gpu_bank_constants (GpuBank *self, const char *name, const float *values, guint n)
{
  const GpuTensor *known = g_hash_table_lookup (self->tensors, name);
  GpuWeight weight = { .name = name, .dtype = GPU_DTYPE_F32, .n_dims = 1, .dims = { n }, .data = values };
  GpuLayout layout = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n) };
  if (known != NULL)
    return *known;
  if (self->error != NULL)
    return (GpuTensor) { 0 };
  GpuTensor tensor = gpu_bank_remember (self, name, GPU_DTYPE_F32, 1, 1, n);
  if (tensor.storage != NULL)
    gpu_bank_upload (self, &weight, &tensor, &layout);
  return tensor;
}

gboolean
gpu_bank_finish (GpuBank *self, GError **error)
{
  if (self->error == NULL && gpu_uploader_finish (self->uploader, &self->error))
    return TRUE;
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}
