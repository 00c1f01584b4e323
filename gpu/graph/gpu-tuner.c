#include "gpu-tuner.h"

#include <math.h>

#include "gpu-trial.h"
#include "gpu-tuning-private.h"

/* The estimate is good enough for the winner to be among the first few of a form; and of one tile, not to need every split. */
#define MAX_CANDIDATES 8
#define MAX_SPLITS 3
/* A variant that is so many times slower than the best when it runs for the first time does not get better. */
#define HOPELESS 2

typedef struct {
  GpuProblem problem;
  double cost;        /* flop of all calls */
  GArray *candidates; /* GpuChoice */
  char *estimate;     /* what is taken now */
} Item;

struct _GpuTuner {
  GpuDevice *device;
  GpuTuning *tuning;
  GArray *items; /* Item */
  guint done, total;
};

typedef struct {
  GpuChoice choice;
  double ms;
} Result;

static void
item_clear (gpointer data)
{
  Item *item = data;
  g_clear_pointer (&item->candidates, g_array_unref);
  g_clear_pointer (&item->estimate, g_free);
}

GpuTuner *
gpu_tuner_new (GpuDevice *device, GpuTuning *tuning)
{
  GpuTuner *self = g_new0 (GpuTuner, 1);
  self->device = gpu_device_ref (device);
  self->tuning = tuning;
  self->items = g_array_new (FALSE, TRUE, sizeof (Item));
  g_array_set_clear_func (self->items, item_clear);
  return self;
}

void
gpu_tuner_free (GpuTuner *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->items);
  gpu_device_unref (self->device);
  g_free (self);
}

static double
flop_of (const GpuProblem *problem)
{
  const GpuOpShape *s = &problem->shape;
  return 2.0 * s->m * s->n * s->k * (problem->op == GPU_OP_ATTENTION ? 2.0 * s->heads : s->taps == 4 ? 4 : 1);
}

void
gpu_tuner_add (GpuTuner *self, GpuProgram *program)
{
  const GArray *guesses = gpu_program_guesses (program);
  for (guint i = 0; i < guesses->len; i++)
    {
      const GpuGuess *guess = &g_array_index (guesses, GpuGuess, i);
      Item fresh = { .problem = guess->problem }, *item = NULL;
      for (guint j = 0; j < self->items->len && item == NULL; j++)
        if (gpu_problem_equal (&g_array_index (self->items, Item, j).problem, &guess->problem))
          item = &g_array_index (self->items, Item, j);
      if (item == NULL && gpu_tuning_is_left (self->tuning, &guess->problem))
        continue;
      if (item == NULL)
        {
          g_array_append_val (self->items, fresh);
          item = &g_array_index (self->items, Item, self->items->len - 1);
        }
      item->cost += guess->calls * flop_of (&guess->problem);
    }
}

guint
gpu_tuner_n_problems (GpuTuner *self)
{
  return self->items->len;
}

static int
by_cost (gconstpointer a, gconstpointer b)
{
  const Item *x = a, *y = b;
  return x->cost < y->cost ? 1 : x->cost > y->cost ? -1 : 0;
}

static GArray *
attention_candidates (GpuOps *ops, const GpuOpShape *s)
{
  GArray *few = g_array_new (FALSE, FALSE, sizeof (GpuChoice));
  GpuAttentionKernel kernels[GPU_ATTENTION_MOST_KERNELS];
  guint n = gpu_attention_kernels (ops, &(GpuAttentionShape) { s->m, s->n, s->k, s->causal }, kernels);
  for (guint i = 0; i < n && kernels[i].form == kernels[0].form && i < MAX_CANDIDATES; i++)
    {
      GpuChoice choice = { .attention = i };
      g_array_append_val (few, choice);
    }
  return few;
}

/* The best few of each form by estimate. */
static GArray *
candidates_for (GpuOps *ops, const GpuProblem *problem)
{
  if (problem->op == GPU_OP_ATTENTION)
    return attention_candidates (ops, &problem->shape);
  g_autoptr (GArray) all = gpu_kernel_candidates (ops, problem->op, problem->shape);
  GArray *few = g_array_new (FALSE, FALSE, sizeof (GpuChoice));
  for (guint i = 0; i < all->len; i++)
    {
      const GpuChoice *choice = &g_array_index (all, GpuChoice, i);
      guint same_form = 0, same = 0;
      for (guint j = 0; j < few->len; j++)
        {
          const GpuKernel *other = g_array_index (few, GpuChoice, j).kernel;
          same_form += other->form == choice->kernel->form;
          same += other == choice->kernel;
        }
      if (same_form < MAX_CANDIDATES && same < MAX_SPLITS)
        g_array_append_val (few, *choice);
    }
  return few;
}

static gboolean
prepare (GpuTuner *self, const GpuTunerOptions *options, GError **error)
{
  g_array_sort (self->items, by_cost);
  self->done = self->total = 0;
  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = &g_array_index (self->items, Item, i);
      const GpuProblem *problem = &item->problem;
      g_autoptr (GpuOps) ops = gpu_ops_new (self->device, problem->dtype, problem->kernels, error);
      if (ops == NULL)
        return FALSE;
      item_clear (item);
      item->estimate = gpu_trial_text (ops, problem);
      item->candidates = options->candidates != NULL ? options->candidates (problem, options->data) : candidates_for (ops, problem);
      self->total += item->candidates->len;
    }
  return TRUE;
}

static void
report (GpuTuner *self, const GpuTunerOptions *options)
{
  if (options->progress != NULL)
    options->progress (self->done, self->total, options->data);
}

