#include "sfu-bench.h"

#include <math.h>
#include <sys/resource.h>

#include "sfu-bench-report.h"
#include "sfu-checkpoint.h"
#include "sfu-random-nets.h"
#include "sfu-tune.h"

/* Runs of everything that is timed but steps, of which the caller says how many. */
#define RUNS 3

/* A model, and the nets of it that are on the device. */
typedef struct {
  GpuDevice *device;
  GpuKernels kernels;
  GpuTuning *tuning;         /* NULL: the device is one that is never tuned */
  const char *arch;          /* NULL: the checkpoint */
  SfuCheckpoint *checkpoint;
  SfuRandomNets random;
  SfuNets copy;              /* of the checkpoint's nets */
} Source;

typedef struct {
  const SfuBenchOptions *options;
  Source source;
  GpuDtype dtype;
  guint width, height, steps;
  const SfuRequest *request;
  const SfuNets *nets;       /* the source's, as loaded last */
  SfuPrograms *programs;     /* of them */
  JsonObject *result;        /* borrowed */
  JsonArray *program_list;   /* the result's */
} Bench;

/* -- the model -- */

static void
source_clear (Source *self)
{
  sfu_random_nets_clear (&self->random);
  self->random = (SfuRandomNets) { 0 };
  sfu_nets_clear (&self->copy);
}

/* The nets with nothing on the device; those before are gone. */
static const SfuNets *
source_fresh (Source *self, GError **error)
{
  source_clear (self);
  if (self->arch == NULL)
    return sfu_checkpoint_copy_nets (self->checkpoint, &self->copy, error) ? &self->copy : NULL;
  if (!sfu_random_nets_init (&self->random, self->device, self->kernels, self->arch, GPU_DTYPE_F16, error))
    return NULL;
  self->random.nets.tuning = self->tuning;
  return &self->random.nets;
}

/* -- timing -- */

static double
now_ms (void)
{
  return g_get_monotonic_time () / 1000.0;
}

static void
say (Bench *self, const char *what)
{
  if (self->options->progress != NULL)
    self->options->progress (what, self->options->data);
}

typedef gboolean (*Work) (Bench *self, gpointer data, GError **error);

/* Does @work once to warm up, then @n times; the statistics go into the result under @name. @first: (out) (nullable):
 * how long the first time took. */
static gboolean
time_work (Bench *self, Work work, gpointer data, guint n, const char *name, double *first, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i <= n; i++)
    {
      double start = now_ms (), ms;
      if (!work (self, data, error))
        return FALSE;
      ms = now_ms () - start;
      if (i > 0)
        g_array_append_val (times, ms);
      else if (first != NULL)
        *first = ms;
    }
  json_object_set_object_member (self->result, name, sfu_report_times (times));
  return TRUE;
}

static void
add_program (Bench *self, const char *name, GpuProgram *program)
{
  g_autoptr (GpuProgramCost) cost = gpu_program_cost (program);
  json_array_add_object_element (self->program_list, sfu_report_program (name, cost));
}

/* -- what is timed -- */

/* Everything that painting needs, from nothing on the device to programs that could start. */
static gboolean
load_cb (Bench *self, gpointer data, GError **error)
{
  g_autoptr (GpuStorage) tokens = NULL, states = NULL;
  g_autoptr (GpuProgram) text = NULL;
  int branch;
  g_clear_pointer (&self->programs, sfu_programs_free);
  if ((self->nets = source_fresh (&self->source, error)) == NULL || !sfu_choose_branch (self->nets->unet, self->request, &branch, error))
    return FALSE;
  text = sfu_nets_text_program (self->nets, self->dtype, self->nets->clip->max_positions, &tokens, &states, error);
  if (text == NULL)
    return FALSE;
  self->programs = sfu_programs_new (self->nets, self->dtype, self->width, self->height, 2, self->nets->clip->max_positions, branch,
                                     error);
  return self->programs != NULL && sfu_programs_decoder (self->programs, FALSE, error) != NULL;
}

