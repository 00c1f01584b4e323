/* engine.c: jobs on the engine's thread: order, previews, stopping, errors, memory, and 16 bits that overflow. */
#include <glib/gstdio.h>
#include <gpu-error.h>
#include <math.h>
#include <string.h>

#include "sfu-bench.h"
#include "sfu-checkpoint.h"
#include "sfu-engine.h"
#include "sfu-model-error.h"

typedef struct {
  GMainLoop *loop;
  guint steps, previews, pictures, notes, ended;
  char *last_note;
  guint8 first_pixel[16];
  SfuImage *image;
} Watch;

static SfuEngine *
engine_with (GpuKernels kernels, guint64 budget)
{
  SfuEngineOptions options = { .validate = TRUE, .budget_bytes = budget, .kernels = kernels };
  return sfu_engine_new (&options);
}

static SfuEngine *
engine_new (guint64 budget)
{
  return engine_with (GPU_KERNELS_BEST, budget);
}

static SfuRequest *
request_new (guint steps, guint side)
{
  SfuRequest *request = sfu_request_new ();
  g_free (request->model);
  request->model = g_build_filename (g_getenv ("SFU_FIXTURES"), "model", NULL);
  g_set_str (&request->prompt, "a red boat");
  g_set_str (&request->scheduler, "ddim");
  request->steps = steps;
  request->width = request->height = side;
  request->seed = 3;
  return request;
}

static void
state_cb (SfuJob *job, Watch *watch)
{
  if (sfu_job_get_state (job) >= SFU_JOB_DONE)
    {
      watch->ended++;
      g_main_loop_quit (watch->loop);
    }
}

static void
step_cb (SfuJob *job, guint picture, guint step, double ms, Watch *watch)
{
  g_assert_cmpfloat (ms, >, 0);
  watch->steps++;
}

static void
preview_cb (SfuJob *job, SfuImage *image, guint picture, guint step, Watch *watch)
{
  watch->previews++;
}

static void
picture_cb (SfuJob *job, SfuImage *image, guint picture, Watch *watch)
{
  memcpy (watch->first_pixel, sfu_image_pixels (image), sizeof watch->first_pixel);
  g_clear_pointer (&watch->image, sfu_image_unref);
  watch->image = sfu_image_ref (image);
  watch->pictures++;
}

static void
note_cb (SfuJob *job, guint kind, const char *note, Watch *watch)
{
  g_set_str (&watch->last_note, note);
  watch->notes++;
}

static SfuJob *
watched (SfuRequest *request, Watch *watch)
{
  SfuJob *job = sfu_job_new (request);
  if (watch->loop == NULL)
    watch->loop = g_main_loop_new (NULL, FALSE);
  g_signal_connect (job, "state-changed", G_CALLBACK (state_cb), watch);
  g_signal_connect (job, "step", G_CALLBACK (step_cb), watch);
  g_signal_connect (job, "preview", G_CALLBACK (preview_cb), watch);
  g_signal_connect (job, "picture", G_CALLBACK (picture_cb), watch);
  g_signal_connect (job, "note", G_CALLBACK (note_cb), watch);
  return job;
}

static void
watch_clear (Watch *watch)
{
  g_main_loop_unref (watch->loop);
  g_free (watch->last_note);
  g_clear_pointer (&watch->image, sfu_image_unref);
}

/* The same request twice, the model loaded once: the same picture. All previews come, or only the newest. */
static void
test_jobs (void)
{
  g_autoptr (SfuEngine) engine = engine_new (0);
  g_autoptr (SfuRequest) request = request_new (4, 64);
  Watch first = { 0 }, second = { 0 };
  g_autoptr (SfuJob) a = watched (request, &first), b = watched (request, &second);
  sfu_job_want_previews (a, SFU_PREVIEWS_ALL, 1);
  sfu_job_want_previews (b, SFU_PREVIEWS_LATEST, 2);
  sfu_engine_queue (engine, a);
  sfu_engine_queue (engine, b);
  g_main_loop_run (first.loop);
  if (second.ended == 0)
    g_main_loop_run (second.loop);
  g_assert_cmpint (sfu_job_get_state (a), ==, SFU_JOB_DONE);
  g_assert_cmpint (sfu_job_get_state (b), ==, SFU_JOB_DONE);
  g_assert_cmpuint (first.steps, ==, 4);
  g_assert_cmpuint (first.previews, ==, 4);
  g_assert_cmpuint (second.previews, >, 0);
  g_assert_cmpuint (second.previews, <=, 2);
  g_assert_cmpuint (first.pictures, ==, 1);
  g_assert_cmpmem (first.first_pixel, sizeof first.first_pixel, second.first_pixel, sizeof second.first_pixel);
  watch_clear (&first);
  watch_clear (&second);
}

