/* sfu-day-rows.h: a list of pictures, newest first, as rows of so many pictures, a row never of two days.
 * A GListModel of SfuDayRow whose sections are the days. A row is a place more than a thing: it stays when pictures
 * come and go, and says "changed". */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SFU_TYPE_DAY_ROW (sfu_day_row_get_type ())
G_DECLARE_FINAL_TYPE (SfuDayRow, sfu_day_row, SFU, DAY_ROW, GObject)

guint sfu_day_row_first (SfuDayRow *self); /* position of its first picture in the list of pictures */
guint sfu_day_row_length (SfuDayRow *self);
/* "Today", "Yesterday", "Monday", "24 November" */
char *sfu_day_row_title (SfuDayRow *self);

#define SFU_TYPE_DAY_ROWS (sfu_day_rows_get_type ())
G_DECLARE_FINAL_TYPE (SfuDayRows, sfu_day_rows, SFU, DAY_ROWS, GObject)

/* @pictures: of SfuPicture. */
SfuDayRows *sfu_day_rows_new (GListModel *pictures);
/* Pictures a row. */
void sfu_day_rows_set_columns (SfuDayRows *self, guint columns);
guint sfu_day_rows_columns (SfuDayRows *self);
/* The row that holds a picture. */
guint sfu_day_rows_find (SfuDayRows *self, guint picture);

G_END_DECLS
