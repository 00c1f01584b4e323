/* Schedulers over x = x0 + sigma epsilon, after Karras et al. 2022 and k-diffusion:
 * Euler, Euler ancestral, Heun, LMS    diffusers schedulers/scheduling_euler_discrete.py,
 *     scheduling_euler_ancestral_discrete.py, scheduling_heun_discrete.py, scheduling_lms_discrete.py
 * DPM++ SDE    Lu et al. 2022, "DPM-Solver++", algorithm of second order with one midpoint, stochastic as in
 *     k-diffusion's sample_dpmpp_sde (eta = 1, r = 1/2). Its noise continues the picture's own generator;
 *     diffusers draws from a Brownian tree instead, so its pictures differ. */
#include <string.h>

#include "sfu-scheduler-private.h"

/* n sigmas for n timesteps, and 0 (or the smallest) behind them. */
gboolean
sfu_prepare_sigma (SfuScheduler *self, GError **error)
{
  sfu_schedule_space (self, FALSE, self->n_steps);
  guint n = self->n_timesteps;
  double top = 0;
  self->n_sigmas = n + 1;
  self->sigmas = g_new0 (double, n + 1);
  for (guint i = 0; i < n; i++)
    self->sigmas[i] = sfu_schedule_sigma (self, self->timesteps[i]);
  if (self->sigma_shape != SFU_SIGMAS_DEFAULT)
    {
      sfu_schedule_shape (self, self->sigmas[n - 1], self->sigmas[0], self->sigmas, n);
      for (guint i = 0; i < n; i++)
        self->timesteps[i] = (float) sfu_schedule_sigma_to_t (self, self->sigmas[i]);
    }
  if (g_str_equal (sfu_config_string (self->config, "final_sigmas_type", "zero"), "sigma_min") && self->family->zero_snr_floor)
    self->sigmas[n] = sfu_schedule_sigma (self, 0);
  for (guint i = 0; i <= n; i++)
    {
      self->sigmas[i] = (float) self->sigmas[i];
      top = MAX (top, self->sigmas[i]);
    }
  self->init_noise_sigma = self->spacing == SFU_SPACING_LEADING ? sqrt (top * top + 1) : top;
  self->n_slots = 1 + 4; /* LMS remembers most */
  return TRUE;
}

/* A call at sigma number @i of the table, with its derivative (x - x0) / sigma. */
static SfuSchedulerCall *
append_at (SfuScheduler *self, double timestep, double sigma, Expr *derivative)
{
  double x0_sample, x0_model;
  sfu_predict_ve (self, sigma, &x0_sample, &x0_model);
  SfuSchedulerCall *call = sfu_scheduler_append (self, timestep, x0_sample, x0_model);
  call->input_scale = 1 / sqrt (sigma * sigma + 1);
  call->x0_clamp = INFINITY;
  if (derivative != NULL)
    *derivative = plus (times (1 / sigma, slot (0)), -1 / sigma, input (SFU_IN_X0));
  return call;
}

static void
set_start (SfuScheduler *self)
{
  self->start_latent = 1;
  self->start_noise = self->sigmas[self->first];
}

void
sfu_fill_euler (SfuScheduler *self)
{
  Expr derivative;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      SfuSchedulerCall *call = append_at (self, self->timesteps[i], self->sigmas[i], &derivative);
      sfu_call_set (call, 0, plus (slot (0), self->sigmas[i + 1] - self->sigmas[i], derivative));
    }
}

/* Splits the way from sigma to sigma into a step down and fresh noise (k-diffusion get_ancestral_step). */
static void
ancestral_step (double from, double to, double *down, double *up)
{
  *up = sqrt (MAX (to * to * (from * from - to * to) / (from * from), 0));
  *down = sqrt (MAX (to * to - *up * *up, 0));
}

void
sfu_fill_euler_ancestral (SfuScheduler *self)
{
  Expr derivative;
  double down, up;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      SfuSchedulerCall *call = append_at (self, self->timesteps[i], self->sigmas[i], &derivative);
      ancestral_step (self->sigmas[i], self->sigmas[i + 1], &down, &up);
      call->needs_noise = TRUE;
      sfu_call_set (call, 0, plus (plus (slot (0), down - self->sigmas[i], derivative), up, input (SFU_IN_NOISE)));
    }
}

/* -- Heun: every step but the last looks at its end as well -- */

enum { HEUN_SAMPLE = 1, HEUN_DERIVATIVE };

