#include "sfu-texture.h"

#include "sfu-png.h"

GdkTexture *
sfu_texture_new (SfuImage *image)
{
  guint width = sfu_image_width (image), height = sfu_image_height (image);
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (sfu_image_pixels (image), (gsize) width * height * 3,
                                                         (GDestroyNotify) sfu_image_unref, sfu_image_ref (image));
  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) width * 3);
}

static void
load_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  SfuImage *image = sfu_png_read (data, NULL, &error);
  if (image != NULL)
    g_task_return_pointer (task, image, (GDestroyNotify) sfu_image_unref);
  else
    g_task_return_error (task, error);
}

void
sfu_texture_load (GObject *object, const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (object, cancellable, callback, data);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, load_thread);
}

GdkTexture *
sfu_texture_load_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (SfuImage) image = g_task_propagate_pointer (G_TASK (result), error);
  return image != NULL ? sfu_texture_new (image) : NULL;
}