/* What ends tuning; anything else only passes over a candidate. */
static gboolean
is_fatal (GpuTuner *self, const GError *error)
{
  return gpu_device_is_lost (self->device) || g_error_matches (error, GPU_ERROR, GPU_ERROR_CANCELLED);
}

static void
log_choice (const Item *item, GpuTrial *trial, const GpuChoice *choice, const char *what, double number)
{
  const GpuOpShape *s = &item->problem.shape;
  g_autofree char *text = gpu_trial_variant (trial, choice);
  if (text != NULL)
    g_debug ("%u x %u x %u, %u taps: %s: %s %g", s->m, s->n, s->k, s->taps, g_strdelimit (text, "\t", ' '), what, number);
}

static int
by_time (gconstpointer a, gconstpointer b)
{
  const Result *x = a, *y = b;
  return x->ms < y->ms ? -1 : x->ms > y->ms;
}

/* (element-type Result), the fastest first; NULL and a fatal error. */
static GArray *
time_candidates (GpuTuner *self, const Item *item, GpuTrial *trial, const GpuTunerOptions *options, GError **error)
{
  g_autoptr (GArray) results = g_array_new (FALSE, FALSE, sizeof (Result));
  double best = INFINITY;
  for (guint i = 0; i < item->candidates->len; i++)
    {
      Result result = { .choice = g_array_index (item->candidates, GpuChoice, i) };
      g_autoptr (GError) refusal = NULL;
      if (g_cancellable_is_cancelled (options->cancellable))
        {
          g_set_error_literal (error, GPU_ERROR, GPU_ERROR_CANCELLED, "Stopped.");
          return NULL;
        }
      if (gpu_trial_time (trial, &result.choice, HOPELESS * best, &result.ms, &refusal))
        {
          log_choice (item, trial, &result.choice, "ms", result.ms);
          g_array_append_val (results, result);
          best = MIN (best, result.ms);
        }
      else if (is_fatal (self, refusal))
        {
          g_propagate_error (error, g_steal_pointer (&refusal));
          return NULL;
        }
      else
        g_debug ("A kernel is passed over: %s", refusal->message);
      self->done++;
      report (self, options);
    }
  g_array_sort (results, by_time);
  return g_steal_pointer (&results);
}

/* @choice NULL: the vector form's. */
static void
enter (GpuTuner *self, const Item *item, GpuTrial *trial, const GpuChoice *choice)
{
  g_autofree char *variant = gpu_trial_variant (trial, choice);
  if (variant != NULL)
    gpu_tuning_put (self->tuning, &item->problem, variant);
}

/* Enters the fastest that is right. */
static gboolean
accept_one (GpuTuner *self, const Item *item, GpuTrial *trial, GArray *results, GError **error)
{
  for (guint i = 0; i < results->len; i++)
    {
      const GpuChoice *choice = &g_array_index (results, Result, i).choice;
      g_autoptr (GError) refusal = NULL;
      double margin = INFINITY;
      if (!gpu_trial_check (trial, choice, &margin, &refusal) && is_fatal (self, refusal))
        {
          g_propagate_error (error, g_steal_pointer (&refusal));
          return FALSE;
        }
      log_choice (item, trial, choice, "error, of what is allowed,", margin);
      if (margin <= 1)
        {
          enter (self, item, trial, choice);
          return TRUE;
        }
    }
  enter (self, item, trial, NULL);
  return TRUE;
}

static gboolean
tune (GpuTuner *self, const Item *item, const GpuTunerOptions *options, GError **error)
{
  g_autoptr (GError) lack = NULL;
  g_autoptr (GpuTrial) trial = gpu_trial_new (self->device, &item->problem, options->cancellable, &lack);
  g_autoptr (GArray) results = NULL;
  if (trial != NULL)
    {
      results = time_candidates (self, item, trial, options, error);
      return results != NULL && accept_one (self, item, trial, results, error);
    }
  if (is_fatal (self, lack))
    {
      g_propagate_error (error, g_steal_pointer (&lack));
      return FALSE;
    }
  g_debug ("A shape keeps its estimate: %s", lack->message);
  gpu_tuning_leave (self->tuning, &item->problem);
  self->done += item->candidates->len;
  report (self, options);
  return TRUE;
}

/* A variant may take the device with it, or the whole program where a driver's compiler crashes. It shall not be tried again
 * whenever the program starts: until its shape is done, the file says that it keeps its estimate. */
static gboolean
tune_guarded (GpuTuner *self, const Item *item, const GpuTunerOptions *options, GError **error)
{
  gpu_tuning_put (self->tuning, &item->problem, item->estimate);
  gpu_tuning_save (self->tuning);
  if (tune (self, item, options, error))
    return TRUE;
  if (!gpu_device_is_lost (self->device))
    gpu_tuning_forget (self->tuning, &item->problem);
  return FALSE;
}

gboolean
gpu_tuner_run (GpuTuner *self, const GpuTunerOptions *options, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean ok = TRUE;
  if (!prepare (self, options, error))
    return FALSE;
  report (self, options);
  for (guint i = 0; i < self->items->len && ok; i++)
    {
      const Item *item = &g_array_index (self->items, Item, i);
      if (options->limit_s > 0 && g_get_monotonic_time () - start > options->limit_s * G_USEC_PER_SEC)
        gpu_tuning_leave (self->tuning, &item->problem);
      else
        ok = tune_guarded (self, item, options, error);
    }
  gpu_tuning_save (self->tuning);
  return ok;
}
