/* What labels and buttons say: all of it follows from state, run and picture. */
#include <glib/gi18n.h>

#include "sfu-model-state.h"
#include "sfu-numbers.h"
#include "sfu-texture.h"
#include "sfu-window-private.h"

static SfuWindowState
derive_state (SfuWindow *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  if (run == NULL)
    return SFU_WINDOW_IDLE;
  if (g_cancellable_is_cancelled (sfu_job_get_cancellable (sfu_run_job (run))))
    return SFU_WINDOW_STOPPING;
  switch (sfu_run_state (run))
    {
    case SFU_JOB_SAMPLING: return SFU_WINDOW_RUNNING;
    case SFU_JOB_DECODING:
    case SFU_JOB_DONE: return SFU_WINDOW_FINISHING;
    default: return SFU_WINDOW_LOADING;
    }
}

static char *
time_left (SfuRun *run)
{
  double left = sfu_run_seconds_left (run);
  guint minutes = (guint) (left / 60 + 0.5);
  if (left < 0.5)
    return NULL;
  if (left > 90)
    return g_strdup_printf (g_dngettext (NULL, "about %u min left", "about %u min left", minutes), minutes);
  return left >= 10 ? g_strdup_printf (_("%.0f s left"), left) : g_strdup_printf (_("%.1f s left"), left);
}

/* What goes on before there are steps. */
static char *
preparing_text (SfuWindow *self)
{
  SfuLoader *loader = sfu_studio_loader (self->house.studio);
  g_autofree char *percent = NULL;
  double fraction = 0;
  gboolean tuning = sfu_loader_is_tuning (loader, &fraction);
  if (!tuning && !sfu_loader_is_loading (loader, NULL, &fraction))
    return g_strdup (_("Loading Model…"));
  percent = sfu_percent_text (fraction);
  /* Translators: the fastest ways to compute on this graphics card are being found out. */
  return g_strdup_printf (tuning ? _("Tuning for This Graphics Card… %s") : _("Loading Model… %s"), percent);
}

char *
sfu_window_status_text (SfuWindow *self)
{
  SfuRun *running = sfu_studio_running (self->house.studio), *run = self->shown_run;
  SfuLoader *loader = sfu_studio_loader (self->house.studio);
  g_autofree char *left = NULL, *step = NULL;
  guint shown = sfu_window_current_step (self);
  if (running != NULL && self->state == SFU_WINDOW_STOPPING)
    return g_strdup (_("Stopping…"));
  if (running != NULL && self->state == SFU_WINDOW_LOADING && (run == running || run == NULL))
    return sfu_run_state (running) == SFU_JOB_ENCODING ? g_strdup (_("Reading the Prompt…")) : preparing_text (self);
  if (running == NULL && (sfu_loader_is_loading (loader, NULL, NULL) || sfu_loader_is_tuning (loader, NULL)))
    return preparing_text (self);
  if (running != NULL && run == running && self->shown_step == 0 && self->state == SFU_WINDOW_FINISHING)
    return g_strdup (_("Developing…"));
  if (run == NULL || shown == 0)
    return g_strdup (self->shown_picture == NULL ? _("No picture yet") : "");
  step = g_strdup_printf (_("Step %u of %u"), shown, sfu_run_n_steps (run));
  if (run == running && self->shown_step == 0)
    left = time_left (run);
  return left != NULL ? g_strdup_printf ("%s · %s", step, left) : g_steal_pointer (&step);
}

static const SfuRequest *
shown_request (SfuWindow *self)
{
  if (self->shown_picture != NULL)
    return sfu_picture_request (self->shown_picture);
  return self->shown_run != NULL ? sfu_run_request (self->shown_run) : NULL;
}

