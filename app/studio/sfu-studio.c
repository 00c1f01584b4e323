#include "sfu-studio.h"

#include <gpu-error.h>

#include "sfu-pace.h"
#include "sfu-save.h"

#define FILMS_KEPT 20
#define FILM_BYTES (512u << 20) /* that all of them take at most; the newest stays whatever it takes */
#define LOST_AGAIN_SECONDS 600

struct _SfuStudio {
  GObject parent_instance;
  SfuEngine *engine;
  SfuHistory *history;
  SfuQueue *queue;     /* what waits */
  SfuPace *pace;
  SfuTicket *ticket;   /* of the running one */
  SfuRun *running;
  SfuJob *aside;       /* a glimpse, only while nothing runs */
  SfuLoader *loader;
  SfuRequest *preload; /* its model is wanted when nothing runs */
  GPtrArray *films;    /* SfuRun, newest last */
  GPtrArray *unsaved;  /* SfuRun */
  guint preview_every;
  SfuFileName file_name;
  gboolean paused, keep_stopped, glimpse_wanted;
  SfuRun *glimpse_run;
  guint glimpse_step;
  gint64 last_lost;
};

G_DEFINE_FINAL_TYPE (SfuStudio, sfu_studio, G_TYPE_OBJECT)

enum { PROP_0, PROP_RUNNING, PROP_PAUSED, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { RUN_STARTED, RUN_ENDED, PICTURE_SAVED, SAVE_FAILED, NOTE, N_SIGNALS };
static guint signals[N_SIGNALS];

static void start_next (SfuStudio *self);
static void save_image (SfuStudio *self, SfuRun *run, SfuRequest *request, SfuImage *image);

/* -- the object -- */

static void
sfu_studio_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SfuStudio *self = SFU_STUDIO (object);
  if (id == PROP_RUNNING)
    g_value_set_object (value, self->running);
  else
    g_value_set_boolean (value, self->paused);
}

static void
sfu_studio_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  sfu_studio_set_paused (SFU_STUDIO (object), g_value_get_boolean (value));
}

static void
sfu_studio_dispose (GObject *object)
{
  SfuStudio *self = SFU_STUDIO (object);
  g_clear_pointer (&self->engine, sfu_engine_free);
  g_clear_object (&self->running);
  g_clear_object (&self->ticket);
  g_clear_object (&self->aside);
  g_clear_object (&self->loader);
  g_clear_pointer (&self->preload, sfu_request_unref);
  g_clear_object (&self->glimpse_run);
  g_clear_object (&self->queue);
  g_clear_pointer (&self->pace, sfu_pace_free);
  g_clear_object (&self->history);
  g_clear_pointer (&self->films, g_ptr_array_unref);
  g_clear_pointer (&self->unsaved, g_ptr_array_unref);
  G_OBJECT_CLASS (sfu_studio_parent_class)->dispose (object);
}

