#include "gpu-bank.h"

#include <math.h>
#include <string.h>

#include "gpu-shader-params.h"

/* Uploads go through two of these in turn, so that one is filled while the other is read. */
#define STAGING_BYTES (16u << 20)

typedef struct {
  GpuBuffer *buffer;
  GpuCommands *commands;
  GpuPoint done;
  guint64 used;
  gboolean recording;
} Staging;

struct _GpuBank {
  GpuDevice *device;
  GpuWeights *weights;
  GpuDtype storage;
  GString *scope;
  GArray *scope_lengths; /* guint: where each entered scope begins */
  GHashTable *tensors;   /* name -> GpuTensor*, its storage owned */
  Staging staging[2];
  guint current;
  guint64 bytes;
  GpuBankWatch watch;
  gpointer watch_data;
  GError *error;
};

/* How a weight goes from its file into the bank: what pack.comp and random.comp need to know. */
typedef struct {
  guint n, k, taps;   /* as the file has it */
  guint rows, stride; /* padded */
  guint row_stride;   /* values from a row to the next; 0: nothing lies between them */
  guint flags;        /* PACK_... */
  float random_scale, random_offset;
} Layout;

static guint
taps_written (const Layout *layout)
{
  return layout->flags & PACK_PHASES ? 16 : layout->taps;
}

static guint
row_stride (const Layout *layout)
{
  return layout->row_stride > 0 ? layout->row_stride : taps_written (layout) * layout->stride;
}

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
  for (guint i = 0; i < G_N_ELEMENTS (self->staging); i++)
    {
      gpu_commands_free (self->staging[i].commands);
      gpu_buffer_unref (self->staging[i].buffer);
    }
  g_hash_table_unref (self->tensors);
  g_array_unref (self->scope_lengths);
  g_string_free (self->scope, TRUE);
  g_clear_error (&self->error);
  gpu_device_unref (self->device);
  g_free (self);
}

