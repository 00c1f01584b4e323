/* sfu-picture-tile.h: a small square of a picture, with a star if it is a favourite. Asks for the thumbnail it
 * needs when it comes into view and lets go of it when it is out of view. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-thumbnails.h"

G_BEGIN_DECLS

#define SFU_TYPE_PICTURE_TILE (sfu_picture_tile_get_type ())
G_DECLARE_FINAL_TYPE (SfuPictureTile, sfu_picture_tile, SFU, PICTURE_TILE, GtkWidget)

GtkWidget *sfu_picture_tile_new (int side);
void sfu_picture_tile_set_side (SfuPictureTile *self, int side);
/* @picture: (nullable) */
void sfu_picture_tile_set_picture (SfuPictureTile *self, SfuPicture *picture, SfuThumbnails *thumbnails);
SfuPicture *sfu_picture_tile_picture (SfuPictureTile *self);
/* Pixels that are not in a file yet, with a ring of progress 0..1; < 0: no ring. */
void sfu_picture_tile_set_live (SfuPictureTile *self, GdkTexture *texture, double progress);

/* "Lighthouse at dusk, seed 42, favourite" */
char *sfu_picture_label (SfuPicture *picture);

G_END_DECLS
