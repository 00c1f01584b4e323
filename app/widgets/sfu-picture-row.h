/* sfu-picture-row.h: tiles beside each other in a row of the gallery. Tiles are made when the row comes into view and
 * go when it is out of view, so that thousands of pictures cost a screenful. */
#pragma once

#include "sfu-day-rows.h"
#include "sfu-picture-tile.h"

G_BEGIN_DECLS

#define SFU_TYPE_PICTURE_ROW (sfu_picture_row_get_type ())
G_DECLARE_FINAL_TYPE (SfuPictureRow, sfu_picture_row, SFU, PICTURE_ROW, GtkWidget)

#define SFU_PICTURE_ROW_GAP 18 /* between tiles, and under them */

/* @setup: what else a new tile needs. */
typedef void (*SfuTileSetup) (GtkWidget *tile, gpointer data);
GtkWidget *sfu_picture_row_new (SfuDayRows *rows, GtkSelectionModel *pictures, SfuThumbnails *thumbnails, SfuTileSetup setup, gpointer data);
/* @row: (nullable) */
void sfu_picture_row_bind (SfuPictureRow *self, SfuDayRow *row);
/* The selection is not what it was. */
void sfu_picture_row_update_selected (SfuPictureRow *self);
/* The tile of a picture, by position in the list of pictures; NULL: not in this row, or not in view. */
GtkWidget *sfu_picture_row_tile (SfuPictureRow *self, guint position);
/* And back: G_MAXUINT if the tile is of no row. */
guint sfu_picture_row_position (GtkWidget *tile);

G_END_DECLS
