/* sfu-texture.h: pixels as GTK draws them. Main thread. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-image.h"

/* Shares the image's memory, without a copy. */
GdkTexture *sfu_texture_new (SfuImage *image);

/* Reads a PNG file in another thread. @object: alive until the answer has come. */
void sfu_texture_load (GObject *object, const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Returns: (transfer full): NULL with an error of sfu_png_read(), or G_IO_ERROR_CANCELLED. */
GdkTexture *sfu_texture_load_finish (GAsyncResult *result, GError **error);