static gboolean
encode_cb (Bench *self, gpointer ids, GError **error)
{
  g_autofree float *states = sfu_nets_encode_prompt (self->nets, self->dtype, ids, self->nets->clip->max_positions, 1, NULL, error);
  return states != NULL;
}

static gboolean
run_cb (Bench *self, gpointer program, GError **error)
{
  return gpu_program_run_wait (program, NULL, error);
}

/* Whatever the table knew is measured again. */
static gboolean
tune (Bench *self, GError **error)
{
  g_autoptr (GpuTuner) tuner = NULL;
  gboolean ok;
  say (self, "tuning");
  gpu_tuning_clear (self->source.tuning);
  if (!load_cb (self, NULL, error) || (tuner = sfu_tuner_new (self->nets, self->programs, TRUE, error)) == NULL)
    return FALSE;
  g_clear_pointer (&self->programs, sfu_programs_free);
  source_clear (&self->source);
  ok = gpu_tuner_run (tuner, &(GpuTunerOptions) { 0 }, error);
  gpu_device_reset_peak (self->source.device);
  return ok;
}

static gboolean
measure_loading (Bench *self, GError **error)
{
  double first = 0;
  say (self, "loading");
  if (!time_work (self, load_cb, NULL, RUNS, "load_ms", &first, error))
    return FALSE;
  json_object_set_double_member (self->result, "first_load_ms", first);
  json_object_set_string_member (self->result, "weights_from", self->source.arch != NULL ? "device" : "file");
  return TRUE;
}

