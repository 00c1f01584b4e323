#include "gpu-roofs.h"

#include "gpu-shader-params.h"

/* A measurement lasts at least this long, so that its start and end hardly count, and little longer than twice that,
 * so that some pass undisturbed on a machine that does other work too. The best is the roof: whatever disturbs makes
 * it slower. */
#define ENOUGH_MS 5
#define REPEATS 20

/* Workgroups enough to fill any device several times over, of this many invocations. */
#define GROUPS 4096
#define COPY_GROUPS 2048
#define COPY_LOCAL 128

#define CHAIN 500 /* dispatches */
#define SUBMISSIONS 100

static const guint64 memory_bytes[GPU_N_MEMORY_ROOFS] = { 4u << 20, 32u << 20, 512u << 20 };

typedef struct {
  GpuDevice *device;
  GpuCommands *commands;
} Bench;

static double
now_ms (void)
{
  return g_get_monotonic_time () / 1000.0;
}

/* Milliseconds from submitting what is recorded to its end; negative after an error. */
static double
time_commands (Bench *self, GError **error)
{
  double start = now_ms ();
  GpuPoint done;
  if (!gpu_commands_submit (self->commands, 0, NULL, &done, error) || !gpu_device_wait (self->device, done, error))
    return -1;
  return now_ms () - start;
}

static gboolean
record (Bench *self, GpuPipeline *pipeline, const RoofParams *push, guint groups, guint dispatches, GError **error)
{
  const guint base[3] = { 0, 0, 0 }, grid[3] = { groups, 1, 1 };
  if (!gpu_commands_begin (self->commands, error))
    return FALSE;
  for (guint i = 0; i < dispatches; i++)
    {
      gpu_commands_dispatch (self->commands, pipeline, push, sizeof *push, base, grid);
      gpu_commands_barrier (self->commands);
    }
  return gpu_commands_end (self->commands, error);
}

static double
best_of (Bench *self, guint n, GError **error)
{
  double best = -1;
  for (guint i = 0; i < n; i++)
    {
      double ms = time_commands (self, error);
      if (ms < 0)
        return -1;
      best = best < 0 ? ms : MIN (best, ms);
    }
  return best;
}

/* Units of work a second, where a dispatch does @unit * loops of them: goes round ever more often until it takes
 * long enough. Negative after an error. */
static double
rate (Bench *self, const char *shader, const GpuSpec *spec, RoofParams push, guint groups, double unit, GError **error)
{
  GpuPipeline *pipeline = gpu_pipeline_get (self->device, shader, spec, sizeof push, error);
  double ms = 0;
  if (pipeline == NULL)
    return -1;
  for (push.loops = 1; push.loops < 1u << 24; push.loops *= 2)
    {
      /* Software compiles a kernel when it first runs. */
      if (!record (self, pipeline, &push, groups, 1, error) || (ms = best_of (self, push.loops == 1 ? 2 : 1, error)) < 0)
        return -1;
      if (ms >= ENOUGH_MS)
        break;
    }
  ms = best_of (self, REPEATS, error);
  return ms < 0 ? -1 : unit * push.loops / ms * 1000;
}

static gboolean
measure_multiplies (Bench *self, GpuRoofs *roofs, guint64 scratch, GError **error)
{
  guint local = 4 * gpu_device_limits (self->device)->subgroup_size;
  GpuSpec spec = { .n = 1, .value = { local } };
  roofs->multiply_flops = rate (self, "roof-multiply", &spec, (RoofParams) { .to = scratch }, GROUPS,
                                2.0 * ROOF_MULTIPLIES * local * GROUPS, error);
  return roofs->multiply_flops > 0;
}

static gboolean
measure_matrices (Bench *self, GpuRoofs *roofs, guint64 scratch, GError **error)
{
  const GpuLimits *limits = gpu_device_limits (self->device);
  for (guint i = 0; i < limits->n_coopmat; i++)
    {
      GpuCoopmatShape shape = limits->coopmat[i];
      GpuSpec spec = { .n = SPEC_COOPMAT_K + 1, .value = { 4 * limits->subgroup_size } };
      g_autoptr (GError) refused = NULL;
      double flops;
      if (MAX (MAX (shape.m, shape.n), shape.k) > ROOF_MATRIX)
        continue;
      spec.value[SPEC_COOPMAT_M] = shape.m;
      spec.value[SPEC_COOPMAT_N] = shape.n;
      spec.value[SPEC_COOPMAT_K] = shape.k;
      /* Four subgroups a workgroup, eight products a round. */
      flops = rate (self, "roof-coopmat", &spec, (RoofParams) { .to = scratch }, GROUPS,
                    2.0 * shape.m * shape.n * shape.k * 8 * 4 * GROUPS, &refused);
      if (flops < 0 && !g_error_matches (refused, GPU_ERROR, GPU_ERROR_UNSUPPORTED))
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      roofs->coopmat_flops = MAX (roofs->coopmat_flops, flops);
    }
  return TRUE;
}

