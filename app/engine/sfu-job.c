#include "sfu-job.h"

#include <gpu-error.h>

/* A window that is busy for a moment misses none; one that hangs does not fill the memory. */
#define UNSEEN_PREVIEWS 4

typedef enum {
  EVENT_STATE, EVENT_STEP, EVENT_PREVIEW, EVENT_TILE, EVENT_MOMENT, EVENT_PICTURE, EVENT_NOTE, EVENT_LOADING, EVENT_HOLDING, N_EVENTS
} EventKind;

typedef struct {
  EventKind kind;
  SfuJobState state;
  guint picture, step, n_steps;
  double ms, fraction;
  SfuHolding holding;
  SfuImage *image;
  SfuMoment *moment;
  char *note;
  SfuNote note_kind;
  GError *error;
} Event;

struct _SfuJob {
  GObject parent_instance;

  /* Set before the job is queued, then only read. */
  SfuTask task;
  SfuRequest *request;
  SfuMoment *moment;
  GMainContext *context;
  GCancellable *cancellable;
  char *dump_folder;
  SfuPreviews previews;
  guint preview_every, tile_side;
  gboolean moments;

  /* Between the threads, under the lock. */
  GMutex lock;
  GQueue events; /* Event */
  GSource *source;
  guint fit_width, fit_height;

  /* Main thread: what has been published. */
  SfuJobState state;
  guint n_steps;
  double loading;
  GError *error;
};

G_DEFINE_FINAL_TYPE (SfuJob, sfu_job, G_TYPE_OBJECT)

static guint signals[N_EVENTS];

static void
event_free (Event *event)
{
  g_clear_pointer (&event->image, sfu_image_unref);
  g_clear_pointer (&event->moment, sfu_moment_unref);
  g_clear_error (&event->error);
  g_free (event->note);
  g_free (event->holding.model);
  g_free (event);
}