void
gpu_bank_set_watch (GpuBank *self, GpuBankWatch watch, gpointer data)
{
  self->watch = watch;
  self->watch_data = data;
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

static char *
full_name (GpuBank *self, const char *name, const char *suffix)
{
  return g_strconcat (self->scope->str, name, suffix, NULL);
}

gboolean
gpu_bank_has (GpuBank *self, const char *name)
{
  g_autofree char *full = full_name (self, name, "");
  return gpu_weights_is_random (self->weights) || gpu_weights_find (self->weights, full) != NULL;
}

gboolean
gpu_bank_failed (GpuBank *self)
{
  return self->error != NULL;
}

static gboolean
submit_staging (GpuBank *self, Staging *staging)
{
  if (!staging->recording)
    return TRUE;
  staging->recording = FALSE;
  return gpu_commands_end (staging->commands, &self->error)
         && gpu_commands_submit (staging->commands, 0, NULL, &staging->done, &self->error);
}

/* The staging buffer with room for @bytes, its commands open for recording; NULL after an error. */
static Staging *
begin_staging (GpuBank *self, guint64 bytes)
{
  Staging *staging = &self->staging[self->current];
  if (staging->recording && staging->used + bytes > STAGING_BYTES)
    {
      if (!submit_staging (self, staging))
        return NULL;
      self->current = (self->current + 1) % G_N_ELEMENTS (self->staging);
      staging = &self->staging[self->current];
    }
  if (staging->recording)
    return staging;

  if (staging->buffer == NULL)
    {
      staging->buffer = gpu_buffer_new (self->device, STAGING_BYTES, GPU_MEMORY_UPLOAD, "weight staging", &self->error);
      if (staging->buffer == NULL)
        return NULL;
      staging->commands = gpu_commands_new (self->device, "weight upload", &self->error);
      if (staging->commands == NULL)
        return NULL;
    }
  if (!gpu_device_wait (self->device, staging->done, &self->error) || !gpu_commands_begin (staging->commands, &self->error))
    return NULL;
  staging->recording = TRUE;
  staging->used = 0;
  return staging;
}

static guint
pack_type (GpuDtype dtype)
{
  return dtype == GPU_DTYPE_F32 ? TYPE_F32 : dtype == GPU_DTYPE_F16 ? TYPE_F16 : TYPE_BF16;
}

/* "pack" or "random", which have the same constants; NULL after an error. */
static GpuPipeline *
get_pipeline (GpuBank *self, const char *shader, GpuDtype from, GpuDtype to, guint push_bytes)
{
  GpuSpec spec = { .n = 3, .value = { gpu_device_limits (self->device)->subgroup_size, pack_type (from), pack_type (to) } };
  return gpu_pipeline_get (self->device, shader, &spec, push_bytes, &self->error);
}

static void
record_pack (GpuBank *self, GpuCommands *commands, GpuPipeline *pipeline, guint64 from, guint64 to, const Layout *layout,
             guint first, guint n, guint rows)
{
  guint local = gpu_device_limits (self->device)->subgroup_size;
  PackParams push = { .from = from, .to = to, .n = n, .rows = rows, .c = layout->k, .taps = layout->taps, .k_stride = layout->stride,
                      .row_stride = row_stride (layout), .flags = layout->flags, .first_row = first, .all_rows = layout->n };
  const guint base[3] = { 0, 0, 0 };
  const guint groups[3] = { (taps_written (layout) * layout->stride + local - 1) / local, MIN (rows, GRID_FOLD),
                            (rows + GRID_FOLD - 1) / GRID_FOLD };
  /* What is added to may have been written just before. */
  if (layout->flags & PACK_ADD)
    gpu_commands_barrier (commands);
  gpu_commands_dispatch (commands, pipeline, &push, sizeof push, base, groups);
}

/* Copies @weight piece by piece into staging and packs each piece to its rows of @to, which is `first_row`
 * rows into a tensor. The last piece also writes the rows of padding. */
static void
upload (GpuBank *self, const GpuWeight *weight, const GpuTensor *to, const Layout *layout)
{
  guint64 row_bytes = (guint64) layout->k * layout->taps * gpu_dtype_bytes (weight->dtype);
  /* Interleaved rows find their places by themselves. */
  guint64 to_row_bytes = layout->flags & PACK_GEGLU ? 0 : (guint64) row_stride (layout) * gpu_dtype_bytes (to->dtype);
  guint64 address;
  guint piece = MAX (1, MIN (layout->n, STAGING_BYTES / 4 / row_bytes));
  GpuPipeline *pipeline = get_pipeline (self, "pack", weight->dtype, to->dtype, sizeof (PackParams));

  if (pipeline == NULL || gpu_device_is_rehearsing (self->device))
    return;
  address = gpu_buffer_address (to->storage->buffer) + to->storage->offset + to->offset;
  if (row_bytes > STAGING_BYTES)
    {
      g_set_error (&self->error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The tensor %s has rows of %" G_GUINT64_FORMAT
                   " bytes, which is more than any known model has.", weight->name, row_bytes);
      return;
    }
  for (guint row = 0; row < layout->n && self->error == NULL; row += piece)
    {
      guint n = MIN (piece, layout->n - row);
      gboolean last = row + n == layout->n;
      Staging *staging = begin_staging (self, n * row_bytes);
      if (staging == NULL)
        return;
      memcpy ((guint8 *) gpu_buffer_map (staging->buffer) + staging->used,
              (const guint8 *) weight->data + row * row_bytes, n * row_bytes);
      record_pack (self, staging->commands, pipeline, gpu_buffer_address (staging->buffer) + staging->used,
                   address + row * to_row_bytes, layout, row, n, last ? layout->rows - row : n);
      staging->used += (n * row_bytes + 255) & ~(guint64) 255;
      if (self->watch != NULL && self->error == NULL && !self->watch (n * row_bytes, self->watch_data))
        g_set_error_literal (&self->error, GPU_ERROR, GPU_ERROR_CANCELLED, "Stopped.");
    }
}

static void
fill_random (GpuBank *self, const GpuTensor *to, const Layout *layout)
{
  guint local = gpu_device_limits (self->device)->subgroup_size;
  guint64 count = (guint64) layout->rows * row_stride (layout);
  /* It reads nothing: the first type says nothing. */
  GpuPipeline *pipeline = get_pipeline (self, "random", GPU_DTYPE_F32, to->dtype, sizeof (RandomParams));
  if (pipeline == NULL || gpu_device_is_rehearsing (self->device))
    return;
  RandomParams push = { .to = gpu_buffer_address (to->storage->buffer) + to->storage->offset + to->offset,
                        .count = count, .seed = g_hash_table_size (self->tensors),
                        .scale = layout->random_scale, .offset_ = layout->random_offset };
  const guint base[3] = { 0, 0, 0 };
  guint n_groups = (count + local - 1) / local;
  const guint groups[3] = { MIN (n_groups, GRID_FOLD), (n_groups + GRID_FOLD - 1) / GRID_FOLD, 1 };
  Staging *staging = begin_staging (self, 0);
  if (staging != NULL)
    gpu_commands_dispatch (staging->commands, pipeline, &push, sizeof push, base, groups);
}

/* The weight "full" with as many elements as @layout says, or NULL and an error. */
static const GpuWeight *
take (GpuBank *self, const char *full, const Layout *layout)
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

static GpuDtype
storage_of (GpuBank *self, const GpuWeight *weight, const Layout *layout)
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

/* Makes and remembers an uninitialised tensor of (rows, taps, k) under @name. */
static GpuTensor
remember (GpuBank *self, const char *name, GpuDtype dtype, guint rows, guint taps, guint k)
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

/* The tensor @full, uploaded if it is not there yet; @dtype NULL: whatever storage suits the file. The same tensor
 * may be there in several forms. */
static GpuTensor
load (GpuBank *self, const char *full, const GpuDtype *dtype, const Layout *layout)
{
  const char *form = layout->flags & PACK_PHASES ? " (phases)" : layout->flags & PACK_GEGLU ? " (pairs)" : "";
  g_autofree char *key = g_strconcat (full, form, NULL);
  const GpuTensor *known = g_hash_table_lookup (self->tensors, key);
  const GpuWeight *weight = NULL;
  if (known != NULL)
    return *known;
  if (self->error != NULL)
    return (GpuTensor) { 0 };
  if (!gpu_weights_is_random (self->weights) && (weight = take (self, full, layout)) == NULL)
    return (GpuTensor) { 0 };
  GpuTensor tensor = remember (self, key, dtype != NULL ? *dtype : storage_of (self, weight, layout), layout->rows,
                               taps_written (layout), layout->k);
  if (tensor.storage == NULL)
    return tensor;
  if (weight != NULL)
    upload (self, weight, &tensor, layout);
  else
    fill_random (self, &tensor, layout);
  return tensor;
}

GpuTensor
gpu_bank_vector (GpuBank *self, const char *name, guint n)
{
  const GpuDtype f32 = GPU_DTYPE_F32;
  g_autofree char *full = full_name (self, name, "");
  gboolean gain = strstr (name, "norm") != NULL && g_str_has_suffix (name, "weight");
  Layout layout = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n), .random_offset = gain ? 1 : 0 };
  return load (self, full, &f32, &layout);
}