static void
sfu_studio_class_init (SfuStudioClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);
  object_class->get_property = sfu_studio_get_property;
  object_class->set_property = sfu_studio_set_property;
  object_class->dispose = sfu_studio_dispose;
  props[PROP_RUNNING] = g_param_spec_object ("running", NULL, NULL, SFU_TYPE_RUN, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_PAUSED] = g_param_spec_boolean ("paused", NULL, NULL, FALSE,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[RUN_STARTED] = g_signal_new ("run-started", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, SFU_TYPE_RUN);
  signals[RUN_ENDED] = g_signal_new ("run-ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, SFU_TYPE_RUN);
  signals[PICTURE_SAVED] = g_signal_new ("picture-saved", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         SFU_TYPE_RUN, SFU_TYPE_PICTURE);
  signals[SAVE_FAILED] = g_signal_new ("save-failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                       SFU_TYPE_RUN, G_TYPE_ERROR);
  signals[NOTE] = g_signal_new ("note", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT,
                                G_TYPE_STRING);
}

static void
sfu_studio_init (SfuStudio *self)
{
  self->queue = sfu_queue_new ();
  self->pace = sfu_pace_new ();
  self->films = g_ptr_array_new_with_free_func (g_object_unref);
  self->unsaved = g_ptr_array_new_with_free_func (g_object_unref);
  self->preview_every = 1;
  self->keep_stopped = TRUE;
}

SfuStudio *
sfu_studio_new (const SfuEngineOptions *options, SfuHistory *history)
{
  SfuStudio *self = g_object_new (SFU_TYPE_STUDIO, NULL);
  self->engine = sfu_engine_new (options);
  self->loader = sfu_loader_new (self->engine);
  self->history = g_object_ref (history);
  return self;
}

void
sfu_studio_set_preview_every (SfuStudio *self, guint every)
{
  self->preview_every = MAX (every, 1);
}

void
sfu_studio_set_file_name (SfuStudio *self, SfuFileName style)
{
  self->file_name = style;
}

void
sfu_studio_set_device (SfuStudio *self, const char *device)
{
  sfu_engine_set_device (self->engine, device);
}

gboolean
sfu_studio_begins_again (SfuStudio *self, SfuRun *run)
{
  for (guint i = 0; i < sfu_queue_length (self->queue); i++)
    {
      g_autoptr (SfuTicket) ticket = g_list_model_get_item (G_LIST_MODEL (self->queue), i);
      if (sfu_ticket_request (ticket) == sfu_run_request (run))
        return TRUE;
    }
  return FALSE;
}

void
sfu_studio_set_keep_stopped (SfuStudio *self, gboolean keep)
{
  self->keep_stopped = keep;
}

/* -- running -- */

static void
queue_job (SfuStudio *self, SfuJob *job)
{
  sfu_loader_watch (self->loader, job);
  sfu_engine_queue (self->engine, job);
}

static void
load_wanted (SfuStudio *self)
{
  g_autoptr (SfuRequest) request = NULL;
  if (self->preload == NULL || self->running != NULL || self->engine == NULL)
    return;
  request = g_steal_pointer (&self->preload);
  sfu_loader_load (self->loader, request);
}

static void
note_cb (SfuStudio *self, guint kind, const char *sentence)
{
  g_signal_emit (self, signals[NOTE], 0, kind, sentence);
}

static void
forget_old_films (SfuStudio *self)
{
  gsize bytes = 0;
  guint keep = 0;
  while (keep < MIN (self->films->len, FILMS_KEPT))
    {
      bytes += sfu_run_film_bytes (self->films->pdata[self->films->len - 1 - keep]);
      if (keep > 0 && bytes > FILM_BYTES)
        break;
      keep++;
    }
  if (self->films->len > keep)
    g_ptr_array_remove_range (self->films, 0, self->films->len - keep);
}

/* A stopped run's last step becomes its picture: the decoder has to be run for it. */
static void
developed_cb (SfuJob *job, SfuImage *image, guint picture, SfuRun *run)
{
  sfu_run_set_image (run, image);
}

/* TRUE if the job has been put back because the device was lost for the first time in a while. */
static gboolean
requeue_lost (SfuStudio *self, SfuRun *run)
{
  gint64 now = g_get_monotonic_time ();
  const GError *error = sfu_job_get_error (sfu_run_job (run));
  gboolean again = self->last_lost > 0 && now - self->last_lost < LOST_AGAIN_SECONDS * G_USEC_PER_SEC;
  if (!g_error_matches (error, GPU_ERROR, GPU_ERROR_DEVICE_LOST))
    return FALSE;
  self->last_lost = now;
  if (again || self->ticket == NULL)
    return FALSE;
  sfu_queue_insert (self->queue, self->ticket, 0);
  note_cb (self, SFU_NOTE_BEGUN_AGAIN, "The graphics driver stopped responding. The picture is begun again.");
  return TRUE;
}

static void
finish (SfuStudio *self, SfuRun *run)
{
  g_autoptr (SfuTicket) ticket = NULL;
  SfuJobState state = sfu_run_state (run);
  if (state == SFU_JOB_FAILED)
    requeue_lost (self, run);
  else if (state == SFU_JOB_DONE)
    sfu_pace_learn (self->pace, run);
  ticket = g_steal_pointer (&self->ticket);
  g_clear_object (&self->running);
  if (ticket != NULL && sfu_ticket_is_endless (ticket) && state == SFU_JOB_DONE)
    {
      sfu_ticket_next_seed (ticket);
      sfu_queue_insert (self->queue, ticket, G_MAXUINT);
    }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
  g_signal_emit (self, signals[RUN_ENDED], 0, run);
  start_next (self);
}

static void
develop_state_cb (SfuJob *job, SfuStudio *self)
{
  g_autoptr (SfuRun) run = NULL;
  if (sfu_job_get_state (job) < SFU_JOB_DONE || self->running == NULL)
    return;
  run = g_object_ref (self->running);
  g_clear_object (&self->aside);
  if (sfu_run_image (run) != NULL)
    save_image (self, run, sfu_job_get_request (job), sfu_run_image (run));
  finish (self, run);
}

/* The last step of a stopped run, decoded. */
static gboolean
develop_stopped (SfuStudio *self, SfuRun *run)
{
  SfuMoment *moment = sfu_run_last_moment (run);
  if (!self->keep_stopped || moment == NULL)
    return FALSE;
  g_clear_object (&self->aside);
  self->aside = sfu_job_new_develop (moment);
  g_signal_connect_object (self->aside, "picture", G_CALLBACK (developed_cb), run, 0);
  g_signal_connect_object (self->aside, "state-changed", G_CALLBACK (develop_state_cb), self, 0);
  queue_job (self, self->aside);
  return TRUE;
}

static void
run_changed_cb (SfuRun *run, SfuStudio *self)
{
  if (!sfu_run_is_over (run) || self->running != run)
    return;
  g_signal_handlers_disconnect_by_func (run, run_changed_cb, self);
  if (sfu_run_state (run) == SFU_JOB_DONE && sfu_run_image (run) != NULL)
    save_image (self, run, sfu_run_request (run), sfu_run_image (run));
  if (sfu_run_state (run) == SFU_JOB_STOPPED && develop_stopped (self, run))
    return;
  finish (self, run);
}

static void
start_next (SfuStudio *self)
{
  g_autoptr (SfuJob) job = NULL;
  if (self->running != NULL || self->paused || self->engine == NULL || sfu_queue_length (self->queue) == 0)
    {
      load_wanted (self);
      return;
    }
  self->ticket = sfu_queue_take_first (self->queue);
  job = sfu_ticket_moment (self->ticket) != NULL
          ? sfu_job_new_continue (sfu_ticket_request (self->ticket), sfu_ticket_moment (self->ticket))
          : sfu_job_new (sfu_ticket_request (self->ticket));
  sfu_job_want_previews (job, SFU_PREVIEWS_LATEST, self->preview_every);
  sfu_job_want_tiles (job, SFU_RUN_TILE_SIDE);
  sfu_job_want_moments (job);
  g_signal_connect_object (job, "note", G_CALLBACK (note_cb), self, G_CONNECT_SWAPPED);
  self->running = sfu_run_new (job);
  g_ptr_array_add (self->films, g_object_ref (self->running));
  forget_old_films (self);
  g_signal_connect_object (self->running, "changed", G_CALLBACK (run_changed_cb), self, 0);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
  g_signal_emit (self, signals[RUN_STARTED], 0, self->running);
  queue_job (self, job);
}

SfuTicket *
sfu_studio_submit (SfuStudio *self, SfuRequest *request, guint count, gboolean at_front)
{
  SfuTicket *first = NULL;
  for (guint i = 0; i < MAX (count, 1); i++)
    {
      g_autoptr (SfuRequest) one = sfu_request_copy (request);
      g_autoptr (SfuTicket) ticket = NULL;
      one->seed += i;
      one->batch = 1;
      ticket = sfu_ticket_new (one, NULL);
      sfu_ticket_set_endless (ticket, count == 0);
      sfu_queue_insert (self->queue, ticket, at_front ? i : G_MAXUINT);
      if (first == NULL)
        first = ticket;
    }
  start_next (self);
  return first;
}

void
sfu_studio_continue (SfuStudio *self, SfuRequest *request, SfuMoment *moment)
{
  g_autoptr (SfuTicket) ticket = sfu_ticket_new (request, moment);
  sfu_queue_insert (self->queue, ticket, 0);
  start_next (self);
}

SfuRun *
sfu_studio_running (SfuStudio *self)
{
  return self->running;
}

void
sfu_studio_stop (SfuStudio *self)
{
  if (self->ticket != NULL)
    sfu_ticket_set_endless (self->ticket, FALSE);
  if (self->running == NULL)
    return;
  /* It may be waiting for its model. */
  if (sfu_run_state (self->running) == SFU_JOB_QUEUED)
    sfu_loader_cancel (self->loader);
  sfu_job_stop (sfu_run_job (self->running));
}

/* -- saving -- */

static void
saved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuStudio) self = data;
  SfuRun *run = SFU_RUN (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuPicture) picture = sfu_save_finish (result, &error);
  if (picture == NULL)
    {
      g_signal_emit (self, signals[SAVE_FAILED], 0, run, error);
      return;
    }
  if (self->unsaved != NULL)
    g_ptr_array_remove (self->unsaved, run);
  if (self->history != NULL)
    sfu_history_add (self->history, picture);
  g_signal_emit (self, signals[PICTURE_SAVED], 0, run, picture);
}

