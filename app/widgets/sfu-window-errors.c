#include <glib/gi18n.h>
#include <gpu-error.h>

#include "sfu-error-words.h"
#include "sfu-window-private.h"

#define LARGE_MODEL_BYTES (400u << 20)

static void
try_smaller (SfuWindow *self)
{
  sfu_settings_panel_set_size (self->settings, self->fit_width, self->fit_height);
  sfu_window_generate (self);
}

static void
show_details (SfuWindow *self)
{
  sfu_window_show_details (self, sfu_job_get_error (sfu_run_job (self->failed_run))->message);
}

static void
lost_response_cb (AdwAlertDialog *dialog, const char *response, SfuWindow *self)
{
  const char *message = sfu_job_get_error (sfu_run_job (self->failed_run))->message;
  g_autofree char *processor = sfu_device_processor ();
  if (g_str_equal (response, "copy"))
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), message);
  else if (g_str_equal (response, "processor") && processor != NULL)
    {
      g_settings_set_string (self->house.settings, "device", processor);
      sfu_studio_submit (self->house.studio, sfu_run_request (self->failed_run), 1, TRUE);
    }
}

/* Once the studio begins the picture again by itself; a second time soon after the user has to decide. */
static void
show_lost_device (SfuWindow *self, SfuRun *run)
{
  g_autofree char *processor = NULL;
  AdwDialog *dialog;
  if (sfu_studio_begins_again (self->house.studio, run))
    return;
  processor = sfu_device_processor ();
  dialog = adw_alert_dialog_new (_("The Graphics Driver Stopped Responding Again"),
                                 _("The settings are kept. A smaller picture may work, or a newer driver; the processor always does, though slowly."));
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "close", _("_Close"), "copy", _("Copy _Report"), NULL);
  if (processor != NULL)
    adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "processor", _("Use the _Processor"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (lost_response_cb), self, 0);
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
    show_lost_device (self, run);
  else
    sfu_window_banner (self, sfu_error_words (error), _("Details"), show_details);
}

/* Once a start, and only where it will be felt: what the processor draws with a small model comes soon enough. */
void
sfu_window_warn_of_processor (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  const SfuHolding *holding = sfu_loader_holding (sfu_studio_loader (self->house.studio));
  g_autofree char *chosen = g_settings_get_string (self->house.settings, "device");
  if (self->warned_of_processor || !holding->software || *chosen != '\0' || model == NULL || sfu_library_model_bytes (model) < LARGE_MODEL_BYTES
      || adw_banner_get_revealed (self->banner))
    return;
  self->warned_of_processor = TRUE;
  sfu_window_banner (self, _("No graphics card was found, so pictures take minutes on the processor"), NULL, NULL);
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
  sfu_window_banner (self, sfu_error_words (error), _("Choose Folder…"), choose_folder);
}
