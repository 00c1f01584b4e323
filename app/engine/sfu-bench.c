#include "sfu-bench.h"

#include <math.h>
#include <sys/resource.h>

#include "sfu-checkpoint.h"
#include "sfu-random-nets.h"

/* -- timing -- */

static double
now_ms (void)
{
  return g_get_monotonic_time () / 1000.0;
}

static int
by_value (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

static JsonObject *
statistics (GArray *times)
{
  JsonObject *object = json_object_new ();
  g_array_sort (times, by_value);
  json_object_set_double_member (object, "median", g_array_index (times, double, times->len / 2));
  json_object_set_double_member (object, "min", g_array_index (times, double, 0));
  json_object_set_double_member (object, "max", g_array_index (times, double, times->len - 1));
  return object;
}

/* Runs a program once to warm up, then @n times; the statistics go into @result under @name. */
static gboolean
time_program (GpuProgram *program, guint n, JsonObject *result, const char *name, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  if (!gpu_program_run_wait (program, NULL, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      double start = now_ms (), ms;
      if (!gpu_program_run_wait (program, NULL, error))
        return FALSE;
      ms = now_ms () - start;
      g_array_append_val (times, ms);
    }
  json_object_set_object_member (result, name, statistics (times));
  return TRUE;
}

static gboolean
time_encoder (const SfuNets *nets, GpuDtype dtype, JsonObject *result, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree gint32 *ids = g_new0 (gint32, nets->clip->max_positions);
  for (guint i = 0; i < 3; i++)
    {
      double start = now_ms (), ms;
      g_autofree float *states = sfu_nets_encode_prompt (nets, dtype, ids, nets->clip->max_positions, 1, NULL, error);
      if (states == NULL)
        return FALSE;
      ms = now_ms () - start;
      if (i > 0) /* the first one loads the weights */
        g_array_append_val (times, ms);
    }
  json_object_set_object_member (result, "encode_ms", statistics (times));
  return TRUE;
}

static void
add_kernels (JsonObject *result, const GpuProgramCost *cost)
{
  JsonArray *kernels = json_array_new ();
  for (guint i = 0; i < cost->kernels->len; i++)
    {
      const GpuKernelCost *kernel = &g_array_index (cost->kernels, GpuKernelCost, i);
      JsonObject *object = json_object_new ();
      double seconds = MAX (kernel->ms, 1e-6) / 1000;
      json_object_set_string_member (object, "name", kernel->op);
      json_object_set_int_member (object, "calls", kernel->calls);
      json_object_set_double_member (object, "ms", kernel->ms);
      json_object_set_double_member (object, "gflops", kernel->flop / seconds / 1e9);
      json_object_set_double_member (object, "gbytes_per_s", kernel->bytes / seconds / 1e9);
      json_array_add_object_element (kernels, object);
    }
  json_object_set_array_member (result, "kernels", kernels);
  json_object_set_int_member (result, "dispatches", cost->dispatches);
  json_object_set_int_member (result, "barriers", cost->barriers);
  json_object_set_int_member (result, "submissions", cost->submissions);
  json_object_set_int_member (result, "arena_bytes", cost->arena_bytes);
  json_object_set_double_member (result, "gflop", cost->flop / 1e9);
}

/* A scheduler call that changes nothing, so that any number of steps stays in range. */
static gboolean
write_calls (SfuPrograms *programs, GError **error)
{
  GpuDevice *device = programs->nets->device;
  GpuStepCall call = { .timestep = 500, .input_scale = 1, .x0_clamp = 1 };
  GpuStepState state = { .n_slots = 1, .guidance = 7.5f };
  g_autofree GpuStepCall *calls = g_new (GpuStepCall, SFU_MAX_CALLS);
  g_autofree float *noise = g_new (float, programs->latent_floats);
  call.mix[3] = 1;
  for (guint i = 0; i < SFU_MAX_CALLS; i++)
    calls[i] = call;
  for (guint64 i = 0; i < programs->latent_floats; i++)
    noise[i] = sinf (i * 12.9898f);
  return gpu_transfer_write (device, programs->sampler.calls, 0, calls, SFU_MAX_CALLS * sizeof *calls, error)
         && gpu_transfer_write (device, programs->sampler.state, 0, &state, sizeof state, error)
         && gpu_transfer_write (device, programs->sampler.slots, 0, noise, programs->latent_floats * sizeof (float), error)
         && gpu_transfer_write (device, programs->sampler.x0, 0, noise, programs->latent_floats * sizeof (float), error);
}

static gboolean
measure (SfuPrograms *programs, guint steps, JsonObject *result, void (*progress) (const char *, gpointer), gpointer data,
         GError **error)
{
  SfuPass *pass = &programs->pass;
  GpuProgram *decoder;
  g_autoptr (GpuProgramCost) cost = NULL;
  progress ("steps", data);
  if (!write_calls (programs, error) || !gpu_program_run_wait (pass->context_program, NULL, error)
      || !time_program (pass->step_program, steps, result, "step_ms", error))
    return FALSE;
  progress ("kernels", data);
  cost = gpu_program_profile (pass->step_program, NULL);
  if (cost == NULL)
    cost = gpu_program_cost (pass->step_program);
  add_kernels (result, cost);
  progress ("previews", data);
  if (programs->preview_program != NULL && !time_program (programs->preview_program, 3, result, "preview_ms", error))
    return FALSE;
  progress ("decoder", data);
  decoder = sfu_programs_decoder (programs, FALSE, error);
  return decoder != NULL && time_program (decoder, 1, result, "decode_ms", error);
}

static void
add_summary (JsonObject *result, GpuDevice *device, const SfuPrograms *programs)
{
  const GpuDeviceInfo *info = gpu_device_info (device);
  double step = json_object_get_double_member (json_object_get_object_member (result, "step_ms"), "median");
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  json_object_set_string_member (result, "device", info->name);
  json_object_set_string_member (result, "driver", info->driver);
  json_object_set_string_member (result, "precision", programs->dtype == GPU_DTYPE_F16 ? "fp16" : "fp32");
  json_object_set_string_member (result, "variant", gpu_kernels_name (device, programs->dtype));
  json_object_set_int_member (result, "width", programs->width);
  json_object_set_int_member (result, "height", programs->height);
  json_object_set_double_member (result, "it_per_s", 1000 / step);
  json_object_set_double_member (result, "gflops", json_object_get_double_member (result, "gflop") / step * 1000);
  json_object_set_int_member (result, "peak_device_bytes", gpu_device_peak_bytes (device));
  json_object_set_int_member (result, "peak_host_bytes", (gint64) usage.ru_maxrss * 1024);
}

static gboolean
bench_nets (const SfuNets *nets, GpuDtype dtype, guint side, const SfuRequest *request, JsonObject *result,
            void (*progress) (const char *, gpointer), gpointer data, GError **error)
{
  double start = now_ms ();
  g_autoptr (SfuPrograms) programs = NULL;
  progress ("loading", data);
  programs = sfu_programs_new (nets, dtype, request->width > 0 ? request->width : side,
                               request->height > 0 ? request->height : side, 2, nets->clip->max_positions, error);
  if (programs == NULL)
    return FALSE;
  json_object_set_double_member (result, "load_ms", now_ms () - start);
  progress ("text encoder", data);
  if (!time_encoder (nets, dtype, result, error) || !measure (programs, request->steps, result, progress, data, error))
    return FALSE;
  add_summary (result, nets->device, programs);
  return TRUE;
}

static void
no_progress (const char *what, gpointer data)
{
}

JsonObject *
sfu_bench (const SfuEngineOptions *options, const char *arch, const SfuRequest *request,
           void (*progress) (const char *what, gpointer data), gpointer data, GError **error)
{
  GpuDeviceOptions device_options = { .wanted = options->device, .budget_bytes = options->budget_bytes,
                                      .cache_folder = options->cache_folder, .validate = options->validate };
  g_autoptr (GpuDevice) device = gpu_device_new (&device_options, error);
  g_autoptr (JsonObject) result = json_object_new ();
  gboolean ok;
  if (device == NULL)
    return NULL;
  if (progress == NULL)
    progress = no_progress;
  if (arch != NULL)
    {
      SfuRandomNets random = { 0 };
      GpuDtype dtype = sfu_choose_dtype (device, request->precision);
      ok = sfu_random_nets_init (&random, device, arch, error)
           && bench_nets (&random.nets, dtype, 512, request, result, progress, data, error);
      sfu_random_nets_clear (&random);
      json_object_set_string_member (result, "model", arch);
    }
  else
    {
      g_autoptr (SfuCheckpoint) checkpoint = sfu_checkpoint_new (device, GPU_KERNELS_BEST, request, options->model_folders, error);
      ok = checkpoint != NULL
           && bench_nets (sfu_checkpoint_nets (checkpoint), sfu_checkpoint_dtype (checkpoint),
                          sfu_checkpoint_native_side (checkpoint), request, result, progress, data, error);
      json_object_set_string_member (result, "model", request->model);
    }
  if (ok)
    gpu_device_save_cache (device);
  return ok ? g_steal_pointer (&result) : NULL;
}
