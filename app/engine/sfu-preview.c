#include "sfu-preview.h"

/* Latent to RGB in -1..1, fitted by others over many pictures: ComfyUI's comfy/latent_formats.py (SD15),
 * rows are latent channels. */
static const float sd1_colours[4][3] = {
  { 0.3512f, 0.2297f, 0.3227f },
  { 0.3250f, 0.4974f, 0.2350f },
  { -0.2829f, 0.1762f, 0.2721f },
  { -0.2120f, -0.2616f, -0.7177f },
};

/* A picture at an eighth of the size, drawn large. */
static SfuImage *
estimate (SfuPreviewer *self, GError **error)
{
  const GpuSampler *s = &self->programs->sampler;
  guint pixels = s->h * s->w;
  g_autofree float *latent = g_new (float, self->programs->latent_floats);
  g_autofree float *rgb = g_new0 (float, 3 * pixels);
  g_autoptr (SfuImage) small = NULL;
  if (!gpu_transfer_read (self->programs->nets->device, s->x0, 0, latent, self->programs->latent_floats * sizeof (float), error))
    return NULL;
  for (guint i = 0; i < pixels; i++)
    for (guint c = 0; c < 3; c++)
      {
        float y = 0;
        for (guint j = 0; j < MIN (s->channels, 4); j++)
          y += latent[j * pixels + i] * sd1_colours[j][c];
        rgb[3 * i + c] = y * 0.5f + 0.5f;
      }
  small = sfu_image_new_from_floats (rgb, s->w, s->h);
  return sfu_image_resize (small, self->programs->width, self->programs->height);
}

void
sfu_previewer_begin (SfuPreviewer *self, guint step, guint n_steps)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuImage) image = NULL;
  gboolean wanted = sfu_job_wants_preview (self->job, step, n_steps);
  if (!wanted && (self->dump == NULL || self->programs->preview_program == NULL))
    return;
  if (self->programs->preview_program == NULL)
    {
      if ((image = estimate (self, &error)) != NULL)
        sfu_job_report_preview (self->job, image, self->picture, step);
    }
  else if (self->under_way)
    return;
  else if (gpu_program_run (self->programs->preview_program, 0, NULL, sfu_job_get_cancellable (self->job), &self->done, &error))
    {
      self->step = step;
      self->under_way = TRUE;
      if (sfu_job_get_previews (self->job) == SFU_PREVIEWS_ALL || self->dump != NULL)
        sfu_previewer_collect (self, TRUE);
    }
  /* What did not fit now will not fit after the next step. */
  if (g_error_matches (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY) && self->programs->preview_program != NULL)
    sfu_programs_drop_preview (self->programs);
  if (error != NULL)
    g_debug ("A preview was left out: %s", error->message);
}

void
sfu_previewer_collect (SfuPreviewer *self, gboolean wait)
{
  GpuDevice *device = self->programs->nets->device;
  guint width = self->programs->width, height = self->programs->height;
  const guint shape[] = { height, width, 3 };
  g_autofree float *pixels = NULL;
  g_autoptr (SfuImage) image = NULL;
  g_autoptr (GError) error = NULL;
  if (!self->under_way || (!wait && !gpu_device_reached (device, self->done)))
    return;
  self->under_way = FALSE;
  pixels = g_new (float, (gsize) width * height * 3);
  if (!gpu_device_wait (device, self->done, &error)
      || !gpu_transfer_read (device, self->programs->preview_pixels, 0, pixels, (guint64) width * height * 3 * sizeof (float), &error)
      || !sfu_dump_planes (self->dump, "preview", self->step - 1, pixels, shape, &error))
    {
      g_debug ("A preview was left out: %s", error->message);
      return;
    }
  image = sfu_image_new_from_floats (pixels, width, height);
  if (sfu_job_get_previews (self->job) != SFU_PREVIEWS_NONE)
    sfu_job_report_preview (self->job, image, self->picture, self->step);
}
