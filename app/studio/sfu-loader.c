#include "sfu-loader.h"

struct _SfuLoader {
  GObject parent_instance;
  SfuEngine *engine;   /* borrowed */
  SfuJob *own;         /* loading in the background, or waiting for its turn */
  SfuJob *loading;     /* any job that is loading its model now */
  SfuJob *tuning;      /* or measuring kernels for it */
  SfuHolding holding;
  char *failed_model;
  GError *error;
};

G_DEFINE_FINAL_TYPE (SfuLoader, sfu_loader, G_TYPE_OBJECT)

static guint changed_signal;

static void
sfu_loader_finalize (GObject *object)
{
  SfuLoader *self = SFU_LOADER (object);
  g_clear_object (&self->own);
  g_clear_object (&self->loading);
  g_clear_object (&self->tuning);
  g_free (self->holding.model);
  g_free (self->failed_model);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (sfu_loader_parent_class)->finalize (object);
}

static void
sfu_loader_class_init (SfuLoaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sfu_loader_finalize;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sfu_loader_init (SfuLoader *self)
{
}

SfuLoader *
sfu_loader_new (SfuEngine *engine)
{
  SfuLoader *self = g_object_new (SFU_TYPE_LOADER, NULL);
  self->engine = engine;
  return self;
}

static void
changed (SfuLoader *self)
{
  g_signal_emit (self, changed_signal, 0);
}

static void
forget_error (SfuLoader *self)
{
  g_clear_pointer (&self->failed_model, g_free);
  g_clear_error (&self->error);
}

static void
state_cb (SfuJob *job, SfuLoader *self)
{
  SfuJobState state = sfu_job_get_state (job);
  gboolean was_loading = self->loading == job || self->tuning == job || self->own == job;
  if (state == SFU_JOB_QUEUED)
    return;
  if (state == SFU_JOB_LOADING)
    {
      g_set_object (&self->loading, job);
      changed (self);
      return;
    }
  if (self->loading == job)
    g_clear_object (&self->loading);
  if (state == SFU_JOB_TUNING)
    {
      g_set_object (&self->tuning, job);
      changed (self);
      return;
    }
  if (self->tuning == job)
    g_clear_object (&self->tuning);
  if (self->own == job && state >= SFU_JOB_DONE)
    g_clear_object (&self->own);
  if (was_loading && state == SFU_JOB_FAILED)
    {
      forget_error (self);
      self->failed_model = g_strdup (sfu_job_get_request (job)->model);
      self->error = g_error_copy (sfu_job_get_error (job));
    }
  if (was_loading)
    changed (self);
}

static void
holding_cb (SfuJob *job, SfuHolding *holding, SfuLoader *self)
{
  g_autofree char *former = g_steal_pointer (&self->holding.model);
  self->holding = *holding;
  self->holding.model = g_strdup (holding->model);
  if (g_strcmp0 (self->failed_model, holding->model) == 0)
    forget_error (self);
  changed (self);
}

void
sfu_loader_watch (SfuLoader *self, SfuJob *job)
{
  g_signal_connect_object (job, "state-changed", G_CALLBACK (state_cb), self, 0);
  g_signal_connect_object (job, "loading", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "holding", G_CALLBACK (holding_cb), self, 0);
}

void
sfu_loader_load (SfuLoader *self, SfuRequest *request)
{
  if (self->own != NULL && g_str_equal (sfu_job_get_request (self->own)->model, request->model))
    return;
  sfu_loader_cancel (self);
  if (g_strcmp0 (self->failed_model, request->model) == 0)
    forget_error (self);
  self->own = sfu_job_new_load (request);
  sfu_loader_watch (self, self->own);
  sfu_engine_queue (self->engine, self->own);
  changed (self);
}

void
sfu_loader_cancel (SfuLoader *self)
{
  if (self->own == NULL)
    return;
  sfu_job_stop (self->own);
  g_clear_object (&self->own);
  changed (self);
}

const SfuHolding *
sfu_loader_holding (SfuLoader *self)
{
  return &self->holding;
}

gboolean
sfu_loader_holds (SfuLoader *self, const char *path)
{
  return g_strcmp0 (self->holding.model, path) == 0;
}

static gboolean
is_stopped (SfuJob *job)
{
  return g_cancellable_is_cancelled (sfu_job_get_cancellable (job));
}

gboolean
sfu_loader_is_loading (SfuLoader *self, const char *path, double *fraction)
{
  SfuJob *job = self->loading != NULL && !is_stopped (self->loading) ? self->loading : self->own;
  const char *model = job != NULL ? sfu_job_get_request (job)->model : NULL;
  if (job == NULL || (path != NULL && !g_str_equal (path, model)))
    return FALSE;
  /* One that waits for its turn may find the model there. */
  if (job != self->loading && sfu_loader_holds (self, model))
    return FALSE;
  if (fraction != NULL)
    *fraction = sfu_job_get_loading (job);
  return TRUE;
}

gboolean
sfu_loader_is_tuning (SfuLoader *self, double *fraction)
{
  if (self->tuning == NULL || is_stopped (self->tuning))
    return FALSE;
  if (fraction != NULL)
    *fraction = sfu_job_get_loading (self->tuning);
  return TRUE;
}

const GError *
sfu_loader_error (SfuLoader *self, const char *path)
{
  return g_strcmp0 (self->failed_model, path) == 0 ? self->error : NULL;
}
