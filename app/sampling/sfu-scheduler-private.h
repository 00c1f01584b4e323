/* sfu-scheduler-private.h: what the scheduler families share: the noise schedule of a model, expressions
 * over what a call can see, and the scheduler that is being worked out. */
#pragma once

#include <math.h>

#include "sfu-scheduler.h"

/* What the model output means (prediction_type). */
typedef enum { SFU_PREDICTS_EPSILON, SFU_PREDICTS_V, SFU_PREDICTS_SAMPLE } SfuPrediction;

typedef enum { SFU_SIGMAS_DEFAULT, SFU_SIGMAS_KARRAS, SFU_SIGMAS_EXPONENTIAL } SfuSigmas;
typedef enum { SFU_SPACING_LEADING, SFU_SPACING_TRAILING, SFU_SPACING_LINSPACE } SfuSpacing;

typedef struct _SfuFamilyEntry SfuFamilyEntry;

struct _SfuScheduler {
  const SfuFamilyEntry *family;
  JsonObject *config;

  /* From config and options, see sfu_schedule_read(). */
  guint n_train;            /* num_train_timesteps */
  float *alphas_cumprod;    /* n_train, in single precision as PyTorch has them */
  double final_alpha;       /* what comes after the last timestep (set_alpha_to_one) */
  SfuPrediction prediction;
  SfuSigmas sigma_shape;
  SfuSpacing spacing;
  int steps_offset;
  double clip;              /* clip_sample_range, or INFINITY */
  double eta;
  guint n_steps;            /* as the user said */

  /* Worked out by the family. */
  double *timesteps;        /* one a call */
  guint n_timesteps;
  double *sigmas;           /* NULL where the family has none */
  guint n_sigmas;
  double init_noise_sigma;
  guint order;              /* entries of the timesteps that one step of the user's takes (img2img skips by it) */
  guint first;              /* the timestep that is run first */
  GArray *calls;            /* SfuSchedulerCall, from `first` on */
  guint n_slots;
  double start_latent, start_noise;
};

/* One scheduler that users can name. */
struct _SfuFamilyEntry {
  const char *name, *title, *class_name;
  /* Defaults of the class in diffusers, for keys that a config lacks. */
  double beta_start, beta_end;
  const char *beta_schedule;
  SfuSpacing spacing;
  gboolean takes_spacing;  /* FALSE: timesteps are the family's own */
  gboolean takes_sigmas;   /* karras and exponential */
  gboolean clip_sample, set_alpha_to_one;
  gboolean zero_snr_floor; /* the last alpha becomes 2^-24 where betas are rescaled to zero SNR */
  /* Sets timesteps, sigmas, init_noise_sigma, order and n_slots. */
  gboolean (*prepare) (SfuScheduler *self, GError **error);
  /* Appends the calls from timestep number `first` on, and sets how a picture is mixed with noise there. */
  void (*fill) (SfuScheduler *self);
};

/* -- expressions: linear in what a call can see -- */

typedef struct {
  double k[SFU_MAX_INPUTS];
} Expr;

static inline Expr
input (guint i)
{
  Expr e = { { 0 } };
  e.k[i] = 1;
  return e;
}

static inline Expr
slot (guint i)
{
  return input (SFU_IN_SLOT0 + i);
}

/* a + k b */
static inline Expr
plus (Expr a, double k, Expr b)
{
  for (guint i = 0; i < SFU_MAX_INPUTS; i++)
    a.k[i] += k * b.k[i];
  return a;
}

static inline Expr
times (double k, Expr a)
{
  return plus ((Expr) { { 0 } }, k, a);
}

/* -- sfu-sigmas.c -- */

/* Reads what all families need from config and options. */
gboolean sfu_schedule_read (SfuScheduler *self, const SfuSchedulerOptions *options, GError **error);

/* Sets the timesteps for n steps: whole numbers where @whole, else as they fall. @points: of how many points
 * (n, or n + 1 with the last one dropped). */
void sfu_schedule_space (SfuScheduler *self, gboolean whole, guint points);
/* (1 - alpha) / alpha, square-rooted, of the training timestep @t; in between, interpolated. */
double sfu_schedule_sigma (SfuScheduler *self, double t);
double sfu_schedule_sigma_to_t (SfuScheduler *self, double sigma);
/* Fills `n` sigmas between two by the shape that was asked for. */
void sfu_schedule_shape (SfuScheduler *self, double sigma_min, double sigma_max, double *sigmas, guint n);

double sfu_schedule_alpha (SfuScheduler *self, double timestep); /* alphas_cumprod; after the end final_alpha */

double sfu_config_double (JsonObject *config, const char *key, double otherwise);
gboolean sfu_config_boolean (JsonObject *config, const char *key, gboolean otherwise);
const char *sfu_config_string (JsonObject *config, const char *key, const char *otherwise);

/* -- for the families -- */

/* Appends a call at the timestep with x0 = sample * x + model * output; all slots keep their values. */
SfuSchedulerCall *sfu_scheduler_append (SfuScheduler *self, double timestep, double x0_sample, double x0_model);
void sfu_call_set (SfuSchedulerCall *call, guint slot, Expr value);

/* x0 from the sample and the model's output where x = alpha x0 + sigma epsilon. */
void sfu_predict_vp (SfuScheduler *self, double alpha, double sigma, double *x0_sample, double *x0_model);
/* The noise that the same output stands for. */
Expr sfu_predict_epsilon (SfuScheduler *self, double alpha, double sigma);
/* The same where x = x0 + sigma epsilon and the model sees x / sqrt (sigma^2 + 1). */
void sfu_predict_ve (SfuScheduler *self, double sigma, double *x0_sample, double *x0_model);

/* The families, by where they live. */

/* sfu-schedulers-alpha.c: over the cumulated alphas */
gboolean sfu_prepare_ddim (SfuScheduler *self, GError **error);
void sfu_fill_ddim (SfuScheduler *self);
gboolean sfu_prepare_pndm (SfuScheduler *self, GError **error);
void sfu_fill_pndm (SfuScheduler *self);
gboolean sfu_prepare_consistency (SfuScheduler *self, GError **error);
void sfu_fill_lcm (SfuScheduler *self);
void sfu_fill_tcd (SfuScheduler *self);

/* sfu-schedulers-sigma.c: x = x0 + sigma epsilon */
gboolean sfu_prepare_sigma (SfuScheduler *self, GError **error);
gboolean sfu_prepare_heun (SfuScheduler *self, GError **error);
void sfu_fill_euler (SfuScheduler *self);
void sfu_fill_euler_ancestral (SfuScheduler *self);
void sfu_fill_heun (SfuScheduler *self);
void sfu_fill_lms (SfuScheduler *self);
gboolean sfu_prepare_dpmpp_sde (SfuScheduler *self, GError **error);
void sfu_fill_dpmpp_sde (SfuScheduler *self);

/* sfu-schedulers-exponential.c: exponential integrators over half the logarithm of the signal-to-noise ratio */
gboolean sfu_prepare_dpmpp (SfuScheduler *self, GError **error);
void sfu_fill_dpmpp_2m (SfuScheduler *self);
void sfu_fill_dpmpp_2m_sde (SfuScheduler *self);
gboolean sfu_prepare_unipc (SfuScheduler *self, GError **error);
void sfu_fill_unipc (SfuScheduler *self);
