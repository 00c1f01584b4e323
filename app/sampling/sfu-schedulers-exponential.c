/* Multistep exponential integrators, over lambda = log (alpha / sigma):
 * DPM++ 2M, 2M SDE   Lu et al. 2022; diffusers schedulers/scheduling_dpmsolver_multistep.py
 * UniPC              Zhao et al. 2023; scheduling_unipc_multistep.py */
#include <string.h>

#include "sfu-scheduler-private.h"

#define MAX_ORDER 3

/* Slots: the last outputs as x0, the latest first; UniPC also keeps the latent its predictor started from. */
enum { SLOT_LAST = 1, SLOT_SAMPLE = SLOT_LAST + MAX_ORDER, N_SLOTS };

/* Timesteps and sigmas; @truncate: exponential timesteps lose their fraction, as diffusers stores them whole. */
static gboolean
prepare (SfuScheduler *self, gboolean last_of_shape)
{
  sfu_schedule_space (self, TRUE, self->n_steps + 1);
  guint n = self->n_timesteps;
  gboolean shaped = self->sigma_shape != SFU_SIGMAS_DEFAULT;
  self->n_sigmas = n + 1;
  self->sigmas = g_new0 (double, n + 1);
  self->n_slots = N_SLOTS;
  if (shaped)
    {
      sfu_schedule_shape (self, sfu_schedule_sigma (self, 0), sfu_schedule_sigma (self, self->n_train - 1), self->sigmas, n);
      for (guint i = 0; i < n; i++)
        {
          double t = sfu_schedule_sigma_to_t (self, self->sigmas[i]);
          gboolean rounded = self->sigma_shape == SFU_SIGMAS_KARRAS
                             && (last_of_shape
                                 || !g_str_equal (sfu_config_string (self->config, "beta_schedule", "linear"), "squaredcos_cap_v2"));
          self->timesteps[i] = rounded ? rint (t) : trunc (t);
        }
    }
  else
    for (guint i = 0; i < n; i++)
      self->sigmas[i] = sfu_schedule_sigma (self, self->timesteps[i]);
  if (g_str_equal (sfu_config_string (self->config, "final_sigmas_type", "zero"), "sigma_min"))
    self->sigmas[n] = shaped && last_of_shape ? self->sigmas[n - 1] : sfu_schedule_sigma (self, 0);
  for (guint i = 0; i <= n; i++)
    self->sigmas[i] = (float) self->sigmas[i];
  return TRUE;
}

/* alpha and sigma of x = alpha x0 + sigma epsilon, and lambda, for entry @i of the table. */
typedef struct {
  double alpha, sigma, lambda;
} Level;

static Level
level (SfuScheduler *self, guint i)
{
  double s = self->sigmas[i], alpha = 1 / sqrt (s * s + 1);
  return (Level) { alpha, s * alpha, -log (s) };
}

static SfuSchedulerCall *
append_at (SfuScheduler *self, guint i)
{
  Level at = level (self, i);
  double x0_sample, x0_model;
  sfu_predict_vp (self, at.alpha, at.sigma, &x0_sample, &x0_model);
  SfuSchedulerCall *call = sfu_scheduler_append (self, self->timesteps[i], x0_sample, x0_model);
  call->x0_clamp = INFINITY;
  return call;
}

static void
set_start (SfuScheduler *self)
{
  Level at = level (self, self->first);
  self->start_latent = at.alpha;
  self->start_noise = at.sigma;
}

/* The newest output goes to the front. */
static void
remember (SfuSchedulerCall *call)
{
  sfu_call_set (call, SLOT_LAST, input (SFU_IN_X0));
  for (guint k = 1; k < MAX_ORDER; k++)
    sfu_call_set (call, SLOT_LAST + k, slot (SLOT_LAST + k - 1));
}

static guint
solver_order (SfuScheduler *self)
{
  return CLAMP (sfu_config_double (self->config, "solver_order", 2), 1, MAX_ORDER);
}

/* At very many steps neighbouring timesteps fall together, and differences over no way at all have no
 * derivative: the order that entry @i can have when its last `order` ways are looked at. */
static guint
possible_order (SfuScheduler *self, guint i, guint order)
{
  for (guint k = 0; k < order; k++)
    if (self->sigmas[i - k] == self->sigmas[i + 1 - k])
      return MAX (k, 1);
  return order;
}

/* -- DPM++ -- */

gboolean
sfu_prepare_dpmpp (SfuScheduler *self, GError **error)
{
  const char *algorithm = sfu_config_string (self->config, "algorithm_type", "dpmsolver++");
  if (g_str_equal (algorithm, "dpmsolver") || g_str_equal (algorithm, "sde-dpmsolver"))
    {
      g_set_error (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                   "The model's scheduler uses “%s”, which is not known here: choose euler or unipc.", algorithm);
      return FALSE;
    }
  return prepare (self, FALSE);
}

