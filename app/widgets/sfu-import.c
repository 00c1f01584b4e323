#include "sfu-import.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#include "sfu-png.h"

/* One place for each state of each file: a changed picture is not taken for the old one. */
static char *
copy_path (const char *path, gint64 changed)
{
  g_autofree char *key = g_strdup_printf ("%s %" G_GINT64_FORMAT, path, changed);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree char *base = g_path_get_basename (path), *name = g_strconcat (base, ".png", NULL);
  sum[16] = '\0';
  return g_build_filename (g_get_user_cache_dir (), "sfumato", "imported", sum, name, NULL);
}

static gboolean
is_png (const char *path)
{
  guint width, height;
  return sfu_png_read_header (path, &width, &height, NULL, NULL);
}

static char *
import (const char *path, GError **error)
{
  GStatBuf info;
  g_autofree char *copy = NULL, *folder = NULL, *part = NULL;
  g_autoptr (GdkPixbuf) pixbuf = NULL, upright = NULL;
  if (is_png (path))
    return g_strdup (path);
  copy = copy_path (path, g_stat (path, &info) == 0 ? (gint64) info.st_mtime : 0);
  if (is_png (copy))
    return g_steal_pointer (&copy);
  if ((pixbuf = gdk_pixbuf_new_from_file (path, error)) == NULL)
    return NULL;
  upright = gdk_pixbuf_apply_embedded_orientation (pixbuf);
  folder = g_path_get_dirname (copy);
  part = g_strconcat (copy, ".part", NULL);
  g_mkdir_with_parents (folder, 0700);
  if (!gdk_pixbuf_save (upright, part, "png", error, NULL))
    {
      g_unlink (part);
      return NULL;
    }
  g_rename (part, copy);
  return g_steal_pointer (&copy);
}

static void
import_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  char *path = import (data, &error);
  if (path != NULL)
    g_task_return_pointer (task, path, g_free);
  else
    g_task_return_error (task, error);
}

void
sfu_import_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  g_task_set_source_tag (task, sfu_import_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, import_thread);
}

char *
sfu_import_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
