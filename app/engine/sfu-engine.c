#include "sfu-engine.h"

#include "sfu-fit.h"
#include "sfu-painter.h"
#include "sfu-png.h"
#include "sfu-scheduler.h"
#include "sfu-tune.h"

struct _SfuEngine {
  /* Set before the thread starts, then only read. */
  char *cache_folder;
  guint64 budget_bytes;
  GStrv model_folders;
  gboolean validate;
  GpuKernels kernels;
  gboolean tune_software;
  GThread *thread;

  /* Between the threads, under the lock. */
  GMutex lock;
  GCond changed;
  GQueue jobs;     /* SfuJob, owned */
  SfuJob *running; /* owned */
  gboolean closing;
  char *device_name; /* what is wanted */
  gboolean other_device;

  /* Engine thread. */
  GpuDevice *device;
  GpuTuning *tuning; /* the device's; NULL where it is not tuned */
  SfuCheckpoint *checkpoint;
  double bytes_per_second; /* the last model came with */
};

/* Pipelines and buffers take their time whatever the model's size: that of a small one says nothing of its bytes. */
#define TELLING_BYTES (64u << 20)

static void forget_device (SfuEngine *self);

/* What the other thread wants by now; a device that is not wanted any more is let go of. */
static char *
wanted_device (SfuEngine *self)
{
  char *wanted;
  gboolean other;
  g_mutex_lock (&self->lock);
  wanted = g_strdup (self->device_name);
  other = self->other_device;
  self->other_device = FALSE;
  g_mutex_unlock (&self->lock);
  if (other)
    forget_device (self);
  return wanted;
}

static gboolean
ensure_device (SfuEngine *self, GError **error)
{
  g_autofree char *wanted = wanted_device (self);
  GpuDeviceOptions options = { .wanted = wanted, .budget_bytes = self->budget_bytes,
                               .cache_folder = self->cache_folder, .validate = self->validate };
  if (self->device != NULL)
    return TRUE;
  self->device = gpu_device_new (&options, error);
  if (self->device != NULL && sfu_can_tune (self->device, self->tune_software))
    self->tuning = gpu_tuning_new (self->device, self->cache_folder);
  return self->device != NULL;
}

static void
report_holding (SfuEngine *self, SfuJob *job)
{
  SfuHolding holding = { 0 };
  if (self->device != NULL)
    {
      holding.free_bytes = gpu_device_available_bytes (self->device);
      holding.software = gpu_device_info (self->device)->kind == GPU_DEVICE_SOFTWARE;
    }
  if (self->checkpoint != NULL && sfu_checkpoint_is_whole (self->checkpoint))
    {
      holding.model = (char *) sfu_model_path (sfu_checkpoint_model (self->checkpoint));
      holding.model_bytes = sfu_checkpoint_device_bytes (self->checkpoint);
      holding.rough_previews = sfu_checkpoint_taesd_path (self->checkpoint) == NULL;
    }
  holding.bytes_per_second = self->bytes_per_second;
  sfu_job_report_holding (job, &holding);
}

static gboolean
loading_cb (double fraction, gpointer data)
{
  SfuJob *job = data;
  sfu_job_report_loading (job, fraction);
  return !g_cancellable_is_cancelled (sfu_job_get_cancellable (job));
}

static gboolean
load_checkpoint (SfuEngine *self, SfuJob *job, GError **error)
{
  const SfuRequest *request = sfu_job_get_request (job);
  gint64 start = g_get_monotonic_time ();
  sfu_job_report_state (job, SFU_JOB_LOADING);
  sfu_job_report_loading (job, 0);
  report_holding (self, job);
  self->checkpoint = sfu_checkpoint_new (self->device, self->kernels, self->tuning, request, (const char *const *) self->model_folders,
                                         error);
  if (self->checkpoint == NULL
      || !sfu_checkpoint_load (self->checkpoint, request, loading_cb, job, sfu_job_get_cancellable (job), error))
    return FALSE;
  if (sfu_checkpoint_file_bytes (self->checkpoint) > TELLING_BYTES)
    self->bytes_per_second = sfu_checkpoint_file_bytes (self->checkpoint) * 1e6 / (g_get_monotonic_time () - start);
  report_holding (self, job);
  return TRUE;
}

static gboolean
ensure_checkpoint (SfuEngine *self, SfuJob *job, GError **error)
{
  const SfuRequest *request = sfu_job_get_request (job);
  const char *taesd;
  if (self->checkpoint != NULL && sfu_checkpoint_serves (self->checkpoint, request))
    return TRUE;
  /* The old model's memory first: the new one may need it. */
  g_clear_pointer (&self->checkpoint, sfu_checkpoint_free);
  if (!load_checkpoint (self, job, error))
    return FALSE;
  taesd = sfu_checkpoint_taesd_path (self->checkpoint);
  if (sfu_job_get_previews (job) != SFU_PREVIEWS_NONE && taesd != NULL)
    sfu_job_report_note (job, SFU_NOTE_PREVIEWS, "Previews are decoded by %s.", taesd);
  else if (sfu_job_get_previews (job) != SFU_PREVIEWS_NONE)
    sfu_job_report_note (job, SFU_NOTE_PREVIEWS, "Previews are a rough estimate: there is no taesd_decoder.safetensors beside the model.");
  return TRUE;
}