/* Stops within 200 ms of being asked to, and the engine goes on with the next job. */
static void
test_stop (void)
{
  g_autoptr (SfuEngine) engine = engine_new (0);
  g_autoptr (SfuRequest) longer = request_new (500, 128), shorter = request_new (1, 64);
  Watch first = { 0 }, second = { 0 };
  g_autoptr (SfuJob) a = watched (longer, &first), b = watched (shorter, &second);
  sfu_engine_queue (engine, a);
  while (first.steps < 2)
    g_main_context_iteration (NULL, TRUE);
  gint64 start = g_get_monotonic_time ();
  sfu_job_stop (a);
  g_main_loop_run (first.loop);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 200 * 1000);
  g_assert_cmpint (sfu_job_get_state (a), ==, SFU_JOB_STOPPED);
  g_assert_cmpuint (first.pictures, ==, 0);
  sfu_engine_queue (engine, b);
  g_main_loop_run (second.loop);
  g_assert_cmpint (sfu_job_get_state (b), ==, SFU_JOB_DONE);
  /* A job stopped before it began ends as well. */
  Watch third = { 0 };
  g_autoptr (SfuJob) c = watched (longer, &third);
  sfu_job_stop (c);
  sfu_engine_queue (engine, c);
  g_main_loop_run (third.loop);
  g_assert_cmpint (sfu_job_get_state (c), ==, SFU_JOB_STOPPED);
  watch_clear (&first);
  watch_clear (&second);
  watch_clear (&third);
}

/* One picture with the kernels of one form. */
static SfuImage *
paint_with (GpuKernels kernels, SfuPrecision precision)
{
  g_autoptr (SfuEngine) engine = engine_with (kernels, 0);
  g_autoptr (SfuRequest) request = request_new (3, 104);
  Watch watch = { 0 };
  request->precision = precision;
  request->height = 72;
  g_autoptr (SfuJob) job = watched (request, &watch);
  sfu_engine_queue (engine, job);
  g_main_loop_run (watch.loop);
  if (sfu_job_get_error (job) != NULL)
    g_error ("%s", sfu_job_get_error (job)->message);
  SfuImage *image = sfu_image_ref (watch.image);
  watch_clear (&watch);
  return image;
}

static double
psnr (SfuImage *a, SfuImage *b)
{
  gsize n = (gsize) sfu_image_width (a) * sfu_image_height (a) * 3;
  double error = 0;
  for (gsize i = 0; i < n; i++)
    {
      double d = (sfu_image_pixels (a)[i] - sfu_image_pixels (b)[i]) / 255.0;
      error += d * d / n;
    }
  return -10 * log10 (MAX (error, 1e-20));
}

/* Every form of kernels paints the same picture, at a size that divides by nothing. */
static void
test_forms (void)
{
  static const GpuKernels forms[] = { GPU_KERNELS_VECTOR, GPU_KERNELS_SHARED, GPU_KERNELS_COOPMAT };
  g_autoptr (SfuImage) exact = paint_with (GPU_KERNELS_VECTOR, SFU_PRECISION_FP32);
  g_autoptr (SfuImage) shared = paint_with (GPU_KERNELS_SHARED, SFU_PRECISION_FP32);
  g_assert_cmpfloat (psnr (exact, shared), >, 70);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (SfuImage) half = paint_with (forms[i], SFU_PRECISION_FP16);
      g_assert_cmpfloat (psnr (exact, half), >, 48);
    }
}

static void
fail_with (SfuRequest *request, guint64 budget, GQuark domain, int code)
{
  g_autoptr (SfuEngine) engine = engine_new (budget);
  Watch watch = { 0 };
  g_autoptr (SfuJob) job = watched (request, &watch);
  sfu_engine_queue (engine, job);
  g_main_loop_run (watch.loop);
  g_assert_cmpint (sfu_job_get_state (job), ==, SFU_JOB_FAILED);
  g_assert_error (sfu_job_get_error (job), domain, code);
  watch_clear (&watch);
}