/* The order that call @i of n has, with `known` outputs before it. */
static guint
dpmpp_order (SfuScheduler *self, guint i, guint known)
{
  guint n = self->n_timesteps, order = solver_order (self);
  gboolean few = sfu_config_boolean (self->config, "lower_order_final", TRUE) && n < 15;
  gboolean to_zero = !g_str_equal (sfu_config_string (self->config, "final_sigmas_type", "zero"), "sigma_min");
  if (i + 1 == n && (few || to_zero || sfu_config_boolean (self->config, "euler_at_final", FALSE)))
    return 1;
  if (i + 2 == n && few)
    order = MIN (order, 2);
  return possible_order (self, i, MIN (order, known + 1));
}

/* Differences of the outputs, scaled to derivatives in lambda: D1 and D2 of the paper. */
static void
dpmpp_differences (SfuScheduler *self, guint i, guint order, Expr *d1, Expr *d2)
{
  Expr m0 = input (SFU_IN_X0), m1 = slot (SLOT_LAST), m2 = slot (SLOT_LAST + 1);
  double h = level (self, i + 1).lambda - level (self, i).lambda;
  double r0 = (level (self, i).lambda - level (self, i - 1).lambda) / h;
  *d1 = plus (times (1 / r0, m0), -1 / r0, m1);
  *d2 = times (0, m0);
  if (order < 3)
    return;
  double r1 = (level (self, i - 1).lambda - level (self, i - 2).lambda) / h;
  Expr later = *d1, earlier = plus (times (1 / r1, m1), -1 / r1, m2), change = plus (later, -1, earlier);
  *d1 = plus (later, r0 / (r0 + r1), change);
  *d2 = times (1 / (r0 + r1), change);
}

/* @h2: h, or 2 h in the stochastic form, which is the same with twice the decay. */
static Expr
dpmpp_update (SfuScheduler *self, guint i, guint order, gboolean stochastic)
{
  Level from = level (self, i), to = level (self, i + 1);
  double h = to.lambda - from.lambda, h2 = stochastic ? 2 * h : h, decay = expm1 (-h2);
  gboolean heun = g_str_equal (sfu_config_string (self->config, "solver_type", "midpoint"), "heun");
  Expr x = times (to.sigma / from.sigma * (stochastic ? exp (-h) : 1), slot (0)), d1, d2;

  x = plus (x, -to.alpha * decay, input (SFU_IN_X0));
  if (order > 1)
    {
      dpmpp_differences (self, i, order, &d1, &d2);
      if (order == 2 && !heun)
        x = plus (x, -0.5 * to.alpha * decay, d1);
      else
        x = plus (x, to.alpha * (decay / h2 + 1), d1);
      if (order == 3)
        x = plus (x, -to.alpha * (stochastic ? (decay + h2) / (h2 * h2) - 0.5 : (decay + h) / (h * h) - 0.5), d2);
    }
  return stochastic ? plus (x, to.sigma * sqrt (MAX (-expm1 (-2 * h), 0)), input (SFU_IN_NOISE)) : x;
}

static void
fill_dpmpp (SfuScheduler *self, gboolean stochastic)
{
  set_start (self);
  for (guint i = self->first; i < self->n_timesteps; i++)
    {
      SfuSchedulerCall *call = append_at (self, i);
      guint order = dpmpp_order (self, i, i - self->first);
      call->needs_noise = stochastic;
      sfu_call_set (call, 0, dpmpp_update (self, i, order, stochastic));
      remember (call);
    }
}

void
sfu_fill_dpmpp_2m (SfuScheduler *self)
{
  fill_dpmpp (self, FALSE);
}

void
sfu_fill_dpmpp_2m_sde (SfuScheduler *self)
{
  fill_dpmpp (self, TRUE);
}

/* -- UniPC -- */

gboolean
sfu_prepare_unipc (SfuScheduler *self, GError **error)
{
  if (!sfu_config_boolean (self->config, "predict_x0", TRUE))
    {
      g_set_error_literal (error, SFU_SCHEDULER_ERROR, SFU_SCHEDULER_ERROR_UNSUPPORTED,
                           "The model's scheduler sets predict_x0 to false, which is not known here: choose dpmpp-2m.");
      return FALSE;
    }
  return prepare (self, TRUE);
}

/* Solves the n x n system by Gaussian elimination with pivots; n is at most 3. */
static void
solve (double a[MAX_ORDER][MAX_ORDER], double *b, guint n)
{
  for (guint c = 0; c < n; c++)
    {
      guint pivot = c;
      for (guint r = c + 1; r < n; r++)
        if (fabs (a[r][c]) > fabs (a[pivot][c]))
          pivot = r;
      for (guint k = 0; k < n; k++)
        {
          double t = a[c][k];
          a[c][k] = a[pivot][k];
          a[pivot][k] = t;
        }
      double t = b[c];
      b[c] = b[pivot];
      b[pivot] = t;
      for (guint r = c + 1; r < n; r++)
        {
          double f = a[r][c] / a[c][c];
          for (guint k = c; k < n; k++)
            a[r][k] -= f * a[c][k];
          b[r] -= f * b[c];
        }
    }
  for (guint r = n; r-- > 0;)
    {
      for (guint k = r + 1; k < n; k++)
        b[r] -= a[r][k] * b[k];
      b[r] /= a[r][r];
    }
}