GpuTensor
gpu_bank_table (GpuBank *self, const char *name, guint rows, guint c)
{
  g_autofree char *full = full_name (self, name, "");
  Layout layout = { .n = rows, .k = c, .taps = 1, .rows = rows, .stride = GPU_PADDED (c), .random_scale = 0.02f };
  return load (self, full, NULL, &layout);
}

static Layout
matrix_layout (guint n, guint k, guint taps, guint flags)
{
  return (Layout) { .n = n, .k = k, .taps = taps, .rows = GPU_PADDED (n), .stride = GPU_PADDED (k), .flags = flags,
                    .random_scale = sqrtf (3.0f / (k * taps)) };
}

static GpuMatrix
load_matrix (GpuBank *self, const char *name, guint n, guint k, guint taps, guint flags)
{
  g_autofree char *full = full_name (self, name, ".weight");
  g_autofree char *bias = g_strconcat (name, ".bias", NULL);
  Layout layout = matrix_layout (n, k, taps, flags);
  GpuMatrix matrix = { .n = n, .k = k, .taps = taps };
  matrix.values = load (self, full, NULL, &layout);
  if (gpu_bank_has (self, bias) && flags & PACK_GEGLU)
    {
      /* A row of the weight goes with a value of the bias. */
      const GpuDtype f32 = GPU_DTYPE_F32;
      g_autofree char *full_bias = full_name (self, bias, "");
      Layout column = { .n = n, .k = 1, .taps = 1, .rows = n, .stride = 1, .flags = flags };
      matrix.bias = load (self, full_bias, &f32, &column);
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

/* Both matrices behind each other in every row, and the sum of their biases. */
static void
load_joined (GpuBank *self, GpuMatrix *matrix, const char *name, const char *second)
{
  const char *const names[] = { name, second };
  Layout layouts[] = { matrix_layout (matrix->n, matrix->k, matrix->taps, 0), matrix_layout (matrix->n, matrix->k2, 1, 0) };
  guint first = layouts[0].taps * layouts[0].stride, all = first + layouts[1].stride;
  gboolean any_bias = FALSE;

  for (guint i = 0; i < 2 && self->error == NULL; i++)
    {
      g_autofree char *full = full_name (self, names[i], ".weight"), *bias = full_name (self, names[i], ".bias");
      const GpuWeight *weight = take (self, full, &layouts[i]);
      GpuTensor part = matrix->values;
      Layout bias_layout = { .n = 1, .k = matrix->n, .taps = 1, .rows = 1, .stride = GPU_PADDED (matrix->n),
                             .flags = any_bias ? PACK_ADD : 0 };
      layouts[i].row_stride = all;
      part.offset += i * first * gpu_dtype_bytes (part.dtype);
      if (weight != NULL)
        upload (self, weight, &part, &layouts[i]);
      if (weight == NULL || gpu_weights_find (self->weights, bias) == NULL || (weight = take (self, bias, &bias_layout)) == NULL)
        continue;
      upload (self, weight, &matrix->bias, &bias_layout);
      any_bias = TRUE;
    }
}

/* One 32-bit layer among joined ones makes all of them 32 bits wide. */
static GpuDtype
joined_storage (GpuBank *self, const char *const *names, guint n_names, const Layout *layouts)
{
  if (gpu_weights_is_random (self->weights))
    return self->storage;
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *full = full_name (self, names[i], ".weight");
      const GpuWeight *weight = take (self, full, &layouts[i]);
      if (weight == NULL || storage_of (self, weight, &layouts[i]) == GPU_DTYPE_F32)
        return GPU_DTYPE_F32;
    }
  return GPU_DTYPE_F16;
}

GpuMatrix
gpu_bank_joined (GpuBank *self, const char *name, guint n, guint k, guint taps, const char *second, guint k2)
{
  const char *const names[] = { name, second };
  const Layout layouts[] = { matrix_layout (n, k, taps, 0), matrix_layout (n, k2, 1, 0) };
  Layout all = matrix_layout (n, taps * GPU_PADDED (k) + GPU_PADDED (k2), 1, 0), bias = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n) };
  g_autofree char *full = full_name (self, name, "+.weight"), *full_bias = full_name (self, name, "+.bias");
  const GpuTensor *known = g_hash_table_lookup (self->tensors, full), *known_bias = g_hash_table_lookup (self->tensors, full_bias);
  g_autofree char *bias1 = g_strconcat (name, ".bias", NULL), *bias2 = g_strconcat (second, ".bias", NULL);
  GpuMatrix matrix = { .n = n, .k = k, .taps = taps, .k2 = k2 };
  if (known != NULL)
    {
      matrix.values = *known;
      if (known_bias != NULL)
        matrix.bias = *known_bias;
      return matrix;
    }
  GpuDtype dtype = self->error == NULL ? joined_storage (self, names, 2, layouts) : GPU_DTYPE_F16;
  if (self->error == NULL)
    matrix.values = remember (self, full, dtype, all.rows, 1, all.k);
  if (self->error == NULL && (gpu_bank_has (self, bias1) || gpu_bank_has (self, bias2)))
    matrix.bias = remember (self, full_bias, GPU_DTYPE_F32, 1, 1, n);
  if (self->error != NULL)
    return (GpuMatrix) { 0 };
  if (!gpu_weights_is_random (self->weights))
    load_joined (self, &matrix, name, second);
  else
    {
      fill_random (self, &matrix.values, &all);
      fill_random (self, &matrix.bias, &bias);
    }
  return matrix;
}

