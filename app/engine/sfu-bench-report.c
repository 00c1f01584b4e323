#include "sfu-bench-report.h"

static int
by_value (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

JsonObject *
sfu_report_times (GArray *times)
{
  JsonObject *object = json_object_new ();
  g_array_sort (times, by_value);
  json_object_set_double_member (object, "median", g_array_index (times, double, times->len / 2));
  json_object_set_double_member (object, "min", g_array_index (times, double, 0));
  json_object_set_double_member (object, "max", g_array_index (times, double, times->len - 1));
  return object;
}

JsonObject *
sfu_report_program (const char *name, const GpuProgramCost *cost)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "name", name);
  json_object_set_int_member (object, "arena_bytes", cost->arena_bytes);
  json_object_set_int_member (object, "dispatches", cost->dispatches);
  json_object_set_int_member (object, "barriers", cost->barriers);
  json_object_set_int_member (object, "submissions", cost->submissions);
  json_object_set_double_member (object, "gflop", cost->flop / 1e9);
  return object;
}

JsonObject *
sfu_report_roofs (const GpuRoofs *roofs)
{
  JsonObject *object = json_object_new ();
  JsonArray *memory = json_array_new ();
  json_object_set_double_member (object, "multiply_gflops", roofs->multiply_flops / 1e9);
  if (roofs->coopmat_flops > 0)
    json_object_set_double_member (object, "coopmat_gflops", roofs->coopmat_flops / 1e9);
  for (guint i = 0; i < roofs->n_memory; i++)
    {
      JsonObject *step = json_object_new ();
      json_object_set_int_member (step, "bytes", roofs->memory[i].bytes);
      json_object_set_double_member (step, "gbytes_per_s", roofs->memory[i].rate / 1e9);
      json_array_add_object_element (memory, step);
    }
  json_object_set_array_member (object, "memory", memory);
  json_object_set_double_member (object, "dispatch_us", roofs->dispatch_ms * 1000);
  json_object_set_double_member (object, "submission_us", roofs->submission_ms * 1000);
  return object;
}

/* -- kernels -- */

static const char *const bound_names[] = {
  [GPU_BOUND_ARITHMETIC] = "arithmetic", [GPU_BOUND_MEMORY] = "memory", [GPU_BOUND_DISPATCH] = "dispatch",
};
static const char *const bound_words[] = {
  [GPU_BOUND_ARITHMETIC] = "arithmetic", [GPU_BOUND_MEMORY] = "memory", [GPU_BOUND_DISPATCH] = "the start of dispatches",
};

/* The least time of some shapes, by what limits each. */
typedef struct {
  double ms[G_N_ELEMENTS (bound_names)];
} Roof;

static double
roof_sum (const Roof *roof)
{
  double sum = 0;
  for (guint i = 0; i < G_N_ELEMENTS (roof->ms); i++)
    sum += roof->ms[i];
  return sum;
}

static GpuBound
roof_bound (const Roof *roof)
{
  GpuBound bound = 0;
  for (guint i = 1; i < G_N_ELEMENTS (roof->ms); i++)
    if (roof->ms[i] > roof->ms[bound])
      bound = i;
  return bound;
}

/* Of the shapes of @op; NULL: of all. */
static Roof
roof_of (const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, const char *op)
{
  Roof roof = { { 0 } };
  for (guint i = 0; i < cost->shapes->len; i++)
    {
      const GpuKernelCost *shape = &g_array_index (cost->shapes, GpuKernelCost, i);
      GpuBound bound;
      double ms = gpu_roofs_ms (roofs, shape, half, &bound);
      if (op == NULL || g_str_equal (op, shape->op))
        roof.ms[bound] += ms;
    }
  return roof;
}