gboolean
sfu_prepare_heun (SfuScheduler *self, GError **error)
{
  sfu_prepare_sigma (self, error);
  guint n = self->n_timesteps;
  g_autofree double *timesteps = g_steal_pointer (&self->timesteps), *sigmas = g_steal_pointer (&self->sigmas);
  self->order = 2;
  self->n_timesteps = 2 * n - 1;
  self->n_sigmas = 2 * n;
  self->timesteps = g_new (double, 2 * n - 1);
  self->sigmas = g_new0 (double, 2 * n);
  for (guint i = 0; i < 2 * n - 1; i++)
    {
      self->timesteps[i] = timesteps[(i + 1) / 2];
      self->sigmas[i] = sigmas[(i + 1) / 2];
    }
  self->sigmas[2 * n - 1] = sigmas[n];
  return TRUE;
}

void
sfu_fill_heun (SfuScheduler *self)
{
  Expr derivative;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      SfuSchedulerCall *call = append_at (self, self->timesteps[i], self->sigmas[i], &derivative);
      call->x0_clamp = self->clip;
      if (i % 2 == 0)
        {
          sfu_call_set (call, HEUN_SAMPLE, slot (0));
          sfu_call_set (call, HEUN_DERIVATIVE, derivative);
          sfu_call_set (call, 0, plus (slot (0), self->sigmas[i + 1] - self->sigmas[i], derivative));
        }
      else
        {
          double step = self->sigmas[i] - self->sigmas[i - 1];
          Expr mean = plus (times (0.5, slot (HEUN_DERIVATIVE)), 0.5, derivative);
          sfu_call_set (call, 0, plus (slot (HEUN_SAMPLE), step, mean));
        }
    }
}

/* -- linear multistep (Adams-Bashforth) of order 4 -- */

#define LMS_ORDER 4

/* Integral from sigma[i] to sigma[i + 1] of the Lagrange polynomial of derivative `which` among `order`. A
 * polynomial of third degree: two Gauss points are exact. */
static double
lms_coefficient (const double *sigmas, guint i, guint order, guint which)
{
  double a = sigmas[i], b = sigmas[i + 1], sum = 0;
  for (int side = -1; side <= 1; side += 2)
    {
      double tau = (a + b) / 2 + side * (b - a) / 2 / sqrt (3), product = 1;
      for (guint k = 0; k < order; k++)
        if (k != which)
          product *= (tau - sigmas[i - k]) / (sigmas[i - which] - sigmas[i - k]);
      sum += product * (b - a) / 2;
    }
  return sum;
}

void
sfu_fill_lms (SfuScheduler *self)
{
  Expr derivative;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      /* As diffusers, whose order follows the table while its memory begins with the run. */
      guint order = MIN (i + 1, LMS_ORDER), known = i - self->first;
      SfuSchedulerCall *call = append_at (self, self->timesteps[i], self->sigmas[i], &derivative);
      Expr x = plus (slot (0), lms_coefficient (self->sigmas, i, order, 0), derivative);
      for (guint k = 1; k < order && k <= known; k++)
        x = plus (x, lms_coefficient (self->sigmas, i, order, k), slot (k));
      sfu_call_set (call, 0, x);
      sfu_call_set (call, 1, derivative);
      for (guint k = 2; k < LMS_ORDER; k++)
        sfu_call_set (call, k, slot (k - 1));
    }
}

/* -- DPM++ SDE -- */

enum { SDE_SAMPLE = 1, SDE_DENOISED };

gboolean
sfu_prepare_dpmpp_sde (SfuScheduler *self, GError **error)
{
  return sfu_prepare_sigma (self, error);
}

/* x after the way from sigma to sigma with x0 held: exact for the linear part. */
static Expr
exponential_step (Expr x, Expr x0, double from, double to)
{
  return plus (times (to / from, x), 1 - to / from, x0);
}

void
sfu_fill_dpmpp_sde (SfuScheduler *self)
{
  double down, up;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      double from = self->sigmas[i], to = self->sigmas[i + 1], middle = sqrt (from * to);
      Expr x0 = input (SFU_IN_X0), noise = input (SFU_IN_NOISE);
      SfuSchedulerCall *call = append_at (self, self->timesteps[i], from, NULL);
      if (to == 0)
        {
          sfu_call_set (call, 0, x0);
          continue;
        }
      ancestral_step (from, middle, &down, &up);
      call->needs_noise = TRUE;
      sfu_call_set (call, SDE_SAMPLE, slot (0));
      sfu_call_set (call, SDE_DENOISED, x0);
      sfu_call_set (call, 0, plus (exponential_step (slot (0), x0, from, down), up, noise));

      /* With the midpoint halfway the second estimate counts alone (fac = 1 / (2 r) = 1). */
      call = append_at (self, (float) sfu_schedule_sigma_to_t (self, middle), middle, NULL);
      ancestral_step (from, to, &down, &up);
      call->needs_noise = TRUE;
      sfu_call_set (call, 0, plus (exponential_step (slot (SDE_SAMPLE), x0, from, down), up, noise));
    }
}