static void
save_image (SfuStudio *self, SfuRun *run, SfuRequest *request, SfuImage *image)
{
  g_autofree char *path = sfu_file_name_new_path (self->file_name, sfu_history_folder (self->history), request);
  if (!g_ptr_array_find (self->unsaved, run, NULL))
    g_ptr_array_add (self->unsaved, g_object_ref (run));
  sfu_save_async (run, request, image, path, saved_cb, g_object_ref (self));
}

void
sfu_studio_save (SfuStudio *self, SfuRun *run)
{
  if (sfu_run_image (run) != NULL)
    save_image (self, run, sfu_run_request (run), sfu_run_image (run));
}

guint
sfu_studio_n_unsaved (SfuStudio *self)
{
  return self->unsaved->len;
}

/* -- steps of earlier runs -- */

static void
kept_cb (SfuJob *job, SfuImage *image, guint picture, SfuStudio *self)
{
  SfuRun *run = g_object_get_data (G_OBJECT (job), "run");
  save_image (self, run, sfu_job_get_request (job), image);
}

static void
kept_state_cb (SfuJob *job, SfuStudio *self)
{
  if (sfu_job_get_state (job) == SFU_JOB_FAILED)
    note_cb (self, SFU_NOTE_NOT_KEPT, sfu_job_get_error (job)->message);
}

