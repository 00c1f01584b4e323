#include <math.h>

#include "gpu-bank-private.h"
#include "gpu-shader-params.h"

static GpuLayout
matrix_layout (guint n, guint k, guint taps, guint flags)
{
  return (GpuLayout) { .n = n, .k = k, .taps = taps, .rows = GPU_PADDED (n), .stride = GPU_PADDED (k), .flags = flags,
                       .random_scale = sqrtf (3.0f / (k * taps)) };
}

static GpuMatrix
load_matrix (GpuBank *self, const char *name, guint n, guint k, guint taps, guint flags)
{
  g_autofree char *full = gpu_bank_full_name (self, name, ".weight");
  g_autofree char *bias = g_strconcat (name, ".bias", NULL);
  GpuLayout layout = matrix_layout (n, k, taps, flags);
  GpuMatrix matrix = { .n = n, .k = k, .taps = taps };
  matrix.values = gpu_bank_load (self, full, NULL, &layout);
  if (gpu_bank_has (self, bias) && flags & PACK_GEGLU)
    {
      /* A row of the weight goes with a value of the bias. */
      const GpuDtype f32 = GPU_DTYPE_F32;
      g_autofree char *full_bias = gpu_bank_full_name (self, bias, "");
      GpuLayout column = { .n = n, .k = 1, .taps = 1, .rows = n, .stride = 1, .flags = flags };
      matrix.bias = gpu_bank_load (self, full_bias, &f32, &column);
    }
  else if (gpu_bank_has (self, bias))
    matrix.bias = gpu_bank_vector (self, bias, n);
  return matrix;
}

GpuMatrix
gpu_bank_matrix (GpuBank *self, const char *name, guint n, guint k, guint taps)
{
  return load_matrix (self, name, n, k, taps, 0);
}

GpuMatrix
gpu_bank_geglu (GpuBank *self, const char *name, guint n, guint k)
{
  GpuMatrix matrix = load_matrix (self, name, n, k, 1, PACK_GEGLU);
  matrix.is_geglu = TRUE;
  return matrix;
}

GpuMatrix
gpu_bank_doubling (GpuBank *self, const char *name, guint n, guint k)
{
  GpuMatrix matrix = load_matrix (self, name, n, k, 9, PACK_PHASES);
  matrix.taps = 4;
  return matrix;
}

/* A matrix of several tensors that is there already. */
static gboolean
find_matrix (GpuBank *self, const char *values, const char *bias, GpuMatrix *matrix)
{
  const GpuTensor *known = g_hash_table_lookup (self->tensors, values), *known_bias = g_hash_table_lookup (self->tensors, bias);
  if (known == NULL)
    return FALSE;
  matrix->values = *known;
  if (known_bias != NULL)
    matrix->bias = *known_bias;
  return TRUE;
}

/* Room for a matrix of several tensors. @bias: (nullable): its name. FALSE: there is an error. */
static gboolean
make_room (GpuBank *self, GpuMatrix *matrix, const char *values, const char *bias, GpuDtype dtype, guint rows, guint columns)
{
  if (self->error == NULL)
    matrix->values = gpu_bank_remember (self, values, dtype, rows, 1, columns);
  if (self->error == NULL && bias != NULL)
    matrix->bias = gpu_bank_remember (self, bias, GPU_DTYPE_F32, 1, 1, matrix->n);
  return self->error == NULL;
}

/* Both matrices behind each other in every row, and the sum of their biases. */
static void
load_joined (GpuBank *self, GpuMatrix *matrix, const char *name, const char *second)
{
  const char *const names[] = { name, second };
  GpuLayout layouts[] = { matrix_layout (matrix->n, matrix->k, matrix->taps, 0), matrix_layout (matrix->n, matrix->k2, 1, 0) };
  guint first = layouts[0].taps * layouts[0].stride, all = first + layouts[1].stride;
  gboolean any_bias = FALSE;

  for (guint i = 0; i < 2 && self->error == NULL; i++)
    {
      g_autofree char *full = gpu_bank_full_name (self, names[i], ".weight"), *bias = gpu_bank_full_name (self, names[i], ".bias");
      const GpuWeight *weight = gpu_bank_take (self, full, &layouts[i]);
      GpuTensor part = matrix->values;
      GpuLayout bias_layout = { .n = 1, .k = matrix->n, .taps = 1, .rows = 1, .stride = GPU_PADDED (matrix->n),
                                .flags = any_bias ? PACK_ADD : 0 };
      layouts[i].row_stride = all;
      part.offset += i * first * gpu_dtype_bytes (part.dtype);
      if (weight != NULL)
        gpu_bank_upload (self, weight, &part, &layouts[i]);
      if (weight == NULL || gpu_weights_find (self->weights, bias) == NULL || (weight = gpu_bank_take (self, bias, &bias_layout)) == NULL)
        continue;
      gpu_bank_upload (self, weight, &matrix->bias, &bias_layout);
      any_bias = TRUE;
    }
}

