#include "gpu-weights.h"

#include <string.h>

struct _GpuWeights {
  GPtrArray *list;     /* GpuWeight, names owned */
  GHashTable *by_name; /* const char* -> GpuWeight */
  gboolean random;
};

static void
weight_free (gpointer data)
{
  GpuWeight *weight = data;
  g_free ((char *) weight->name);
  g_free (weight);
}

gsize
gpu_dtype_bytes (GpuDtype dtype)
{
  switch (dtype)
    {
    case GPU_DTYPE_F16:
    case GPU_DTYPE_BF16: return 2;
    case GPU_DTYPE_I64: return 8;
    default: return 4;
    }
}

const char *
gpu_dtype_name (GpuDtype dtype)
{
  static const char *const names[] = {
    [GPU_DTYPE_F32] = "F32", [GPU_DTYPE_F16] = "F16", [GPU_DTYPE_BF16] = "BF16", [GPU_DTYPE_I64] = "I64", [GPU_DTYPE_I32] = "I32",
  };
  return names[dtype];
}

GpuWeights *
gpu_weights_new (void)
{
  GpuWeights *self = g_new0 (GpuWeights, 1);
  self->list = g_ptr_array_new_with_free_func (weight_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

GpuWeights *
gpu_weights_new_random (void)
{
  GpuWeights *self = gpu_weights_new ();
  self->random = TRUE;
  return self;
}

void
gpu_weights_free (GpuWeights *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->list);
  g_free (self);
}

void
gpu_weights_add (GpuWeights *self, const char *name, GpuDtype dtype, guint n_dims, const guint64 *dims, const void *data)
{
  GpuWeight *weight = g_hash_table_lookup (self->by_name, name);
  g_return_if_fail (n_dims <= GPU_MAX_DIMS);
  if (weight == NULL)
    {
      weight = g_new0 (GpuWeight, 1);
      weight->name = g_strdup (name);
      g_ptr_array_add (self->list, weight);
      g_hash_table_insert (self->by_name, (char *) weight->name, weight);
    }
  weight->dtype = dtype;
  weight->n_dims = n_dims;
  memcpy (weight->dims, dims, n_dims * sizeof *dims);
  weight->data = data;
}

gboolean
gpu_weights_is_random (GpuWeights *self)
{
  return self->random;
}

guint
gpu_weights_count (GpuWeights *self)
{
  return self->list->len;
}

const GpuWeight *
gpu_weights_nth (GpuWeights *self, guint i)
{
  return self->list->pdata[i];
}

const GpuWeight *
gpu_weights_find (GpuWeights *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

const GpuWeight *
gpu_weights_take (GpuWeights *self, const char *name)
{
  GpuWeight *weight = g_hash_table_lookup (self->by_name, name);
  if (weight != NULL)
    weight->used = TRUE;
  return weight;
}
