#include "gpu-uploader.h"

#include <string.h>

#include "gpu-shader-params.h"

#define STAGING_BYTES (16u << 20)

typedef struct {
  GpuBuffer *buffer;
  GpuCommands *commands;
  GpuPoint done;
  guint64 used;
  gboolean recording;
} Staging;

struct _GpuUploader {
  GpuDevice *device;
  Staging staging[2];
  guint current;
  GpuUploadWatch watch;
  gpointer watch_data;
};

guint
gpu_layout_taps (const GpuLayout *self)
{
  return self->flags & PACK_PHASES ? 16 : self->taps;
}

static guint
row_stride (const GpuLayout *layout)
{
  return layout->row_stride > 0 ? layout->row_stride : gpu_layout_taps (layout) * layout->stride;
}

GpuUploader *
gpu_uploader_new (GpuDevice *device)
{
  GpuUploader *self = g_new0 (GpuUploader, 1);
  self->device = gpu_device_ref (device);
  return self;
}

static void
drop_staging (GpuUploader *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->staging); i++)
    {
      g_clear_pointer (&self->staging[i].commands, gpu_commands_free);
      g_clear_pointer (&self->staging[i].buffer, gpu_buffer_unref);
      self->staging[i] = (Staging) { 0 };
    }
}

void
gpu_uploader_free (GpuUploader *self)
{
  if (self == NULL)
    return;
  drop_staging (self);
  gpu_device_unref (self->device);
  g_free (self);
}

void
gpu_uploader_set_watch (GpuUploader *self, GpuUploadWatch watch, gpointer data)
{
  self->watch = watch;
  self->watch_data = data;
}

static gboolean
submit (GpuUploader *self, Staging *staging, GError **error)
{
  if (!staging->recording)
    return TRUE;
  staging->recording = FALSE;
  return gpu_commands_end (staging->commands, error) && gpu_commands_submit (staging->commands, 0, NULL, &staging->done, error);
}