static gboolean
measure_encoder (Bench *self, GError **error)
{
  guint n = self->nets->clip->max_positions;
  g_autofree gint32 *ids = g_new0 (gint32, n);
  g_autoptr (GpuStorage) tokens = NULL, states = NULL;
  g_autoptr (GpuProgram) text = NULL;
  say (self, "text encoder");
  if (!time_work (self, encode_cb, ids, RUNS, "encode_ms", NULL, error))
    return FALSE;
  text = sfu_nets_text_program (self->nets, self->dtype, n, &tokens, &states, error);
  if (text == NULL || !gpu_transfer_write (self->nets->device, tokens, 0, ids, n * sizeof *ids, error)
      || !gpu_program_run_wait (text, NULL, error))
    return FALSE;
  add_program (self, "text encoder", text);
  return TRUE;
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
measure_program (Bench *self, const char *phase, GpuProgram *program, guint n, const char *key, const char *name, GError **error)
{
  say (self, phase);
  if (!time_work (self, run_cb, program, n, key, NULL, error))
    return FALSE;
  add_program (self, name, program);
  return TRUE;
}

static gboolean
measure_programs (Bench *self, GError **error)
{
  SfuPrograms *programs = self->programs;
  SfuPass *pass = &programs->pass;
  if (!write_calls (programs, error) || !gpu_program_run_wait (pass->context_program, NULL, error)
      || !gpu_program_run_wait (pass->schedule_program, NULL, error))
    return FALSE;
  add_program (self, "context", pass->context_program);
  add_program (self, "schedule", pass->schedule_program);
  return (programs->preview_program == NULL
          || measure_program (self, "previews", programs->preview_program, RUNS, "preview_ms", "preview", error))
         && measure_program (self, "decoder", sfu_programs_decoder (programs, FALSE, error), RUNS, "decode_ms", "decoder", error)
         && measure_program (self, "steps", pass->step_program, self->steps, "step_ms", "step", error)
         && (pass->cached_program == NULL
             || measure_program (self, "cached steps", pass->cached_program, self->steps, "cached_step_ms", "cached step", error));
}

static double
median (JsonObject *result, const char *key)
{
  return json_object_get_double_member (json_object_get_object_member (result, key), "median");
}

/* How much faster a run is in which every n-th step is a full one, if the others take @cached of @full. */
static double
deepcache_ratio (guint n, double full, double cached)
{
  return n * full / (full + (n - 1) * cached);
}

/* What reusing deep layers gains over a whole run: by its FLOP, and by the clock. */
static void
add_deepcache (Bench *self)
{
  SfuPass *pass = &self->programs->pass;
  guint n = self->request->deepcache.interval;
  JsonObject *gain;
  if (pass->cached_program == NULL)
    return;
  g_autoptr (GpuProgramCost) full = gpu_program_cost (pass->step_program), cached = gpu_program_cost (pass->cached_program);
  gain = json_object_new ();
  json_object_set_int_member (gain, "interval", n);
  json_object_set_int_member (gain, "branch", self->request->deepcache.branch);
  json_object_set_double_member (gain, "cached_gflop", cached->flop / 1e9);
  json_object_set_double_member (gain, "flop_ratio", deepcache_ratio (n, full->flop, cached->flop));
  json_object_set_double_member (gain, "time_ratio", deepcache_ratio (n, median (self->result, "step_ms"), median (self->result, "cached_step_ms")));
  json_object_set_object_member (self->result, "deepcache", gain);
}

/* Close to each other, so that a machine that is slow at times is so for both. */
static gboolean
measure_kernels (Bench *self, GError **error)
{
  GpuProgram *step = self->programs->pass.step_program;
  gboolean timed = gpu_device_limits (self->nets->device)->timestamp_ns > 0;
  g_autoptr (GpuProgramCost) cost = NULL;
  GpuRoofs roofs;
  say (self, "kernels");
  if ((cost = timed ? gpu_program_profile (step, RUNS, error) : gpu_program_cost (step)) == NULL)
    return FALSE;
  say (self, "what the device can do");
  if (!gpu_roofs_measure (self->nets->device, &roofs, error))
    return FALSE;
  json_object_set_object_member (self->result, "roofs", sfu_report_roofs (&roofs));
  json_object_set_int_member (self->result, "dispatches", cost->dispatches);
  json_object_set_int_member (self->result, "barriers", cost->barriers);
  json_object_set_int_member (self->result, "submissions", cost->submissions);
  json_object_set_int_member (self->result, "arena_bytes", cost->arena_bytes);
  json_object_set_double_member (self->result, "gflop", cost->flop / 1e9);
  sfu_report_kernels (self->result, cost, &roofs, self->dtype == GPU_DTYPE_F16, self->options->detail);
  return TRUE;
}

/* -- the whole -- */

static void
add_description (Bench *self)
{
  GpuDevice *device = self->source.device;
  const GpuDeviceInfo *info = gpu_device_info (device);
  json_object_set_string_member (self->result, "device", info->name);
  json_object_set_string_member (self->result, "driver", info->driver);
  json_object_set_string_member (self->result, "precision", self->dtype == GPU_DTYPE_F16 ? "fp16" : "fp32");
  json_object_set_string_member (self->result, "variant",
                                 gpu_kernels_name (gpu_kernels_form (device, self->dtype, self->source.kernels)));
  json_object_set_int_member (self->result, "width", self->width);
  json_object_set_int_member (self->result, "height", self->height);
  json_object_set_int_member (self->result, "steps", self->steps);
}

/* Before the roofs are measured, which takes memory too. */
static void
add_peaks (Bench *self)
{
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  json_object_set_int_member (self->result, "peak_device_bytes", gpu_device_peak_bytes (self->source.device));
  json_object_set_int_member (self->result, "peak_host_bytes", (gint64) usage.ru_maxrss * 1024);
}

static void
add_ratios (JsonObject *result)
{
  double step = median (result, "step_ms");
  json_object_set_double_member (result, "it_per_s", 1000 / step);
  json_object_set_double_member (result, "gflops", json_object_get_double_member (result, "gflop") / step * 1000);
  if (json_object_has_member (result, "preview_ms"))
    json_object_set_double_member (result, "preview_share", median (result, "preview_ms") / step);
}

static gboolean
measure (Bench *self, GError **error)
{
  add_description (self);
  self->program_list = json_array_new ();
  json_object_set_array_member (self->result, "programs", self->program_list);
  if ((self->options->tune && !tune (self, error)) || !measure_loading (self, error) || !measure_encoder (self, error) || !measure_programs (self, error))
    return FALSE;
  json_object_set_int_member (self->result, "tuned", self->source.tuning != NULL ? gpu_tuning_n_used (self->source.tuning) : 0);
  add_peaks (self);
  if (!measure_kernels (self, error))
    return FALSE;
  add_ratios (self->result);
  add_deepcache (self);
  return TRUE;
}

/* Kernels that the device cannot run would silently be replaced by others. */
static gboolean
check_kernels (GpuDevice *device, GpuDtype dtype, GpuKernels wanted, GError **error)
{
  if (wanted == GPU_KERNELS_BEST || gpu_kernels_form (device, dtype, wanted) == wanted)
    return TRUE;
  g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "%s cannot run the kernels “%s” in %s: leave --kernels out to get what suits it.",
               gpu_device_info (device)->name, gpu_kernels_name (wanted), dtype == GPU_DTYPE_F16 ? "fp16" : "fp32");
  return FALSE;
}

