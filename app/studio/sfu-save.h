/* sfu-save.h: a picture and its settings become a file, on a thread of their own. */
#pragma once

#include "sfu-run.h"

G_BEGIN_DECLS

/**
 * sfu_save_async:
 * @run: what made the picture; the source object of the result
 * @request: its settings, but for the size, which is the picture's
 * @image: the picture of the run, or one of its steps
 * @path: a PNG; folders on the way to it are made
 *
 * Main thread.
 */
void sfu_save_async (SfuRun *run, const SfuRequest *request, SfuImage *image, const char *path, GAsyncReadyCallback callback, gpointer data);
/* Returns: (transfer full): the picture in its file. If it is the run's own, the run knows it from now on. */
SfuPicture *sfu_save_finish (GAsyncResult *result, GError **error);

G_END_DECLS
