/* Comparing the shown picture with another one. */
#include <glib/gi18n.h>

#include "sfu-differences.h"
#include "sfu-texture.h"
#include "sfu-window-private.h"

void
sfu_window_forget_comparison (SfuWindow *self)
{
  if (self->comparing != NULL)
    g_cancellable_cancel (self->comparing);
  g_clear_object (&self->comparing);
  g_clear_object (&self->compared);
  g_clear_pointer (&self->comparison_text, g_free);
}

void
sfu_window_stop_comparing (SfuWindow *self)
{
  if (self->compared == NULL)
    return;
  sfu_window_forget_comparison (self);
  sfu_canvas_compare (self->canvas, NULL, NULL, NULL);
  gtk_toggle_button_set_active (self->compare_button, FALSE);
  sfu_window_mark_compared (self);
  sfu_window_update (self);
}

/* What a screen reader says of the canvas; NULL: nothing is compared. */
char *
sfu_window_comparison_text (SfuWindow *self)
{
  return g_strdup (self->comparison_text);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  SfuWindow *self = SFU_WINDOW (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = sfu_texture_load_finish (result, &error);
  g_autofree char *left = NULL, *right = NULL;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (texture == NULL || self->compared == NULL || self->shown_picture == NULL)
    {
      sfu_window_stop_comparing (self);
      sfu_window_toast (self, error != NULL ? error->message : _("There is no picture to compare with"));
      return;
    }
  sfu_differences (self->compared, self->shown_picture, &left, &right);
  sfu_canvas_compare (self->canvas, texture, left, right);
  /* Translators: two pictures beside each other, each told by what it has and the other has not. */
  self->comparison_text = g_strdup_printf (_("Comparing two pictures. Left: %s. Right: %s"), left, right);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), self->comparison_text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  sfu_window_update (self);
}

void
sfu_window_compare_with (SfuWindow *self, SfuPicture *picture)
{
  g_autoptr (SfuPicture) held = picture != NULL ? g_object_ref (picture) : NULL;
  if (self->shown_picture == NULL || held == NULL || held == self->shown_picture)
    {
      gtk_toggle_button_set_active (self->compare_button, self->compared != NULL);
      return;
    }
  /* What is compared is the finished picture. */
  if (self->shown_step > 0)
    sfu_window_show_step (self, 0);
  sfu_window_forget_comparison (self);
  self->compared = g_steal_pointer (&held);
  self->comparing = g_cancellable_new ();
  gtk_toggle_button_set_active (self->compare_button, TRUE);
  sfu_window_mark_compared (self);
  sfu_texture_load (G_OBJECT (self), sfu_picture_path (self->compared), self->comparing, loaded_cb, NULL);
}

static gboolean
is_shown (SfuWindow *self, SfuPicture *picture)
{
  return picture == self->shown_picture || g_str_equal (sfu_picture_path (picture), sfu_picture_path (self->shown_picture));
}

/* The one that was looked at before; else the next older one in the history, or the newest. */
static SfuPicture *
other_picture (SfuWindow *self)
{
  GListModel *model = G_LIST_MODEL (self->house.history);
  guint n = g_list_model_get_n_items (model), at;
  if (self->shown_picture == NULL)
    return NULL;
  if (self->former_picture != NULL && !is_shown (self, self->former_picture))
    return self->former_picture;
  at = sfu_history_find (self->house.history, self->shown_picture);
  for (guint i = 1; i <= MIN (n, 2); i++)
    {
      g_autoptr (SfuPicture) other = g_list_model_get_item (model, at == G_MAXUINT ? i - 1 : (at + i) % n);
      if (!is_shown (self, other))
        return other; /* the history holds it */
    }
  return NULL;
}

gboolean
sfu_window_can_compare (SfuWindow *self)
{
  return self->compared != NULL || other_picture (self) != NULL;
}

/* In the strip the focus can be on another picture than the shown one (Ctrl with an arrow moves it alone). */
void
sfu_window_compare (SfuWindow *self)
{
  SfuPicture *focused = sfu_window_focused_picture (self);
  if (focused != NULL && focused != self->shown_picture && focused != self->compared)
    sfu_window_compare_with (self, focused);
  else if (self->compared != NULL)
    sfu_window_stop_comparing (self);
  else
    sfu_window_compare_with (self, other_picture (self));
}

void
sfu_window_flip (SfuWindow *self)
{
  sfu_canvas_flip (self->canvas);
}

void
sfu_window_side_by_side (SfuWindow *self)
{
  sfu_canvas_toggle_side_by_side (self->canvas);
}
