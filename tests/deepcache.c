/* deepcache.c: steps that reuse deep layers: what they cost, when they come, what stays as it was. That their numbers
 * are those of the authors' package is shown in the parity suite. */
#include <gpu-unet-units.h>
#include <math.h>
#include <string.h>

#include "sfu-checkpoint.h"
#include "sfu-engine.h"

enum { SIDE = 64 };

typedef struct {
  GMainLoop *loop;
  SfuImage *image;
  GPtrArray *moments; /* SfuMoment */
  GError *error;
} Result;

static void
result_clear (Result *self)
{
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->image, sfu_image_unref);
  g_clear_pointer (&self->moments, g_ptr_array_unref);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static void
state_cb (SfuJob *job, Result *result)
{
  if (sfu_job_get_state (job) < SFU_JOB_DONE)
    return;
  if (sfu_job_get_error (job) != NULL)
    result->error = g_error_copy (sfu_job_get_error (job));
  g_main_loop_quit (result->loop);
}

static void
picture_cb (SfuJob *job, SfuImage *image, guint picture, Result *result)
{
  result->image = sfu_image_ref (image);
}

static void
moment_cb (SfuJob *job, SfuMoment *moment, guint picture, Result *result)
{
  g_ptr_array_add (result->moments, sfu_moment_ref (moment));
}

/* Takes @job. */
static void
carry_out (SfuEngine *engine, SfuJob *job, Result *result)
{
  result->loop = g_main_loop_new (NULL, FALSE);
  result->moments = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_moment_unref);
  g_signal_connect (job, "state-changed", G_CALLBACK (state_cb), result);
  g_signal_connect (job, "picture", G_CALLBACK (picture_cb), result);
  g_signal_connect (job, "moment", G_CALLBACK (moment_cb), result);
  sfu_job_want_moments (job);
  sfu_engine_queue (engine, job);
  g_main_loop_run (result->loop);
  g_object_unref (job);
}

static SfuRequest *
request_new (guint interval, guint branch)
{
  SfuRequest *request = sfu_request_new ();
  g_free (request->model);
  request->model = g_build_filename (g_getenv ("SFU_FIXTURES"), "model", NULL);
  g_set_str (&request->prompt, "a red boat");
  g_set_str (&request->scheduler, "ddim");
  request->steps = 5;
  request->width = request->height = SIDE;
  request->seed = 3;
  request->deepcache = (SfuDeepCache) { interval, branch };
  return request;
}

/* Mean difference of two pictures' numbers, which are 0 to 255. */
static double
difference (const Result *a, const Result *b)
{
  const guint8 *x, *y;
  double sum = 0;
  g_assert_no_error (a->error);
  g_assert_no_error (b->error);
  x = sfu_image_pixels (a->image);
  y = sfu_image_pixels (b->image);
  for (guint i = 0; i < SIDE * SIDE * 3; i++)
    sum += abs (x[i] - y[i]);
  return sum / (SIDE * SIDE * 3);
}

static void
paint (SfuEngine *engine, guint interval, guint branch, Result *result)
{
  g_autoptr (SfuRequest) request = request_new (interval, branch);
  carry_out (engine, sfu_job_new (request), result);
}

/* Every first step full: the very picture that there is without. An interval of all steps still gives one. */
static void
test_pictures (void)
{
  g_autoptr (SfuEngine) engine = sfu_engine_new (&(SfuEngineOptions) { .validate = TRUE });
  g_auto (Result) plain = { 0 }, one = { 0 }, two = { 0 }, again = { 0 }, deep = { 0 }, once = { 0 }, last = { 0 };
  paint (engine, 1, 0, &plain);
  paint (engine, 2, 0, &two);
  paint (engine, 1, 3, &one);
  paint (engine, 2, 0, &again);
  paint (engine, 2, 11, &deep);
  paint (engine, 1000, 0, &once);
  paint (engine, 1, 0, &last);
  g_assert_cmpfloat (difference (&plain, &one), ==, 0);
  g_assert_cmpfloat (difference (&plain, &last), ==, 0);
  g_assert_cmpfloat (difference (&two, &again), ==, 0);
  g_assert_cmpfloat (difference (&plain, &two), >, 0);
  g_assert_cmpfloat (difference (&plain, &deep), <, difference (&plain, &two));
  g_assert_cmpfloat (difference (&plain, &once), >, difference (&plain, &two));
}

/* A run of five is full at steps 0, 2 and 4 (counted from 0). Gone on with from before step 2 it is the same picture;
 * from before step 1 and 3 it takes a full step more. */
static void
test_continue (void)
{
  g_autoptr (SfuEngine) engine = sfu_engine_new (&(SfuEngineOptions) { .validate = TRUE });
  g_autoptr (SfuRequest) request = request_new (2, 0);
  g_auto (Result) run = { 0 }, other = { 0 };
  carry_out (engine, sfu_job_new (request), &run);
  g_assert_no_error (run.error);
  g_assert_cmpuint (run.moments->len, ==, 5);
  for (guint i = 1; i <= 3; i++)
    {
      /* Another picture in between leaves deep layers of its own behind. */
      g_autoptr (SfuRequest) apart = request_new (2, 0);
      g_auto (Result) between = { 0 }, continued = { 0 };
      apart->seed = 99;
      apart->steps = 1;
      carry_out (engine, sfu_job_new (apart), &between);
      carry_out (engine, sfu_job_new_continue (request, run.moments->pdata[i - 1]), &continued);
      if (i == 2)
        g_assert_cmpfloat (difference (&run, &continued), ==, 0);
      else
        g_assert_cmpfloat (difference (&run, &continued), >, 0);
    }
  paint (engine, 1, 0, &other);
  g_assert_cmpfloat (difference (&run, &other), >, 0);
}

