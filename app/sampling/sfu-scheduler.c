#include "sfu-scheduler-private.h"

#include <string.h>

G_DEFINE_QUARK (sfu-scheduler-error-quark, sfu_scheduler_error)

/* In the order to show them. Defaults are those of the classes' constructors in diffusers 0.42. */
static const SfuFamilyEntry families[] = {
  { "ddim", "DDIM", "DDIMScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LEADING, TRUE, FALSE, TRUE, TRUE, FALSE, sfu_prepare_ddim, sfu_fill_ddim },
  { "pndm", "PNDM", "PNDMScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LEADING, TRUE, FALSE, FALSE, FALSE, FALSE, sfu_prepare_pndm, sfu_fill_pndm },
  { "lms", "LMS", "LMSDiscreteScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, FALSE, sfu_prepare_sigma, sfu_fill_lms },
  { "euler", "Euler", "EulerDiscreteScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, TRUE, sfu_prepare_sigma, sfu_fill_euler },
  { "euler-a", "Euler ancestral", "EulerAncestralDiscreteScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, FALSE, FALSE, FALSE, TRUE, sfu_prepare_sigma, sfu_fill_euler_ancestral },
  { "heun", "Heun", "HeunDiscreteScheduler", 0.00085, 0.012, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, FALSE, sfu_prepare_heun, sfu_fill_heun },
  { "dpmpp-2m", "DPM++ 2M", "DPMSolverMultistepScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, TRUE, sfu_prepare_dpmpp, sfu_fill_dpmpp_2m },
  { "dpmpp-2m-sde", "DPM++ 2M SDE", NULL, 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, TRUE, sfu_prepare_dpmpp, sfu_fill_dpmpp_2m_sde },
  { "dpmpp-sde", "DPM++ SDE", "DPMSolverSDEScheduler", 0.00085, 0.012, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, FALSE, sfu_prepare_dpmpp_sde, sfu_fill_dpmpp_sde },
  { "unipc", "UniPC", "UniPCMultistepScheduler", 0.0001, 0.02, "linear", SFU_SPACING_LINSPACE, TRUE, TRUE, FALSE, FALSE, TRUE, sfu_prepare_unipc, sfu_fill_unipc },
  { "lcm", "LCM", "LCMScheduler", 0.00085, 0.012, "scaled_linear", SFU_SPACING_LEADING, FALSE, FALSE, FALSE, TRUE, FALSE, sfu_prepare_consistency, sfu_fill_lcm },
  { "tcd", "TCD", "TCDScheduler", 0.00085, 0.012, "scaled_linear", SFU_SPACING_LEADING, FALSE, FALSE, FALSE, TRUE, FALSE, sfu_prepare_consistency, sfu_fill_tcd },
};

static const char *const names[] = { "ddim", "pndm", "lms", "euler", "euler-a", "heun", "dpmpp-2m", "dpmpp-2m-sde",
                                     "dpmpp-sde", "unipc", "lcm", "tcd", NULL };

const char *const *
sfu_scheduler_names (void)
{
  return names;
}

static const SfuFamilyEntry *
family_by_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (g_str_equal (families[i].name, name))
      return &families[i];
  return NULL;
}

const char *
sfu_scheduler_title (const char *name)
{
  const SfuFamilyEntry *family = family_by_name (name);
  return family != NULL ? family->title : NULL;
}

JsonObject *
sfu_scheduler_sd1_config (void)
{
  JsonObject *config = json_object_new ();
  json_object_set_string_member (config, "_class_name", "PNDMScheduler");
  json_object_set_double_member (config, "beta_start", 0.00085);
  json_object_set_double_member (config, "beta_end", 0.012);
  json_object_set_string_member (config, "beta_schedule", "scaled_linear");
  json_object_set_int_member (config, "num_train_timesteps", 1000);
  json_object_set_boolean_member (config, "set_alpha_to_one", FALSE);
  json_object_set_boolean_member (config, "skip_prk_steps", TRUE);
  json_object_set_int_member (config, "steps_offset", 1);
  json_object_set_boolean_member (config, "clip_sample", FALSE);
  return config;
}

const char *
sfu_scheduler_name_of_config (JsonObject *config)
{
  const char *class_name = sfu_config_string (config, "_class_name", "PNDMScheduler");
  if (g_str_has_prefix (class_name, "Flax"))
    class_name += strlen ("Flax");
  if (g_str_equal (class_name, "DPMSolverMultistepScheduler")
      && g_str_equal (sfu_config_string (config, "algorithm_type", ""), "sde-dpmsolver++"))
    return "dpmpp-2m-sde";
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (g_strcmp0 (families[i].class_name, class_name) == 0)
      return families[i].name;
  return NULL;
}

static const SfuFamilyEntry *
find_family (JsonObject *config, const char *wanted, GError **error)
{
  const char *own = sfu_scheduler_name_of_config (config);
  g_autofree char *known = g_strjoinv (", ", (GStrv) names);
  const SfuFamilyEntry *family = NULL;
  if (wanted != NULL)
    family = family_by_name (wanted);
  else if (own != NULL)
    family = family_by_name (own);
  if (family == NULL && wanted != NULL)
    g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNKNOWN_NAME,
                 "There is no scheduler “%s”. The schedulers are %s.", wanted, known);
  else if (family == NULL)
    g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                 "The model's own scheduler, %s, is not known here: choose one of %s.",
                 sfu_config_string (config, "_class_name", "without a name"), known);
  return family;
}

SfuSchedulerCall *
sfu_scheduler_append (SfuScheduler *self, double timestep, double x0_sample, double x0_model)
{
  SfuSchedulerCall call = { .timestep = timestep, .input_scale = 1, .x0_sample = x0_sample, .x0_model = x0_model,
                            .x0_clamp = self->clip };
  for (guint i = 0; i < SFU_MAX_SLOTS; i++)
    call.mix[i][SFU_IN_SLOT0 + i] = 1;
  g_array_append_val (self->calls, call);
  return &g_array_index (self->calls, SfuSchedulerCall, self->calls->len - 1);
}

void
sfu_call_set (SfuSchedulerCall *call, guint slot_, Expr value)
{
  for (guint i = 0; i < SFU_MAX_INPUTS; i++)
    call->mix[slot_][i] = value.k[i];
}

void
sfu_predict_vp (SfuScheduler *self, double alpha, double sigma, double *x0_sample, double *x0_model)
{
  switch (self->prediction)
    {
    case SFU_PREDICTS_EPSILON:
      *x0_sample = 1 / alpha;
      *x0_model = -sigma / alpha;
      break;
    case SFU_PREDICTS_V:
      *x0_sample = alpha;
      *x0_model = -sigma;
      break;
    case SFU_PREDICTS_SAMPLE:
      *x0_sample = 0;
      *x0_model = 1;
      break;
    }
}

Expr
sfu_predict_epsilon (SfuScheduler *self, double alpha, double sigma)
{
  Expr x = slot (0), e = input (SFU_IN_MODEL);
  switch (self->prediction)
    {
    case SFU_PREDICTS_V:
      return plus (times (alpha, e), sigma, x);
    case SFU_PREDICTS_SAMPLE:
      return plus (times (1 / sigma, x), -alpha / sigma, e);
    case SFU_PREDICTS_EPSILON:
      break;
    }
  return e;
}

void
sfu_predict_ve (SfuScheduler *self, double sigma, double *x0_sample, double *x0_model)
{
  switch (self->prediction)
    {
    case SFU_PREDICTS_EPSILON:
      *x0_sample = 1;
      *x0_model = -sigma;
      break;
    case SFU_PREDICTS_V:
      *x0_sample = 1 / (sigma * sigma + 1);
      *x0_model = -sigma / sqrt (sigma * sigma + 1);
      break;
    case SFU_PREDICTS_SAMPLE:
      *x0_sample = 0;
      *x0_model = 1;
      break;
    }
}

/* Skips what `strength` leaves out (diffusers StableDiffusionImg2ImgPipeline.get_timesteps). */
static gboolean
skip_first (SfuScheduler *self, double strength, GError **error)
{
  guint n = self->n_steps, run = MIN ((guint) (n * strength), n), skipped = (n - run) * self->order;
  if (isnan (strength) || strength >= 1)
    return TRUE;
  if (strength < 0 || run == 0 || skipped >= self->n_timesteps)
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                   "A strength of %g leaves none of %u steps to run: use more steps, or %g at least.", strength, n, 1.0 / n);
      return FALSE;
    }
  self->first = skipped;
  return TRUE;
}

SfuScheduler *
sfu_scheduler_new (JsonObject *config, const SfuSchedulerOptions *options, GError **error)
{
  g_autoptr (SfuScheduler) self = g_new0 (SfuScheduler, 1);
  self->calls = g_array_new (FALSE, TRUE, sizeof (SfuSchedulerCall));
  self->config = json_object_ref (config);
  self->family = find_family (config, options->name, error);
  self->init_noise_sigma = 1;
  self->order = 1;
  self->n_slots = 1;
  if (self->family == NULL || !sfu_schedule_read (self, options, error) || !self->family->prepare (self, error)
      || !skip_first (self, options->strength, error))
    return NULL;
  self->family->fill (self);
  return g_steal_pointer (&self);
}

void
sfu_scheduler_free (SfuScheduler *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->config, json_object_unref);
  g_array_unref (self->calls);
  g_free (self->alphas_cumprod);
  g_free (self->timesteps);
  g_free (self->sigmas);
  g_free (self);
}