/* Null where @known is FALSE: there was no clock. */
static void
set_measure (JsonObject *object, const char *name, gboolean known, double value)
{
  if (known)
    json_object_set_double_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
kernel_object (const GpuKernelCost *kernel, const Roof *roof, gboolean timed, double all_ms)
{
  JsonObject *object = json_object_new ();
  /* A clock that ticks too seldom for a kernel is no reason to divide by zero. */
  double ms = MAX (kernel->ms, 1e-6), roof_ms = roof_sum (roof);
  json_object_set_string_member (object, "name", kernel->op);
  if (kernel->kernel != NULL)
    {
      json_object_set_string_member (object, "kernel", kernel->kernel);
      json_object_set_int_member (object, "m", kernel->m);
      json_object_set_int_member (object, "n", kernel->n);
      json_object_set_int_member (object, "k", kernel->k);
    }
  json_object_set_int_member (object, "calls", kernel->calls);
  set_measure (object, "ms", timed, kernel->ms);
  set_measure (object, "share", timed, kernel->ms / MAX (all_ms, 1e-6));
  set_measure (object, "gflops", timed, kernel->flop / ms / 1e6);
  set_measure (object, "gbytes_per_s", timed, kernel->bytes / ms / 1e6);
  json_object_set_double_member (object, "roof_ms", roof_ms);
  set_measure (object, "roof_share", timed, roof_ms / ms);
  json_object_set_string_member (object, "bound", bound_names[roof_bound (roof)]);
  return object;
}

static void
add_shapes (JsonObject *result, const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, double all_ms)
{
  JsonArray *shapes = json_array_new ();
  for (guint i = 0; i < cost->shapes->len; i++)
    {
      const GpuKernelCost *shape = &g_array_index (cost->shapes, GpuKernelCost, i);
      Roof roof = { { 0 } };
      GpuBound bound;
      double ms = gpu_roofs_ms (roofs, shape, half, &bound);
      roof.ms[bound] = ms;
      json_array_add_object_element (shapes, kernel_object (shape, &roof, cost->timed, all_ms));
    }
  json_object_set_array_member (result, "shapes", shapes);
}

/* -- what follows -- */

static void
add_limits (JsonObject *result, double kernels_ms, gboolean timed, const Roof *roof)
{
  JsonObject *limits = json_object_new ();
  set_measure (limits, "kernels_ms", timed, kernels_ms);
  json_object_set_double_member (limits, "roof_ms", roof_sum (roof));
  json_object_set_double_member (limits, "arithmetic_ms", roof->ms[GPU_BOUND_ARITHMETIC]);
  json_object_set_double_member (limits, "memory_ms", roof->ms[GPU_BOUND_MEMORY]);
  json_object_set_double_member (limits, "dispatch_ms", roof->ms[GPU_BOUND_DISPATCH]);
  json_object_set_object_member (result, "limits", limits);
}

/* The kernel that takes longest, and the one that is furthest above its roof. */
static void
describe_kernels (GString *text, const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, double all_ms)
{
  const GpuKernelCost *longest = &g_array_index (cost->kernels, GpuKernelCost, 0), *gain = longest;
  double most = 0;
  Roof roof = roof_of (cost, roofs, half, longest->op);
  for (guint i = 0; i < cost->kernels->len; i++)
    {
      const GpuKernelCost *kernel = &g_array_index (cost->kernels, GpuKernelCost, i);
      Roof own = roof_of (cost, roofs, half, kernel->op);
      if (kernel->ms - roof_sum (&own) > most)
        {
          most = kernel->ms - roof_sum (&own);
          gain = kernel;
        }
    }
  g_string_append_printf (text, "%s takes %.0f %% of the kernels' time, limited by %s, at %.0f %% of what this device can do there. ",
                          longest->op, 100 * longest->ms / all_ms, bound_words[roof_bound (&roof)],
                          100 * roof_sum (&roof) / longest->ms);
  if (most > 0)
    g_string_append_printf (text, "Most is to be gained in %s: %.3g ms above its roof. ", gain->op, most);
}

static void
add_conclusion (JsonObject *result, const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, double all_ms, const Roof *roof)
{
  g_autoptr (GString) text = g_string_new (NULL);
  double step = json_object_get_double_member (json_object_get_object_member (result, "step_ms"), "median");
  if (cost->timed)
    {
      describe_kernels (text, cost, roofs, half, all_ms);
      if (step > 1.05 * all_ms)
        g_string_append_printf (text, "%.0f %% of a step pass between kernels. ", 100 * (1 - all_ms / step));
    }
  g_string_append_printf (text, "With every kernel at its roof a step would take %.3g ms instead of %.3g: %.3g of arithmetic, %.3g of memory, "
                          "%.3g of starting dispatches; the next limit is %s.", roof_sum (roof), step, roof->ms[GPU_BOUND_ARITHMETIC],
                          roof->ms[GPU_BOUND_MEMORY], roof->ms[GPU_BOUND_DISPATCH], bound_words[roof_bound (roof)]);
  json_object_set_string_member (result, "conclusion", text->str);
}

void
sfu_report_kernels (JsonObject *result, const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, gboolean detail)
{
  JsonArray *kernels = json_array_new ();
  Roof whole = roof_of (cost, roofs, half, NULL);
  double all_ms = 0;
  for (guint i = 0; i < cost->kernels->len; i++)
    all_ms += g_array_index (cost->kernels, GpuKernelCost, i).ms;
  for (guint i = 0; i < cost->kernels->len; i++)
    {
      const GpuKernelCost *kernel = &g_array_index (cost->kernels, GpuKernelCost, i);
      Roof roof = roof_of (cost, roofs, half, kernel->op);
      json_array_add_object_element (kernels, kernel_object (kernel, &roof, cost->timed, all_ms));
    }
  json_object_set_array_member (result, "kernels", kernels);
  if (detail)
    add_shapes (result, cost, roofs, half, all_ms);
  add_limits (result, all_ms, cost->timed, &whole);
  add_conclusion (result, cost, roofs, half, all_ms, &whole);
}
