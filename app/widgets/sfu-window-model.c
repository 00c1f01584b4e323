/* The model that is chosen: loading it, its row in the settings, and what can be done when something is wrong. */
#include <glib/gi18n.h>

#include "sfu-model-state.h"
#include "sfu-window-private.h"

static SfuLoader *
loader_of (SfuWindow *self)
{
  return sfu_studio_loader (self->house.studio);
}

/* -- the row -- */

static void
show_state (SfuWindow *self, SfuLibraryModel *model)
{
  SfuModelState state = sfu_model_state_of (model, loader_of (self));
  g_autofree char *text = sfu_model_state_text (model, loader_of (self));
  gboolean loading = state == SFU_MODEL_STATE_LOADING, problem = sfu_model_state_is_problem (state);
  const char *button = NULL, *action = NULL;
  switch (state)
    {
    case SFU_MODEL_STATE_LOADING:
      /* What a picture waits for ends with the picture. */
      if (sfu_studio_running (self->house.studio) == NULL)
        {
          button = _("Cancel");
          action = "win.cancel-loading";
        }
      break;
    case SFU_MODEL_STATE_GONE:
      button = _("Locate…");
      action = "win.locate-model";
      break;
    case SFU_MODEL_STATE_UNUSABLE:
    case SFU_MODEL_STATE_FAILED:
      button = _("Details");
      action = "win.model-details";
      break;
    case SFU_MODEL_STATE_ON_DISK:
    case SFU_MODEL_STATE_READY:
    case SFU_MODEL_STATE_TOO_LARGE:
      break;
    }
  sfu_settings_panel_set_model_state (self->settings, text, loading, problem, button, action);
}

void
sfu_window_update_model (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  if (model != NULL)
    show_state (self, model);
  else
    sfu_settings_panel_set_model_state (self->settings, _("Choose one"), FALSE, FALSE, NULL, NULL);
}

static void
update_face (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  g_autoptr (GHashTable) faces = sfu_model_faces (self->house.history);
  SfuPicture *picture = model != NULL ? g_hash_table_lookup (faces, sfu_library_model_path (model)) : NULL;
  sfu_model_face_set_picture (sfu_settings_panel_model_face (self->settings), picture, self->thumbnails);
}

/* The loader tells far more often than what it says changes. */
static void
loader_changed_cb (SfuWindow *self)
{
  g_autofree char *before = sfu_settings_panel_get_model_state (self->settings);
  g_autofree char *after = NULL;
  sfu_window_update_model (self);
  sfu_window_warn_of_processor (self);
  after = sfu_settings_panel_get_model_state (self->settings);
  if (!g_str_equal (before, after))
    sfu_window_update (self);
}

/* -- choosing -- */

/* The window is seen before the graphics device is opened: the first call is before a frame, the second after it. */
static gboolean
preload_tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  SfuWindow *self = SFU_WINDOW (widget);
  g_autoptr (SfuRequest) request = NULL;
  if (self->preload_frames++ == 0)
    return G_SOURCE_CONTINUE;
  self->preload_tick = 0;
  request = sfu_settings_panel_request (self->settings);
  sfu_studio_preload (self->house.studio, request);
  return G_SOURCE_REMOVE;
}

static void
load (SfuWindow *self, SfuLibraryModel *model)
{
  if (sfu_library_model_error (model) != NULL || sfu_library_model_is_gone (model))
    {
      if (self->preload_tick != 0)
        gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->preload_tick);
      self->preload_tick = 0;
      sfu_studio_cancel_preload (self->house.studio);
      return;
    }
  self->preload_frames = 0;
  if (self->preload_tick == 0)
    self->preload_tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), preload_tick_cb, NULL, NULL);
}

/* It came back, or it went. */
static void
gone_cb (SfuWindow *self, GParamSpec *pspec, SfuLibraryModel *model)
{
  if (model != sfu_settings_panel_model (self->settings))
    return;
  if (!sfu_library_model_is_gone (model) && sfu_library_model_error (model) != NULL)
    {
      sfu_window_choose_model (self, sfu_library_add (self->house.library, sfu_library_model_path (model)));
      return;
    }
  sfu_window_update_model (self);
  sfu_window_update (self);
}

static void
file_changed_cb (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  if (model != NULL)
    sfu_library_model_check (model);
}

