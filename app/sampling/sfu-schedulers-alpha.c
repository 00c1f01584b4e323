/* Schedulers that are written over the cumulated alphas of whole timesteps:
 * DDIM   Song et al. 2020; diffusers schedulers/scheduling_ddim.py
 * PNDM   Liu et al. 2022; scheduling_pndm.py
 * LCM    Luo et al. 2023; scheduling_lcm.py
 * TCD    Zheng et al. 2024; scheduling_tcd.py */
#include <string.h>

#include "sfu-scheduler-private.h"

/* How a picture is mixed with noise at the first timestep that is run. */
static void
set_start (SfuScheduler *self)
{
  double alpha = sfu_schedule_alpha (self, self->timesteps[self->first]);
  self->start_latent = sqrt (alpha);
  self->start_noise = sqrt (1 - alpha);
}

gboolean
sfu_prepare_ddim (SfuScheduler *self, GError **error)
{
  sfu_schedule_space (self, TRUE, self->n_steps);
  return TRUE;
}

void
sfu_fill_ddim (SfuScheduler *self)
{
  double eta = isnan (self->eta) ? 0 : self->eta, stride = self->n_train / self->n_steps, x0_sample, x0_model;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      double t = self->timesteps[i], alpha = sfu_schedule_alpha (self, t), next = sfu_schedule_alpha (self, t - stride);
      double variance = (1 - next) / (1 - alpha) * (1 - alpha / next), deviation = eta * sqrt (MAX (variance, 0));
      sfu_predict_vp (self, sqrt (alpha), sqrt (1 - alpha), &x0_sample, &x0_model);
      SfuSchedulerCall *call = sfu_scheduler_append (self, t, x0_sample, x0_model);
      Expr x = times (sqrt (next), input (SFU_IN_X0));
      x = plus (x, sqrt (MAX (1 - next - deviation * deviation, 0)), sfu_predict_epsilon (self, sqrt (alpha), sqrt (1 - alpha)));
      call->needs_noise = eta > 0;
      sfu_call_set (call, 0, eta > 0 ? plus (x, deviation, input (SFU_IN_NOISE)) : x);
    }
}

/* -- PNDM -- */

/* Slots: the latent a pair of calls began with, the last three model outputs (the latest first), and the sum of
 * a Runge-Kutta step. */
enum { PNDM_SAMPLE = 1, PNDM_LAST, PNDM_SUM = PNDM_LAST + 3, PNDM_SLOTS };

static gboolean
has_runge_kutta (SfuScheduler *self)
{
  return !sfu_config_boolean (self->config, "skip_prk_steps", FALSE);
}

gboolean
sfu_prepare_pndm (SfuScheduler *self, GError **error)
{
  guint n = self->n_steps;
  sfu_schedule_space (self, TRUE, n);
  g_autofree double *plain = g_steal_pointer (&self->timesteps);
  n = self->n_timesteps;
  self->n_slots = PNDM_SLOTS;
  if (!has_runge_kutta (self))
    {
      /* The second timestep comes twice: the first step is corrected. */
      self->n_timesteps = n > 1 ? n + 1 : 1;
      self->timesteps = g_new (double, self->n_timesteps);
      for (guint i = 0; i < self->n_timesteps; i++)
        self->timesteps[i] = plain[i < 2 ? i : i - 1];
      return TRUE;
    }
  if (n < 4)
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_STEPS,
                   "PNDM begins with Runge-Kutta steps for this model and needs 4 steps at least, not %u.", self->n_steps);
      return FALSE;
    }
  /* Four calls for each of the first three steps: at its timestep, twice half a stride on, at its end. */
  double half = self->n_train / self->n_steps / 2;
  self->n_timesteps = 12 + n - 3;
  self->timesteps = g_new (double, self->n_timesteps);
  for (guint i = 0; i < 3; i++)
    {
      self->timesteps[4 * i] = plain[i];
      self->timesteps[4 * i + 1] = self->timesteps[4 * i + 2] = plain[i + 1] + half;
      self->timesteps[4 * i + 3] = plain[i + 1];
    }
  for (guint i = 3; i < n; i++)
    self->timesteps[12 + i - 3] = plain[i];
  return TRUE;
}