static void
tuning_cb (guint done, guint total, gpointer data)
{
  SfuJob *job = data;
  if (done == 0)
    sfu_job_report_state (job, SFU_JOB_TUNING);
  sfu_job_report_loading (job, done / (double) MAX (total, 1));
}

/* What is only looked at takes the kernels that there are. */
static gboolean
ensure_tuned (SfuEngine *self, SfuJob *job, GError **error)
{
  SfuTask task = sfu_job_get_task (job);
  if (task == SFU_TASK_DEVELOP || task == SFU_TASK_GLIMPSE)
    return TRUE;
  return sfu_tune (self->checkpoint, sfu_job_get_request (job), tuning_cb, job, sfu_job_get_cancellable (job), error);
}

static void
forget_device (SfuEngine *self)
{
  g_clear_pointer (&self->checkpoint, sfu_checkpoint_free);
  g_clear_pointer (&self->tuning, gpu_tuning_free);
  g_clear_pointer (&self->device, gpu_device_unref);
}

/* What a user can mend by another request. */
static gboolean
is_of_request (const GError *error)
{
  return error->domain == SFU_REQUEST_ERROR || error->domain == SFU_SCHEDULER_ERROR || error->domain == SFU_IMAGE_ERROR;
}

/* After a failure half-built state is not worth keeping; a stopped job and a request that cannot be carried out leave
 * everything whole, unless it was still loading. Weights that are whole stay for a smaller picture. */
static void
clean_up (SfuEngine *self, SfuJob *job, const GError *error)
{
  gboolean lacked = g_error_matches (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY);
  guint width, height;
  if (self->checkpoint == NULL || error == NULL)
    return;
  if (lacked)
    {
      sfu_checkpoint_release_programs (self->checkpoint);
      if (sfu_fit_largest (self->checkpoint, sfu_job_get_request (job), &width, &height))
        sfu_job_report_fitting_size (job, width, height);
    }
  if (!sfu_checkpoint_is_whole (self->checkpoint)
      || (!lacked && !is_of_request (error) && !g_error_matches (error, GPU_ERROR, GPU_ERROR_CANCELLED)))
    g_clear_pointer (&self->checkpoint, sfu_checkpoint_free);
}

static void
carry_out (SfuEngine *self, SfuJob *job)
{
  g_autoptr (GError) error = NULL;
  GCancellable *cancellable = sfu_job_get_cancellable (job);
  if (g_cancellable_is_cancelled (cancellable))
    g_set_error_literal (&error, GPU_ERROR, GPU_ERROR_CANCELLED, "Stopped.");
  else if (ensure_device (self, &error) && ensure_checkpoint (self, job, &error) && ensure_tuned (self, job, &error)
           && sfu_job_get_task (job) != SFU_TASK_LOAD)
    sfu_paint (self->checkpoint, job, &error);

  if (self->device != NULL && gpu_device_is_lost (self->device))
    forget_device (self);
  else
    clean_up (self, job, error);
  if (self->device != NULL && error == NULL)
    gpu_device_save_cache (self->device);
  report_holding (self, job);
  sfu_job_report_end (job, error);
}

static gpointer
engine_thread (gpointer data)
{
  SfuEngine *self = data;
  for (;;)
    {
      SfuJob *job;
      g_mutex_lock (&self->lock);
      while (g_queue_is_empty (&self->jobs) && !self->closing)
        g_cond_wait (&self->changed, &self->lock);
      job = self->running = g_queue_pop_head (&self->jobs);
      g_mutex_unlock (&self->lock);
      if (job == NULL)
        break;
      carry_out (self, job);
      g_mutex_lock (&self->lock);
      g_clear_object (&self->running);
      g_mutex_unlock (&self->lock);
    }
  forget_device (self);
  return NULL;
}

SfuEngine *
sfu_engine_new (const SfuEngineOptions *options)
{
  SfuEngine *self = g_new0 (SfuEngine, 1);
  self->device_name = g_strdup (options->device);
  self->cache_folder = g_strdup (options->cache_folder);
  self->budget_bytes = options->budget_bytes;
  self->model_folders = g_strdupv ((GStrv) options->model_folders);
  self->validate = options->validate;
  self->kernels = options->kernels;
  self->tune_software = options->tune_software;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->jobs);
  self->thread = g_thread_new ("engine", engine_thread, self);
  return self;
}

void
sfu_engine_free (SfuEngine *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  if (self->running != NULL)
    sfu_job_stop (self->running);
  for (GList *l = self->jobs.head; l != NULL; l = l->next)
    sfu_job_stop (l->data);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);

  g_strfreev (self->model_folders);
  g_free (self->device_name);
  g_free (self->cache_folder);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
sfu_engine_queue (SfuEngine *self, SfuJob *job)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->jobs, g_object_ref (job));
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
sfu_engine_set_device (SfuEngine *self, const char *device)
{
  g_mutex_lock (&self->lock);
  self->other_device |= g_set_str (&self->device_name, device);
  g_mutex_unlock (&self->lock);
}
