/* memory.c: what painting takes beside the weights, for Stable Diffusion 1.5's shape: planned only, nothing is run. */
#include <glib.h>
#include <math.h>

#include "sfu-budget.h"
#include "sfu-random-nets.h"

/* Bytes of each program's arena, and of everything on the device that is not a weight. */
typedef struct {
  guint64 step, decoder, encoder, text, preview, all;
} Needs;

static GpuDevice *device;

static guint64
bytes_of (GpuProgram *program, const GError *error)
{
  g_assert_no_error (error);
  return gpu_program_arena_bytes (program);
}

static Needs
plan (GpuDtype dtype, guint side)
{
  g_autoptr (GError) error = NULL;
  SfuRandomNets random = { 0 };
  Needs needs = { 0 };
  guint64 weights;
  gpu_device_begin_rehearsal (device);
  g_assert_true (sfu_random_nets_init (&random, device, GPU_KERNELS_BEST, "sd15", GPU_DTYPE_F16, &error));
  {
    guint n_tokens = random.nets.clip->max_positions;
    g_autoptr (SfuPrograms) programs = sfu_programs_new (&random.nets, dtype, side, side, 2, n_tokens, SFU_NO_BRANCH, &error);
    g_assert_no_error (error);
    guint64 budget = sfu_budget_coder (device, programs->step_bytes);
    g_autoptr (GpuStorage) tokens = NULL, states = NULL, pixels = NULL, moments = NULL;
    g_autoptr (GpuProgram) text = sfu_nets_text_program (&random.nets, dtype, n_tokens, &tokens, &states, &error);
    g_autoptr (GpuProgram) encoder = sfu_nets_image_program (&random.nets, dtype, side, side, budget, &pixels, &moments, &error);
    needs.step = bytes_of (programs->pass.step_program, error);
    needs.decoder = bytes_of (sfu_programs_decoder (programs, FALSE, &error), error);
    needs.encoder = bytes_of (encoder, error);
    needs.text = bytes_of (text, error);
    needs.preview = bytes_of (programs->preview_program, error);
    g_assert_true (sfu_programs_reserve (programs, &error));
    weights = gpu_bank_bytes (random.nets.clip_bank) + gpu_bank_bytes (random.nets.unet_bank) + gpu_bank_bytes (random.nets.vae_bank)
              + gpu_bank_bytes (random.nets.taesd_bank);
  }
  sfu_random_nets_clear (&random);
  needs.all = gpu_device_end_rehearsal (device);
  /* Where one block is larger than the device lends the sum is not told. */
  if (needs.all < G_MAXUINT64)
    needs.all -= weights;
  g_test_message ("%s %u x %u: step %.0f, decoder %.0f, encoder %.0f, text %.0f, preview %.0f, all %.0f MB", dtype == GPU_DTYPE_F16 ? "fp16" : "fp32",
                  side, side, needs.step * 1e-6, needs.decoder * 1e-6, needs.encoder * 1e-6, needs.text * 1e-6, needs.preview * 1e-6,
                  needs.all < G_MAXUINT64 ? needs.all * 1e-6 : INFINITY);
  return needs;
}

/* Both arenas; all programs but the preview's share one. */
static guint64
arenas (const Needs *needs)
{
  return MAX (MAX (needs->step, needs->text), MAX (needs->decoder, needs->encoder)) + needs->preview;
}

/* What the program promises for the size that the model was made for. */
static void
test_usual_size (void)
{
  Needs needs = plan (GPU_DTYPE_F16, 512);
  g_assert_cmpuint (needs.all, <=, 250000000);
}

/* No picture size is lost to decoder, encoder or previews: they follow the step, and the step follows the pixels. */
static void
test_growth (gconstpointer data)
{
  GpuDtype dtype = GPOINTER_TO_UINT (data);
  Needs last = { 0 };
  for (guint side = 512; side <= 2048; side *= 2)
    {
      Needs needs = plan (dtype, side);
      g_assert_cmpuint (needs.decoder, <=, sfu_budget_coder (device, needs.step));
      g_assert_cmpuint (needs.encoder, <=, sfu_budget_coder (device, needs.step));
      g_assert_cmpuint (needs.preview, <=, sfu_budget_preview (device, needs.step));
      if (side > 512)
        g_assert_cmpuint (arenas (&needs), <=, 4.1 * arenas (&last));
      last = needs;
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_test_init (&argc, &argv, NULL);
  device = gpu_device_new (&(GpuDeviceOptions) { .validate = TRUE }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/memory/usual-size", test_usual_size);
  g_test_add_data_func ("/memory/growth-fp16", GUINT_TO_POINTER (GPU_DTYPE_F16), test_growth);
  g_test_add_data_func ("/memory/growth-fp32", GUINT_TO_POINTER (GPU_DTYPE_F32), test_growth);
  int status = g_test_run ();
  g_clear_pointer (&device, gpu_device_unref);
  return status;
}