/* @bytes of memory, half of them read and half written. */
static gboolean
measure_copy (Bench *self, GpuRoofs *roofs, guint64 bytes, GError **error)
{
  const guint64 slice = ROOF_SLICE * 16;
  g_autoptr (GpuBuffer) buffer = gpu_buffer_new (self->device, bytes, GPU_MEMORY_DEVICE, "memory roof", error);
  GpuSpec spec = { .n = 1, .value = { COPY_LOCAL } };
  double bytes_per_second;
  if (buffer == NULL || !gpu_commands_begin (self->commands, error))
    return FALSE;
  /* Written once before it is read: some systems hand out no real memory before. */
  gpu_commands_fill (self->commands, buffer, 0, bytes, 0x3c003c00);
  if (!gpu_commands_end (self->commands, error) || time_commands (self, error) < 0)
    return FALSE;
  RoofParams push = { .from = gpu_buffer_address (buffer), .to = gpu_buffer_address (buffer) + bytes / 2, .slices = bytes / 2 / slice };
  bytes_per_second = rate (self, "roof-copy", &spec, push, COPY_GROUPS, 2.0 * slice * COPY_GROUPS, error);
  if (bytes_per_second < 0)
    return FALSE;
  roofs->memory[roofs->n_memory].bytes = bytes;
  roofs->memory[roofs->n_memory++].rate = bytes_per_second;
  return TRUE;
}

static gboolean
measure_memory (Bench *self, GpuRoofs *roofs, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (memory_bytes); i++)
    {
      g_autoptr (GError) lack = NULL;
      if (i > 0 && memory_bytes[i] > gpu_device_available_bytes (self->device) / 2)
        break;
      if (measure_copy (self, roofs, memory_bytes[i], &lack))
        continue;
      if (i > 0 && g_error_matches (lack, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY))
        break;
      g_propagate_error (error, g_steal_pointer (&lack));
      return FALSE;
    }
  /* What is smaller is never slower: where it seemed so, something disturbed. */
  for (guint i = roofs->n_memory - 1; i > 0; i--)
    roofs->memory[i - 1].rate = MAX (roofs->memory[i - 1].rate, roofs->memory[i].rate);
  return TRUE;
}

static gboolean
measure_overheads (Bench *self, GpuRoofs *roofs, guint64 scratch, GError **error)
{
  GpuSpec spec = { .n = 1, .value = { gpu_device_limits (self->device)->subgroup_size } };
  RoofParams push = { .to = scratch };
  GpuPipeline *pipeline = gpu_pipeline_get (self->device, "roof-count", &spec, sizeof push, error);
  double one, chain;
  if (pipeline == NULL || !record (self, pipeline, &push, 1, 1, error) || (one = best_of (self, SUBMISSIONS, error)) < 0
      || !record (self, pipeline, &push, 1, CHAIN, error) || (chain = best_of (self, REPEATS, error)) < 0)
    return FALSE;
  roofs->dispatch_ms = MAX (chain - one, 0) / (CHAIN - 1);
  roofs->submission_ms = MAX (one - roofs->dispatch_ms, 0);
  return TRUE;
}

gboolean
gpu_roofs_measure (GpuDevice *device, GpuRoofs *roofs, GError **error)
{
  g_autoptr (GpuBuffer) scratch = gpu_buffer_new (device, 256, GPU_MEMORY_DEVICE, "roof", error);
  g_autoptr (GpuCommands) commands = NULL;
  *roofs = (GpuRoofs) { 0 };
  if (scratch == NULL || (commands = gpu_commands_new (device, "roofs", error)) == NULL)
    return FALSE;
  Bench bench = { device, commands };
  guint64 address = gpu_buffer_address (scratch);
  return measure_overheads (&bench, roofs, address, error) && measure_multiplies (&bench, roofs, address, error)
         && measure_matrices (&bench, roofs, address, error) && measure_memory (&bench, roofs, error);
}

/* Of the smallest measured amount that is not less than @bytes. */
static double
memory_rate (const GpuRoofs *self, double bytes)
{
  guint i = 0;
  while (i + 1 < self->n_memory && self->memory[i].bytes < bytes)
    i++;
  return self->memory[i].rate;
}

double
gpu_roofs_ms (const GpuRoofs *self, const GpuKernelCost *cost, gboolean half, GpuBound *bound)
{
  /* Only products have a depth, and only they can use matrices. */
  double flops = half && cost->k > 0 ? MAX (self->multiply_flops, self->coopmat_flops) : self->multiply_flops;
  const double ms[] = {
    [GPU_BOUND_ARITHMETIC] = cost->flop / flops * 1000,
    [GPU_BOUND_MEMORY] = cost->bytes / memory_rate (self, cost->bytes / MAX (cost->calls, 1)) * 1000,
    [GPU_BOUND_DISPATCH] = cost->calls * self->dispatch_ms,
  };
  *bound = GPU_BOUND_ARITHMETIC;
  for (guint i = 1; i < G_N_ELEMENTS (ms); i++)
    if (ms[i] > ms[*bound])
      *bound = i;
  return ms[*bound];
}
