/* Pictures that come from files: shown, taken as a start, or taken into the history. */
#include <glib/gi18n.h>

#include "sfu-import.h"
#include "sfu-png.h"
#include "sfu-request-text.h"
#include "sfu-window-private.h"

/* -- shown -- */

static void
restore_shown (SfuWindow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.restore", NULL);
}

static void
open_png (SfuWindow *self, const char *path)
{
  SfuPicture *known = sfu_history_find_path (self->house.history, path);
  g_autoptr (SfuPicture) picture = NULL;
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  guint width, height;
  if (known != NULL)
    {
      sfu_window_show_picture (self, known);
      return;
    }
  if (!sfu_png_read_header (path, &width, &height, &texts, &error))
    {
      sfu_window_toast_error (self, error);
      return;
    }
  request = sfu_request_from_texts (texts, NULL);
  picture = sfu_picture_new (path, request, width, height, 0);
  sfu_window_show_picture (self, picture);
  if (request != NULL)
    sfu_window_banner (self, _("This picture's settings were found"), _("Restore"), restore_shown);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sfu_import_finish (result, &error);
  if (path == NULL)
    sfu_window_toast_error (self, error);
  else if (self->house.studio != NULL)
    open_png (self, path);
}

void
sfu_window_open (SfuWindow *self, const char *path)
{
  sfu_import_async (path, NULL, opened_cb, g_object_ref (self));
}

/* -- settings of -- */

void
sfu_window_restore_from (SfuWindow *self, const char *path)
{
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  guint width, height;
  if (!sfu_png_read_header (path, &width, &height, &texts, &error))
    sfu_window_toast_error (self, error);
  else if ((request = sfu_request_from_texts (texts, NULL)) != NULL)
    sfu_window_restore (self, request);
  else
    sfu_window_toast (self, _("There are no settings in this picture"));
}

/* -- as a start -- */

static void
start_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sfu_import_finish (result, &error);
  if (path == NULL)
    {
      sfu_window_toast_error (self, error);
      return;
    }
  if (self->house.studio == NULL)
    return;
  sfu_settings_panel_set_start (self->settings, path);
  sfu_window_toast (self, _("The next picture starts from this one"));
}

void
sfu_window_start_from (SfuWindow *self, const char *path)
{
  sfu_import_async (path, NULL, start_cb, g_object_ref (self));
}

/* -- into the history: a copy of the file, under a name that is free -- */

static void
copied_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  GFile *target = g_object_get_data (source, "target");
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuRequest) request = NULL;
  g_autoptr (SfuPicture) picture = NULL;
  guint width, height;
  if (!g_file_copy_finish (G_FILE (source), result, &error)
      || !sfu_png_read_header (g_file_peek_path (target), &width, &height, &texts, &error))
    {
      sfu_window_toast_error (self, error);
      return;
    }
  if (self->house.studio == NULL)
    return;
  request = sfu_request_from_texts (texts, NULL);
  picture = sfu_picture_new (g_file_peek_path (target), request, width, height, g_get_real_time () / G_USEC_PER_SEC);
  sfu_history_add (self->house.history, picture);
}

static GFile *
free_name (const char *folder, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');
  if (dot != NULL)
    *dot = '\0';
  for (guint i = 1;; i++)
    {
      g_autofree char *name = i == 1 ? g_strconcat (base, ".png", NULL) : g_strdup_printf ("%s (%u).png", base, i);
      g_autofree char *full = g_build_filename (folder, name, NULL);
      if (!g_file_test (full, G_FILE_TEST_EXISTS))
        return g_file_new_for_path (full);
    }
}

static void
take_in_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sfu_import_finish (result, &error);
  g_autoptr (GFile) source = NULL;
  const char *folder;
  if (path == NULL)
    {
      sfu_window_toast_error (self, error);
      return;
    }
  if (self->house.studio == NULL || sfu_history_find_path (self->house.history, path) != NULL)
    return;
  folder = sfu_history_folder (self->house.history);
  g_mkdir_with_parents (folder, 0755);
  source = g_file_new_for_path (path);
  g_object_set_data_full (G_OBJECT (source), "target", free_name (folder, path), g_object_unref);
  g_file_copy_async (source, g_object_get_data (G_OBJECT (source), "target"), G_FILE_COPY_NONE, G_PRIORITY_DEFAULT, NULL, NULL, NULL, copied_cb,
                     g_object_ref (self));
}

void
sfu_window_take_in (SfuWindow *self, GSList *files)
{
  guint n = 0;
  g_autofree char *text = NULL;
  for (GSList *l = files; l != NULL; l = l->next)
    if (g_file_peek_path (l->data) != NULL)
      {
        sfu_import_async (g_file_peek_path (l->data), NULL, take_in_cb, g_object_ref (self));
        n++;
      }
  text = g_strdup_printf (g_dngettext (NULL, "%u picture is taken into the history", "%u pictures are taken into the history", n), n);
  sfu_window_toast (self, text);
}

/* -- settings as text -- */

static void
use_pasted_cb (AdwToast *toast, SfuWindow *self)
{
  sfu_window_restore (self, g_object_get_data (G_OBJECT (toast), "request"));
}

/* A prompt with A1111's line of settings behind it was pasted: that line is no prompt. */
void
sfu_window_offer_pasted (SfuWindow *self, const char *text)
{
  SfuRequest *request = sfu_request_from_parameters (text, NULL);
  AdwToast *toast;
  if (request == NULL)
    return;
  toast = adw_toast_new (_("The pasted text holds settings"));
  adw_toast_set_button_label (toast, _("Use Them"));
  g_object_set_data_full (G_OBJECT (toast), "request", request, (GDestroyNotify) sfu_request_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (use_pasted_cb), self, 0);
  adw_toast_overlay_add_toast (self->toasts, toast);
}
