/* sfu-thumbnails.h: small copies of pictures, from the desktop's thumbnail cache or made and put there.
 * Two threads, newest request first. Main thread. */
#pragma once

#include "sfu-picture.h"

G_BEGIN_DECLS

typedef struct _SfuThumbnails SfuThumbnails;

#define SFU_THUMBNAIL_SIDE 256 /* "large" in the freedesktop thumbnail specification */

SfuThumbnails *sfu_thumbnails_new (void);
void sfu_thumbnails_free (SfuThumbnails *self);

/* It is seen from now on, once more: sets the picture's thumbnail when it has come. */
void sfu_thumbnails_request (SfuThumbnails *self, SfuPicture *picture);
/* As often as it was requested: seen no longer. Skips it if it has not begun; its pixels are kept until those of
 * all pictures are more than 64 MB, and then those that have been out of sight longest go first. */
void sfu_thumbnails_drop (SfuThumbnails *self, SfuPicture *picture);

/* Fitted into @side x @side, never enlarged, by averaging. Any thread. Returns a new reference. */
SfuImage *sfu_thumbnail_of (SfuImage *image, guint side);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuThumbnails, sfu_thumbnails_free)

G_END_DECLS
