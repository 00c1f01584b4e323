/* What is on the canvas: a run and its steps, or a picture from a file. */
#include <glib/gi18n.h>

#include "sfu-texture.h"
#include "sfu-window-private.h"

/* The step that is shown, or 0 when it is the finished picture or none. */
guint
sfu_window_current_step (SfuWindow *self)
{
  if (self->shown_run == NULL)
    return 0;
  return self->shown_step > 0 ? self->shown_step : sfu_run_step (self->shown_run);
}

void
sfu_window_describe_canvas (SfuWindow *self)
{
  guint step = sfu_window_current_step (self);
  g_autofree char *text = sfu_window_comparison_text (self);
  if (text != NULL)
    ;
  else if (self->shown_run != NULL && step > 0)
    text = g_strdup_printf (_("step %u of %u"), step, sfu_run_n_steps (self->shown_run));
  else if (self->shown_picture != NULL)
    text = sfu_picture_label (self->shown_picture);
  else
    text = g_strdup (_("no picture yet"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->canvas), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

/* The newest preview of a run up to @step. */
static SfuImage *
newest_preview (SfuRun *run, guint step)
{
  for (; step >= 1; step--)
    if (sfu_run_preview (run, step) != NULL)
      return sfu_run_preview (run, step);
  return NULL;
}

void
sfu_window_draw_canvas (SfuWindow *self)
{
  SfuRun *run = self->shown_run;
  SfuImage *image = NULL;
  gboolean finished = run != NULL && self->shown_step == 0 && sfu_run_image (run) != NULL;
  if (finished)
    image = sfu_run_image (run);
  else if (run != NULL && self->shown_step > 0)
    {
      image = sfu_run_preview (run, self->shown_step);
      if (image == NULL)
        {
          image = sfu_run_tile (run, self->shown_step);
          sfu_studio_glimpse (self->house.studio, run, self->shown_step);
        }
    }
  else if (run != NULL)
    image = newest_preview (run, sfu_run_step (run));
  if (image != NULL)
    {
      const SfuRequest *request = sfu_run_request (run);
      g_autoptr (GdkTexture) texture = sfu_texture_new (image);
      guint w = finished || request->width == 0 ? sfu_image_width (image) : request->width;
      guint h = finished || request->height == 0 ? sfu_image_height (image) : request->height;
      sfu_canvas_set_preview (self->canvas, texture, w, h);
    }
  else if (self->shown_texture != NULL && (run == NULL || self->shown_picture != NULL))
    sfu_canvas_set_preview (self->canvas, self->shown_texture, sfu_picture_width (self->shown_picture), sfu_picture_height (self->shown_picture));
  else if (run == NULL)
    sfu_canvas_set_texture (self->canvas, NULL);
}

static gboolean
preview_tick_cb (GtkWidget *canvas, GdkFrameClock *clock, gpointer data)
{
  SfuWindow *self = data;
  self->preview_tick = 0;
  sfu_window_draw_canvas (self);
  return G_SOURCE_REMOVE;
}

/* Previews may come faster than frames: each frame takes the newest. */
static void
shown_preview_cb (SfuWindow *self, guint step)
{
  if ((self->shown_step == 0 || self->shown_step == step) && self->preview_tick == 0)
    self->preview_tick = gtk_widget_add_tick_callback (GTK_WIDGET (self->canvas), preview_tick_cb, self, NULL);
}

/* Not sfu_window_update_soon() itself: the running one is connected to that, and is to stay so when another is shown. */
static void
shown_changed_cb (SfuWindow *self)
{
  sfu_window_update_soon (self);
}

void
sfu_window_set_shown_run (SfuWindow *self, SfuRun *run)
{
  if (self->shown_run == run)
    return;
  if (self->shown_run != NULL)
    {
      g_signal_handlers_disconnect_by_func (self->shown_run, shown_preview_cb, self);
      g_signal_handlers_disconnect_by_func (self->shown_run, shown_changed_cb, self);
    }
  g_set_object (&self->shown_run, run);
  if (run != NULL)
    {
      g_signal_connect_object (run, "preview", G_CALLBACK (shown_preview_cb), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (run, "changed", G_CALLBACK (shown_changed_cb), self, G_CONNECT_SWAPPED);
    }
}

void
sfu_window_remember_shown (SfuWindow *self, SfuPicture *picture)
{
  if (picture != NULL && self->shown_picture != NULL && self->shown_picture != picture)
    g_set_object (&self->former_picture, self->shown_picture);
  g_set_object (&self->shown_picture, picture);
  sfu_session_set_shown (self->house.session, picture != NULL ? sfu_picture_path (picture) : NULL);
}

/* The strip's selection follows the canvas. */
void
sfu_window_select_shown (SfuWindow *self)
{
  GListModel *model = G_LIST_MODEL (self->selection);
  guint position = GTK_INVALID_LIST_POSITION;
  for (guint i = 0; self->shown_picture != NULL && i < g_list_model_get_n_items (model) && position == GTK_INVALID_LIST_POSITION; i++)
    {
      g_autoptr (SfuPicture) picture = g_list_model_get_item (model, i);
      if (picture == self->shown_picture)
        position = i;
    }
  self->selecting = TRUE;
  gtk_single_selection_set_selected (self->selection, position);
  if (position != GTK_INVALID_LIST_POSITION)
    gtk_list_view_scroll_to (self->history_view, position, GTK_LIST_SCROLL_NONE, NULL);
  self->selecting = FALSE;
  if (position != GTK_INVALID_LIST_POSITION)
    gtk_list_view_scroll_to (self->history_view, position, GTK_LIST_SCROLL_NONE, NULL);
}

void
sfu_window_show_run (SfuWindow *self, SfuRun *run)
{
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->shown_texture);
  sfu_window_stop_comparing (self);
  sfu_window_set_shown_run (self, run);
  self->shown_step = 0;
  sfu_window_remember_shown (self, sfu_run_picture (run));
  sfu_step_film_set_run (self->film, run, 0);
  sfu_window_draw_canvas (self);
  sfu_window_select_shown (self);
  sfu_window_update (self);
}

void
sfu_window_show_step (SfuWindow *self, guint step)
{
  SfuRun *run = self->shown_run;
  if (run == NULL)
    return;
  /* The last step of a finished picture is the picture. */
  if (sfu_run_is_over (run) && step >= sfu_run_step (run))
    step = 0;
  self->shown_step = step;
  sfu_window_draw_canvas (self);
  sfu_window_update (self);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  SfuWindow *self = SFU_WINDOW (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = sfu_texture_load_finish (result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (texture == NULL)
    {
      sfu_window_toast_error (self, error);
      return;
    }
  g_set_object (&self->shown_texture, texture);
  sfu_window_draw_canvas (self);
}

void
sfu_window_show_picture (SfuWindow *self, SfuPicture *picture)
{
  SfuRun *run = sfu_studio_run_of (self->house.studio, picture);
  sfu_window_stop_comparing (self);
  if (run != NULL)
    {
      sfu_window_show_run (self, run);
      return;
    }
  sfu_window_set_shown_run (self, NULL);
  self->shown_step = 0;
  sfu_window_remember_shown (self, picture);
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->shown_texture);
  if (sfu_picture_thumbnail (picture) != NULL)
    self->shown_texture = sfu_texture_new (sfu_picture_thumbnail (picture));
  sfu_window_draw_canvas (self);
  self->loading = g_cancellable_new ();
  sfu_texture_load (G_OBJECT (self), sfu_picture_path (picture), self->loading, loaded_cb, NULL);
  sfu_step_film_set_run (self->film, NULL, sfu_picture_request (picture) != NULL ? sfu_picture_request (picture)->steps : 1);
  sfu_window_select_shown (self);
  sfu_window_update (self);
}