static void
test_errors (void)
{
  g_autoptr (SfuRequest) missing = request_new (1, 64), large = request_new (1, 512);
  g_set_str (&missing->model, "/nowhere");
  fail_with (missing, 0, SFU_MODEL_ERROR, SFU_MODEL_ERROR_NOT_FOUND);
  /* The model fits, the activations do not. */
  fail_with (large, 4 << 20, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY);
}

static SfuJobState
run (SfuEngine *engine, SfuRequest *request, guint *width, guint *height)
{
  Watch watch = { 0 };
  g_autoptr (SfuJob) job = watched (request, &watch);
  SfuJobState state;
  sfu_job_want_previews (job, SFU_PREVIEWS_ALL, 1);
  sfu_engine_queue (engine, job);
  g_main_loop_run (watch.loop);
  state = sfu_job_get_state (job);
  if (state == SFU_JOB_DONE)
    g_assert_cmpuint (watch.previews, >, 0);
  else
    g_assert_error (sfu_job_get_error (job), GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY);
  sfu_job_get_fitting_size (job, width, height);
  watch_clear (&watch);
  return state;
}

/* What does not fit fails before its first step and says what would fit. That does, with previews, and what is
 * twice as wide and high does not. */
static void
test_fitting_size (void)
{
  static const guint budgets[] = { 12, 18, 26 }; /* MiB: below, around and above one block of memory */
  for (guint i = 0; i < G_N_ELEMENTS (budgets); i++)
    {
      g_autoptr (SfuEngine) engine = engine_new ((guint64) budgets[i] << 20);
      g_autoptr (SfuRequest) large = request_new (1, 3072), fitting = request_new (1, 64), larger = request_new (1, 64);
      guint width, height, none;
      large->height = 1536;
      g_assert_cmpint (run (engine, large, &width, &height), ==, SFU_JOB_FAILED);
      g_test_message ("%u MiB have room for %u x %u", budgets[i], width, height);
      g_assert_cmpuint (width, >=, 64);
      g_assert_cmpuint (width, <, 3072);
      g_assert_cmpuint (width % 64, ==, 0);
      g_assert_cmpuint (ABS ((int) height - (int) width / 2), <=, 32);
      fitting->width = width;
      fitting->height = height;
      g_assert_cmpint (run (engine, fitting, &none, &none), ==, SFU_JOB_DONE);
      g_assert_cmpuint (none, ==, 0);
      larger->width = 2 * width;
      larger->height = 2 * height;
      g_assert_cmpint (run (engine, larger, &none, &none), ==, SFU_JOB_FAILED);
    }
}

/* A model that has no room offers no size. */
static void
test_no_room (void)
{
  g_autoptr (SfuEngine) engine = engine_new (256 << 10);
  g_autoptr (SfuRequest) request = request_new (1, 128);
  guint width = 1, height = 1;
  g_assert_cmpint (run (engine, request, &width, &height), ==, SFU_JOB_FAILED);
  g_assert_cmpuint (width, ==, 0);
  g_assert_cmpuint (height, ==, 0);
}

typedef struct {
  double last;
  guint calls, stop_at;
} Progress;

static gboolean
progress_cb (double fraction, gpointer data)
{
  Progress *progress = data;
  g_assert_cmpfloat (fraction, >=, progress->last);
  progress->last = fraction;
  return ++progress->calls != progress->stop_at;
}

