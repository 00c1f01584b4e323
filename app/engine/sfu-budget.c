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

static double
work_of (GpuProgram *program)
{
  g_autoptr (GpuProgramCost) cost = gpu_program_cost (program);
  return cost->flop;
}

/* What is better: what keeps to the budget, of that what is less work, else what is smaller. */
static gboolean
is_better (GpuProgram *a, GpuProgram *b, guint64 budget)
{
  gboolean a_fits = gpu_program_arena_bytes (a) <= budget, b_fits = gpu_program_arena_bytes (b) <= budget;
  if (a_fits && b_fits)
    return work_of (a) < work_of (b);
  return a_fits || (!b_fits && gpu_program_arena_bytes (a) < gpu_program_arena_bytes (b));
}

/* The fewest strips of these levels that keep to the budget, if that is better than @best. FALSE on errors. */
static gboolean
try_strips (GpuStrips *strips, guint height, guint64 budget, SfuBuild build, gpointer data, GpuProgram **best, GError **error)
{
  guint64 last = G_MAXUINT64;
  for (strips->count = 2; strips->count * MIN_STRIP_HEIGHT <= height; strips->count += MAX (strips->count / 4, 1))
    {
      g_autoptr (GpuProgram) program = build (strips, data, error);
      guint64 bytes;
      if (program == NULL)
        return FALSE;
      bytes = gpu_program_arena_bytes (program);
      if (is_better (program, *best, budget))
        {
          gpu_program_free (*best);
          *best = g_steal_pointer (&program);
        }
      /* More would be more work, or save nothing because the rest takes that much by now. */
      if (bytes <= budget || bytes >= last)
        break;
      last = bytes;
    }
  return TRUE;
}

GpuProgram *
sfu_budget_program (guint max_levels, guint height, guint64 budget, SfuBuild build, gpointer data, GError **error)
{
  GpuStrips strips = { .count = 1 };
  g_autoptr (GpuProgram) best = build (&strips, data, error);
  if (best == NULL || gpu_program_arena_bytes (best) <= budget)
    return g_steal_pointer (&best);
  for (strips.levels = 1; strips.levels <= max_levels; strips.levels++)
    for (strips.fine = 0; strips.fine <= strips.levels; strips.fine++)
      if (!try_strips (&strips, height, budget, build, data, &best, error))
        return NULL;
  return g_steal_pointer (&best);
}
