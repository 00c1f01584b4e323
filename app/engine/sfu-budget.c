#include "sfu-budget.h"

/* With both a picture of 512x512 takes less than 250 MB beside the weights of Stable Diffusion 1.5. */
#define CODER_FLOOR 184000000
#define PREVIEW_FLOOR 44000000
/* A small device has less to give away: this part of its memory. */
#define FLOOR_PART 8
/* A preview may take this part of what the step takes: it is drawn beside it. */
#define PREVIEW_PART 4
/* Lower strips would be mostly their neighbours' rows. */
#define MIN_STRIP_HEIGHT 32

static guint64
budget (GpuDevice *device, guint64 bytes, guint64 floor)
{
  guint64 all = gpu_device_bytes (device) + gpu_device_available_bytes (device);
  return MAX (bytes, MIN (floor, all / FLOOR_PART));
}

guint64
sfu_budget_coder (GpuDevice *device, guint64 step_bytes)
{
  return budget (device, step_bytes, CODER_FLOOR);
}

guint64
sfu_budget_preview (GpuDevice *device, guint64 step_bytes)
{
  return budget (device, step_bytes / PREVIEW_PART, PREVIEW_FLOOR);
}

GpuProgram *
sfu_budget_program (guint max_levels, guint height, guint64 budget, SfuBuild build, gpointer data, GError **error)
{
  GpuStrips strips = { .levels = 0, .count = 1 };
  g_autoptr (GpuProgram) best = build (&strips, data, error);
  if (best == NULL)
    return NULL;
  for (strips.levels = 1; strips.levels <= max_levels; strips.levels++)
    {
      guint64 last = G_MAXUINT64;
      for (strips.count = 2; strips.count * MIN_STRIP_HEIGHT <= height; strips.count += MAX (strips.count / 4, 1))
        {
          g_autoptr (GpuProgram) program = NULL;
          guint64 bytes;
          if (gpu_program_arena_bytes (best) <= budget)
            return g_steal_pointer (&best);
          if ((program = build (&strips, data, error)) == NULL)
            return NULL;
          bytes = gpu_program_arena_bytes (program);
          if (bytes < gpu_program_arena_bytes (best))
            {
              gpu_program_free (best);
              best = g_steal_pointer (&program);
            }
          /* What is run whole takes that much by now: more strips save nothing. */
          if (bytes >= last)
            break;
          last = bytes;
        }
    }
  return g_steal_pointer (&best);
}
