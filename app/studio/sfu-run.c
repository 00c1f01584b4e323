#include "sfu-run.h"

#include "sfu-thumbnails.h"

#define PREVIEW_BYTES (96u << 20) /* of full-size previews that one film keeps */
#define RECENT 5

typedef struct {
  SfuImage *preview, *tile;
  SfuMoment *moment;
} Frame;

struct _SfuRun {
  GObject parent_instance;
  SfuJob *job;
  GPtrArray *frames; /* Frame, by step - 1 */
  guint step, n_steps, first_step;
  double recent[RECENT]; /* ms of the last steps */
  guint n_recent;
  double sum_ms; /* of all steps */
  double decode_ms;
  gint64 begun, decoding, ended; /* monotonic us, 0: not yet */
  gsize preview_bytes;
  guint oldest_preview;
  SfuImage *image;
  SfuPicture *picture;
};

G_DEFINE_FINAL_TYPE (SfuRun, sfu_run, G_TYPE_OBJECT)

static guint changed_signal, preview_signal;

/* The last decoding's length is the best guess for the next. */
static double last_decode_ms = 0;

static void
frame_free (gpointer data)
{
  Frame *frame = data;
  if (frame == NULL)
    return;
  g_clear_pointer (&frame->preview, sfu_image_unref);
  g_clear_pointer (&frame->tile, sfu_image_unref);
  g_clear_pointer (&frame->moment, sfu_moment_unref);
  g_free (frame);
}

static void
sfu_run_finalize (GObject *object)
{
  SfuRun *self = SFU_RUN (object);
  g_clear_object (&self->job);
  g_ptr_array_unref (self->frames);
  g_clear_pointer (&self->image, sfu_image_unref);
  g_clear_object (&self->picture);
  G_OBJECT_CLASS (sfu_run_parent_class)->finalize (object);
}

