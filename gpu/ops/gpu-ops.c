#include "gpu-kernels.h"

#include <string.h>

/* The widest input of a 3x3 convolution that any model has is 2560 channels; this is 16384. */
#define ZERO_BYTES (64u << 10)

static const char *const form_names[] = {
  [GPU_KERNELS_BEST] = "best", [GPU_KERNELS_VECTOR] = "vector", [GPU_KERNELS_SHARED] = "shared", [GPU_KERNELS_COOPMAT] = "coopmat",
  [GPU_KERNELS_COOPMAT2] = "coopmat2", NULL,
};

const char *
gpu_kernels_name (GpuKernels kernels)
{
  return form_names[kernels];
}

const char *const *
gpu_kernels_names (void)
{
  return form_names;
}

gboolean
gpu_kernels_from_name (const char *name, GpuKernels *kernels)
{
  for (guint i = 0; form_names[i] != NULL; i++)
    if (g_str_equal (form_names[i], name))
      {
        *kernels = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
fill_zeros (GpuDevice *device, GpuStorage *zeros, GError **error)
{
  g_autoptr (GpuCommands) commands = NULL;
  GpuPoint done;
  if (gpu_device_is_rehearsing (device))
    return TRUE;
  if ((commands = gpu_commands_new (device, "zeros", error)) == NULL || !gpu_commands_begin (commands, error))
    return FALSE;
  gpu_commands_fill (commands, zeros->buffer, 0, ZERO_BYTES, 0);
  return gpu_commands_end (commands, error) && gpu_commands_submit (commands, 0, NULL, &done, error)
         && gpu_device_wait (device, done, error);
}

static void
moments_free (gpointer data)
{
  GpuMoments *moments = data;
  g_free (moments->there);
  g_free (moments);
}

GpuOps *
gpu_ops_new (GpuDevice *device, GpuDtype dtype, GpuKernels kernels, GError **error)
{
  g_autoptr (GpuOps) self = g_new0 (GpuOps, 1);
  self->device = gpu_device_ref (device);
  self->dtype = dtype;
  self->kernels = kernels;
  self->dispatches = g_array_new (FALSE, TRUE, sizeof (GpuDispatch));
  self->storages = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_storage_unref);
  self->moments = g_hash_table_new_full (NULL, NULL, NULL, moments_free);
  self->guesses = g_array_new (FALSE, FALSE, sizeof (GpuGuess));
  self->zeros = gpu_storage_new (device, ZERO_BYTES, GPU_MEMORY_DEVICE, "zeros", error);
  if (self->zeros == NULL || !fill_zeros (device, self->zeros, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
gpu_ops_free (GpuOps *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->dispatches);
  g_array_unref (self->guesses);
  g_hash_table_unref (self->moments);
  g_ptr_array_unref (self->storages);
  gpu_storage_unref (self->zeros);
  gpu_norm_pool_free (self->norm_pool);
  g_clear_error (&self->error);
  gpu_device_unref (self->device);
  g_free (self);
}

void
gpu_ops_set_tuning (GpuOps *self, GpuTuning *tuning)
{
  self->tuning = tuning;
}

GpuDtype
gpu_ops_dtype (GpuOps *self)
{
  return self->dtype;
}

GpuDevice *
gpu_ops_device (GpuOps *self)
{
  return self->device;
}

void
gpu_ops_fail (GpuOps *self, const GError *error)
{
  if (self->error == NULL)
    self->error = g_error_copy (error);
}

gboolean
gpu_ops_lack (GpuOps *self, const GpuTensor *tensor)
{
  if (self->error == NULL && tensor->storage == NULL)
    g_set_error_literal (&self->error, GPU_ERROR, GPU_ERROR_FAILED, "A net is built of weights that could not be loaded.");
  return self->error != NULL;
}

guint
gpu_ops_subgroup (GpuOps *self)
{
  return gpu_device_limits (self->device)->subgroup_size;
}

guint
gpu_ceil_div (guint64 a, guint64 b)
{
  return (a + b - 1) / b;
}

GpuStorage *
gpu_ops_scratch (GpuOps *self, guint64 bytes)
{
  GpuStorage *storage = gpu_storage_new_planned (MAX (bytes, 4));
  g_ptr_array_add (self->storages, storage);
  return storage;
}

GpuTensor
gpu_ops_tensor (GpuOps *self, guint n, guint h, guint w, guint c)
{
  guint64 bytes = (guint64) n * h * w * GPU_PADDED (c) * gpu_dtype_bytes (self->dtype);
  return gpu_tensor_over (gpu_ops_scratch (self, bytes), self->dtype, n, h, w, c);
}

static guint
first_channel (const GpuTensor *tensor)
{
  return tensor->offset / gpu_dtype_bytes (tensor->dtype) % tensor->stride;
}

guint64
gpu_moments_offset (const GpuTensor *tensor)
{
  return first_channel (tensor) * 2 * sizeof (float);
}

GpuMoments *
gpu_ops_add_moments (GpuOps *self, const GpuTensor *tensor)
{
  GpuMoments *moments = g_hash_table_lookup (self->moments, tensor->storage);
  if (moments == NULL)
    {
      guint64 chunks = gpu_tensor_rows (tensor) / NORM_CHUNK;
      moments = g_new0 (GpuMoments, 1);
      moments->rows = gpu_tensor_rows (tensor);
      moments->stride = tensor->stride;
      moments->parts = gpu_ops_scratch (self, chunks * tensor->stride * 2 * sizeof (float));
      moments->there = g_new0 (guint8, tensor->stride / 8);
      g_hash_table_insert (self->moments, tensor->storage, moments);
    }
  memset (moments->there + first_channel (tensor) / 8, 1, GPU_PADDED (tensor->c) / 8);
  return moments;
}

GpuMoments *
gpu_ops_find_moments (GpuOps *self, const GpuTensor *tensor)
{
  GpuMoments *moments = g_hash_table_lookup (self->moments, tensor->storage);
  /* They are of all rows. */
  if (moments != NULL && gpu_tensor_rows (tensor) != moments->rows)
    return NULL;
  for (guint i = 0; moments != NULL && i < GPU_PADDED (tensor->c) / 8; i++)
    if (!moments->there[first_channel (tensor) / 8 + i])
      return NULL;
  return moments;
}

GpuDispatch *
gpu_ops_dispatch (GpuOps *self, const char *op, const char *shader, gboolean typed, guint local_size,
                  const GpuSpec *spec, guint push_bytes)
{
  GpuSpec all = { .n = 1, .value = { local_size } };
  g_autofree char *name = NULL;
  GpuPipeline *pipeline;

  if (self->error != NULL || self->silent)
    return NULL;
  for (guint i = 0; spec != NULL && i < spec->n; i++)
    all.value[all.n++] = spec->value[i];
  name = typed ? g_strconcat (shader, self->dtype == GPU_DTYPE_F16 ? "-f16" : "-f32", NULL) : g_strdup (shader);
  pipeline = gpu_pipeline_get (self->device, name, &all, push_bytes, &self->error);
  if (pipeline == NULL)
    return NULL;

  g_array_set_size (self->dispatches, self->dispatches->len + 1);
  GpuDispatch *dispatch = &g_array_index (self->dispatches, GpuDispatch, self->dispatches->len - 1);
  dispatch->op = op;
  dispatch->pipeline = pipeline;
  dispatch->push_bytes = push_bytes;
  return dispatch;
}

void
gpu_dispatch_push (GpuDispatch *self, gconstpointer push, guint x, guint y, guint z)
{
  if (self == NULL)
    return;
  memcpy (self->push, push, self->push_bytes);
  self->groups[0] = x;
  self->groups[1] = y;
  self->groups[2] = z;
}

void
gpu_dispatch_push_flat (GpuDispatch *self, gconstpointer push, guint64 n)
{
  gpu_dispatch_push (self, push, MIN (n, GRID_FOLD), gpu_ceil_div (n, GRID_FOLD), 1);
}

void
gpu_dispatch_push_rows (GpuDispatch *self, gconstpointer push, guint x, guint rows)
{
  gpu_dispatch_push (self, push, x, MIN (rows, GRID_FOLD), gpu_ceil_div (rows, GRID_FOLD));
}

void
gpu_dispatch_uses (GpuOps *ops, GpuDispatch *self, guint push_offset, GpuStorage *storage, guint64 offset,
                   guint64 bytes, gboolean writes)
{
  if (self == NULL)
    return;
  g_assert (self->n_operands < GPU_MAX_OPERANDS && offset + bytes <= storage->bytes);
  self->operands[self->n_operands++] = (GpuOperand) {
    .storage = storage, .offset = offset, .bytes = bytes, .push_offset = push_offset, .writes = writes,
  };
  if (!storage->planned)
    g_ptr_array_add (ops->storages, gpu_storage_ref (storage));
  self->bytes += bytes;
}

/* No tensor is a null address. */
void
gpu_dispatch_reads (GpuOps *ops, GpuDispatch *self, guint push_offset, const GpuTensor *tensor)
{
  if (tensor->storage != NULL)
    gpu_dispatch_uses (ops, self, push_offset, tensor->storage, tensor->offset, gpu_tensor_bytes (tensor), FALSE);
}

void
gpu_dispatch_writes (GpuOps *ops, GpuDispatch *self, guint push_offset, const GpuTensor *tensor)
{
  if (tensor->storage == NULL || self == NULL)
    return;
  gpu_dispatch_uses (ops, self, push_offset, tensor->storage, tensor->offset, gpu_tensor_bytes (tensor), TRUE);
  self->m = gpu_tensor_rows (tensor);
  self->n = tensor->c;
}
