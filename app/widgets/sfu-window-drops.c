#include <glib/gi18n.h>

#include "sfu-picture-content.h"
#include "sfu-png.h"
#include "sfu-request-text.h"
#include "sfu-texture.h"
#include "sfu-window-private.h"

/* -- drop zones over the canvas -- */

typedef enum { ZONE_RESTORE, ZONE_START, ZONE_SHOW, N_ZONES } Zone;

static void
use_file (SfuWindow *self, Zone zone, const char *path)
{
  switch (zone)
    {
    case ZONE_RESTORE:
      sfu_window_restore_from (self, path);
      break;
    case ZONE_START:
      sfu_window_start_from (self, path);
      break;
    default:
      sfu_window_open (self, path);
    }
}

static const char *
dropped_path (const GValue *value)
{
  GSList *files;
  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    return NULL;
  files = gdk_file_list_get_files (g_value_get_boxed (value));
  return files != NULL ? g_file_peek_path (files->data) : NULL;
}

static gboolean
zone_drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, SfuWindow *self)
{
  GtkWidget *zone = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));
  const char *path = dropped_path (value);
  gtk_widget_set_visible (GTK_WIDGET (self->drop_zones), FALSE);
  if (path != NULL)
    use_file (self, GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (zone), "zone")), path);
  return path != NULL;
}

static GdkDragAction
zone_enter_cb (GtkDropTarget *target, double x, double y, GtkWidget *zone)
{
  gtk_widget_add_css_class (zone, "hover");
  return GDK_ACTION_COPY;
}

static void
zone_leave_cb (GtkDropTarget *target, GtkWidget *zone)
{
  gtk_widget_remove_css_class (zone, "hover");
}

static void
add_zone (SfuWindow *self, Zone zone, const char *icon, const char *title)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 8), *image = gtk_image_new_from_icon_name (icon), *label = gtk_label_new (title);
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  gtk_image_set_pixel_size (GTK_IMAGE (image), 24);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 16);
  gtk_widget_set_valign (box, GTK_ALIGN_FILL);
  gtk_box_append (GTK_BOX (box), image);
  gtk_box_append (GTK_BOX (box), label);
  gtk_widget_add_css_class (box, "drop-zone");
  gtk_widget_set_size_request (box, 120, -1);
  g_object_set_data (G_OBJECT (box), "zone", GUINT_TO_POINTER (zone));
  g_signal_connect (target, "drop", G_CALLBACK (zone_drop_cb), self);
  g_signal_connect (target, "enter", G_CALLBACK (zone_enter_cb), box);
  g_signal_connect (target, "leave", G_CALLBACK (zone_leave_cb), box);
  gtk_widget_add_controller (box, GTK_EVENT_CONTROLLER (target));
  gtk_box_append (self->drop_zones, box);
}

static void
drag_seen_cb (GtkDropControllerMotion *motion, GParamSpec *pspec, SfuWindow *self)
{
  gboolean over = gtk_drop_controller_motion_contains_pointer (motion);
  gtk_widget_set_visible (GTK_WIDGET (self->drop_zones), over && gtk_drop_controller_motion_get_drop (motion) != NULL);
}

/* A drop beside the zones just shows the file; several are taken into the history. */
static gboolean
canvas_drop_cb (SfuWindow *self, const GValue *value)
{
  const char *path = dropped_path (value);
  GSList *files = path != NULL ? gdk_file_list_get_files (g_value_get_boxed (value)) : NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->drop_zones), FALSE);
  if (files != NULL && files->next != NULL)
    sfu_window_take_in (self, files);
  else if (path != NULL)
    sfu_window_open (self, path);
  return path != NULL;
}

/* On the prompt: only that picture's prompt. */
static gboolean
prompt_drop_cb (SfuWindow *self, const GValue *value)
{
  const char *path = dropped_path (value);
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuRequest) request = NULL;
  guint width, height;
  if (path == NULL || !sfu_png_read_header (path, &width, &height, &texts, NULL)
      || (request = sfu_request_from_texts (texts, NULL)) == NULL)
    {
      sfu_window_toast (self, _("There are no settings in this picture"));
      return FALSE;
    }
  sfu_window_set_prompt (self, request->prompt);
  return TRUE;
}