static void
sfu_run_class_init (SfuRunClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = sfu_run_finalize;
  changed_signal = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  preview_signal = g_signal_new ("preview", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
sfu_run_init (SfuRun *self)
{
  self->frames = g_ptr_array_new_with_free_func (frame_free);
  self->first_step = 1;
}

static Frame *
frame_at (SfuRun *self, guint step)
{
  return step >= 1 && step <= self->frames->len ? self->frames->pdata[step - 1] : NULL;
}

static Frame *
need_frame (SfuRun *self, guint step)
{
  if (self->frames->len < step)
    g_ptr_array_set_size (self->frames, step);
  if (self->frames->pdata[step - 1] == NULL)
    self->frames->pdata[step - 1] = g_new0 (Frame, 1);
  return self->frames->pdata[step - 1];
}

static void
changed (SfuRun *self)
{
  g_signal_emit (self, changed_signal, 0);
}

static void
state_cb (SfuRun *self)
{
  SfuJobState state = sfu_job_get_state (self->job);
  if (sfu_job_get_n_steps (self->job) > 0)
    self->n_steps = sfu_job_get_n_steps (self->job);
  if (state == SFU_JOB_SAMPLING && self->begun == 0)
    self->begun = g_get_monotonic_time ();
  if (state == SFU_JOB_DECODING && self->decoding == 0)
    self->decoding = g_get_monotonic_time ();
  if (state >= SFU_JOB_DONE && self->ended == 0)
    {
      self->ended = g_get_monotonic_time ();
      if (state == SFU_JOB_DONE && self->decoding > 0)
        last_decode_ms = (self->ended - self->decoding) / 1000.0;
    }
  changed (self);
}

static void
step_cb (SfuRun *self, guint picture, guint step, double ms)
{
  self->step = step;
  self->recent[self->n_recent++ % RECENT] = ms;
  self->sum_ms += ms;
  changed (self);
}

void
sfu_run_set_preview (SfuRun *self, guint step, SfuImage *preview)
{
  Frame *frame = need_frame (self, step);
  gsize bytes = 3 * (gsize) sfu_image_width (preview) * sfu_image_height (preview);
  if (frame->preview == NULL)
    self->preview_bytes += bytes;
  g_clear_pointer (&frame->preview, sfu_image_unref);
  frame->preview = sfu_image_ref (preview);
  if (frame->tile == NULL)
    frame->tile = sfu_image_fit (preview, SFU_RUN_TILE_SIDE);
  while (self->preview_bytes > PREVIEW_BYTES && self->oldest_preview < step)
    {
      Frame *old = frame_at (self, ++self->oldest_preview);
      if (old != NULL && old->preview != NULL && self->oldest_preview != step)
        {
          self->preview_bytes -= bytes;
          g_clear_pointer (&old->preview, sfu_image_unref);
        }
    }
  g_signal_emit (self, preview_signal, 0, step);
}

static void
tile_cb (SfuRun *self, SfuImage *tile, guint picture, guint step)
{
  Frame *frame = need_frame (self, step);
  g_clear_pointer (&frame->tile, sfu_image_unref);
  frame->tile = sfu_image_ref (tile);
}

static void
preview_cb (SfuRun *self, SfuImage *image, guint picture, guint step)
{
  sfu_run_set_preview (self, step, image);
}

static void
moment_cb (SfuRun *self, SfuMoment *moment, guint picture)
{
  Frame *frame = need_frame (self, moment->step);
  g_clear_pointer (&frame->moment, sfu_moment_unref);
  frame->moment = sfu_moment_ref (moment);
}

static void
picture_cb (SfuRun *self, SfuImage *image, guint picture)
{
  sfu_run_set_image (self, image);
}

SfuRun *
sfu_run_new (SfuJob *job)
{
  SfuRun *self = g_object_new (SFU_TYPE_RUN, NULL);
  SfuMoment *moment = sfu_job_get_moment (job);
  self->job = g_object_ref (job);
  self->n_steps = sfu_job_get_request (job)->steps;
  if (moment != NULL)
    {
      self->n_steps = moment->n_steps;
      self->first_step = moment->step + 1;
      self->step = moment->step;
    }
  g_signal_connect_object (job, "state-changed", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "step", G_CALLBACK (step_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "tile", G_CALLBACK (tile_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "preview", G_CALLBACK (preview_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "moment", G_CALLBACK (moment_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (job, "picture", G_CALLBACK (picture_cb), self, G_CONNECT_SWAPPED);
  return self;
}

SfuJob *
sfu_run_job (SfuRun *self)
{
  return self->job;
}

SfuRequest *
sfu_run_request (SfuRun *self)
{
  return sfu_job_get_request (self->job);
}

SfuJobState
sfu_run_state (SfuRun *self)
{
  return sfu_job_get_state (self->job);
}

gboolean
sfu_run_is_over (SfuRun *self)
{
  return sfu_run_state (self) >= SFU_JOB_DONE;
}

guint
sfu_run_step (SfuRun *self)
{
  return self->step;
}

guint
sfu_run_n_steps (SfuRun *self)
{
  return self->n_steps;
}

guint
sfu_run_first_step (SfuRun *self)
{
  return self->first_step;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double
step_ms (SfuRun *self)
{
  double sorted[RECENT];
  guint n = MIN (self->n_recent, RECENT);
  if (n == 0)
    return -1;
  /* With DeepCache steps are of two lengths, and the median is one of them. */
  if (sfu_run_request (self)->deepcache.interval > 1)
    return self->sum_ms / self->n_recent;
  memcpy (sorted, self->recent, n * sizeof *sorted);
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  return sorted[n / 2];
}

double
sfu_run_step_seconds (SfuRun *self)
{
  double ms = step_ms (self);
  return ms < 0 ? -1 : ms / 1000;
}

double
sfu_run_decode_seconds (SfuRun *self)
{
  return self->decoding > 0 && self->ended > 0 ? (self->ended - self->decoding) / 1e6 : -1;
}

double
sfu_run_seconds_left (SfuRun *self)
{
  double ms = step_ms (self), decode = last_decode_ms;
  if (ms < 0 || sfu_run_is_over (self))
    return -1;
  if (self->decoding > 0)
    return MAX (0, decode - (g_get_monotonic_time () - self->decoding) / 1000.0) / 1000;
  return ((self->n_steps - MIN (self->step, self->n_steps)) * ms + decode) / 1000;
}

double
sfu_run_seconds (SfuRun *self)
{
  gint64 end = self->ended > 0 ? self->ended : g_get_monotonic_time ();
  return self->begun > 0 ? (end - self->begun) / 1e6 : 0;
}

double
sfu_run_progress (SfuRun *self)
{
  double left = sfu_run_seconds_left (self), spent = sfu_run_seconds (self);
  if (sfu_run_is_over (self))
    return 1;
  return left < 0 ? 0 : CLAMP (spent / MAX (spent + left, 1e-3), 0, 1);
}

SfuImage *
sfu_run_preview (SfuRun *self, guint step)
{
  Frame *frame = frame_at (self, step);
  return frame != NULL ? frame->preview : NULL;
}

SfuImage *
sfu_run_tile (SfuRun *self, guint step)
{
  Frame *frame = frame_at (self, step);
  return frame != NULL ? frame->tile : NULL;
}

SfuMoment *
sfu_run_moment (SfuRun *self, guint step)
{
  Frame *frame = frame_at (self, step);
  return frame != NULL ? frame->moment : NULL;
}

SfuMoment *
sfu_run_last_moment (SfuRun *self)
{
  for (guint step = self->frames->len; step >= 1; step--)
    if (sfu_run_moment (self, step) != NULL)
      return sfu_run_moment (self, step);
  return NULL;
}

gsize
sfu_run_film_bytes (SfuRun *self)
{
  gsize bytes = self->preview_bytes;
  for (guint step = 1; step <= self->frames->len; step++)
    if (sfu_run_moment (self, step) != NULL)
      bytes += sfu_moment_size (sfu_run_moment (self, step));
  return bytes;
}

SfuImage *
sfu_run_image (SfuRun *self)
{
  return self->image;
}

void
sfu_run_set_image (SfuRun *self, SfuImage *image)
{
  g_clear_pointer (&self->image, sfu_image_unref);
  self->image = sfu_image_ref (image);
  changed (self);
}

SfuPicture *
sfu_run_picture (SfuRun *self)
{
  return self->picture;
}

void
sfu_run_set_picture (SfuRun *self, SfuPicture *picture)
{
  g_set_object (&self->picture, picture);
  changed (self);
}