static void
sfu_job_finalize (GObject *object)
{
  SfuJob *self = SFU_JOB (object);
  g_queue_clear_full (&self->events, (GDestroyNotify) event_free);
  g_clear_pointer (&self->request, sfu_request_unref);
  g_clear_pointer (&self->moment, sfu_moment_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_free (self->dump_folder);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (sfu_job_parent_class)->finalize (object);
}

static void
sfu_job_class_init (SfuJobClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = sfu_job_finalize;
  signals[EVENT_STATE] = g_signal_new ("state-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[EVENT_STEP] = g_signal_new ("step", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                      G_TYPE_UINT, G_TYPE_UINT, G_TYPE_DOUBLE);
  signals[EVENT_PREVIEW] = g_signal_new ("preview", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                         G_TYPE_POINTER, G_TYPE_UINT, G_TYPE_UINT);
  signals[EVENT_TILE] = g_signal_new ("tile", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                      G_TYPE_POINTER, G_TYPE_UINT, G_TYPE_UINT);
  signals[EVENT_MOMENT] = g_signal_new ("moment", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        G_TYPE_POINTER, G_TYPE_UINT);
  signals[EVENT_PICTURE] = g_signal_new ("picture", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         G_TYPE_POINTER, G_TYPE_UINT);
  signals[EVENT_NOTE] = g_signal_new ("note", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT,
                                      G_TYPE_STRING);
  signals[EVENT_LOADING] = g_signal_new ("loading", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);
  signals[EVENT_HOLDING] = g_signal_new ("holding", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
sfu_job_init (SfuJob *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->events);
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->preview_every = 1;
}

SfuJob *
sfu_job_new (SfuRequest *request)
{
  SfuJob *self = g_object_new (SFU_TYPE_JOB, NULL);
  self->request = sfu_request_ref (request);
  return self;
}

static SfuJob *
new_from_moment (SfuTask task, SfuRequest *request, SfuMoment *moment)
{
  SfuJob *self = sfu_job_new (request);
  self->task = task;
  self->moment = sfu_moment_ref (moment);
  return self;
}

SfuJob *
sfu_job_new_continue (SfuRequest *request, SfuMoment *moment)
{
  const SfuRequest *run = moment->request;
  g_autoptr (SfuRequest) merged = sfu_request_copy (request);
  g_set_str (&merged->model, run->model);
  g_set_str (&merged->vae, run->vae);
  g_set_str (&merged->scheduler, run->scheduler);
  g_set_str (&merged->sigmas, run->sigmas);
  g_set_str (&merged->spacing, run->spacing);
  g_set_str (&merged->image, run->image);
  merged->strength = run->strength;
  merged->eta = run->eta;
  merged->steps = run->steps;
  merged->width = run->width;
  merged->height = run->height;
  merged->precision = run->precision;
  merged->deepcache = run->deepcache;
  merged->batch = 1;
  return new_from_moment (SFU_TASK_CONTINUE, merged, moment);
}

SfuJob *
sfu_job_new_develop (SfuMoment *moment)
{
  return new_from_moment (SFU_TASK_DEVELOP, moment->request, moment);
}

SfuJob *
sfu_job_new_glimpse (SfuMoment *moment)
{
  SfuJob *self = new_from_moment (SFU_TASK_GLIMPSE, moment->request, moment);
  self->previews = SFU_PREVIEWS_ALL;
  return self;
}

SfuJob *
sfu_job_new_load (SfuRequest *request)
{
  SfuJob *self = sfu_job_new (request);
  self->task = SFU_TASK_LOAD;
  return self;
}

SfuRequest *
sfu_job_get_request (SfuJob *self)
{
  return self->request;
}

void
sfu_job_want_previews (SfuJob *self, SfuPreviews previews, guint every)
{
  self->previews = previews;
  self->preview_every = MAX (every, 1);
}

void
sfu_job_want_tiles (SfuJob *self, guint side)
{
  self->tile_side = side;
}

void
sfu_job_want_moments (SfuJob *self)
{
  self->moments = TRUE;
}

SfuTask
sfu_job_get_task (SfuJob *self)
{
  return self->task;
}

SfuMoment *
sfu_job_get_moment (SfuJob *self)
{
  return self->moment;
}

gboolean
sfu_job_wants_moments (SfuJob *self)
{
  return self->moments;
}

void
sfu_job_dump_to (SfuJob *self, const char *folder)
{
  g_set_str (&self->dump_folder, folder);
}

SfuJobState
sfu_job_get_state (SfuJob *self)
{
  return self->state;
}

guint
sfu_job_get_n_steps (SfuJob *self)
{
  return self->n_steps;
}

const GError *
sfu_job_get_error (SfuJob *self)
{
  return self->error;
}

double
sfu_job_get_loading (SfuJob *self)
{
  return self->loading;
}

gboolean
sfu_job_get_fitting_size (SfuJob *self, guint *width, guint *height)
{
  g_mutex_lock (&self->lock);
  *width = self->fit_width;
  *height = self->fit_height;
  g_mutex_unlock (&self->lock);
  return *width > 0;
}

void
sfu_job_stop (SfuJob *self)
{
  g_cancellable_cancel (self->cancellable);
}

GCancellable *
sfu_job_get_cancellable (SfuJob *self)
{
  return self->cancellable;
}

const char *
sfu_job_get_dump_folder (SfuJob *self)
{
  return self->dump_folder;
}

SfuPreviews
sfu_job_get_previews (SfuJob *self)
{
  return self->previews;
}

static void
emit_event (SfuJob *self, Event *event)
{
  switch (event->kind)
    {
    case EVENT_STATE:
      if (event->n_steps > 0)
        self->n_steps = event->n_steps;
      else
        self->state = event->state;
      if (event->error != NULL)
        self->error = g_steal_pointer (&event->error);
      g_signal_emit (self, signals[EVENT_STATE], 0);
      break;
    case EVENT_STEP:
      g_signal_emit (self, signals[EVENT_STEP], 0, event->picture, event->step, event->ms);
      break;
    case EVENT_PREVIEW:
    case EVENT_TILE:
      g_signal_emit (self, signals[event->kind], 0, event->image, event->picture, event->step);
      break;
    case EVENT_MOMENT:
      g_signal_emit (self, signals[EVENT_MOMENT], 0, event->moment, event->picture);
      break;
    case EVENT_PICTURE:
      g_signal_emit (self, signals[EVENT_PICTURE], 0, event->image, event->picture);
      break;
    case EVENT_NOTE:
      g_signal_emit (self, signals[EVENT_NOTE], 0, (guint) event->note_kind, event->note);
      break;
    case EVENT_LOADING:
      self->loading = event->fraction;
      g_signal_emit (self, signals[EVENT_LOADING], 0, event->fraction);
      break;
    case EVENT_HOLDING:
      g_signal_emit (self, signals[EVENT_HOLDING], 0, &event->holding);
      break;
    case N_EVENTS:
      g_assert_not_reached ();
    }
}

/* Main thread. */
static gboolean
publish_cb (gpointer data)
{
  SfuJob *self = data;
  GQueue events;
  Event *event;

  g_mutex_lock (&self->lock);
  events = self->events;
  g_queue_init (&self->events);
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->lock);

  while ((event = g_queue_pop_head (&events)) != NULL)
    {
      emit_event (self, event);
      event_free (event);
    }
  return G_SOURCE_REMOVE;
}

/* Engine thread. */
static void
report (SfuJob *self, Event *event)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->events, event);
  if (self->source == NULL)
    {
      self->source = g_idle_source_new ();
      g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->source, publish_cb, g_object_ref (self), g_object_unref);
      g_source_attach (self->source, self->context);
    }
  g_mutex_unlock (&self->lock);
}