/* -- out -- */

static GdkContentProvider *
content_of (SfuWindow *self)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new ();
  if (self->shown_picture != NULL)
    g_ptr_array_add (pictures, self->shown_picture);
  return sfu_picture_content_new (pictures, sfu_canvas_texture (self->canvas));
}

static GdkContentProvider *
drag_prepare_cb (GtkDragSource *source, double x, double y, SfuWindow *self)
{
  if (sfu_canvas_is_comparing (self->canvas) || !sfu_canvas_shows_all (self->canvas))
    return NULL;
  return content_of (self);
}

static void
drag_begin_cb (GtkDragSource *source, GdkDrag *drag, SfuWindow *self)
{
  SfuImage *thumbnail = self->shown_picture != NULL ? sfu_picture_thumbnail (self->shown_picture) : NULL;
  g_autoptr (GdkTexture) texture = thumbnail != NULL ? sfu_texture_new (thumbnail) : NULL;
  if (texture != NULL)
    gtk_drag_source_set_icon (source, GDK_PAINTABLE (texture), 0, 0);
}

void
sfu_window_copy (SfuWindow *self)
{
  g_autoptr (GdkContentProvider) content = content_of (self);
  if (content == NULL)
    return;
  gdk_clipboard_set_content (gtk_widget_get_clipboard (GTK_WIDGET (self)), content);
  sfu_window_toast (self, _("Picture copied"));
}

/* -- in, by the clipboard -- */

static void
pasted_texture_cb (GObject *clipboard, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (clipboard), result, &error);
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "sfumato", "pasted", NULL);
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT ".png", g_get_real_time ()), *path = g_build_filename (folder, name, NULL);
  if (texture == NULL)
    {
      sfu_window_toast (self, _("There is no picture to paste"));
      return;
    }
  g_mkdir_with_parents (folder, 0700);
  if (gdk_texture_save_to_png (texture, path))
    use_file (self, ZONE_START, path);
}

static void
pasted_files_cb (GObject *clipboard, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (clipboard), result, NULL);
  if (value != NULL && dropped_path (value) != NULL)
    sfu_window_open (self, dropped_path (value));
}

void
sfu_window_paste (SfuWindow *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));
  if (gdk_content_formats_contain_gtype (gdk_clipboard_get_formats (clipboard), GDK_TYPE_FILE_LIST))
    gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, pasted_files_cb, g_object_ref (self));
  else
    gdk_clipboard_read_texture_async (clipboard, NULL, pasted_texture_cb, g_object_ref (self));
}

void
sfu_window_init_drops (SfuWindow *self)
{
  GtkEventController *motion = gtk_drop_controller_motion_new ();
  GtkDropTarget *canvas = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  GtkDropTarget *prompt = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  GtkDragSource *source = gtk_drag_source_new ();
  GtkWidget *overlay = gtk_widget_get_parent (GTK_WIDGET (self->canvas));
  add_zone (self, ZONE_RESTORE, "edit-undo-symbolic", _("Restore Settings"));
  add_zone (self, ZONE_START, "sfu-start-picture-symbolic", _("Start from This Picture"));
  add_zone (self, ZONE_SHOW, "view-reveal-symbolic", _("Just Show It"));
  g_signal_connect_object (motion, "notify::contains-pointer", G_CALLBACK (drag_seen_cb), self, 0);
  gtk_widget_add_controller (overlay, motion);
  g_signal_connect_swapped (canvas, "drop", G_CALLBACK (canvas_drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->canvas), GTK_EVENT_CONTROLLER (canvas));
  g_signal_connect_swapped (prompt, "drop", G_CALLBACK (prompt_drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (sfu_settings_panel_prompt (self->settings)), GTK_EVENT_CONTROLLER (prompt));
  gtk_drag_source_set_actions (source, GDK_ACTION_COPY);
  g_signal_connect (source, "prepare", G_CALLBACK (drag_prepare_cb), self);
  g_signal_connect (source, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->canvas), GTK_EVENT_CONTROLLER (source));
}
