#include <glib/gi18n.h>
#include <gpu-error.h>

#include "sfu-model-error.h"
#include "sfu-window-private.h"

static void
try_smaller (SfuWindow *self)
{
  sfu_settings_panel_set_size (self->settings, self->fit_width, self->fit_height);
  sfu_window_generate (self);
}

static void
copy_report_cb (AdwAlertDialog *dialog, const char *response, SfuWindow *self)
{
  if (g_str_equal (response, "copy"))
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), sfu_job_get_error (sfu_run_job (self->failed_run))->message);
}

static void
show_details (SfuWindow *self)
{
  AdwDialog *dialog = adw_alert_dialog_new (_("What Went Wrong"), sfu_job_get_error (sfu_run_job (self->failed_run))->message);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "copy", _("Copy _Report"), "close", _("_Close"), NULL);
  g_signal_connect_object (dialog, "response", G_CALLBACK (copy_report_cb), self, 0);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

/* The engine has planned which size would have fitted; where none does it is the model that is too large. */
static void
show_lack_of_memory (SfuWindow *self, SfuRun *run)
{
  const SfuRequest *request = sfu_run_request (run);
  gboolean software = sfu_loader_holding (sfu_studio_loader (self->house.studio))->software;
  g_autofree char *title = NULL, *button = NULL;
  if (!sfu_job_get_fitting_size (sfu_run_job (run), &self->fit_width, &self->fit_height))
    {
      sfu_window_banner (self, software ? _("Not enough memory for this model") : _("Not enough graphics memory for this model"),
                         _("Details"), show_details);
      return;
    }
  title = g_strdup_printf (software ? _("Not enough memory for %u × %u") : _("Not enough graphics memory for %u × %u"),
                           request->width, request->height);
  button = g_strdup_printf (_("Try %u × %u"), self->fit_width, self->fit_height);
  sfu_settings_panel_warn_size (self->settings, TRUE);
  sfu_window_banner (self, title, button, try_smaller);
}

void
sfu_window_show_error (SfuWindow *self, SfuRun *run)
{
  const GError *error = sfu_job_get_error (sfu_run_job (run));
  g_set_object (&self->failed_run, run);
  if (g_error_matches (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY))
    show_lack_of_memory (self, run);
  else if (g_error_matches (error, GPU_ERROR, GPU_ERROR_DEVICE_LOST))
    sfu_window_banner (self, _("The graphics driver stopped responding"), _("Details"), show_details);
  else if (g_error_matches (error, GPU_ERROR, GPU_ERROR_NO_DEVICE) || g_error_matches (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED))
    sfu_window_banner (self, _("No graphics device can be used"), _("Details"), show_details);
  else if (error->domain == SFU_MODEL_ERROR)
    sfu_window_banner (self, _("The model could not be loaded"), _("Details"), show_details);
  else
    sfu_window_banner (self, error->message, _("Details"), show_details);
}

/* -- a picture that could not be saved -- */

static void
folder_chosen_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (folder == NULL || g_file_peek_path (folder) == NULL)
    return;
  g_settings_set_string (self->house.settings, "picture-folder", g_file_peek_path (folder));
  sfu_history_set_folder (self->house.history, g_file_peek_path (folder));
  if (self->failed_run != NULL)
    sfu_studio_save (self->house.studio, self->failed_run);
}

static void
choose_folder (SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self), NULL, folder_chosen_cb, g_object_ref (self));
}

void
sfu_window_show_save_error (SfuWindow *self, SfuRun *run, const GError *error)
{
  g_set_object (&self->failed_run, run);
  sfu_window_banner (self, error->message, _("Choose Folder…"), choose_folder);
}
