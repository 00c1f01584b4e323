#include "sfu-tune.h"

#include "sfu-budget.h"

/* Whoever waits for a first picture does not wait longer than this; shapes that are left are measured the next time. */
#define LIMIT_SECONDS 20

gboolean
sfu_can_tune (GpuDevice *device, gboolean software_too)
{
  gboolean software = gpu_device_info (device)->kind == GPU_DEVICE_SOFTWARE;
  return (!software || software_too) && gpu_device_limits (device)->timestamp_ns > 0;
}

static gboolean
add_encoders (GpuTuner *tuner, const SfuNets *nets, SfuPrograms *programs, gboolean encodes_images, GError **error)
{
  g_autoptr (GpuStorage) tokens = NULL, states = NULL, pixels = NULL, moments = NULL;
  g_autoptr (GpuProgram) text = NULL, image = NULL;
  /* Its shapes do not depend on the picture's size: where all others are known, they are too. */
  if (gpu_tuner_n_problems (tuner) > 0)
    {
      text = sfu_nets_text_program (nets, programs->dtype, nets->clip->max_positions, &tokens, &states, error);
      if (text == NULL)
        return FALSE;
      gpu_tuner_add (tuner, text);
    }
  if (!encodes_images)
    return TRUE;
  image = sfu_nets_image_program (nets, programs->dtype, programs->width, programs->height,
                                  sfu_budget_coder (nets->device, programs->step_bytes), &pixels, &moments, error);
  if (image != NULL)
    gpu_tuner_add (tuner, image);
  return image != NULL;
}

GpuTuner *
sfu_tuner_new (const SfuNets *nets, SfuPrograms *programs, gboolean encodes_images, GError **error)
{
  g_autoptr (GpuTuner) self = gpu_tuner_new (nets->device, nets->tuning);
  SfuPass *pass = sfu_programs_pass (programs, FALSE, error);
  GpuProgram *decoder = pass != NULL ? sfu_programs_decoder (programs, FALSE, error) : NULL;
  if (decoder == NULL)
    return NULL;
  gpu_tuner_add (self, pass->context_program);
  gpu_tuner_add (self, pass->schedule_program);
  gpu_tuner_add (self, pass->step_program);
  gpu_tuner_add (self, decoder);
  if (pass->cached_program != NULL)
    gpu_tuner_add (self, pass->cached_program);
  if (programs->preview_program != NULL)
    gpu_tuner_add (self, programs->preview_program);
  if (!add_encoders (self, nets, programs, encodes_images, error))
    return NULL;
  return g_steal_pointer (&self);
}

static SfuPrograms *
programs_for (SfuCheckpoint *checkpoint, const SfuRequest *request, GError **error)
{
  guint side = sfu_checkpoint_native_side (checkpoint);
  int branch;
  if (!sfu_choose_branch (sfu_checkpoint_nets (checkpoint)->unet, request, &branch, error))
    return NULL;
  return sfu_checkpoint_programs (checkpoint, request->width > 0 ? request->width : side, request->height > 0 ? request->height : side,
                                  request->guidance > 1 ? 2 : 1, 0, branch, error);
}

gboolean
sfu_tune (SfuCheckpoint *checkpoint, const SfuRequest *request, void (*progress) (guint done, guint total, gpointer data), gpointer data,
          GCancellable *cancellable, GError **error)
{
  const SfuNets *nets = sfu_checkpoint_nets (checkpoint);
  GpuTunerOptions options = { .progress = progress, .data = data, .cancellable = cancellable, .limit_s = LIMIT_SECONDS };
  g_autoptr (GpuTuner) tuner = NULL;
  SfuPrograms *programs;
  if (nets->tuning == NULL)
    return TRUE;
  if ((programs = programs_for (checkpoint, request, error)) == NULL
      || (tuner = sfu_tuner_new (nets, programs, request->image != NULL, error)) == NULL)
    return FALSE;
  if (gpu_tuner_n_problems (tuner) == 0)
    return TRUE;
  /* What was computed by other kernels may differ in its last digit: a first picture is to be the same as a later one. */
  sfu_checkpoint_forget_results (checkpoint);
  return gpu_tuner_run (tuner, &options, error) && (programs = programs_for (checkpoint, request, error)) != NULL
         && sfu_programs_decoder (programs, FALSE, error) != NULL;
}
