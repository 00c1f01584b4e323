#include <string.h>

#include "sfu-scheduler-private.h"

/* -- reading configs: a value of the wrong type counts as absent, as does null -- */

static JsonNode *
config_node (JsonObject *config, const char *key)
{
  JsonNode *node = config != NULL ? json_object_get_member (config, key) : NULL;
  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

double
sfu_config_double (JsonObject *config, const char *key, double otherwise)
{
  JsonNode *node = config_node (config, key);
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE && json_node_get_value_type (node) != G_TYPE_INT64))
    return otherwise;
  return json_node_get_double (node);
}

gboolean
sfu_config_boolean (JsonObject *config, const char *key, gboolean otherwise)
{
  JsonNode *node = config_node (config, key);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN
           ? json_node_get_boolean (node) : otherwise;
}

const char *
sfu_config_string (JsonObject *config, const char *key, const char *otherwise)
{
  JsonNode *node = config_node (config, key);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node) : otherwise;
}

/* -- betas and alphas, in single precision where PyTorch has it -- */

/* torch.linspace in single precision: from both ends towards the middle. */
static void
linspace_f32 (float start, float end, float *out, guint n)
{
  float step = n > 1 ? (end - start) / (float) (n - 1) : 0;
  for (guint i = 0; i < n; i++)
    out[i] = i < n / 2 ? start + step * (float) i : end - step * (float) (n - 1 - i);
}

/* Nichol and Dhariwal 2021, equation 17 (diffusers betas_for_alpha_bar). */
static double
cosine_alpha_bar (double t)
{
  return pow (cos ((t + 0.008) / 1.008 * G_PI / 2), 2);
}

static gboolean
make_betas (SfuScheduler *self, float *betas, GError **error)
{
  const SfuFamilyEntry *family = self->family;
  const char *schedule = sfu_config_string (self->config, "beta_schedule", family->beta_schedule);
  double start = sfu_config_double (self->config, "beta_start", family->beta_start);
  double end = sfu_config_double (self->config, "beta_end", family->beta_end);
  JsonNode *trained = config_node (self->config, "trained_betas");
  guint n = self->n_train;

  if (trained != NULL && JSON_NODE_HOLDS_ARRAY (trained) && json_array_get_length (json_node_get_array (trained)) == n)
    for (guint i = 0; i < n; i++)
      betas[i] = json_array_get_double_element (json_node_get_array (trained), i);
  else if (g_str_equal (schedule, "linear"))
    linspace_f32 (start, end, betas, n);
  else if (g_str_equal (schedule, "scaled_linear"))
    {
      linspace_f32 (sqrt (start), sqrt (end), betas, n);
      for (guint i = 0; i < n; i++)
        betas[i] *= betas[i];
    }
  else if (g_str_equal (schedule, "squaredcos_cap_v2"))
    for (guint i = 0; i < n; i++)
      betas[i] = MIN (1 - cosine_alpha_bar ((i + 1.0) / n) / cosine_alpha_bar ((double) i / n), 0.999);
  else
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                   "The model's scheduler wants the beta schedule “%s”, which is not known here.", schedule);
      return FALSE;
    }
  return TRUE;
}

/* torch.cumprod keeps its product in double precision and rounds what it stores. */
static void
cumulate (const float *betas, float *alphas_cumprod, guint n)
{
  double product = 1;
  for (guint i = 0; i < n; i++)
    alphas_cumprod[i] = product *= 1.0f - betas[i];
}

/* Lin et al. 2024, "Common diffusion noise schedules and sample steps are flawed", algorithm 1. */
static void
rescale_to_zero_snr (float *betas, float *scratch, guint n)
{
  cumulate (betas, scratch, n);
  for (guint i = 0; i < n; i++)
    scratch[i] = sqrtf (scratch[i]);
  float first = scratch[0], last = scratch[n - 1];
  for (guint i = 0; i < n; i++)
    {
      scratch[i] = (scratch[i] - last) * (first / (first - last));
      scratch[i] *= scratch[i];
    }
  for (guint i = n; i-- > 1;)
    betas[i] = 1.0f - scratch[i] / scratch[i - 1];
  betas[0] = 1.0f - scratch[0];
}

static gboolean
choose (const char *what, const char *value, const char *const *names, guint n, guint *choice, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (value, names[i]))
      {
        *choice = i;
        return TRUE;
      }
  g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNKNOWN_NAME, "There is no %s “%s”: use %s, %s or %s.", what,
               value, names[0], names[1], names[2]);
  return FALSE;
}

