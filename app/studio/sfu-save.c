#include "sfu-save.h"

#include "sfu-png.h"
#include "sfu-request-text.h"

typedef struct {
  SfuRequest *request;
  SfuImage *image;
  char *path;
} Save;

static void
save_free (gpointer data)
{
  Save *save = data;
  sfu_request_unref (save->request);
  sfu_image_unref (save->image);
  g_free (save->path);
  g_free (save);
}

static void
save_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Save *save = data;
  g_autoptr (GHashTable) texts = sfu_request_to_texts (save->request, save->request->seed, sfu_image_width (save->image),
                                                       sfu_image_height (save->image));
  g_autofree char *folder = g_path_get_dirname (save->path);
  GError *error = NULL;
  g_mkdir_with_parents (folder, 0755);
  if (sfu_png_write (save->image, save->path, texts, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sfu_save_async (SfuRun *run, const SfuRequest *request, SfuImage *image, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (run, NULL, callback, data);
  Save *save = g_new0 (Save, 1);
  save->request = sfu_request_copy (request);
  save->request->width = sfu_image_width (image);
  save->request->height = sfu_image_height (image);
  save->image = sfu_image_ref (image);
  save->path = g_strdup (path);
  g_task_set_source_tag (task, sfu_save_async);
  g_task_set_task_data (task, save, save_free);
  g_task_run_in_thread (task, save_thread);
}

SfuPicture *
sfu_save_finish (GAsyncResult *result, GError **error)
{
  SfuRun *run = g_task_get_source_object (G_TASK (result));
  Save *save = g_task_get_task_data (G_TASK (result));
  SfuPicture *picture;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  picture = sfu_picture_new (save->path, save->request, sfu_image_width (save->image), sfu_image_height (save->image),
                             g_get_real_time () / G_USEC_PER_SEC);
  if (save->image == sfu_run_image (run))
    sfu_run_set_picture (run, picture);
  return picture;
}
