/* gpu-profile.c: what a program's dispatches cost: counted, and timed one by one. */
#include "gpu-program-private.h"

/* A stretch of the program that is submitted by itself, so that no submission is long. */
typedef struct {
  GpuCommands *commands;
  guint first, n; /* dispatches */
} Stretch;

static void
stretch_clear (gpointer data)
{
  gpu_commands_free (((Stretch *) data)->commands);
}

static const GpuDispatch *
nth (GpuProgram *self, guint i)
{
  return &g_array_index (self->ops->dispatches, GpuDispatch, i);
}

static gboolean
is_of (const GpuKernelCost *cost, const GpuKernelCost *key)
{
  return g_str_equal (cost->op, key->op) && g_strcmp0 (cost->kernel, key->kernel) == 0 && cost->m == key->m && cost->n == key->n
         && cost->k == key->k;
}

static void
add (GArray *costs, const GpuKernelCost *key, const GpuDispatch *dispatch, double ms)
{
  guint i = 0;
  while (i < costs->len && !is_of (&g_array_index (costs, GpuKernelCost, i), key))
    i++;
  if (i == costs->len)
    g_array_append_vals (costs, key, 1);
  GpuKernelCost *cost = &g_array_index (costs, GpuKernelCost, i);
  cost->calls++;
  cost->flop += dispatch->flop;
  cost->bytes += dispatch->bytes;
  cost->ms += ms;
}

static int
by_cost (gconstpointer a, gconstpointer b)
{
  const GpuKernelCost *x = a, *y = b;
  if (x->ms != y->ms)
    return x->ms < y->ms ? 1 : -1;
  return x->flop < y->flop ? 1 : x->flop > y->flop ? -1 : 0;
}

/* @ms: of each dispatch, or NULL. */
static GpuProgramCost *
count_cost (GpuProgram *self, const double *ms)
{
  GpuProgramCost *cost = g_new0 (GpuProgramCost, 1);
  cost->kernels = g_array_new (FALSE, TRUE, sizeof (GpuKernelCost));
  cost->shapes = g_array_new (FALSE, TRUE, sizeof (GpuKernelCost));
  cost->dispatches = self->ops->dispatches->len;
  cost->barriers = self->barriers;
  cost->submissions = self->pieces->len;
  cost->arena_bytes = self->arena_bytes;
  cost->timed = ms != NULL;
  for (guint i = 0; i < self->ops->dispatches->len; i++)
    {
      const GpuDispatch *dispatch = nth (self, i);
      GpuKernelCost op = { .op = dispatch->op };
      GpuKernelCost shape = { .op = dispatch->op, .kernel = gpu_pipeline_name (dispatch->pipeline),
                              .m = dispatch->m, .n = dispatch->n, .k = dispatch->k };
      add (cost->kernels, &op, dispatch, ms != NULL ? ms[i] : 0);
      add (cost->shapes, &shape, dispatch, ms != NULL ? ms[i] : 0);
      cost->flop += dispatch->flop;
      cost->bytes += dispatch->bytes;
    }
  g_array_sort (cost->kernels, by_cost);
  g_array_sort (cost->shapes, by_cost);
  return cost;
}

GpuProgramCost *
gpu_program_cost (GpuProgram *self)
{
  return count_cost (self, NULL);
}

void
gpu_program_cost_free (GpuProgramCost *cost)
{
  if (cost == NULL)
    return;
  g_array_unref (cost->kernels);
  g_array_unref (cost->shapes);
  g_free (cost);
}

/* -- timing -- */

/* Dispatches from @first on that a submission may hold: one at least. */
static guint
stretch_length (GpuProgram *self, guint first)
{
  double limit = gpu_device_limits (self->ops->device)->submit_flop, flop = 0;
  guint n = 0;
  while (first + n < self->ops->dispatches->len && (n == 0 || flop + nth (self, first + n)->flop <= limit))
    flop += nth (self, first + n++)->flop;
  return n;
}

static gboolean
record_stretch (GpuProgram *self, const Stretch *stretch, GError **error)
{
  GpuCommands *commands = stretch->commands;
  if (!gpu_commands_begin (commands, error) || !gpu_commands_begin_timestamps (commands, stretch->n + 1, error))
    return FALSE;
  /* What the stretch before wrote. */
  gpu_commands_barrier (commands);
  gpu_commands_timestamp (commands);
  for (guint i = 0; i < stretch->n; i++)
    {
      const GpuDispatch *dispatch = nth (self, stretch->first + i);
      const guint base[3] = { 0, 0, 0 };
      gpu_commands_dispatch (commands, dispatch->pipeline, dispatch->push, dispatch->push_bytes, base, dispatch->groups);
      gpu_commands_barrier (commands);
      gpu_commands_timestamp (commands);
    }
  return gpu_commands_end (commands, error);
}

/* (element-type Stretch): the whole program, recorded. */
static GArray *
record_stretches (GpuProgram *self, GError **error)
{
  g_autoptr (GArray) stretches = g_array_new (FALSE, TRUE, sizeof (Stretch));
  g_array_set_clear_func (stretches, stretch_clear);
  for (guint first = 0; first < self->ops->dispatches->len;)
    {
      Stretch stretch = { .commands = gpu_commands_new (self->ops->device, self->name, error), .first = first,
                          .n = stretch_length (self, first) };
      if (stretch.commands == NULL)
        return NULL;
      g_array_append_val (stretches, stretch);
      if (!record_stretch (self, &stretch, error))
        return NULL;
      first += stretch.n;
    }
  return g_steal_pointer (&stretches);
}

/* Runs @stretch; milliseconds of its dispatches into @ms. */
static gboolean
time_stretch (GpuProgram *self, const Stretch *stretch, double *ms, GError **error)
{
  GpuDevice *device = self->ops->device;
  double tick_ms = gpu_device_limits (device)->timestamp_ns * 1e-6;
  g_autofree guint64 *ticks = g_new (guint64, stretch->n + 1);
  GpuPoint done;
  if (!gpu_commands_submit (stretch->commands, 0, NULL, &done, error) || !gpu_device_wait (device, done, error)
      || !gpu_commands_read_timestamps (stretch->commands, ticks, stretch->n + 1, error))
    return FALSE;
  for (guint i = 0; i < stretch->n; i++)
    ms[i] = (ticks[i + 1] - ticks[i]) * tick_ms;
  return TRUE;
}

static int
by_value (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

GpuProgramCost *
gpu_program_profile (GpuProgram *self, guint runs, GError **error)
{
  guint n = self->ops->dispatches->len;
  g_autofree double *times = g_new (double, n * runs), *ms = g_new (double, n), *of_one = g_new (double, runs);
  g_autoptr (GArray) stretches = NULL;

  if (!gpu_program_record (self, error) || (stretches = record_stretches (self, error)) == NULL)
    return NULL;
  for (guint run = 0; run < runs; run++)
    for (guint i = 0; i < stretches->len; i++)
      {
        const Stretch *stretch = &g_array_index (stretches, Stretch, i);
        if (!time_stretch (self, stretch, times + run * n + stretch->first, error))
          return NULL;
      }
  for (guint i = 0; i < n; i++)
    {
      for (guint run = 0; run < runs; run++)
        of_one[run] = times[run * n + i];
      qsort (of_one, runs, sizeof *of_one, by_value);
      ms[i] = of_one[runs / 2];
    }
  return count_cost (self, ms);
}
