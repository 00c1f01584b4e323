/* sfu-picture-grid.h: thousands of pictures by day, to be looked through and chosen from by pointer and keyboard.
 * Arrows walk (Shift extends, Ctrl leaves the selection alone), Space toggles, Return and a double click activate.
 *
 * Signals: "activate" (SfuPicture*); "selection-changed"; "menu" (double x, double y) asked for there. */
#pragma once

#include <adwaita.h>

#include "sfu-thumbnails.h"

G_BEGIN_DECLS

#define SFU_TYPE_PICTURE_GRID (sfu_picture_grid_get_type ())
G_DECLARE_FINAL_TYPE (SfuPictureGrid, sfu_picture_grid, SFU, PICTURE_GRID, AdwBin)

/* @pictures: of SfuPicture, newest first. */
SfuPictureGrid *sfu_picture_grid_new (GListModel *pictures, SfuThumbnails *thumbnails);

/* How wide a tile should be; what is over is shared among them. */
void sfu_picture_grid_set_size (SfuPictureGrid *self, int size);
/* A plain click toggles, as one with Ctrl does. */
void sfu_picture_grid_set_selecting (SfuPictureGrid *self, gboolean selecting);

/* What is selected, or without a selection the one with the focus. Returns: (element-type SfuPicture) (transfer full) */
GPtrArray *sfu_picture_grid_selected (SfuPictureGrid *self);
guint sfu_picture_grid_n_selected (SfuPictureGrid *self);
void sfu_picture_grid_select_all (SfuPictureGrid *self);
void sfu_picture_grid_unselect_all (SfuPictureGrid *self);

/* Scrolls to a picture and gives it the focus. */
void sfu_picture_grid_focus (SfuPictureGrid *self, guint position);
/* Where the focus is or was. */
guint sfu_picture_grid_cursor (SfuPictureGrid *self);

G_END_DECLS