/* The staging buffer with room for @bytes, its commands open for recording; NULL after an error. */
static Staging *
begin (GpuUploader *self, guint64 bytes, GError **error)
{
  Staging *staging = &self->staging[self->current];
  if (staging->recording && staging->used + bytes > STAGING_BYTES)
    {
      if (!submit (self, staging, error))
        return NULL;
      self->current = (self->current + 1) % G_N_ELEMENTS (self->staging);
      staging = &self->staging[self->current];
    }
  if (staging->recording)
    return staging;

  if (staging->buffer == NULL
      && (staging->buffer = gpu_buffer_new (self->device, STAGING_BYTES, GPU_MEMORY_UPLOAD, "weight staging", error)) == NULL)
    return NULL;
  if (staging->commands == NULL && (staging->commands = gpu_commands_new (self->device, "weight upload", error)) == NULL)
    return NULL;
  if (!gpu_device_wait (self->device, staging->done, error) || !gpu_commands_begin (staging->commands, error))
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

/* "pack" or "random", which have the same constants. */
static GpuPipeline *
get_pipeline (GpuUploader *self, const char *shader, GpuDtype from, GpuDtype to, guint push_bytes, GError **error)
{
  GpuSpec spec = { .n = 3, .value = { gpu_device_limits (self->device)->subgroup_size, pack_type (from), pack_type (to) } };
  return gpu_pipeline_get (self->device, shader, &spec, push_bytes, error);
}

static guint64
address_of (const GpuTensor *tensor)
{
  return gpu_buffer_address (tensor->storage->buffer) + tensor->storage->offset + tensor->offset;
}

static void
record_pack (GpuUploader *self, GpuCommands *commands, GpuPipeline *pipeline, guint64 from, guint64 to, const GpuLayout *layout,
             guint first, guint n, guint rows)
{
  guint local = gpu_device_limits (self->device)->subgroup_size;
  PackParams push = { .from = from, .to = to, .n = n, .rows = rows, .c = layout->k, .taps = layout->taps, .k_stride = layout->stride,
                      .row_stride = row_stride (layout), .flags = layout->flags, .first_row = first, .all_rows = layout->n };
  const guint base[3] = { 0, 0, 0 };
  const guint groups[3] = { (gpu_layout_taps (layout) * layout->stride + local - 1) / local, MIN (rows, GRID_FOLD),
                            (rows + GRID_FOLD - 1) / GRID_FOLD };
  /* What is added to may have been written just before. */
  if (layout->flags & PACK_ADD)
    gpu_commands_barrier (commands);
  gpu_commands_dispatch (commands, pipeline, &push, sizeof push, base, groups);
}

gboolean
gpu_uploader_pack (GpuUploader *self, const GpuWeight *weight, const GpuTensor *to, const GpuLayout *layout, GError **error)
{
  guint64 row_bytes = (guint64) layout->k * layout->taps * gpu_dtype_bytes (weight->dtype);
  /* Interleaved rows find their places by themselves. */
  guint64 to_row_bytes = layout->flags & PACK_GEGLU ? 0 : (guint64) row_stride (layout) * gpu_dtype_bytes (to->dtype);
  guint piece = MAX (1, MIN (layout->n, STAGING_BYTES / 4 / row_bytes));
  GpuPipeline *pipeline = get_pipeline (self, "pack", weight->dtype, to->dtype, sizeof (PackParams), error);

  if (pipeline == NULL || gpu_device_is_rehearsing (self->device))
    return pipeline != NULL;
  if (row_bytes > STAGING_BYTES)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The tensor %s has rows of %" G_GUINT64_FORMAT
                   " bytes, which is more than any known model has.", weight->name, row_bytes);
      return FALSE;
    }
  for (guint row = 0; row < layout->n; row += piece)
    {
      guint n = MIN (piece, layout->n - row);
      gboolean last = row + n == layout->n;
      Staging *staging = begin (self, n * row_bytes, error);
      if (staging == NULL)
        return FALSE;
      memcpy ((guint8 *) gpu_buffer_map (staging->buffer) + staging->used,
              (const guint8 *) weight->data + row * row_bytes, n * row_bytes);
      record_pack (self, staging->commands, pipeline, gpu_buffer_address (staging->buffer) + staging->used,
                   address_of (to) + row * to_row_bytes, layout, row, n, last ? layout->rows - row : n);
      staging->used += (n * row_bytes + 255) & ~(guint64) 255;
      if (self->watch != NULL && !self->watch (n * row_bytes, self->watch_data))
        {
          g_set_error_literal (error, GPU_ERROR, GPU_ERROR_CANCELLED, "Stopped.");
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
gpu_uploader_fill_random (GpuUploader *self, const GpuTensor *to, const GpuLayout *layout, guint seed, GError **error)
{
  guint local = gpu_device_limits (self->device)->subgroup_size;
  guint64 count = (guint64) layout->rows * row_stride (layout);
  /* It reads nothing: the first type says nothing. */
  GpuPipeline *pipeline = get_pipeline (self, "random", GPU_DTYPE_F32, to->dtype, sizeof (RandomParams), error);
  if (pipeline == NULL || gpu_device_is_rehearsing (self->device))
    return pipeline != NULL;
  RandomParams push = { .to = address_of (to), .count = count, .seed = seed, .scale = layout->random_scale,
                        .offset_ = layout->random_offset };
  const guint base[3] = { 0, 0, 0 };
  guint n_groups = (count + local - 1) / local;
  const guint groups[3] = { MIN (n_groups, GRID_FOLD), (n_groups + GRID_FOLD - 1) / GRID_FOLD, 1 };
  Staging *staging = begin (self, 0, error);
  if (staging == NULL)
    return FALSE;
  gpu_commands_dispatch (staging->commands, pipeline, &push, sizeof push, base, groups);
  return TRUE;
}

gboolean
gpu_uploader_finish (GpuUploader *self, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->staging); i++)
    if (!submit (self, &self->staging[i], error) || !gpu_device_wait (self->device, self->staging[i].done, error))
      return FALSE;
  drop_staging (self);
  return TRUE;
}