static void
watch_file (SfuWindow *self, SfuLibraryModel *model)
{
  g_autoptr (GFile) file = g_file_new_for_path (sfu_library_model_path (model));
  g_clear_object (&self->model_monitor);
  self->model_monitor = g_file_monitor (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (self->model_monitor != NULL)
    g_signal_connect_object (self->model_monitor, "changed", G_CALLBACK (file_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "notify::gone", G_CALLBACK (gone_cb), self, G_CONNECT_SWAPPED);
}

void
sfu_window_choose_model (SfuWindow *self, SfuLibraryModel *model)
{
  SfuLibraryModel *former = sfu_settings_panel_model (self->settings);
  if (former != NULL)
    g_signal_handlers_disconnect_by_func (former, gone_cb, self);
  sfu_settings_panel_set_model (self->settings, model);
  if (model != NULL)
    {
      g_set_str (&self->wanted_model, sfu_library_model_path (model));
      g_settings_set_string (self->house.settings, "last-model", sfu_library_model_path (model));
      sfu_library_model_check (model);
      watch_file (self, model);
      load (self, model);
    }
  update_face (self);
  sfu_window_update_model (self);
  sfu_window_update (self);
}

/* -- what can be done -- */

static void
located_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    sfu_window_choose_model (self, sfu_library_add (self->house.library, g_file_peek_path (file)));
}

static void
located_folder_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GFile) file = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    sfu_window_choose_model (self, sfu_library_add (self->house.library, g_file_peek_path (file)));
}

static GtkFileDialog *
model_dialog (const char *title)
{
  GtkFileDialog *dialog = gtk_file_dialog_new ();
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_dialog_set_title (dialog, title);
  gtk_file_filter_add_suffix (filter, "safetensors");
  gtk_file_dialog_set_default_filter (dialog, filter);
  return dialog;
}

void
sfu_window_add_model_file (SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = model_dialog (_("Add Model"));
  gtk_file_dialog_open (dialog, GTK_WINDOW (self), NULL, located_cb, g_object_ref (self));
}

void
sfu_window_add_model_folder (SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_file_dialog_set_title (dialog, _("Add Model"));
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self), NULL, located_folder_cb, g_object_ref (self));
}

/* What is gone was a file if it was called like one. */
void
sfu_window_locate_model (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  g_autoptr (GtkFileDialog) dialog = NULL;
  if (model == NULL)
    return;
  dialog = model_dialog (_("Locate Model"));
  if (g_str_has_suffix (sfu_library_model_path (model), ".safetensors"))
    gtk_file_dialog_open (dialog, GTK_WINDOW (self), NULL, located_cb, g_object_ref (self));
  else
    gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self), NULL, located_folder_cb, g_object_ref (self));
}

void
sfu_window_cancel_loading (SfuWindow *self)
{
  sfu_studio_cancel_preload (self->house.studio);
}

static void
opened_folder_cb (GObject *launcher, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  if (!gtk_file_launcher_launch_finish (GTK_FILE_LAUNCHER (launcher), result, &error)
      && !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED))
    sfu_window_toast (self, error->message);
}

/* The folder that the model lies in, else the first that models are looked for in. */
void
sfu_window_open_model_folder (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  g_auto (GStrv) folders = g_settings_get_strv (self->house.settings, "model-folders");
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GtkFileLauncher) launcher = NULL;
  if (model != NULL)
    path = g_path_get_dirname (sfu_library_model_path (model));
  else
    path = folders[0] != NULL ? g_strdup (folders[0]) : g_build_filename (g_get_user_data_dir (), "sfumato", "models", NULL);
  g_mkdir_with_parents (path, 0755);
  file = g_file_new_for_path (path);
  launcher = gtk_file_launcher_new (file);
  gtk_file_launcher_launch (launcher, GTK_WINDOW (self), NULL, opened_folder_cb, g_object_ref (self));
}

void
sfu_window_model_details (SfuWindow *self)
{
  SfuLibraryModel *model = sfu_settings_panel_model (self->settings);
  const GError *error;
  if (model == NULL)
    return;
  error = sfu_library_model_error (model);
  if (error == NULL)
    error = sfu_loader_error (loader_of (self), sfu_library_model_path (model));
  if (error != NULL)
    sfu_model_details_show (GTK_WIDGET (self), sfu_library_model_path (model), error->message);
}

void
sfu_window_init_model (SfuWindow *self)
{
  g_signal_connect_object (loader_of (self), "changed", G_CALLBACK (loader_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.studio, "notify::running", G_CALLBACK (sfu_window_update_model), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.history, "favourites-changed", G_CALLBACK (update_face), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.history, "loaded", G_CALLBACK (update_face), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.history, "items-changed", G_CALLBACK (update_face), self, G_CONNECT_SWAPPED);
  /* File systems that tell nothing are asked when the user comes back. */
  g_signal_connect_object (self, "notify::is-active", G_CALLBACK (file_changed_cb), self, G_CONNECT_SWAPPED);
  sfu_settings_panel_set_model_state (self->settings, _("Looking for models…"), TRUE, FALSE, NULL, NULL);
}
