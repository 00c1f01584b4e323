/* What the desktop is told while the window is not looked at: notifications, that the machine must not sleep,
 * and that the program goes on without its window. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

#define WORTH_A_NOTE_SECONDS 5

/* The part of a prompt that a line has room for. */
static char *
beginning (const char *prompt)
{
  g_autofree char *line = g_strdelimit (g_strdup (prompt), "\n\t", ' ');
  return g_utf8_strlen (line, -1) > 80 ? g_utf8_truncate_middle (line, 80) : g_steal_pointer (&line);
}

static gboolean
unseen (SfuWindow *self)
{
  return !gtk_window_is_active (GTK_WINDOW (self)) && g_settings_get_boolean (self->house.settings, "notify");
}

static void
send (const char *title, const char *body, SfuPicture *picture)
{
  g_autoptr (GNotification) notification = g_notification_new (title);
  g_notification_set_body (notification, body);
  g_notification_set_default_action (notification, "app.show-window");
  if (picture != NULL)
    {
      g_autoptr (GFile) file = g_file_new_for_path (sfu_picture_path (picture));
      g_autoptr (GIcon) icon = g_file_icon_new (file);
      g_notification_set_icon (notification, icon);
      g_notification_add_button (notification, _("Show"), "app.show-window");
      g_notification_add_button_with_target (notification, _("Favourite"), "app.favourite", "s", sfu_picture_path (picture));
    }
  g_application_send_notification (g_application_get_default (), "finished", notification);
}

/* One for all that was asked for at once, when the last of it is there. */
void
sfu_window_notify_saved (SfuWindow *self, SfuRun *run, SfuPicture *picture)
{
  g_autofree char *body = beginning (sfu_run_request (run)->prompt), *title = NULL;
  self->unseen_pictures++;
  self->unseen_seconds += sfu_run_seconds (run);
  if (!unseen (self) || self->unseen_seconds < WORTH_A_NOTE_SECONDS || sfu_studio_n_waiting (self->house.studio) > 0)
    return;
  title = g_strdup_printf (g_dngettext (NULL, "Picture finished", "%u pictures finished", self->unseen_pictures), self->unseen_pictures);
  send (title, body, picture);
}

void
sfu_window_notify_failed (SfuWindow *self, SfuRun *run)
{
  if (unseen (self))
    send (_("A picture could not be made"), sfu_job_get_error (sfu_run_job (run))->message, NULL);
}

static void
active_cb (SfuWindow *self)
{
  if (!gtk_window_is_active (GTK_WINDOW (self)))
    return;
  self->unseen_pictures = 0;
  self->unseen_seconds = 0;
  g_application_withdraw_notification (g_application_get_default (), "finished");
}

/* The machine may darken its screen, but not fall asleep over a picture. */
static void
keep_awake (SfuWindow *self, gboolean busy)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  if (busy && self->inhibit_cookie == 0)
    self->inhibit_cookie = gtk_application_inhibit (application, GTK_WINDOW (self), GTK_APPLICATION_INHIBIT_SUSPEND, _("A picture is being made"));
  else if (!busy && self->inhibit_cookie != 0)
    {
      gtk_application_uninhibit (application, self->inhibit_cookie);
      self->inhibit_cookie = 0;
    }
}

/* Closed while pictures were being made: the program ends with the last of them. */
static gboolean
close_hidden_cb (gpointer data)
{
  SfuWindow *self = data;
  self->close_source = 0;
  if (!gtk_widget_get_visible (GTK_WIDGET (self)) && self->state == SFU_WINDOW_IDLE && sfu_studio_n_unsaved (self->house.studio) == 0)
    gtk_window_destroy (GTK_WINDOW (self));
  return G_SOURCE_REMOVE;
}

void
sfu_window_update_presence (SfuWindow *self)
{
  gboolean busy = self->state != SFU_WINDOW_IDLE;
  keep_awake (self, busy);
  if (self->in_background && !busy && self->close_source == 0 && sfu_studio_n_unsaved (self->house.studio) == 0)
    self->close_source = g_idle_add (close_hidden_cb, self);
}

void
sfu_window_go_to_background (SfuWindow *self)
{
  self->in_background = TRUE;
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

static void
shown_cb (SfuWindow *self)
{
  self->in_background = FALSE;
}

void
sfu_window_init_presence (SfuWindow *self)
{
  g_signal_connect (self, "notify::is-active", G_CALLBACK (active_cb), NULL);
  g_signal_connect (self, "show", G_CALLBACK (shown_cb), NULL);
}

void
sfu_window_finish_presence (SfuWindow *self)
{
  g_clear_handle_id (&self->close_source, g_source_remove);
  if (gtk_window_get_application (GTK_WINDOW (self)) != NULL)
    keep_awake (self, FALSE);
}
