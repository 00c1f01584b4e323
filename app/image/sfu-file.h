/* sfu-file.h: files that are written whole or not at all. */
#pragma once

#include <gio/gio.h>

/* Writes @data beside @path and renames it there once it is safe on disk: whatever goes wrong, @path is what
 * it was before and nothing else is left behind. Errors: SFU_IMAGE_ERROR_WRITE with a sentence for people. */
gboolean sfu_file_write (const char *path, gconstpointer data, gsize size, GError **error);