/* What each branch costs, that nothing of it is there unasked, and that another branch makes the UNet's programs anew. */
static void
test_programs (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_new (&(GpuDeviceOptions) { .validate = TRUE }, &error);
  g_assert_no_error (error);
  g_autoptr (SfuRequest) request = request_new (2, 0);
  g_autoptr (SfuCheckpoint) checkpoint = sfu_checkpoint_new (device, GPU_KERNELS_BEST, NULL, request, NULL, &error);
  g_assert_no_error (error);
  const GpuUnetConfig *unet = sfu_checkpoint_nets (checkpoint)->unet;
  SfuPrograms *programs = sfu_checkpoint_programs (checkpoint, SIDE, SIDE, 2, 77, SFU_NO_BRANCH, &error);
  double before = 0;

  g_assert_null (programs->pass.cached_program);
  g_assert_cmpuint (gpu_unet_n_branches (unet), ==, 12);
  for (guint branch = 0; branch < gpu_unet_n_branches (unet); branch++)
    {
      g_assert_true (sfu_checkpoint_programs (checkpoint, SIDE, SIDE, 2, 77, branch, &error) == programs);
      g_assert_null (programs->pass.step_program);
      SfuPass *pass = sfu_programs_pass (programs, FALSE, &error);
      g_assert_no_error (error);
      g_autoptr (GpuProgramCost) full = gpu_program_cost (pass->step_program), cached = gpu_program_cost (pass->cached_program);
      g_assert_cmpfloat (cached->flop, >, before);
      g_assert_cmpfloat (cached->flop, <, full->flop);
      g_assert_true (sfu_checkpoint_programs (checkpoint, SIDE, SIDE, 2, 0, SFU_NO_BRANCH, &error) == programs);
      g_assert_nonnull (pass->cached_program);
      before = cached->flop;
    }
  g_assert_true (sfu_checkpoint_programs (checkpoint, SIDE, SIDE, 2, 77, SFU_NO_BRANCH, &error) == programs);
  g_assert_null (sfu_programs_pass (programs, FALSE, &error)->cached_program);
  g_assert_no_error (error);
}

/* The branches of every shape: three to a level as far as there is something to leave out. */
static void
test_branches (void)
{
  static const struct {
    guint n_levels, layers;
    gboolean middle;
    guint n_branches;
    guint channels; /* pushed at the last branch */
  } shapes[] = { { 4, 2, TRUE, 12, 40 }, { 4, 2, FALSE, 11, 40 }, { 4, 1, TRUE, 12, 40 }, { 4, 1, FALSE, 10, 32 }, { 3, 1, FALSE, 7, 16 } };
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      GpuUnetConfig config = { .n_levels = shapes[i].n_levels, .layers_per_block = shapes[i].layers, .has_mid_block = shapes[i].middle,
                               .channels = { 8, 16, 32, 40 } };
      g_autoptr (GArray) units = gpu_unet_units (&config);
      guint n = gpu_unet_n_branches (&config), last = 0;
      g_assert_cmpuint (n, ==, shapes[i].n_branches);
      for (guint branch = 0; branch < n; branch++)
        {
          guint index = gpu_unet_branch (&config, units, branch);
          const GpuUnit *unit = &g_array_index (units, GpuUnit, index);
          g_assert_true (unit->kind == GPU_UNIT_PUSH && g_array_index (units, GpuUnit, unit->partner).kind == GPU_UNIT_POP);
          g_assert_cmpuint (unit->depth, ==, branch / 3);
          g_assert_cmpuint (unit->partner, >, index + 1);
          /* With one layer a level, its second and third branch are one. */
          g_assert_true (branch == 0 || (shapes[i].layers == 1 && branch % 3 == 2 ? index == last : index > last));
          last = index;
        }
      g_assert_cmpuint (g_array_index (units, GpuUnit, last).out, ==, shapes[i].channels);
    }
}

/* A branch that is not there is an error before anything is loaded, and means nothing where all steps are full. */
static void
test_no_branch (void)
{
  g_autoptr (SfuEngine) engine = sfu_engine_new (&(SfuEngineOptions) { .validate = TRUE });
  g_auto (Result) wrong = { 0 }, unused = { 0 };
  paint (engine, 2, 12, &wrong);
  g_assert_error (wrong.error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID);
  g_assert_nonnull (strstr (wrong.error->message, "to 11"));
  paint (engine, 1, 12, &unused);
  g_assert_no_error (unused.error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deepcache/pictures", test_pictures);
  g_test_add_func ("/deepcache/continue", test_continue);
  g_test_add_func ("/deepcache/programs", test_programs);
  g_test_add_func ("/deepcache/branches", test_branches);
  g_test_add_func ("/deepcache/no-branch", test_no_branch);
  return g_test_run ();
}