/* Equation 9 of the paper: from timestep to timestep with the combined output. */
static Expr
pndm_transfer (SfuScheduler *self, Expr sample, Expr output, double t, double next_t)
{
  double a = sfu_schedule_alpha (self, t), b = sfu_schedule_alpha (self, next_t);
  double denominator = a * sqrt (1 - b) + sqrt (a * (1 - a) * b);
  if (self->prediction == SFU_PREDICTS_V)
    output = plus (times (sqrt (a), output), sqrt (1 - a), sample);
  return plus (times (sqrt (b / a), sample), -(b - a) / denominator, output);
}

static void
pndm_remember (SfuSchedulerCall *call)
{
  sfu_call_set (call, PNDM_LAST + 2, slot (PNDM_LAST + 1));
  sfu_call_set (call, PNDM_LAST + 1, slot (PNDM_LAST));
  sfu_call_set (call, PNDM_LAST, input (SFU_IN_MODEL));
}

static void
pndm_runge_kutta (SfuScheduler *self, SfuSchedulerCall *call, guint i)
{
  static const double weights[] = { 1 / 6.0, 1 / 3.0, 1 / 3.0, 1 / 6.0 };
  double half = self->n_train / self->n_steps / 2, t = self->timesteps[self->first + i];
  double next = t - (i % 2 == 1 ? 0 : half), from = self->timesteps[i / 4 * 4];
  Expr e = input (SFU_IN_MODEL), sample = i % 4 == 0 ? slot (0) : slot (PNDM_SAMPLE);
  Expr sum = plus (i % 4 == 0 ? times (0, e) : slot (PNDM_SUM), weights[i % 4], e);
  if (i % 4 == 0)
    {
      pndm_remember (call);
      sfu_call_set (call, PNDM_SAMPLE, slot (0));
    }
  sfu_call_set (call, PNDM_SUM, sum);
  sfu_call_set (call, 0, pndm_transfer (self, sample, i % 4 == 3 ? sum : e, from, next));
}

/* @count: multistep calls before this one; @known: outputs that are remembered. */
static void
pndm_multistep (SfuScheduler *self, SfuSchedulerCall *call, double t, guint count, guint known)
{
  double stride = self->n_train / self->n_steps, next = t - stride;
  Expr e = input (SFU_IN_MODEL), e1 = slot (PNDM_LAST), e2 = slot (PNDM_LAST + 1), e3 = slot (PNDM_LAST + 2);
  Expr sample = slot (0), output;
  gboolean correcting = count == 1 && !has_runge_kutta (self);

  if (correcting)
    {
      next = t;
      t += stride;
      sample = slot (PNDM_SAMPLE);
      output = plus (times (0.5, e), 0.5, e1);
    }
  else if (known == 0)
    output = e;
  else if (known == 1)
    output = plus (times (1.5, e), -0.5, e1);
  else if (known == 2)
    output = plus (plus (times (23 / 12.0, e), -16 / 12.0, e1), 5 / 12.0, e2);
  else
    output = plus (plus (plus (times (55 / 24.0, e), -59 / 24.0, e1), 37 / 24.0, e2), -9 / 24.0, e3);
  if (known == 0)
    sfu_call_set (call, PNDM_SAMPLE, slot (0));
  if (!correcting)
    pndm_remember (call);
  sfu_call_set (call, 0, pndm_transfer (self, sample, output, t, next));
}

