#include "sfu-picture-row.h"

struct _SfuPictureRow {
  GtkWidget parent_instance;
  SfuDayRows *rows;
  GtkSelectionModel *pictures;
  SfuThumbnails *thumbnails;
  SfuTileSetup setup;
  gpointer data;
  SfuDayRow *row;
};

G_DEFINE_FINAL_TYPE (SfuPictureRow, sfu_picture_row, GTK_TYPE_WIDGET)

/* -- layout: squares that share the width -- */

static int
side_for (SfuPictureRow *self, int width)
{
  int columns = (int) sfu_day_rows_columns (self->rows);
  return MAX ((width - (columns - 1) * SFU_PICTURE_ROW_GAP) / columns, 16);
}

static GtkSizeRequestMode
sfu_picture_row_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
sfu_picture_row_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_baseline,
                         int *nat_baseline)
{
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = 16;
  else
    *minimum = *natural = side_for (SFU_PICTURE_ROW (widget), MAX (for_size, 0)) + SFU_PICTURE_ROW_GAP;
}

static void
sfu_picture_row_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SfuPictureRow *self = SFU_PICTURE_ROW (widget);
  int side = side_for (self, width), i = 0;
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  for (GtkWidget *tile = gtk_widget_get_first_child (widget); tile != NULL; tile = gtk_widget_get_next_sibling (tile), i++)
    {
      int x = i * (side + SFU_PICTURE_ROW_GAP);
      gtk_widget_measure (tile, GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
      gtk_widget_size_allocate (tile, &(GtkAllocation) { mirrored ? width - x - side : x, 0, side, side }, -1);
    }
}

/* -- tiles -- */

static void
label_tile (GtkWidget *tile)
{
  SfuPicture *picture = sfu_picture_tile_picture (SFU_PICTURE_TILE (tile));
  g_autofree char *label = picture != NULL ? sfu_picture_label (picture) : NULL;
  if (label == NULL)
    return;
  gtk_accessible_update_property (GTK_ACCESSIBLE (tile), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_tooltip_text (tile, label);
}

static void
show_selected (GtkWidget *tile, gboolean selected)
{
  if (selected)
    gtk_widget_set_state_flags (tile, GTK_STATE_FLAG_SELECTED, FALSE);
  else
    gtk_widget_unset_state_flags (tile, GTK_STATE_FLAG_SELECTED);
  gtk_accessible_update_state (GTK_ACCESSIBLE (tile), GTK_ACCESSIBLE_STATE_SELECTED, selected, -1);
}

static GtkWidget *
add_tile (SfuPictureRow *self)
{
  GtkWidget *tile = g_object_new (SFU_TYPE_PICTURE_TILE, "accessible-role", GTK_ACCESSIBLE_ROLE_LIST_ITEM, "focusable", TRUE, NULL);
  sfu_picture_tile_set_side (SFU_PICTURE_TILE (tile), 16); /* it gets what there is */
  self->setup (tile, self->data);
  gtk_widget_set_parent (tile, GTK_WIDGET (self));
  return tile;
}

static void
set_picture (SfuPictureRow *self, GtkWidget *tile, SfuPicture *picture)
{
  SfuPicture *before = sfu_picture_tile_picture (SFU_PICTURE_TILE (tile));
  if (before == picture)
    return;
  if (before != NULL)
    g_signal_handlers_disconnect_by_func (before, label_tile, tile);
  sfu_picture_tile_set_picture (SFU_PICTURE_TILE (tile), picture, self->thumbnails);
  g_signal_connect_object (picture, "notify::favourite", G_CALLBACK (label_tile), tile, G_CONNECT_SWAPPED);
  label_tile (tile);
}

/* As many tiles as pictures, those there are being used again. */
static void
fill (SfuPictureRow *self)
{
  GtkWidget *tile = gtk_widget_get_first_child (GTK_WIDGET (self));
  guint first = self->row != NULL ? sfu_day_row_first (self->row) : 0, n = self->row != NULL ? sfu_day_row_length (self->row) : 0;
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    n = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SfuPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->pictures), first + i);
      if (picture == NULL) /* the row is about to go */
        break;
      if (tile == NULL)
        tile = add_tile (self);
      set_picture (self, tile, picture);
      show_selected (tile, gtk_selection_model_is_selected (self->pictures, first + i));
      tile = gtk_widget_get_next_sibling (tile);
    }
  while (tile != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (tile);
      gtk_widget_unparent (tile);
      tile = next;
    }
}