static gboolean
check_tuning (GpuDevice *device, gboolean software_too, GError **error)
{
  if (sfu_can_tune (device, software_too))
    return TRUE;
  g_set_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID, "%s is never tuned: %s Leave --tune out, or choose a graphics card by --device.",
               gpu_device_info (device)->name,
               gpu_device_info (device)->kind == GPU_DEVICE_SOFTWARE
                 ? "it is the processor, where the same form of kernels is the fastest for every shape."
                 : "its driver has no timestamps to measure by.");
  return FALSE;
}

JsonObject *
sfu_bench (const SfuEngineOptions *options, const SfuBenchOptions *bench_options, const SfuRequest *request, GError **error)
{
  GpuDeviceOptions device_options = { .wanted = options->device, .budget_bytes = options->budget_bytes,
                                      .cache_folder = options->cache_folder, .validate = options->validate,
                                      .no_timestamps = bench_options->untimed };
  g_autoptr (GpuDevice) device = gpu_device_new (&device_options, error);
  g_autoptr (GpuTuning) tuning = NULL;
  g_autoptr (JsonObject) result = json_object_new ();
  g_autoptr (SfuCheckpoint) checkpoint = NULL;
  guint side = 512;
  gboolean ok;
  if (device == NULL || (bench_options->tune && !check_tuning (device, options->tune_software, error)))
    return NULL;
  if (sfu_can_tune (device, options->tune_software))
    tuning = gpu_tuning_new (device, options->cache_folder);
  Bench bench = { .options = bench_options, .result = result, .request = request, .steps = request->steps,
                  .dtype = sfu_choose_dtype (device, request->precision),
                  .source = { .device = device, .kernels = options->kernels, .tuning = tuning, .arch = bench_options->arch } };
  if (!check_kernels (device, bench.dtype, options->kernels, error))
    return NULL;
  if (bench_options->arch == NULL)
    {
      checkpoint = sfu_checkpoint_new (device, options->kernels, tuning, request, options->model_folders, error);
      if (checkpoint == NULL)
        return NULL;
      bench.source.checkpoint = checkpoint;
      side = sfu_checkpoint_native_side (checkpoint);
    }
  json_object_set_string_member (result, "model", bench_options->arch != NULL ? bench_options->arch : request->model);
  bench.width = request->width > 0 ? request->width : side;
  bench.height = request->height > 0 ? request->height : side;
  ok = measure (&bench, error);
  g_clear_pointer (&bench.programs, sfu_programs_free);
  source_clear (&bench.source);
  if (ok)
    gpu_device_save_cache (device);
  return ok ? g_steal_pointer (&result) : NULL;
}