static void
update_titles (SfuWindow *self, const char *status)
{
  const SfuRequest *request = shown_request (self);
  g_autofree char *title = NULL, *subtitle = NULL;
  guint w, h;
  sfu_settings_panel_get_size (self->settings, &w, &h);
  if (sfu_canvas_is_comparing (self->canvas))
    subtitle = g_strdup (_("Comparing two pictures"));
  if (request != NULL)
    {
      g_autofree char *seed = sfu_number_grouped (request->seed);
      title = g_strdup (*request->prompt != '\0' ? request->prompt : _("No prompt"));
      if (subtitle == NULL)
        subtitle = g_strdup_printf (_("%u × %u · Seed %s"), self->shown_picture != NULL ? sfu_picture_width (self->shown_picture) : request->width,
                                    self->shown_picture != NULL ? sfu_picture_height (self->shown_picture) : request->height,
                                    seed);
    }
  else if (self->shown_picture != NULL)
    {
      title = g_path_get_basename (sfu_picture_path (self->shown_picture));
      subtitle = g_strdup_printf (_("%u × %u"), sfu_picture_width (self->shown_picture), sfu_picture_height (self->shown_picture));
    }
  else
    {
      title = g_strdup (_("New Picture"));
      subtitle = g_strdup_printf (_("%u × %u"), w, h);
    }
  adw_window_title_set_title (self->wide_title, title);
  adw_window_title_set_subtitle (self->wide_title, subtitle);
  adw_window_title_set_title (self->narrow_title, title);
  adw_window_title_set_subtitle (self->narrow_title, sfu_studio_running (self->house.studio) != NULL ? status : subtitle);
}

static void
update_generate (SfuWindow *self)
{
  gboolean busy = self->state != SFU_WINDOW_IDLE, usable;
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  g_autofree char *obstacle = model != NULL ? sfu_model_state_obstacle (model) : NULL;
  const char *reason = obstacle;
  g_autoptr (SfuRequest) request = sfu_settings_panel_request (self->settings);
  guint waiting = sfu_studio_n_waiting (self->house.studio);
  g_autofree char *badge = g_strdup_printf ("%u", waiting);
  if (model == NULL)
    reason = _("Choose a model first");
  else if (reason == NULL && *request->prompt == '\0' && request->image == NULL)
    reason = _("Describe the picture first");
  usable = reason == NULL;
  gtk_button_set_label (self->generate_button, busy ? _("Stop") : _("Generate"));
  gtk_button_set_icon_name (self->narrow_button, busy ? "media-playback-stop-symbolic" : "sfu-brush-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->narrow_button), busy ? _("Stop") : _("Generate"));
  if (busy)
    gtk_widget_remove_css_class (GTK_WIDGET (self->generate_button), "suggested-action");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->generate_button), "suggested-action");
  gtk_widget_set_sensitive (GTK_WIDGET (self->generate_button), busy ? self->state != SFU_WINDOW_STOPPING : usable);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->generate_button), busy ? NULL : reason);
  gtk_widget_set_visible (GTK_WIDGET (self->add_button), busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.generate", usable);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.generate-next", usable);
  gtk_widget_set_visible (GTK_WIDGET (self->queue_badge), waiting > 0);
  gtk_label_set_text (self->queue_badge, badge);
}

void
sfu_window_update_progress (SfuWindow *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  /* Always there for whoever listens, seen only while there is something to see. */
  gtk_widget_set_opacity (GTK_WIDGET (self->progress), run != NULL);
  gtk_progress_bar_set_fraction (self->progress, run != NULL ? sfu_run_progress (run) : 0);
}

static void
update_step_buttons (SfuWindow *self)
{
  SfuRun *run = self->shown_run;
  gboolean live = run != NULL && run == sfu_studio_running (self->house.studio);
  gboolean earlier = run != NULL && self->shown_step > 0;
  gboolean moment = earlier && sfu_run_moment (run, self->shown_step) != NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->live_button), live && self->shown_step > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->keep_button), moment);
  gtk_widget_set_visible (GTK_WIDGET (self->continue_button), moment && self->shown_step < sfu_run_n_steps (run));
}

/* Everything that hangs on state, run and picture. */
void
sfu_window_update (SfuWindow *self)
{
  g_autofree char *status = NULL;
  self->updated = g_get_monotonic_time ();
  self->stale = FALSE;
  self->state = derive_state (self);
  status = sfu_window_status_text (self);
  gtk_label_set_text (self->status_label, status);
  sfu_step_film_set_step (self->film, sfu_window_current_step (self));
  update_titles (self, status);
  update_generate (self);
  sfu_window_update_progress (self);
  sfu_window_update_strip (self);
  update_step_buttons (self);
  sfu_window_describe_canvas (self);
  gtk_button_set_icon_name (self->favourite_button, self->shown_picture != NULL && sfu_picture_is_favourite (self->shown_picture)
                                                      ? "starred-symbolic" : "non-starred-symbolic");
  sfu_window_update_actions (self);
  sfu_window_update_presence (self);
}

void
sfu_window_update_soon (SfuWindow *self)
{
  if (derive_state (self) != self->state || g_get_monotonic_time () - self->updated > SFU_WINDOW_CLOCK_MS * 1000)
    sfu_window_update (self);
  else
    self->stale = TRUE;
}
