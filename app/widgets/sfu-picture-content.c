#include "sfu-picture-content.h"

#include "sfu-texture.h"

static GdkContentProvider *
files_of (GPtrArray *pictures)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  GdkContentProvider *provider;
  GdkFileList *list;
  for (guint i = 0; i < pictures->len; i++)
    g_ptr_array_add (files, g_file_new_for_path (sfu_picture_path (pictures->pdata[i])));
  list = gdk_file_list_new_from_array ((GFile **) files->pdata, files->len);
  provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  return provider;
}

GdkContentProvider *
sfu_picture_content_new (GPtrArray *pictures, GdkTexture *texture)
{
  g_autoptr (GPtrArray) providers = g_ptr_array_new ();
  g_autoptr (GdkTexture) pixels = texture != NULL ? g_object_ref (texture) : NULL;
  g_autofree char *data = NULL;
  gsize size;
  if (pictures->len > 0)
    g_ptr_array_add (providers, files_of (pictures));
  if (pictures->len == 1 && g_file_get_contents (sfu_picture_path (pictures->pdata[0]), &data, &size, NULL))
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&data), size);
      g_ptr_array_add (providers, gdk_content_provider_new_for_bytes ("image/png", bytes));
      if (pixels == NULL)
        pixels = gdk_texture_new_from_bytes (bytes, NULL);
    }
  if (pictures->len <= 1 && pixels != NULL)
    g_ptr_array_add (providers, gdk_content_provider_new_typed (GDK_TYPE_TEXTURE, pixels));
  return providers->len > 0 ? gdk_content_provider_new_union ((GdkContentProvider **) providers->pdata, providers->len) : NULL;
}

/* -- dragging -- */

typedef struct {
  GPtrArray *(*prepare) (GtkWidget *widget, gpointer data);
  gpointer data;
} Drag;

static GdkContentProvider *
prepare_cb (GtkDragSource *source, double x, double y, Drag *drag)
{
  g_autoptr (GPtrArray) pictures = drag->prepare (gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (source)), drag->data);
  SfuImage *thumbnail = pictures->len > 0 ? sfu_picture_thumbnail (pictures->pdata[0]) : NULL;
  g_autoptr (GdkTexture) icon = thumbnail != NULL ? sfu_texture_new (thumbnail) : NULL;
  if (icon != NULL)
    gtk_drag_source_set_icon (source, GDK_PAINTABLE (icon), 0, 0);
  return pictures->len > 0 ? sfu_picture_content_new (pictures, NULL) : NULL;
}

static void
drag_free (gpointer data, GClosure *closure)
{
  g_free (data);
}

void
sfu_picture_content_add_drag (GtkWidget *widget, GPtrArray *(*prepare) (GtkWidget *widget, gpointer data), gpointer data)
{
  GtkDragSource *source = gtk_drag_source_new ();
  Drag *drag = g_new0 (Drag, 1);
  drag->prepare = prepare;
  drag->data = data;
  gtk_drag_source_set_actions (source, GDK_ACTION_COPY);
  g_signal_connect_data (source, "prepare", G_CALLBACK (prepare_cb), drag, drag_free, 0);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (source));
}