void
sfu_fill_pndm (SfuScheduler *self)
{
  guint n_runge_kutta = has_runge_kutta (self) ? 12 : 0, known = 0;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      double t = self->timesteps[i], alpha = sfu_schedule_alpha (self, t), x0_sample, x0_model;
      guint count = i - self->first;
      sfu_predict_vp (self, sqrt (alpha), sqrt (1 - alpha), &x0_sample, &x0_model);
      SfuSchedulerCall *call = sfu_scheduler_append (self, t, x0_sample, x0_model);
      call->x0_clamp = INFINITY;
      if (count < n_runge_kutta)
        {
          pndm_runge_kutta (self, call, count);
          known += count % 4 == 0;
          continue;
        }
      pndm_multistep (self, call, t, count, known);
      if (n_runge_kutta > 0 || count != 1)
        known = MIN (known + 1, 3);
    }
}

/* -- consistency models: LCM and TCD share their timesteps -- */

gboolean
sfu_prepare_consistency (SfuScheduler *self, GError **error)
{
  guint n = self->n_steps, original = CLAMP (sfu_config_double (self->config, "original_inference_steps", 50), 1, self->n_train);
  guint stride = self->n_train / original;
  if (n > original)
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_STEPS,
                   "%s takes at most %u steps, not %u: 4 to 8 are usual.", self->family->title, original, n);
      return FALSE;
    }
  self->n_timesteps = n;
  self->timesteps = g_new (double, n);
  for (guint i = 0; i < n; i++)
    {
      guint index = floor (i * ((double) original / n));
      self->timesteps[i] = (original - index) * stride - 1.0;
    }
  return TRUE;
}

void
sfu_fill_lcm (SfuScheduler *self)
{
  const double sigma_data = 0.5;
  double scaling = sfu_config_double (self->config, "timestep_scaling", 10), x0_sample, x0_model;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      gboolean last = i + 1 == self->n_timesteps;
      double t = self->timesteps[i], scaled = t * scaling, alpha = sfu_schedule_alpha (self, t);
      double next = sfu_schedule_alpha (self, last ? t : self->timesteps[i + 1]);
      double c_skip = sigma_data * sigma_data / (scaled * scaled + sigma_data * sigma_data);
      double c_out = scaled / sqrt (scaled * scaled + sigma_data * sigma_data);
      sfu_predict_vp (self, sqrt (alpha), sqrt (1 - alpha), &x0_sample, &x0_model);
      SfuSchedulerCall *call = sfu_scheduler_append (self, t, x0_sample, x0_model);
      Expr denoised = plus (times (c_out, input (SFU_IN_X0)), c_skip, slot (0));
      call->needs_noise = !last;
      sfu_call_set (call, 0, last ? denoised : plus (times (sqrt (next), denoised), sqrt (1 - next), input (SFU_IN_NOISE)));
    }
}

void
sfu_fill_tcd (SfuScheduler *self)
{
  double eta = isnan (self->eta) ? 0.3 : self->eta, x0_sample, x0_model;
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      gboolean last = i + 1 == self->n_timesteps;
      double t = self->timesteps[i], next_t = last ? 0 : self->timesteps[i + 1];
      double alpha = sfu_schedule_alpha (self, t), next = sfu_schedule_alpha (self, next_t);
      double between = sfu_schedule_alpha (self, floor ((1 - eta) * next_t));
      sfu_predict_vp (self, sqrt (alpha), sqrt (1 - alpha), &x0_sample, &x0_model);
      SfuSchedulerCall *call = sfu_scheduler_append (self, t, x0_sample, x0_model);
      Expr noised = plus (times (sqrt (between), input (SFU_IN_X0)), sqrt (1 - between),
                          sfu_predict_epsilon (self, sqrt (alpha), sqrt (1 - alpha)));
      call->x0_clamp = INFINITY;
      call->needs_noise = eta > 0 && !last;
      sfu_call_set (call, 0, !call->needs_noise ? noised
                    : plus (times (sqrt (next / between), noised), sqrt (1 - next / between), input (SFU_IN_NOISE)));
    }
}
