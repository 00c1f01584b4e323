/* Deleting without a question, and the way back from it. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

/* Brings back all that the toast speaks of. */
void
sfu_window_undo_delete (SfuWindow *self)
{
  g_autoptr (GPtrArray) deleted = g_steal_pointer (&self->deleted);
  SfuPicture *last = NULL;
  self->deleted = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < deleted->len; i++)
    {
      g_autoptr (GError) error = NULL;
      if (sfu_history_restore (self->house.history, deleted->pdata[i], &error))
        last = deleted->pdata[i];
      else
        sfu_window_toast_error (self, error);
    }
  if (last != NULL)
    sfu_window_show_picture (self, last);
  if (self->delete_toast != NULL)
    adw_toast_dismiss (self->delete_toast);
}

static void
toast_gone_cb (AdwToast *toast, SfuWindow *self)
{
  if (self->delete_toast != toast)
    return;
  self->delete_toast = NULL;
  if (self->deleted != NULL)
    g_ptr_array_set_size (self->deleted, 0);
  sfu_history_empty_holding (self->house.history);
}

static void
show_toast (SfuWindow *self)
{
  g_autofree char *title = g_strdup_printf (g_dngettext (NULL, "Picture deleted", "%u pictures deleted", self->deleted->len),
                                            self->deleted->len);
  if (self->delete_toast != NULL)
    {
      adw_toast_set_title (self->delete_toast, title);
      adw_toast_overlay_add_toast (self->toasts, g_object_ref (self->delete_toast)); /* its time begins anew */
      return;
    }
  self->delete_toast = adw_toast_new (title);
  adw_toast_set_timeout (self->delete_toast, 10);
  adw_toast_set_button_label (self->delete_toast, _("Undo"));
  g_signal_connect_object (self->delete_toast, "button-clicked", G_CALLBACK (sfu_window_undo_delete), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->delete_toast, "dismissed", G_CALLBACK (toast_gone_cb), self, 0);
  adw_toast_overlay_add_toast (self->toasts, self->delete_toast);
}

/* The canvas goes on to the picture that took the deleted one's place. */
static void
show_next (SfuWindow *self, guint position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->house.history));
  g_autoptr (SfuPicture) next = NULL;
  if (position != G_MAXUINT && n > 0)
    next = g_list_model_get_item (G_LIST_MODEL (self->house.history), MIN (position, n - 1));
  if (next != NULL)
    sfu_window_show_picture (self, next);
}

/* Gone at once, and for ten seconds a press brings it back; several are brought back together. */
void
sfu_window_delete (SfuWindow *self, SfuPicture *picture)
{
  g_autoptr (SfuPicture) held = g_object_ref (picture);
  guint position = sfu_history_find (self->house.history, picture);
  g_autoptr (GError) error = NULL;
  if (!sfu_history_remove (self->house.history, picture, &error))
    {
      sfu_window_toast_error (self, error);
      return;
    }
  g_ptr_array_add (self->deleted, g_object_ref (held));
  if (self->former_picture == held)
    g_clear_object (&self->former_picture);
  if (self->compared == held)
    sfu_window_stop_comparing (self);
  if (self->shown_picture == held)
    show_next (self, position);
  show_toast (self);
}