/* What predictor and corrector share for the way from entry `from` to the next: the ratios of the earlier
 * points (rks), and the right-hand side b of the paper's equation 9. */
typedef struct {
  Level s0, t;
  double h_phi_1, b_h;
  double rk[MAX_ORDER], b[MAX_ORDER];
} UniPc;

static UniPc
unipc_setup (SfuScheduler *self, guint from, guint order)
{
  UniPc u = { .s0 = level (self, from), .t = level (self, from + 1) };
  double h = u.t.lambda - u.s0.lambda, hh = -h, factorial = 1;
  u.h_phi_1 = expm1 (hh);
  u.b_h = g_str_equal (sfu_config_string (self->config, "solver_type", "bh2"), "bh1") ? hh : u.h_phi_1;
  double h_phi_k = u.h_phi_1 / hh - 1;
  for (guint i = 0; i < order; i++)
    {
      u.rk[i] = i + 1 < order ? (level (self, from - 1 - i).lambda - u.s0.lambda) / h : 1;
      u.b[i] = h_phi_k * factorial / u.b_h;
      factorial *= i + 2;
      h_phi_k = h_phi_k / hh - 1 / factorial;
    }
  return u;
}

/* rhos with sum_k rho_k rk_k^i = b_i for i < n. */
static void
unipc_weights (const UniPc *u, guint n, double *rho)
{
  double a[MAX_ORDER][MAX_ORDER];
  for (guint i = 0; i < n; i++)
    {
      rho[i] = u->b[i];
      for (guint k = 0; k < n; k++)
        a[i][k] = pow (u->rk[k], i);
    }
  solve (a, rho, n);
}

/* Without the differences: the part of first order, from sample x with output m0. */
static Expr
unipc_first_order (const UniPc *u, Expr x, Expr m0)
{
  return plus (times (u->t.sigma / u->s0.sigma, x), -u->t.alpha * u->h_phi_1, m0);
}

static Expr
unipc_predict (SfuScheduler *self, guint i, guint order, Expr sample)
{
  if (self->sigmas[i] == self->sigmas[i + 1])
    return sample;
  UniPc u = unipc_setup (self, i, order);
  Expr m0 = input (SFU_IN_X0), x = unipc_first_order (&u, sample, m0);
  double rho[MAX_ORDER] = { 0.5 };
  if (order > 2)
    unipc_weights (&u, order - 1, rho);
  for (guint k = 0; k + 1 < order; k++)
    {
      Expr difference = plus (slot (SLOT_LAST + k), -1, m0);
      x = plus (x, -u.t.alpha * u.b_h * rho[k] / u.rk[k], difference);
    }
  return x;
}

/* The sample that the predictor made for entry @i, corrected by the output there. */
static Expr
unipc_correct (SfuScheduler *self, guint i, guint order)
{
  UniPc u = unipc_setup (self, i - 1, order);
  Expr m0 = slot (SLOT_LAST), x = unipc_first_order (&u, slot (SLOT_SAMPLE), m0);
  double rho[MAX_ORDER] = { 0.5 };
  if (order > 1)
    unipc_weights (&u, order, rho);
  for (guint k = 0; k + 1 < order; k++)
    {
      Expr difference = plus (slot (SLOT_LAST + k + 1), -1, m0);
      x = plus (x, -u.t.alpha * u.b_h * rho[k] / u.rk[k], difference);
    }
  return plus (x, -u.t.alpha * u.b_h * rho[order - 1], plus (input (SFU_IN_X0), -1, m0));
}

/* disable_corrector lists steps after which the corrector is left out. */
static gboolean
corrector_disabled (SfuScheduler *self, guint step)
{
  JsonNode *node = json_object_get_member (self->config, "disable_corrector");
  JsonArray *list = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    if (json_array_get_int_element (list, i) == step)
      return TRUE;
  return FALSE;
}

void
sfu_fill_unipc (SfuScheduler *self)
{
  guint n = self->n_timesteps, last_order = 1;
  gboolean lower_final = sfu_config_boolean (self->config, "lower_order_final", TRUE);
  set_start (self);
  for (guint i = self->first; i < n; i++)
    {
      guint known = i - self->first, order = MIN (solver_order (self), known + 1);
      SfuSchedulerCall *call = append_at (self, i);
      Expr sample = slot (0);
      if (known > 0 && self->sigmas[i - 1] != self->sigmas[i] && !corrector_disabled (self, i - 1))
        sample = unipc_correct (self, i, last_order);
      /* The way to sigma 0 is endless in lambda: only the first order is finite there. */
      if (lower_final || self->sigmas[i + 1] == 0)
        order = MIN (order, n - i);
      order = possible_order (self, i, order);
      sfu_call_set (call, 0, unipc_predict (self, i, order, sample));
      sfu_call_set (call, SLOT_SAMPLE, sample);
      remember (call);
      last_order = order;
    }
}