static const char *const spacing_names[] = {
  [SFU_SPACING_LEADING] = "leading", [SFU_SPACING_TRAILING] = "trailing", [SFU_SPACING_LINSPACE] = "linspace",
};
static const char *const sigma_names[] = {
  [SFU_SIGMAS_DEFAULT] = "default", [SFU_SIGMAS_KARRAS] = "karras", [SFU_SIGMAS_EXPONENTIAL] = "exponential",
};
static const char *const prediction_names[] = {
  [SFU_PREDICTS_EPSILON] = "epsilon", [SFU_PREDICTS_V] = "v_prediction", [SFU_PREDICTS_SAMPLE] = "sample",
};

static gboolean
read_choices (SfuScheduler *self, const SfuSchedulerOptions *options, GError **error)
{
  const char *spacing = sfu_config_string (self->config, "timestep_spacing", spacing_names[self->family->spacing]);
  const char *shape = "default";
  guint choice;

  if (sfu_config_boolean (self->config, "use_karras_sigmas", FALSE))
    shape = "karras";
  else if (sfu_config_boolean (self->config, "use_exponential_sigmas", FALSE))
    shape = "exponential";
  if (!choose ("sigma shape", options->sigmas != NULL ? options->sigmas : shape, sigma_names, 3, &choice, error))
    return FALSE;
  if (choice != SFU_SIGMAS_DEFAULT && !self->family->takes_sigmas)
    {
      if (options->sigmas != NULL)
        {
          g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                       "The scheduler %s has no %s sigmas: leave them at default, or choose euler or dpmpp-2m.",
                       self->family->name, options->sigmas);
          return FALSE;
        }
      choice = SFU_SIGMAS_DEFAULT;
    }
  self->sigma_shape = choice;
  if (!choose ("spacing", options->spacing != NULL ? options->spacing : spacing, spacing_names, 3, &choice, error))
    return FALSE;
  if (options->spacing != NULL && !self->family->takes_spacing)
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                   "The scheduler %s has timesteps of its own: leave the spacing out.", self->family->name);
      return FALSE;
    }
  self->spacing = choice;
  if (!choose ("prediction type", sfu_config_string (self->config, "prediction_type", "epsilon"), prediction_names, 3, &choice, error))
    return FALSE;
  self->prediction = choice;
  return TRUE;
}

/* Options of diffusers that no model of the families we run uses. */
static gboolean
refuse_unknown (SfuScheduler *self, GError **error)
{
  static const char *const switches[] = { "thresholding", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas" };
  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    if (sfu_config_boolean (self->config, switches[i], FALSE))
      {
        g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                     "The model's scheduler sets “%s”, which is not known here: choose another model.", switches[i]);
        return FALSE;
      }
  if (!g_str_equal (sfu_config_string (self->config, "interpolation_type", "linear"), "linear")
      || !g_str_equal (sfu_config_string (self->config, "timestep_type", "discrete"), "discrete"))
    {
      g_set_error_literal (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                           "The model's scheduler wants timesteps that are not known here: choose another scheduler.");
      return FALSE;
    }
  return TRUE;
}

gboolean
sfu_schedule_read (SfuScheduler *self, const SfuSchedulerOptions *options, GError **error)
{
  double n_train = sfu_config_double (self->config, "num_train_timesteps", 1000);
  g_autofree float *betas = NULL;

  if (!(n_train >= 2 && n_train <= 100000))
    {
      g_set_error_literal (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                           "The model's scheduler config has an impossible num_train_timesteps.");
      return FALSE;
    }
  self->n_train = n_train;
  if (options->steps < 1 || options->steps > self->n_train)
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_STEPS, "%u steps cannot be taken: use 1 to %u.",
                   options->steps, self->n_train);
      return FALSE;
    }
  self->n_steps = options->steps;
  self->eta = options->eta;
  self->steps_offset = CLAMP (sfu_config_double (self->config, "steps_offset", 0), -1000, 1000);
  self->clip = sfu_config_boolean (self->config, "clip_sample", self->family->clip_sample)
                 ? sfu_config_double (self->config, "clip_sample_range", 1) : INFINITY;
  if (!read_choices (self, options, error) || !refuse_unknown (self, error))
    return FALSE;

  betas = g_new (float, self->n_train);
  self->alphas_cumprod = g_new (float, self->n_train);
  if (!make_betas (self, betas, error))
    return FALSE;
  gboolean zero_snr = sfu_config_boolean (self->config, "rescale_betas_zero_snr", FALSE);
  if (zero_snr)
    rescale_to_zero_snr (betas, self->alphas_cumprod, self->n_train);
  cumulate (betas, self->alphas_cumprod, self->n_train);
  if (zero_snr && self->family->zero_snr_floor)
    self->alphas_cumprod[self->n_train - 1] = 0x1p-24f;
  self->final_alpha = sfu_config_boolean (self->config, "set_alpha_to_one", self->family->set_alpha_to_one)
                        ? 1 : self->alphas_cumprod[0];
  return TRUE;
}