static void
load_stack (GpuBank *self, GpuMatrix *matrix, const char *const *names, guint n_names, const guint *n, gboolean any_bias)
{
  guint row = 0;
  for (guint i = 0; i < n_names && self->error == NULL; row += n[i++])
    {
      g_autofree char *full = full_name (self, names[i], ".weight");
      g_autofree char *bias = full_name (self, names[i], ".bias");
      Layout layout = { .n = n[i], .k = matrix->k, .taps = 1, .rows = n[i], .stride = GPU_PADDED (matrix->k),
                        .random_scale = sqrtf (3.0f / matrix->k) };
      Layout bias_layout = { .n = 1, .k = n[i], .taps = 1, .rows = 1, .stride = n[i] };
      GpuTensor part = matrix->values, bias_part = matrix->bias;
      part.offset += (guint64) row * layout.stride * gpu_dtype_bytes (part.dtype);
      bias_part.offset += row * sizeof (float);
      if (gpu_weights_is_random (self->weights))
        {
          fill_random (self, &part, &layout);
          if (any_bias)
            fill_random (self, &bias_part, &bias_layout);
          continue;
        }
      const GpuWeight *weight = take (self, full, &layout);
      if (weight != NULL)
        upload (self, weight, &part, &layout);
      if (!any_bias || self->error != NULL)
        continue;
      /* A layer without bias adds nothing: random numbers of scale zero are the zeros. */
      if (gpu_weights_find (self->weights, bias) == NULL)
        fill_random (self, &bias_part, &bias_layout);
      else if ((weight = take (self, bias, &bias_layout)) != NULL)
        upload (self, weight, &bias_part, &bias_layout);
    }
}