/* Loading tells how far it is, and ends between two uploads when it is told to. */
static void
test_loading (void)
{
  GpuDeviceOptions options = { .validate = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_new (&options, &error);
  g_autoptr (SfuRequest) request = request_new (1, 64);
  Progress whole = { 0 };
  g_autoptr (SfuCheckpoint) first = NULL;
  g_assert_no_error (error);
  first = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sfu_checkpoint_load (first, request, progress_cb, &whole, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (sfu_checkpoint_is_whole (first));
  g_assert_cmpfloat (whole.last, >, 0.99);
  g_assert_cmpuint (sfu_checkpoint_device_bytes (first), >, 0);
  g_assert_cmpuint (sfu_checkpoint_device_bytes (first), <=, gpu_device_bytes (device));

  /* In every part, and in every kind of layer. */
  for (guint stop_at = 1; stop_at < whole.calls; stop_at += 7)
    {
      Progress part = { .stop_at = stop_at };
      g_autoptr (SfuCheckpoint) second = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
      g_assert_false (sfu_checkpoint_load (second, request, progress_cb, &part, NULL, &error));
      g_assert_error (error, GPU_ERROR, GPU_ERROR_CANCELLED);
      g_assert_false (sfu_checkpoint_is_whole (second));
      g_assert_cmpuint (part.calls, ==, stop_at);
      g_clear_error (&error);
    }
}

static void
holding_cb (SfuJob *job, SfuHolding *holding, GPtrArray *models)
{
  g_ptr_array_add (models, g_strdup (holding->model != NULL ? holding->model : ""));
}

/* What is on the device is told whenever it changes: nothing while another model comes, and nothing after a failure. */
static void
test_holding (void)
{
  g_autoptr (SfuEngine) engine = engine_new (0);
  g_autoptr (SfuRequest) good = request_new (1, 64), bad = request_new (1, 64);
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func (g_free);
  SfuRequest *requests[] = { good, bad };
  g_set_str (&bad->model, "/nowhere");
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      Watch watch = { .loop = g_main_loop_new (NULL, FALSE) };
      g_autoptr (SfuJob) job = sfu_job_new_load (requests[i]);
      g_signal_connect (job, "state-changed", G_CALLBACK (state_cb), &watch);
      g_signal_connect (job, "holding", G_CALLBACK (holding_cb), models);
      sfu_engine_queue (engine, job);
      g_main_loop_run (watch.loop);
      g_assert_cmpfloat (sfu_job_get_loading (job), ==, i == 0 ? 1 : 0);
      watch_clear (&watch);
    }
  g_assert_cmpuint (models->len, ==, 5);
  g_assert_cmpstr (models->pdata[0], ==, "");
  g_assert_cmpstr (models->pdata[1], ==, good->model);
  g_assert_cmpstr (models->pdata[2], ==, good->model);
  g_assert_cmpstr (models->pdata[3], ==, "");
  g_assert_cmpstr (models->pdata[4], ==, "");
}

/* A longer prompt makes the UNet's programs anew, and nothing else; the same length makes nothing anew. */
static void
test_prompt_lengths (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_new (&(GpuDeviceOptions) { .validate = TRUE }, &error);
  g_autoptr (SfuRequest) request = request_new (1, 64);
  g_autoptr (SfuCheckpoint) checkpoint = NULL;
  g_autofree char *taesd = g_build_filename (g_getenv ("SFU_FIXTURES"), "taesd_decoder.safetensors", NULL);
  g_assert_no_error (error);
  g_set_str (&request->taesd, taesd);
  checkpoint = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
  g_assert_no_error (error);
  SfuPrograms *programs = sfu_checkpoint_programs (checkpoint, 64, 64, 2, 77, SFU_NO_BRANCH, &error);
  GpuProgram *step = sfu_programs_pass (programs, FALSE, &error)->step_program, *preview = programs->preview_program;
  GpuProgram *decoder = sfu_programs_decoder (programs, FALSE, &error);
  GpuStorage *latents = programs->sampler.slots;
  g_assert_nonnull (preview);

  for (guint n = 0; n <= 77; n += 77)
    {
      g_assert_true (sfu_checkpoint_programs (checkpoint, 64, 64, 2, n, SFU_NO_BRANCH, &error) == programs);
      g_assert_true (sfu_programs_pass (programs, FALSE, &error)->step_program == step);
    }
  g_assert_true (sfu_checkpoint_programs (checkpoint, 64, 64, 2, 3 * 77, SFU_NO_BRANCH, &error) == programs);
  g_assert_null (programs->pass.step_program);
  g_assert_cmpuint (sfu_programs_pass (programs, FALSE, &error)->context.w, ==, 3 * 77);
  g_assert_true (programs->preview_program == preview && sfu_programs_decoder (programs, FALSE, &error) == decoder);
  g_assert_true (programs->sampler.slots == latents);
  g_assert_no_error (error);
}

/* The empty prompt's states between two weights, and chunks of the empty prompt behind a short one. */
static void
test_contexts (void)
{
  enum { WIDTH = 16, LENGTH = 77 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_new (&(GpuDeviceOptions) { .validate = TRUE }, &error);
  g_autoptr (SfuRequest) request = request_new (1, 64);
  g_autoptr (SfuCheckpoint) checkpoint = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
  g_autofree float *padded = g_new (float, 2 * LENGTH * WIDTH);
  g_autofree gint32 *ids = g_new (gint32, 2 * LENGTH);
  g_assert_no_error (error);
  g_autofree float *empty = g_memdup2 (sfu_checkpoint_condition (checkpoint, SFU_EMPHASIS_NONE, "", NULL, &error)->states,
                                       LENGTH * WIDTH * sizeof (float));
  g_autofree float *plain = g_memdup2 (sfu_checkpoint_condition (checkpoint, SFU_EMPHASIS_NONE, "boat", NULL, &error)->states,
                                       LENGTH * WIDTH * sizeof (float));

  const SfuConditioning *same = sfu_checkpoint_condition (checkpoint, SFU_EMPHASIS_A1111, "(boat:1.0)", NULL, &error);
  g_assert_cmpmem (same->states, LENGTH * WIDTH * sizeof (float), plain, LENGTH * WIDTH * sizeof (float));
  const SfuConditioning *none = sfu_checkpoint_condition (checkpoint, SFU_EMPHASIS_COMFYUI, "(boat:0)", NULL, &error);
  for (guint i = 0; i < LENGTH * WIDTH; i++)
    g_assert_cmpfloat (none->states[i], ==, none->chunks->weights[i / WIDTH] == 0 ? empty[i] : plain[i]);
  g_assert_true (sfu_checkpoint_condition (checkpoint, SFU_EMPHASIS_COMFYUI, "(boat:0)", NULL, &error) == none);

  g_assert_true (sfu_checkpoint_fill_context (checkpoint, SFU_EMPHASIS_A1111, "boat", 2 * LENGTH, padded, ids, NULL, &error));
  g_assert_cmpmem (padded, LENGTH * WIDTH * sizeof (float), plain, LENGTH * WIDTH * sizeof (float));
  g_assert_cmpmem (padded + LENGTH * WIDTH, LENGTH * WIDTH * sizeof (float), empty, LENGTH * WIDTH * sizeof (float));
  g_assert_cmpint (ids[LENGTH], ==, ids[0]);
  g_assert_cmpint (ids[LENGTH + 1], ==, ids[2 * LENGTH - 1]);
  g_assert_no_error (error);
}

/* -- tuning: by the candidates of the vector form, which compile fast on software Vulkan -- */

typedef struct {
  Watch watch;
  gboolean stops; /* as soon as it begins to tune */
  guint tuned;    /* times that the state came */
  double last;    /* share that was done */
} TuningWatch;

static void
tuning_state_cb (SfuJob *job, TuningWatch *tuning)
{
  if (sfu_job_get_state (job) != SFU_JOB_TUNING)
    return;
  tuning->tuned++;
  if (tuning->stops)
    sfu_job_stop (job);
}

static void
tuning_share_cb (SfuJob *job, double fraction, TuningWatch *tuning)
{
  if (sfu_job_get_state (job) != SFU_JOB_TUNING)
    return;
  g_assert_cmpfloat (fraction, >=, tuning->last);
  tuning->last = fraction;
}

/* Returns the picture, or NULL where it was stopped. @tuned: (out): whether it was tuned. */
static SfuImage *
paint_tuned (SfuEngine *engine, guint side, gboolean stops, gboolean *tuned)
{
  TuningWatch tuning = { .stops = stops };
  g_autoptr (SfuRequest) request = request_new (1, side);
  g_autoptr (SfuJob) job = watched (request, &tuning.watch);
  SfuImage *image;
  g_signal_connect (job, "state-changed", G_CALLBACK (tuning_state_cb), &tuning);
  g_signal_connect (job, "loading", G_CALLBACK (tuning_share_cb), &tuning);
  sfu_engine_queue (engine, job);
  g_main_loop_run (tuning.watch.loop);
  if (sfu_job_get_state (job) == SFU_JOB_FAILED)
    g_error ("%s", sfu_job_get_error (job)->message);
  g_assert_cmpint (sfu_job_get_state (job), ==, stops ? SFU_JOB_STOPPED : SFU_JOB_DONE);
  g_assert_cmpuint (tuning.tuned, <=, 1);
  if (tuning.tuned > 0 && !stops)
    g_assert_cmpfloat (tuning.last, ==, 1);
  *tuned = tuning.tuned > 0;
  image = g_steal_pointer (&tuning.watch.image);
  watch_clear (&tuning.watch);
  return image;
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static gboolean
has_table (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "tuning-"))
      return TRUE;
  return FALSE;
}

static gboolean
same (SfuImage *a, SfuImage *b)
{
  return memcmp (sfu_image_pixels (a), sfu_image_pixels (b), (gsize) sfu_image_width (a) * sfu_image_height (a) * 3) == 0;
}

/* What is known is used, or is found out anew; but not on a software device by itself. */
static void
check_bench (const SfuEngineOptions *options)
{
  SfuEngineOptions by_itself = *options;
  g_autoptr (SfuRequest) request = request_new (1, 64);
  g_autoptr (GError) error = NULL;
  gint64 known = 0;
  for (guint tune = 0; tune < 2; tune++)
    {
      g_autoptr (JsonObject) result = sfu_bench (options, &(SfuBenchOptions) { .tune = tune }, request, &error);
      g_assert_no_error (error);
      g_assert_cmpint (json_object_get_int_member (result, "tuned"), >, 0);
      g_assert_cmpint (json_object_get_int_member (result, "tuned"), >=, known);
      known = json_object_get_int_member (result, "tuned");
    }
  by_itself.tune_software = FALSE;
  g_assert_null (sfu_bench (&by_itself, &(SfuBenchOptions) { .tune = TRUE }, request, &error));
  g_assert_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID);
}

