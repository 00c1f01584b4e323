/* sfu-picture.h: one picture in a file, as history, gallery and canvas know it. Main thread.
 *
 * Properties: "favourite", "thumbnail-ready" (notified when a thumbnail has come). */
#pragma once

#include <gio/gio.h>

#include "sfu-image.h"
#include "sfu-request.h"

G_BEGIN_DECLS

#define SFU_TYPE_PICTURE (sfu_picture_get_type ())
G_DECLARE_FINAL_TYPE (SfuPicture, sfu_picture, SFU, PICTURE, GObject)

/* @request: (nullable): the settings found in it. @created: seconds since 1970. */
SfuPicture *sfu_picture_new (const char *path, const SfuRequest *request, guint width, guint height, gint64 created);

const char *sfu_picture_path (SfuPicture *self);
void sfu_picture_set_path (SfuPicture *self, const char *path);
const SfuRequest *sfu_picture_request (SfuPicture *self); /* NULL: it has no settings */
guint sfu_picture_width (SfuPicture *self);
guint sfu_picture_height (SfuPicture *self);
gint64 sfu_picture_created (SfuPicture *self);

gboolean sfu_picture_is_favourite (SfuPicture *self);
void sfu_picture_set_favourite (SfuPicture *self, gboolean favourite);

/* A small copy, or NULL until sfu_thumbnails_request() has brought it. */
SfuImage *sfu_picture_thumbnail (SfuPicture *self);
void sfu_picture_set_thumbnail (SfuPicture *self, SfuImage *thumbnail);

/* TRUE if prompt, model, seed or file name contain each of @needles, which are casefolded. */
gboolean sfu_picture_matches (SfuPicture *self, const char *const *needles);

G_END_DECLS