const char *
sfu_scheduler_name (SfuScheduler *self)
{
  return self->family->name;
}

guint
sfu_scheduler_n_calls (SfuScheduler *self)
{
  return self->calls->len;
}

guint
sfu_scheduler_n_slots (SfuScheduler *self)
{
  return self->n_slots;
}

const SfuSchedulerCall *
sfu_scheduler_call (SfuScheduler *self, guint i)
{
  return &g_array_index (self->calls, SfuSchedulerCall, i);
}

static guint
first_place (SfuScheduler *self, guint i)
{
  guint place = 0;
  while (place < i && (float) self->timesteps[place] != (float) self->timesteps[i])
    place++;
  return place;
}

guint
sfu_scheduler_position (SfuScheduler *self, guint i)
{
  /* Those of two calls a step have them all in diffusers' list, as different timesteps. */
  if (self->family->prepare == sfu_prepare_heun || self->family->prepare == sfu_prepare_dpmpp_sde)
    return i;
  return first_place (self, self->first + i) - first_place (self, self->first);
}

double
sfu_scheduler_init_noise_sigma (SfuScheduler *self)
{
  return self->init_noise_sigma;
}

void
sfu_scheduler_start_mix (SfuScheduler *self, double *latent_factor, double *noise_factor)
{
  *latent_factor = self->start_latent;
  *noise_factor = self->start_noise;
}

const double *
sfu_scheduler_sigmas (SfuScheduler *self, guint *n)
{
  *n = self->n_sigmas;
  return self->sigmas;
}