/* A model and size are tuned when they are first used, in whichever run of the program; stopping it leaves it for the next. */
static void
test_tuning (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sfumato-engine-XXXXXX", NULL);
  SfuEngineOptions options = { .validate = TRUE, .kernels = GPU_KERNELS_VECTOR, .cache_folder = folder, .tune_software = TRUE };
  SfuEngine *engine = sfu_engine_new (&options);
  g_autoptr (SfuImage) first = NULL, second = NULL, later = NULL, plain = NULL;
  gboolean tuned;
  g_assert_null (paint_tuned (engine, 64, TRUE, &tuned));
  g_assert_true (tuned);
  first = paint_tuned (engine, 64, FALSE, &tuned);
  g_assert_true (tuned);
  second = paint_tuned (engine, 64, FALSE, &tuned);
  g_assert_false (tuned);
  g_assert_true (same (first, second));
  g_assert_null (paint_tuned (engine, 80, TRUE, &tuned));
  g_assert_true (tuned);
  sfu_engine_free (engine);
  g_assert_true (has_table (folder));

  engine = sfu_engine_new (&options);
  later = paint_tuned (engine, 64, FALSE, &tuned);
  g_assert_false (tuned);
  g_assert_true (same (first, later));
  sfu_engine_free (engine);
  check_bench (&options);
  remove_folder (folder);

  /* By itself the program never tunes a software device. */
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  options.tune_software = FALSE;
  engine = sfu_engine_new (&options);
  plain = paint_tuned (engine, 64, FALSE, &tuned);
  g_assert_false (tuned);
  g_assert_false (has_table (folder));
  g_assert_cmpfloat (psnr (first, plain), >, 70);
  sfu_engine_free (engine);
  remove_folder (folder);
}

