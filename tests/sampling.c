/* sampling.c: schedulers and noise against what diffusers and PyTorch give. */
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "sfu-noise.h"
#include "sfu-scheduler.h"

/* The reference vectors where they are, else the smaller ones of our own. */
static JsonArray *
load_vectors (const char *name, JsonParser **parser)
{
  const char *reference = g_getenv ("SFU_REFERENCE");
  g_autofree char *path = g_build_filename (reference != NULL ? reference : g_getenv ("SFU_FIXTURES"), "vectors", name, NULL);
  g_autoptr (GError) error = NULL;
  *parser = json_parser_new ();
  json_parser_load_from_file (*parser, path, &error);
  g_assert_no_error (error);
  return json_node_get_array (json_parser_get_root (*parser));
}

static JsonObject *
config_of (const char *name)
{
  JsonObject *config = sfu_scheduler_sd1_config ();
  if (g_str_equal (name, "sd2-v"))
    {
      json_object_set_string_member (config, "_class_name", "DDIMScheduler");
      json_object_set_string_member (config, "prediction_type", "v_prediction");
    }
  if (g_str_equal (name, "sd1-prk"))
    json_object_set_boolean_member (config, "skip_prk_steps", FALSE);
  if (g_str_equal (name, "sdxl"))
    {
      json_object_set_string_member (config, "_class_name", "EulerDiscreteScheduler");
      json_object_set_string_member (config, "interpolation_type", "linear");
      json_object_set_string_member (config, "prediction_type", "epsilon");
      json_object_set_string_member (config, "timestep_spacing", "leading");
      json_object_set_boolean_member (config, "use_karras_sigmas", FALSE);
      json_object_set_double_member (config, "sample_max_value", 1);
    }
  return config;
}

static void
compare (const char *what, JsonArray *want, const double *got, guint n, double bound)
{
  double error = 0, power = 0;
  g_assert_cmpuint (json_array_get_length (want), ==, n);
  for (guint i = 0; i < n; i++)
    {
      double w = json_array_get_double_element (want, i);
      error += (got[i] - w) * (got[i] - w);
      power += w * w;
    }
  if (!(sqrt (error) <= bound * sqrt (power) + 1e-12))
    g_error ("%s: relative error %.2g, bound %.0g", what, sqrt (error / power), bound);
}

/* The generic step of the GPU, in doubles. */
static void
step (SfuScheduler *scheduler, const SfuSchedulerCall *call, double *slots, guint n, const float *noise)
{
  guint n_slots = sfu_scheduler_n_slots (scheduler);
  for (guint i = 0; i < n; i++)
    {
      double x = slots[i], scaled = x * call->input_scale, in[SFU_MAX_INPUTS] = { 0 };
      in[SFU_IN_MODEL] = 0.5 * tanh (scaled) + 0.1 * sin (3 * scaled) + 0.2 * call->timestep / 1000;
      in[SFU_IN_X0] = CLAMP (call->x0_sample * x + call->x0_model * in[SFU_IN_MODEL], -call->x0_clamp, call->x0_clamp);
      in[SFU_IN_NOISE] = call->needs_noise ? noise[i] : 0;
      for (guint s = 0; s < n_slots; s++)
        in[SFU_IN_SLOT0 + s] = slots[s * n + i];
      for (guint s = 0; s < n_slots; s++)
        {
          slots[s * n + i] = 0;
          for (guint j = 0; j < SFU_MAX_INPUTS; j++)
            slots[s * n + i] += call->mix[s][j] * in[j];
        }
    }
}

static void
run_path (const char *what, SfuScheduler *scheduler, guint64 seed, JsonArray *want)
{
  enum { N = 16 };
  double slots[SFU_MAX_SLOTS * N] = { 0 };
  float noise[N];
  g_autoptr (SfuNoise) generator = sfu_noise_new (SFU_NOISE_TORCH_CPU, seed);
  guint n = sfu_scheduler_n_calls (scheduler), at = 0;

  sfu_noise_draw (generator, noise, N);
  for (guint i = 0; i < N; i++)
    slots[i] = noise[i] * sfu_scheduler_init_noise_sigma (scheduler);
  compare (what, json_array_get_array_element (want, at++), slots, N, 1e-5);
  for (guint i = 0; i < n; i++)
    {
      const SfuSchedulerCall *call = sfu_scheduler_call (scheduler, i);
      if (call->needs_noise)
        sfu_noise_draw (generator, noise, N);
      step (scheduler, call, slots, N, noise);
      if (i < 3 || i + 1 == n)
        compare (what, json_array_get_array_element (want, at++), slots, N, 1e-4);
    }
}

/* In the reference vectors the sigma shape's name is lost behind the table of sigmas; the three come in this
 * order for the same config, scheduler and steps. */