/* One 32-bit layer among joined ones makes all of them 32 bits wide. */
static GpuDtype
joined_storage (GpuBank *self, const char *const *names, guint n_names, const GpuLayout *layouts)
{
  if (gpu_weights_is_random (self->weights))
    return self->storage;
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *full = gpu_bank_full_name (self, names[i], ".weight");
      const GpuWeight *weight = gpu_bank_take (self, full, &layouts[i]);
      if (weight == NULL || gpu_bank_storage_of (self, weight, &layouts[i]) == GPU_DTYPE_F32)
        return GPU_DTYPE_F32;
    }
  return GPU_DTYPE_F16;
}

GpuMatrix
gpu_bank_joined (GpuBank *self, const char *name, guint n, guint k, guint taps, const char *second, guint k2)
{
  const char *const names[] = { name, second };
  const GpuLayout layouts[] = { matrix_layout (n, k, taps, 0), matrix_layout (n, k2, 1, 0) };
  GpuLayout all = matrix_layout (n, taps * GPU_PADDED (k) + GPU_PADDED (k2), 1, 0);
  GpuLayout bias = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n) };
  g_autofree char *full = gpu_bank_full_name (self, name, "+.weight"), *full_bias = gpu_bank_full_name (self, name, "+.bias");
  g_autofree char *bias1 = g_strconcat (name, ".bias", NULL), *bias2 = g_strconcat (second, ".bias", NULL);
  GpuMatrix matrix = { .n = n, .k = k, .taps = taps, .k2 = k2 };
  gboolean any_bias;
  GpuDtype dtype;
  if (find_matrix (self, full, full_bias, &matrix))
    return matrix;
  if (self->error != NULL)
    return (GpuMatrix) { 0 };
  any_bias = gpu_bank_has (self, bias1) || gpu_bank_has (self, bias2);
  dtype = joined_storage (self, names, 2, layouts);
  if (!make_room (self, &matrix, full, any_bias ? full_bias : NULL, dtype, all.rows, all.k))
    return (GpuMatrix) { 0 };
  if (!gpu_weights_is_random (self->weights))
    load_joined (self, &matrix, name, second);
  else
    {
      gpu_bank_fill_random (self, &matrix.values, &all);
      gpu_bank_fill_random (self, &matrix.bias, &bias);
    }
  return matrix;
}

static void
load_stack (GpuBank *self, GpuMatrix *matrix, const char *const *names, guint n_names, const guint *n, gboolean any_bias)
{
  guint row = 0;
  for (guint i = 0; i < n_names && self->error == NULL; row += n[i++])
    {
      g_autofree char *full = gpu_bank_full_name (self, names[i], ".weight");
      g_autofree char *bias = gpu_bank_full_name (self, names[i], ".bias");
      GpuLayout layout = { .n = n[i], .k = matrix->k, .taps = 1, .rows = n[i], .stride = GPU_PADDED (matrix->k),
                           .random_scale = sqrtf (3.0f / matrix->k) };
      GpuLayout bias_layout = { .n = 1, .k = n[i], .taps = 1, .rows = 1, .stride = n[i] };
      GpuTensor part = matrix->values, bias_part = matrix->bias;
      part.offset += (guint64) row * layout.stride * gpu_dtype_bytes (part.dtype);
      bias_part.offset += row * sizeof (float);
      if (gpu_weights_is_random (self->weights))
        {
          gpu_bank_fill_random (self, &part, &layout);
          if (any_bias)
            gpu_bank_fill_random (self, &bias_part, &bias_layout);
          continue;
        }
      const GpuWeight *weight = gpu_bank_take (self, full, &layout);
      if (weight != NULL)
        gpu_bank_upload (self, weight, &part, &layout);
      if (!any_bias || self->error != NULL)
        continue;
      /* A layer without bias adds nothing: random numbers of scale zero are the zeros. */
      if (gpu_weights_find (self->weights, bias) == NULL)
        gpu_bank_fill_random (self, &bias_part, &bias_layout);
      else if ((weight = gpu_bank_take (self, bias, &bias_layout)) != NULL)
        gpu_bank_upload (self, weight, &bias_part, &bias_layout);
    }
}

GpuMatrix
gpu_bank_matrices (GpuBank *self, const char *const *names, guint n_names, const guint *n, guint k)
{
  g_autofree char *full = gpu_bank_full_name (self, names[0], "+.weight");
  g_autofree char *full_bias = gpu_bank_full_name (self, names[0], "+.bias");
  GpuMatrix matrix = { .k = k, .taps = 1 };
  gboolean any_bias = FALSE;
  GpuDtype dtype;
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *bias = g_strconcat (names[i], ".bias", NULL);
      any_bias |= !gpu_weights_is_random (self->weights) && gpu_bank_has (self, bias);
      matrix.n += n[i];
    }
  if (find_matrix (self, full, full_bias, &matrix))
    return matrix;
  if (self->error != NULL)
    return matrix;
  g_autofree GpuLayout *layouts = g_new (GpuLayout, n_names);
  for (guint i = 0; i < n_names; i++)
    layouts[i] = matrix_layout (n[i], k, 1, 0);
  dtype = joined_storage (self, names, n_names, layouts);
  if (make_room (self, &matrix, full, any_bias ? full_bias : NULL, dtype, matrix.n, k))
    load_stack (self, &matrix, names, n_names, n, any_bias);
  return matrix;
}