/* Jobs that are queued when the engine goes end as stopped. */
static void
test_free (void)
{
  SfuEngine *engine = engine_new (0);
  g_autoptr (SfuRequest) request = request_new (500, 128);
  Watch watch = { 0 };
  g_autoptr (SfuJob) a = watched (request, &watch), b = watched (request, &watch);
  sfu_engine_queue (engine, a);
  sfu_engine_queue (engine, b);
  sfu_engine_free (engine);
  while (watch.ended < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (sfu_job_get_state (a), ==, SFU_JOB_STOPPED);
  g_assert_cmpint (sfu_job_get_state (b), ==, SFU_JOB_STOPPED);
  watch_clear (&watch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/jobs", test_jobs);
  g_test_add_func ("/engine/stop", test_stop);
  g_test_add_func ("/engine/forms", test_forms);
  g_test_add_func ("/engine/errors", test_errors);
  g_test_add_func ("/engine/fitting-size", test_fitting_size);
  g_test_add_func ("/engine/no-room", test_no_room);
  g_test_add_func ("/engine/loading", test_loading);
  g_test_add_func ("/engine/holding", test_holding);
  g_test_add_func ("/engine/prompt-lengths", test_prompt_lengths);
  g_test_add_func ("/engine/contexts", test_contexts);
  g_test_add_func ("/engine/tuning", test_tuning);
  g_test_add_func ("/engine/free", test_free);
  return g_test_run ();
}