static const char *
shape_of (GHashTable *seen, JsonObject *entry)
{
  static const char *const shapes[] = { NULL, "karras", "exponential" };
  g_autofree char *key = g_strdup_printf ("%s %s %d", json_object_get_string_member (entry, "config"),
                                          json_object_get_string_member (entry, "scheduler"),
                                          (int) json_object_get_int_member (entry, "steps"));
  guint n;
  if (json_object_has_member (entry, "shape"))
    return json_object_get_string_member (entry, "shape");
  if (json_object_has_member (entry, "spacing") || !json_object_has_member (entry, "sigmas"))
    return NULL;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (seen, key));
  g_hash_table_insert (seen, g_steal_pointer (&key), GUINT_TO_POINTER (n + 1));
  g_assert_cmpuint (n, <, G_N_ELEMENTS (shapes));
  return shapes[n];
}

static void
check_entry (GHashTable *seen, JsonObject *entry)
{
  const char *config_name = json_object_get_string_member (entry, "config");
  g_autoptr (JsonObject) config = config_of (config_name);
  SfuSchedulerOptions options = {
    .name = json_object_get_string_member (entry, "scheduler"), .sigmas = shape_of (seen, entry),
    .spacing = json_object_get_string_member_with_default (entry, "spacing", NULL),
    .steps = json_object_get_int_member (entry, "steps"), .eta = NAN,
    .strength = json_object_get_double_member_with_default (entry, "strength", NAN),
  };
  g_autofree char *what = g_strdup_printf ("%s %s %s %s %u", config_name, options.name, options.sigmas ? options.sigmas : "-",
                                           options.spacing ? options.spacing : "-", options.steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuScheduler) scheduler = sfu_scheduler_new (config, &options, &error);
  if (error != NULL)
    g_error ("%s: %s", what, error->message);
  guint n = sfu_scheduler_n_calls (scheduler), n_sigmas;
  g_autofree double *timesteps = g_new (double, n);
  for (guint i = 0; i < n; i++)
    timesteps[i] = sfu_scheduler_call (scheduler, i)->timestep;
  compare (what, json_object_get_array_member (entry, "timesteps"), timesteps, n, 1e-6);
  const double *sigmas = sfu_scheduler_sigmas (scheduler, &n_sigmas);
  if (sigmas != NULL)
    compare (what, json_object_get_array_member (entry, "sigmas"), sigmas, n_sigmas, 1e-5);
  run_path (what, scheduler, json_object_get_int_member (entry, "seed"), json_object_get_array_member (entry, "path"));
}

static void
test_schedulers (void)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *entries = load_vectors ("schedulers.json", &parser);
  g_assert_cmpuint (json_array_get_length (entries), >, 50);
  for (guint i = 0; i < json_array_get_length (entries); i++)
    check_entry (seen, json_array_get_object_element (entries, i));
}

/* Every scheduler at every step count gives finite numbers, or refuses with a sentence. */
static void
test_all_counts (void)
{
  g_autoptr (JsonObject) config = sfu_scheduler_sd1_config ();
  for (const char *const *name = sfu_scheduler_names (); *name != NULL; name++)
    for (guint steps = 1; steps <= 1000; steps += steps < 60 ? 1 : 94)
      for (guint shape = 0; shape < 3; shape++)
        {
          static const char *const shapes[] = { "default", "karras", "exponential" };
          SfuSchedulerOptions options = { .name = *name, .sigmas = shapes[shape], .steps = steps, .eta = 0.5, .strength = NAN };
          g_autoptr (GError) error = NULL;
          g_autoptr (SfuScheduler) scheduler = sfu_scheduler_new (config, &options, &error);
          if (scheduler == NULL)
            {
              g_assert_true (error->domain == SFU_SCHEDULER_ERROR);
              g_assert_true (shape > 0 || g_str_equal (*name, "lcm") || g_str_equal (*name, "tcd"));
              continue;
            }
          for (guint i = 0; i < sfu_scheduler_n_calls (scheduler); i++)
            {
              const SfuSchedulerCall *call = sfu_scheduler_call (scheduler, i);
              g_assert_true (isfinite (call->timestep) && isfinite (call->input_scale) && isfinite (call->x0_sample)
                             && isfinite (call->x0_model));
              for (guint s = 0; s < SFU_MAX_SLOTS; s++)
                for (guint j = 0; j < SFU_MAX_INPUTS; j++)
                  if (!isfinite (call->mix[s][j]))
                    g_error ("%s %u steps, call %u: slot %u is not finite", *name, steps, i, s);
            }
        }
}