/* -- timesteps -- */

/* numpy.linspace (0, n_train - 1, points), backwards. */
static double
linspace_point (SfuScheduler *self, guint points, guint i)
{
  double last = self->n_train - 1.0;
  guint forward = points - 1 - i;
  return points == 1 ? 0 : forward == points - 1 ? last : forward * (last / (points - 1));
}

void
sfu_schedule_space (SfuScheduler *self, gboolean whole, guint points)
{
  guint n = self->n_steps;
  g_free (self->timesteps);
  if (self->spacing == SFU_SPACING_TRAILING)
    {
      /* numpy.arange (n_train, 0, -ratio): as many points as fall before 0. */
      double ratio = (double) self->n_train / n, delta = (self->n_train - ratio) - self->n_train;
      self->n_timesteps = ceil (-(double) self->n_train / -ratio);
      self->timesteps = g_new (double, self->n_timesteps);
      for (guint i = 0; i < self->n_timesteps; i++)
        self->timesteps[i] = MAX (rint (self->n_train + i * delta) - 1, 0);
      return;
    }
  self->n_timesteps = n;
  self->timesteps = g_new (double, n);
  for (guint i = 0; i < n; i++)
    if (self->spacing == SFU_SPACING_LINSPACE)
      self->timesteps[i] = whole ? rint (linspace_point (self, points, i)) : (float) linspace_point (self, points, i);
    else
      self->timesteps[i] = MIN ((double) (points - 1 - i) * (self->n_train / points) + self->steps_offset, self->n_train - 1);
}

double
sfu_schedule_alpha (SfuScheduler *self, double timestep)
{
  return timestep < 0 ? self->final_alpha : self->alphas_cumprod[(guint) MIN (timestep, self->n_train - 1)];
}

static float
table_sigma (SfuScheduler *self, guint i)
{
  return sqrtf ((1 - self->alphas_cumprod[i]) / self->alphas_cumprod[i]);
}

double
sfu_schedule_sigma (SfuScheduler *self, double t)
{
  if (t <= 0)
    return table_sigma (self, 0);
  if (t >= self->n_train - 1)
    return table_sigma (self, self->n_train - 1);
  guint low = floor (t);
  double a = table_sigma (self, low), b = table_sigma (self, low + 1);
  return a + (b - a) * (t - low);
}

/* Linear in the logarithm between neighbours (diffusers EulerDiscreteScheduler._sigma_to_t). */
double
sfu_schedule_sigma_to_t (SfuScheduler *self, double sigma)
{
  double log_sigma = log (MAX (sigma, 1e-10));
  guint low = 0;
  for (guint step = self->n_train; step > 0; step /= 2)
    while (low + step < self->n_train - 1 && logf (table_sigma (self, low + step)) <= log_sigma)
      low += step;
  float a = logf (table_sigma (self, low)), b = logf (table_sigma (self, low + 1));
  double w = CLAMP ((a - log_sigma) / (a - b), 0, 1);
  return (1 - w) * low + w * (low + 1);
}

void
sfu_schedule_shape (SfuScheduler *self, double sigma_min, double sigma_max, double *sigmas, guint n)
{
  const double rho = 7; /* Karras et al. 2022, appendix D.1 */
  sigma_min = sfu_config_double (self->config, "sigma_min", sigma_min);
  sigma_max = sfu_config_double (self->config, "sigma_max", sigma_max);
  for (guint i = 0; i < n; i++)
    {
      double ramp = n > 1 ? (double) i / (n - 1) : 0;
      if (self->sigma_shape == SFU_SIGMAS_KARRAS)
        {
          double high = pow (sigma_max, 1 / rho), low = pow (sigma_min, 1 / rho);
          sigmas[i] = pow (high + ramp * (low - high), rho);
        }
      else
        sigmas[i] = exp (log (sigma_max) + ramp * (log (sigma_min) - log (sigma_max)));
    }
}