GpuMatrix
gpu_bank_matrices (GpuBank *self, const char *const *names, guint n_names, const guint *n, guint k)
{
  g_autofree char *full = full_name (self, names[0], "+.weight");
  g_autofree char *full_bias = full_name (self, names[0], "+.bias");
  const GpuTensor *known = g_hash_table_lookup (self->tensors, full);
  const GpuTensor *known_bias = g_hash_table_lookup (self->tensors, full_bias);
  GpuMatrix matrix = { .k = k, .taps = 1 };
  gboolean any_bias = FALSE;
  for (guint i = 0; i < n_names; i++)
    {
      g_autofree char *bias = g_strconcat (names[i], ".bias", NULL);
      any_bias |= !gpu_weights_is_random (self->weights) && gpu_bank_has (self, bias);
      matrix.n += n[i];
    }
  if (known != NULL)
    {
      matrix.values = *known;
      if (known_bias != NULL)
        matrix.bias = *known_bias;
      return matrix;
    }
  if (self->error != NULL)
    return matrix;
  g_autofree Layout *layouts = g_new (Layout, n_names);
  for (guint i = 0; i < n_names; i++)
    layouts[i] = matrix_layout (n[i], k, 1, 0);
  GpuDtype dtype = joined_storage (self, names, n_names, layouts);
  if (self->error == NULL)
    matrix.values = remember (self, full, dtype, matrix.n, 1, k);
  if (self->error == NULL && any_bias)
    matrix.bias = remember (self, full_bias, GPU_DTYPE_F32, 1, 1, matrix.n);
  load_stack (self, &matrix, names, n_names, n, any_bias);
  return matrix;
}

GpuTensor
gpu_bank_constants (GpuBank *self, const char *name, const float *values, guint n)
{
  const GpuTensor *known = g_hash_table_lookup (self->tensors, name);
  GpuWeight weight = { .name = name, .dtype = GPU_DTYPE_F32, .n_dims = 1, .dims = { n }, .data = values };
  Layout layout = { .n = 1, .k = n, .taps = 1, .rows = 1, .stride = GPU_PADDED (n) };
  if (known != NULL)
    return *known;
  if (self->error != NULL)
    return (GpuTensor) { 0 };
  GpuTensor tensor = remember (self, name, GPU_DTYPE_F32, 1, 1, n);
  if (tensor.storage != NULL)
    upload (self, &weight, &tensor, &layout);
  return tensor;
}

gboolean
gpu_bank_finish (GpuBank *self, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->staging) && self->error == NULL; i++)
    if (submit_staging (self, &self->staging[i]))
      gpu_device_wait (self->device, self->staging[i].done, &self->error);
  if (self->error == NULL)
    {
      for (guint i = 0; i < G_N_ELEMENTS (self->staging); i++)
        {
          g_clear_pointer (&self->staging[i].commands, gpu_commands_free);
          g_clear_pointer (&self->staging[i].buffer, gpu_buffer_unref);
          self->staging[i] = (Staging) { 0 };
        }
      return TRUE;
    }
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}
