#include "house.h"

#include <glib/gstdio.h>
#include <gpu-error.h>
#include <sfu-engine.h>

#include "sfu-png.h"
#include "sfu-request-text.h"
#include "sfu-shortcuts.h"

Pretence pretence = { 20, 64, 1, 0, FALSE };
guint n_previews_reported;

/* -- the engine that pretends -- */

struct _SfuEngine {
  GThread *thread;
  GAsyncQueue *jobs; /* SfuJob, or the engine itself: the end */
};

/* A picture that is another one at each step. */
static SfuImage *
draw (guint side, guint step)
{
  SfuImage *image = sfu_image_new (side, side);
  guint8 *p = sfu_image_pixels (image);
  for (guint y = 0; y < side; y++, p += 3 * side)
    {
      memset (p, (int) (y * 255 / side) ^ (int) (step * 8), 3 * side);
      memset (p, (int) (step * 11), MIN (3 * step, 3 * side));
    }
  return image;
}

static gboolean
is_stopped (SfuJob *job)
{
  return g_cancellable_is_cancelled (sfu_job_get_cancellable (job));
}

static void
sleep_until (SfuJob *job, gint64 when)
{
  gint64 now;
  while ((now = g_get_monotonic_time ()) < when && !is_stopped (job))
    g_usleep ((gulong) MIN (when - now, 5000));
}

static void
paint (SfuJob *job)
{
  const Pretence p = pretence;
  g_autoptr (SfuImage) image = NULL;
  gint64 begun;
  if (p.tunes)
    {
      sfu_job_report_state (job, SFU_JOB_TUNING);
      sfu_job_report_loading (job, 0.42);
      sleep_until (job, G_MAXINT64);
    }
  sfu_job_report_n_steps (job, p.steps);
  sfu_job_report_state (job, SFU_JOB_SAMPLING);
  begun = g_get_monotonic_time ();
  for (guint step = 1; step <= p.steps && !is_stopped (job); step++)
    {
      g_autoptr (SfuMoment) moment = sfu_moment_new (sfu_job_get_request (job), step, p.steps, 1, 1);
      g_clear_pointer (&image, sfu_image_unref);
      image = draw (p.side, step);
      sleep_until (job, begun + (gint64) (step * p.ms * 1000));
      sfu_job_report_step (job, 0, step, p.ms);
      sfu_job_report_moment (job, moment, 0);
      if (sfu_job_wants_preview (job, step, p.steps))
        {
          sfu_job_report_preview (job, image, 0, step);
          n_previews_reported++;
        }
      if (step == p.hold_at)
        sleep_until (job, G_MAXINT64);
    }
  if (!is_stopped (job))
    {
      sfu_job_report_state (job, SFU_JOB_DECODING);
      sfu_job_report_picture (job, image, 0);
    }
}

static gpointer
engine_thread (gpointer data)
{
  SfuEngine *self = data;
  gpointer job;
  while ((job = g_async_queue_pop (self->jobs)) != self)
    {
      if (sfu_job_get_task (job) == SFU_TASK_PAINT)
        paint (job);
      if (is_stopped (job))
        {
          g_autoptr (GError) error = g_error_new_literal (GPU_ERROR, GPU_ERROR_CANCELLED, "stopped");
          sfu_job_report_end (job, error);
        }
      else
        sfu_job_report_end (job, NULL);
      g_object_unref (job);
    }
  return NULL;
}

SfuEngine *
sfu_engine_new (const SfuEngineOptions *options)
{
  SfuEngine *self = g_new0 (SfuEngine, 1);
  self->jobs = g_async_queue_new_full (g_object_unref);
  self->thread = g_thread_new ("engine", engine_thread, self);
  return self;
}

void
sfu_engine_set_device (SfuEngine *self, const char *device)
{
}

void
sfu_engine_queue (SfuEngine *self, SfuJob *job)
{
  g_async_queue_push (self->jobs, g_object_ref (job));
}

void
sfu_engine_free (SfuEngine *self)
{
  g_async_queue_push (self->jobs, self);
  g_thread_join (self->thread);
  g_async_queue_unref (self->jobs);
  g_free (self);
}

/* -- the house -- */

static gboolean
has_model (TestHouse *self)
{
  return sfu_settings_panel_model (self->window->settings) != NULL;
}

static gboolean
is_loaded (TestHouse *self)
{
  return sfu_history_is_loaded (self->house.history);
}

static void
painted_cb (TestHouse *self)
{
  self->n_frames++;
}