void
sfu_studio_keep (SfuStudio *self, SfuRun *run, guint step)
{
  SfuMoment *moment = sfu_run_moment (run, step);
  g_autoptr (SfuJob) job = NULL;
  if (moment == NULL)
    return;
  job = sfu_job_new_develop (moment);
  g_object_set_data_full (G_OBJECT (job), "run", g_object_ref (run), g_object_unref);
  g_signal_connect_object (job, "picture", G_CALLBACK (kept_cb), self, 0);
  g_signal_connect_object (job, "state-changed", G_CALLBACK (kept_state_cb), self, 0);
  queue_job (self, job);
}

static void glimpse (SfuStudio *self);

static void
aside_state_cb (SfuJob *job, SfuStudio *self)
{
  if (sfu_job_get_state (job) < SFU_JOB_DONE || self->aside != job)
    return;
  g_clear_object (&self->aside);
  if (self->glimpse_wanted)
    glimpse (self);
}

static void
glimpsed_cb (SfuJob *job, SfuImage *image, guint picture, guint step, SfuRun *run)
{
  sfu_run_set_preview (run, step, image);
}

static void
glimpse (SfuStudio *self)
{
  SfuMoment *moment = sfu_run_moment (self->glimpse_run, self->glimpse_step);
  self->glimpse_wanted = FALSE;
  if (moment == NULL || sfu_run_preview (self->glimpse_run, self->glimpse_step) != NULL)
    return;
  /* A look back is not worth loading another model. */
  if (!sfu_loader_holds (self->loader, moment->request->model))
    return;
  self->aside = sfu_job_new_glimpse (moment);
  g_signal_connect_object (self->aside, "preview", G_CALLBACK (glimpsed_cb), self->glimpse_run, 0);
  g_signal_connect_object (self->aside, "state-changed", G_CALLBACK (aside_state_cb), self, 0);
  queue_job (self, self->aside);
}

