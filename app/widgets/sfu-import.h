/* sfu-import.h: pictures from elsewhere, made into what the rest of the program reads. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * sfu_import_async:
 * @path: a picture in any format that the desktop reads (PNG, JPEG, WebP, …)
 * @cancellable: (nullable): cancels the wait; a copy that was begun is finished
 *
 * Main thread; the work is done in another. A PNG stays where it is; of any other a PNG is made in the user's
 * cache folder, turned as its camera says, and found there the next time.
 */
void sfu_import_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Returns: (transfer full): the PNG's path. Errors: GDK_PIXBUF_ERROR and G_FILE_ERROR for what cannot be read or kept. */
char *sfu_import_finish (GAsyncResult *result, GError **error);

G_END_DECLS
