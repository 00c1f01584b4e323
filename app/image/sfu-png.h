/* sfu-png.h: PNG files with text in them, written whole or not at all. Any thread. */
#pragma once

#include "sfu-image.h"

G_BEGIN_DECLS

#define SFU_IMAGE_ERROR (sfu_image_error_quark ())
GQuark sfu_image_error_quark (void);
typedef enum {
  SFU_IMAGE_ERROR_NOT_FOUND,
  SFU_IMAGE_ERROR_NOT_AN_IMAGE, /* not a PNG, or a damaged one */
  SFU_IMAGE_ERROR_TOO_LARGE,    /* more than 16384 a side or 2^28 pixels */
  SFU_IMAGE_ERROR_WRITE,        /* folder missing or read-only, disk full; nothing is left behind */
} SfuImageError;

/* @texts: (element-type utf8 utf8) (nullable): keyword -> UTF-8 text. */
gboolean sfu_png_write (SfuImage *image, const char *path, GHashTable *texts, GError **error);
/* Any PNG: palette, grey, 16 bit, interlaced; alpha is laid over white. @texts gets tEXt, zTXt, iTXt. */
SfuImage *sfu_png_read (const char *path, GHashTable **texts, GError **error);
/* Size and (where @texts is not NULL) texts alone, without a look at the pixels. Texts that stand behind the pixels
 * are not found. */
gboolean sfu_png_read_header (const char *path, guint *width, guint *height, GHashTable **texts, GError **error);

G_END_DECLS
