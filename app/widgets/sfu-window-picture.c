/* What can be done with the picture that is shown and its file. */
#include <glib/gi18n.h>

#include "sfu-request-text.h"
#include "sfu-window-private.h"

static void
copy_file_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  if (!g_file_copy_finish (G_FILE (object), result, &error))
    sfu_window_toast_error (self, error);
}

/* The picture is that of the moment when it was asked for: the canvas may have gone on to the next one. */
static void
save_as_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GFile) target = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  SfuPicture *picture = g_object_get_data (dialog, "picture");
  g_autoptr (GFile) source = g_file_new_for_path (sfu_picture_path (picture));
  if (target == NULL)
    return;
  g_file_copy_async (source, target, G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT, NULL, NULL, NULL, copy_file_cb, g_object_ref (self));
}

void
sfu_window_save_as (SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autofree char *name = NULL;
  if (self->shown_picture == NULL)
    return;
  name = g_path_get_basename (sfu_picture_path (self->shown_picture));
  gtk_file_dialog_set_initial_name (dialog, name);
  g_object_set_data_full (G_OBJECT (dialog), "picture", g_object_ref (self->shown_picture), g_object_unref);
  gtk_file_dialog_save (dialog, GTK_WINDOW (self), NULL, save_as_cb, g_object_ref (self));
}

void
sfu_window_copy_settings (SfuWindow *self)
{
  const SfuRequest *request = self->shown_picture != NULL ? sfu_picture_request (self->shown_picture)
                              : self->shown_run != NULL   ? sfu_run_request (self->shown_run)
                                                          : NULL;
  g_autofree char *text = NULL;
  if (request == NULL)
    return;
  text = sfu_request_to_parameters (request);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  sfu_window_toast (self, _("Settings copied"));
}

/* For the file of the picture that is shown; NULL where none is. */
static GtkFileLauncher *
launcher_new (SfuWindow *self)
{
  g_autoptr (GFile) file = NULL;
  if (self->shown_picture == NULL)
    return NULL;
  file = g_file_new_for_path (sfu_picture_path (self->shown_picture));
  return gtk_file_launcher_new (file);
}

void
sfu_window_show_in_files (SfuWindow *self)
{
  g_autoptr (GtkFileLauncher) launcher = launcher_new (self);
  if (launcher != NULL)
    gtk_file_launcher_open_containing_folder (launcher, GTK_WINDOW (self), NULL, NULL, NULL);
}

void
sfu_window_open_with (SfuWindow *self)
{
  g_autoptr (GtkFileLauncher) launcher = launcher_new (self);
  if (launcher == NULL)
    return;
  gtk_file_launcher_set_always_ask (launcher, TRUE);
  gtk_file_launcher_launch (launcher, GTK_WINDOW (self), NULL, NULL, NULL);
}

void
sfu_window_details (SfuWindow *self)
{
  const SfuRequest *request = self->shown_picture != NULL ? sfu_picture_request (self->shown_picture) : NULL;
  g_autofree char *text = request != NULL ? sfu_request_to_parameters (request) : NULL;
  AdwDialog *dialog;
  GtkWidget *label;
  if (self->shown_picture == NULL)
    return;
  dialog = adw_alert_dialog_new (_("Details"), NULL);
  label = gtk_label_new (text != NULL ? text : _("There are no settings in this picture"));
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  adw_alert_dialog_set_body (ADW_ALERT_DIALOG (dialog), sfu_picture_path (self->shown_picture));
  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), label);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (self));
}