static void
add_pictures (TestHouse *self, guint n)
{
  g_autoptr (SfuRequest) request = sfu_request_new ();
  g_set_str (&request->prompt, "a red lighthouse on the ocean with a yellow sun, at sunset");
  request->width = request->height = 64;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.png", i), *path = g_build_filename (sfu_history_folder (self->house.history), name, NULL);
      g_autoptr (SfuImage) image = draw (64, i + 3);
      g_autoptr (GHashTable) texts = sfu_request_to_texts (request, i, 64, 64);
      g_autoptr (SfuPicture) picture = sfu_picture_new (path, request, 64, 64, 1764000000 + i);
      g_assert_true (sfu_png_write (image, path, texts, NULL));
      sfu_picture_set_favourite (picture, i % 3 == 0);
      sfu_history_add (self->house.history, picture);
    }
}

void
test_house_open (TestHouse *self, int width, int height, guint n_pictures)
{
  SfuHouse *house = &self->house;
  SfuEngineOptions options = { 0 };
  g_autofree char *pictures = NULL, *index = NULL, *session = NULL, *model = g_build_filename (g_getenv ("SFU_FIXTURES"), "model", NULL);
  self->folder = g_dir_make_tmp ("sfumato-ui-XXXXXX", NULL);
  pictures = g_build_filename (self->folder, "pictures", NULL);
  index = g_build_filename (self->folder, "pictures.json", NULL);
  session = g_build_filename (self->folder, "session.json", NULL);
  g_mkdir (pictures, 0700);
  self->application = g_object_new (ADW_TYPE_APPLICATION, "application-id", "app.sfumato.Test", "resource-base-path", "/app/sfumato",
                                    "flags", G_APPLICATION_NON_UNIQUE, NULL);
  g_assert_true (g_application_register (G_APPLICATION (self->application), NULL, NULL));
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()), "/app/sfumato/icons");
  sfu_shortcuts_install (GTK_APPLICATION (self->application));
  house->settings = g_settings_new ("app.sfumato");
  g_settings_set_int (house->settings, "width", width);
  g_settings_set_int (house->settings, "height", height);
  house->history = sfu_history_new (pictures, index);
  house->library = sfu_library_new ((const char *[]) { NULL }, (const char *[]) { model, NULL });
  house->session = sfu_session_open (session);
  house->studio = sfu_studio_new (&options, house->history);
  self->window = sfu_window_new (GTK_APPLICATION (self->application), house);
  gtk_window_present (GTK_WINDOW (self->window));
  g_signal_connect_swapped (gtk_widget_get_frame_clock (GTK_WIDGET (self->window)), "after-paint", G_CALLBACK (painted_cb), self);
  test_house_wait (is_loaded, self, "the history");
  test_house_wait (has_model, self, "the model");
  add_pictures (self, n_pictures);
  test_house_settle (self);
  /* Where nothing composes the screen, GTK draws a frame inside of the size asked for. */
  gtk_window_set_default_size (GTK_WINDOW (self->window), 2 * width - gtk_widget_get_width (GTK_WIDGET (self->window)),
                               2 * height - gtk_widget_get_height (GTK_WIDGET (self->window)));
  test_house_settle (self);
}

static void
remove_folder (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_folder (child);
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_remove (path);
}

void
test_house_close (TestHouse *self)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
  g_clear_object (&self->house.studio);
  sfu_session_close (g_steal_pointer (&self->house.session), TRUE);
  g_clear_object (&self->house.history);
  g_clear_object (&self->house.library);
  g_clear_object (&self->house.settings);
  g_clear_object (&self->application);
  remove_folder (self->folder);
  g_clear_pointer (&self->folder, g_free);
}

static gboolean
late_cb (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_REMOVE;
}

void
test_house_wait (gboolean (*done) (TestHouse *self), TestHouse *self, const char *what)
{
  gboolean late = FALSE;
  guint source = g_timeout_add_seconds (60, late_cb, &late);
  while (!done (self) && !late)
    g_main_context_iteration (NULL, TRUE);
  if (late)
    g_error ("%s did not come within a minute", what);
  g_source_remove (source);
}

/* A change may only be seen in the next frame's layout, and what that leads to in the one after. The last that is done is a frame:
 * what came between would be there and not laid out. */
void
test_house_settle (TestHouse *self)
{
  while (g_main_context_iteration (NULL, FALSE)) {}
  for (guint until = self->n_frames + 3; self->n_frames < until; g_main_context_iteration (NULL, TRUE))
    gdk_frame_clock_request_phase (gtk_widget_get_frame_clock (GTK_WIDGET (self->window)), GDK_FRAME_CLOCK_PHASE_PAINT);
}

void
test_house_generate (TestHouse *self, const char *prompt)
{
  sfu_window_set_prompt (self->window, prompt);
  sfu_window_generate (self->window);
}