void
sfu_studio_glimpse (SfuStudio *self, SfuRun *run, guint step)
{
  if (self->running != NULL)
    return;
  g_set_object (&self->glimpse_run, run);
  self->glimpse_step = step;
  self->glimpse_wanted = TRUE;
  if (self->aside == NULL)
    glimpse (self);
}

void
sfu_studio_preload (SfuStudio *self, SfuRequest *request)
{
  g_clear_pointer (&self->preload, sfu_request_unref);
  self->preload = sfu_request_ref (request);
  load_wanted (self);
}

void
sfu_studio_cancel_preload (SfuStudio *self)
{
  g_clear_pointer (&self->preload, sfu_request_unref);
  sfu_loader_cancel (self->loader);
}

SfuLoader *
sfu_studio_loader (SfuStudio *self)
{
  return self->loader;
}

SfuRun *
sfu_studio_run_of (SfuStudio *self, SfuPicture *picture)
{
  for (guint i = 0; i < self->films->len; i++)
    if (sfu_run_picture (self->films->pdata[i]) == picture)
      return self->films->pdata[i];
  return NULL;
}

/* -- the queue -- */

SfuQueue *
sfu_studio_queue (SfuStudio *self)
{
  return self->queue;
}

GListModel *
sfu_studio_waiting (SfuStudio *self)
{
  return G_LIST_MODEL (self->queue);
}

guint
sfu_studio_n_waiting (SfuStudio *self)
{
  return sfu_queue_length (self->queue);
}

GPtrArray *
sfu_studio_clear (SfuStudio *self)
{
  return sfu_queue_clear (self->queue);
}

void
sfu_studio_requeue (SfuStudio *self, GPtrArray *tickets, guint position)
{
  for (guint i = 0; i < tickets->len; i++)
    sfu_queue_insert (self->queue, tickets->pdata[i], position + i);
  start_next (self);
}

double
sfu_studio_seconds_waiting (SfuStudio *self)
{
  double sum = 0;
  for (guint i = 0; i < sfu_queue_length (self->queue); i++)
    {
      g_autoptr (SfuTicket) ticket = g_list_model_get_item (G_LIST_MODEL (self->queue), i);
      double seconds = sfu_pace_seconds (self->pace, sfu_ticket_request (ticket));
      if (seconds < 0)
        return -1;
      sum += seconds;
    }
  return self->running != NULL ? sum + MAX (sfu_run_seconds_left (self->running), 0) : sum;
}

void
sfu_studio_set_paused (SfuStudio *self, gboolean paused)
{
  if (self->paused == !!paused)
    return;
  self->paused = !!paused;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PAUSED]);
  start_next (self);
}