static Event *
event_new (EventKind kind)
{
  Event *event = g_new0 (Event, 1);
  event->kind = kind;
  return event;
}

gboolean
sfu_job_wants_preview (SfuJob *self, guint step, guint n_steps)
{
  guint waiting = 0;
  if (self->previews == SFU_PREVIEWS_NONE || (step % self->preview_every != 0 && step != n_steps))
    return FALSE;
  g_mutex_lock (&self->lock);
  for (GList *l = self->events.head; l != NULL; l = l->next)
    waiting += ((Event *) l->data)->kind == EVENT_PREVIEW;
  g_mutex_unlock (&self->lock);
  return waiting < UNSEEN_PREVIEWS || self->previews == SFU_PREVIEWS_ALL;
}

void
sfu_job_report_state (SfuJob *self, SfuJobState state)
{
  Event *event = event_new (EVENT_STATE);
  event->state = state;
  report (self, event);
}

void
sfu_job_report_n_steps (SfuJob *self, guint n_steps)
{
  Event *event = event_new (EVENT_STATE);
  event->n_steps = n_steps;
  report (self, event);
}

void
sfu_job_report_step (SfuJob *self, guint picture, guint step, double ms)
{
  Event *event = event_new (EVENT_STEP);
  event->picture = picture;
  event->step = step;
  event->ms = ms;
  report (self, event);
}

static void
report_image (SfuJob *self, EventKind kind, SfuImage *image, guint picture, guint step)
{
  Event *event = event_new (kind);
  event->image = sfu_image_ref (image);
  event->picture = picture;
  event->step = step;
  report (self, event);
}

void
sfu_job_report_preview (SfuJob *self, SfuImage *image, guint picture, guint step)
{
  if (self->tile_side > 0)
    {
      g_autoptr (SfuImage) tile = sfu_image_fit (image, self->tile_side);
      report_image (self, EVENT_TILE, tile, picture, step);
    }
  report_image (self, EVENT_PREVIEW, image, picture, step);
}

void
sfu_job_report_moment (SfuJob *self, SfuMoment *moment, guint picture)
{
  Event *event = event_new (EVENT_MOMENT);
  event->moment = sfu_moment_ref (moment);
  event->picture = picture;
  report (self, event);
}

void
sfu_job_report_picture (SfuJob *self, SfuImage *image, guint picture)
{
  Event *event = event_new (EVENT_PICTURE);
  event->image = sfu_image_ref (image);
  event->picture = picture;
  report (self, event);
}

void
sfu_job_report_note (SfuJob *self, SfuNote kind, const char *format, ...)
{
  Event *event = event_new (EVENT_NOTE);
  va_list args;
  event->note_kind = kind;
  va_start (args, format);
  event->note = g_strdup_vprintf (format, args);
  va_end (args);
  report (self, event);
}

/* Thousands come while a model loads: one that nobody has seen takes the newer number. */
void
sfu_job_report_loading (SfuJob *self, double fraction)
{
  Event *last, *event;
  g_mutex_lock (&self->lock);
  last = g_queue_peek_tail (&self->events);
  if (last != NULL && last->kind == EVENT_LOADING)
    {
      last->fraction = fraction;
      g_mutex_unlock (&self->lock);
      return;
    }
  g_mutex_unlock (&self->lock);
  event = event_new (EVENT_LOADING);
  event->fraction = fraction;
  report (self, event);
}

void
sfu_job_report_holding (SfuJob *self, const SfuHolding *holding)
{
  Event *event = event_new (EVENT_HOLDING);
  event->holding = *holding;
  event->holding.model = g_strdup (holding->model);
  report (self, event);
}

void
sfu_job_report_fitting_size (SfuJob *self, guint width, guint height)
{
  g_mutex_lock (&self->lock);
  self->fit_width = width;
  self->fit_height = height;
  g_mutex_unlock (&self->lock);
}

void
sfu_job_report_end (SfuJob *self, const GError *error)
{
  Event *event = event_new (EVENT_STATE);
  event->state = SFU_JOB_DONE;
  if (error != NULL)
    {
      event->state = g_error_matches (error, GPU_ERROR, GPU_ERROR_CANCELLED) ? SFU_JOB_STOPPED : SFU_JOB_FAILED;
      event->error = g_error_copy (error);
    }
  report (self, event);
}