/* How far the calls are behind the first, as the package DeepCache counts them in diffusers' lists of timesteps. */
static void
test_positions (void)
{
  static const struct {
    const char *name;
    double strength;
    guint positions[6];
  } cases[] = {
    { "ddim", 1, { 0, 1, 2, 3, 4, 5 } },      { "pndm", 1, { 0, 1, 1, 3, 4, 5 } }, { "heun", 1, { 0, 1, 2, 3, 4, 5 } },
    { "dpmpp-sde", 1, { 0, 1, 2, 3, 4, 5 } }, { "ddim", 0.8, { 0, 1, 2, 3, 4, 5 } },
    /* Begun at the timestep that comes twice, and at its second time. */
    { "pndm", 0.9, { 0, 0, 2, 3, 4, 5 } },    { "pndm", 0.8, { 0, 2, 3, 4, 5, 6 } },
  };
  g_autoptr (JsonObject) config = sfu_scheduler_sd1_config ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SfuSchedulerOptions options = { .name = cases[i].name, .steps = 10, .eta = NAN, .strength = cases[i].strength };
      g_autoptr (GError) error = NULL;
      g_autoptr (SfuScheduler) scheduler = sfu_scheduler_new (config, &options, &error);
      g_assert_no_error (error);
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].positions); j++)
        g_assert_cmpuint (sfu_scheduler_position (scheduler, j), ==, cases[i].positions[j]);
      /* Two calls a step go beyond the table of timesteps. */
      for (guint j = G_N_ELEMENTS (cases[i].positions); j < sfu_scheduler_n_calls (scheduler); j++)
        g_assert_cmpuint (sfu_scheduler_position (scheduler, j), ==, cases[i].positions[5] + j - 5);
    }
}

static void
expect_error (const char *name, const char *sigmas, const char *spacing, guint steps, double strength, int code)
{
  g_autoptr (JsonObject) config = sfu_scheduler_sd1_config ();
  SfuSchedulerOptions options = { name, sigmas, spacing, NAN, steps, strength };
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuScheduler) scheduler = sfu_scheduler_new (config, &options, &error);
  g_assert_null (scheduler);
  g_assert_error (error, SFU_SCHEDULER_ERROR, code);
}

static void
test_errors (void)
{
  expect_error ("nonsense", NULL, NULL, 20, 1, SFU_SCHEDULER_ERROR_UNKNOWN_NAME);
  expect_error ("euler", "nonsense", NULL, 20, 1, SFU_SCHEDULER_ERROR_UNKNOWN_NAME);
  expect_error ("euler", NULL, "nonsense", 20, 1, SFU_SCHEDULER_ERROR_UNKNOWN_NAME);
  expect_error ("ddim", "karras", NULL, 20, 1, SFU_SCHEDULER_ERROR_UNSUPPORTED);
  expect_error ("lcm", NULL, "trailing", 4, 1, SFU_SCHEDULER_ERROR_UNSUPPORTED);
  expect_error ("euler", NULL, NULL, 0, 1, SFU_SCHEDULER_ERROR_STEPS);
  expect_error ("euler", NULL, NULL, 1000000000, 1, SFU_SCHEDULER_ERROR_STEPS);
  expect_error ("lcm", NULL, NULL, 51, 1, SFU_SCHEDULER_ERROR_STEPS);
  expect_error ("euler", NULL, NULL, 5, 0.1, SFU_SCHEDULER_ERROR_UNSUPPORTED);
}

static void
compare_noise (const char *what, JsonArray *want, const float *got, double bound)
{
  for (guint i = 0; i < json_array_get_length (want); i++)
    if (fabs (got[i] - json_array_get_double_element (want, i)) > bound)
      g_error ("%s: value %u is %g, should be %g", what, i, got[i], json_array_get_double_element (want, i));
}

static void
test_noise (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonArray *entries = load_vectors ("noise.json", &parser);
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonObject *entry = json_array_get_object_element (entries, i);
      const char *name = json_object_get_string_member (entry, "kind");
      double bound = strstr (name, "fp16") != NULL ? 2e-3 : 1e-5, sum = 0;
      SfuNoiseKind kind;
      gsize n = 1;
      g_assert_true (sfu_noise_kind_from_name (name, &kind));
      g_autoptr (SfuNoise) noise = sfu_noise_new (kind, json_object_get_int_member (entry, "seed"));
      g_autofree char *what = g_strdup_printf ("%s seed %" G_GINT64_FORMAT, name, json_object_get_int_member (entry, "seed"));
      if (json_object_has_member (entry, "draws"))
        {
          JsonArray *draws = json_object_get_array_member (entry, "draws");
          for (guint j = 0; j < json_array_get_length (draws); j++)
            {
              JsonArray *want = json_array_get_array_element (draws, j);
              float got[64];
              sfu_noise_draw (noise, got, json_array_get_length (want));
              compare_noise (what, want, got, bound);
            }
          continue;
        }
      JsonArray *shape = json_object_get_array_member (entry, "shape"), *last = json_object_get_array_member (entry, "last");
      for (guint j = 0; j < json_array_get_length (shape); j++)
        n *= json_array_get_int_element (shape, j);
      g_autofree float *got = g_new (float, n);
      sfu_noise_draw (noise, got, n);
      compare_noise (what, json_object_get_array_member (entry, "first"), got, bound);
      compare_noise (what, last, got + n - json_array_get_length (last), bound);
      for (gsize j = 0; j < n; j++)
        sum += fabs (got[j]);
      g_assert_cmpfloat_with_epsilon (sum, json_object_get_double_member (entry, "sum_abs"), bound * n);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampling/schedulers", test_schedulers);
  g_test_add_func ("/sampling/all-counts", test_all_counts);
  g_test_add_func ("/sampling/positions", test_positions);
  g_test_add_func ("/sampling/errors", test_errors);
  g_test_add_func ("/sampling/noise", test_noise);
  return g_test_run ();
}
