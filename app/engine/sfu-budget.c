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

typedef struct {
  GpuProgram *program;
  guint64 bytes; /* of its arena */
  double flop;
} Plan;

static void
plan_clear (Plan *plan)
{
  g_clear_pointer (&plan->program, gpu_program_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static gboolean
plan_make (Plan *plan, const GpuStrips *strips, SfuBuild build, gpointer data, GError **error)
{
  g_autoptr (GpuProgramCost) cost = NULL;
  plan->program = build (strips, data, error);
  if (plan->program == NULL)
    return FALSE;
  cost = gpu_program_cost (plan->program);
  plan->bytes = gpu_program_arena_bytes (plan->program);
  plan->flop = cost->flop;
  return TRUE;
}

/* What is better: what keeps to the budget, of that what is less work, else what is smaller. */
static gboolean
is_better (const Plan *a, const Plan *b, guint64 budget)
{
  gboolean a_fits = a->bytes <= budget, b_fits = b->bytes <= budget;
  if (a_fits && b_fits)
    return a->flop < b->flop;
  return a_fits || (!b_fits && a->bytes < b->bytes);
}

/* The fewest strips of these levels that keep to the budget, if that is better than @best. FALSE on errors. */
static gboolean
try_strips (GpuStrips *strips, guint height, guint64 budget, SfuBuild build, gpointer data, Plan *best, GError **error)
{
  guint64 last = G_MAXUINT64;
  for (strips->count = 2; strips->count * MIN_STRIP_HEIGHT <= height; strips->count += MAX (strips->count / 4, 1))
    {
      g_auto (Plan) plan = { 0 };
      guint64 bytes;
      if (!plan_make (&plan, strips, build, data, error))
        return FALSE;
      bytes = plan.bytes;
      if (is_better (&plan, best, budget))
        {
          plan_clear (best);
          *best = plan;
          plan.program = NULL;
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
  g_auto (Plan) best = { 0 };
  if (!plan_make (&best, &strips, build, data, error))
    return NULL;
  if (best.bytes <= budget)
    return g_steal_pointer (&best.program);
  for (strips.levels = 1; strips.levels <= max_levels; strips.levels++)
    for (strips.fine = 0; strips.fine <= strips.levels; strips.fine++)
      if (!try_strips (&strips, height, budget, build, data, &best, error))
        return NULL;
  return g_steal_pointer (&best.program);
}