void
sfu_picture_row_update_selected (SfuPictureRow *self)
{
  guint position = self->row != NULL ? sfu_day_row_first (self->row) : 0;
  for (GtkWidget *tile = gtk_widget_get_first_child (GTK_WIDGET (self)); tile != NULL; tile = gtk_widget_get_next_sibling (tile))
    show_selected (tile, gtk_selection_model_is_selected (self->pictures, position++));
}

void
sfu_picture_row_bind (SfuPictureRow *self, SfuDayRow *row)
{
  if (self->row != NULL)
    g_signal_handlers_disconnect_by_func (self->row, fill, self);
  g_set_object (&self->row, row);
  if (row != NULL)
    g_signal_connect_object (row, "changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
  fill (self);
}

GtkWidget *
sfu_picture_row_tile (SfuPictureRow *self, guint position)
{
  GtkWidget *tile = gtk_widget_get_first_child (GTK_WIDGET (self));
  guint first = self->row != NULL ? sfu_day_row_first (self->row) : 0;
  if (self->row == NULL || position < first || position >= first + sfu_day_row_length (self->row))
    return NULL;
  for (guint i = first; i < position && tile != NULL; i++)
    tile = gtk_widget_get_next_sibling (tile);
  return tile;
}

guint
sfu_picture_row_position (GtkWidget *tile)
{
  GtkWidget *row = gtk_widget_get_parent (tile);
  guint position;
  if (row == NULL || !SFU_IS_PICTURE_ROW (row) || SFU_PICTURE_ROW (row)->row == NULL)
    return G_MAXUINT;
  position = sfu_day_row_first (SFU_PICTURE_ROW (row)->row);
  for (GtkWidget *before = gtk_widget_get_first_child (row); before != NULL && before != tile; before = gtk_widget_get_next_sibling (before))
    position++;
  return position;
}

/* -- the object -- */

static void
sfu_picture_row_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sfu_picture_row_parent_class)->map (widget);
  fill (SFU_PICTURE_ROW (widget));
}

static void
sfu_picture_row_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sfu_picture_row_parent_class)->unmap (widget);
  fill (SFU_PICTURE_ROW (widget));
}

static void
sfu_picture_row_dispose (GObject *object)
{
  SfuPictureRow *self = SFU_PICTURE_ROW (object);
  sfu_picture_row_bind (self, NULL);
  g_clear_object (&self->rows);
  g_clear_object (&self->pictures);
  G_OBJECT_CLASS (sfu_picture_row_parent_class)->dispose (object);
}

static void
sfu_picture_row_class_init (SfuPictureRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_picture_row_dispose;
  widget_class->get_request_mode = sfu_picture_row_get_request_mode;
  widget_class->measure = sfu_picture_row_measure;
  widget_class->size_allocate = sfu_picture_row_size_allocate;
  widget_class->map = sfu_picture_row_map;
  widget_class->unmap = sfu_picture_row_unmap;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_css_name (widget_class, "picture-row");
}

static void
sfu_picture_row_init (SfuPictureRow *self)
{
}

GtkWidget *
sfu_picture_row_new (SfuDayRows *rows, GtkSelectionModel *pictures, SfuThumbnails *thumbnails, SfuTileSetup setup, gpointer data)
{
  SfuPictureRow *self = g_object_new (SFU_TYPE_PICTURE_ROW, NULL);
  self->rows = g_object_ref (rows);
  self->pictures = g_object_ref (pictures);
  self->thumbnails = thumbnails;
  self->setup = setup;
  self->data = data;
  return GTK_WIDGET (self);
}
