#include "sfu-picture-grid.h"

#include <glib/gi18n.h>

#include "sfu-picture-content.h"
#include "sfu-picture-row.h"

#define MAX_COLUMNS 16
#define FOCUS_TRIES 8 /* frames until a row that was scrolled to is there */

struct _SfuPictureGrid {
  AdwBin parent_instance;
  SfuThumbnails *thumbnails;
  GtkMultiSelection *pictures;
  SfuDayRows *rows;
  GtkListView *list;
  GtkAdjustment *vertical;
  int size;
  gboolean selecting;
  guint cursor, anchor;     /* positions of pictures */
  guint columns_source, focus_source;
  int focus_tries;
};

G_DEFINE_FINAL_TYPE (SfuPictureGrid, sfu_picture_grid, ADW_TYPE_BIN)

static guint activate_signal, selection_changed_signal, menu_signal;

static guint
n_pictures (SfuPictureGrid *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->pictures));
}

/* A list's row holds our row, unless it is a heading. */
static SfuPictureRow *
row_in (GtkWidget *item)
{
  GtkWidget *child = gtk_widget_get_first_child (item);
  return child != NULL && SFU_IS_PICTURE_ROW (child) ? SFU_PICTURE_ROW (child) : NULL;
}

/* -- the focus -- */

static GtkWidget *
tile_at (SfuPictureGrid *self, guint position)
{
  GtkWidget *tile = NULL;
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL && tile == NULL; item = gtk_widget_get_next_sibling (item))
    if (row_in (item) != NULL)
      tile = sfu_picture_row_tile (row_in (item), position);
  return tile;
}

static gboolean
focus_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  SfuPictureGrid *self = SFU_PICTURE_GRID (widget);
  GtkWidget *tile = tile_at (self, self->cursor);
  if ((tile == NULL || !gtk_widget_grab_focus (tile)) && self->focus_tries-- > 0)
    return G_SOURCE_CONTINUE;
  self->focus_source = 0;
  return G_SOURCE_REMOVE;
}

void
sfu_picture_grid_focus (SfuPictureGrid *self, guint position)
{
  GtkWidget *tile;
  if (n_pictures (self) == 0)
    return;
  self->cursor = MIN (position, n_pictures (self) - 1);
  gtk_list_view_scroll_to (self->list, sfu_day_rows_find (self->rows, self->cursor), GTK_LIST_SCROLL_NONE, NULL);
  tile = tile_at (self, self->cursor);
  if (tile != NULL && gtk_widget_grab_focus (tile))
    return;
  /* Its row is made when the list is laid out. */
  self->focus_tries = FOCUS_TRIES;
  if (self->focus_source == 0)
    self->focus_source = gtk_widget_add_tick_callback (GTK_WIDGET (self), focus_cb, NULL, NULL);
}

guint
sfu_picture_grid_cursor (SfuPictureGrid *self)
{
  return self->cursor;
}

/* -- the selection -- */

static void
selection_cb (SfuPictureGrid *self)
{
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL; item = gtk_widget_get_next_sibling (item))
    if (row_in (item) != NULL)
      sfu_picture_row_update_selected (row_in (item));
  g_signal_emit (self, selection_changed_signal, 0);
}

static void
select_one (SfuPictureGrid *self, guint position)
{
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->pictures), position, TRUE);
  self->anchor = position;
}

static void
toggle (SfuPictureGrid *self, guint position)
{
  GtkSelectionModel *model = GTK_SELECTION_MODEL (self->pictures);
  if (gtk_selection_model_is_selected (model, position))
    gtk_selection_model_unselect_item (model, position);
  else
    gtk_selection_model_select_item (model, position, FALSE);
  self->anchor = position;
}

static void
extend (SfuPictureGrid *self, guint position)
{
  guint from = MIN (self->anchor, position), to = MAX (self->anchor, position);
  gtk_selection_model_select_range (GTK_SELECTION_MODEL (self->pictures), from, to - from + 1, TRUE);
}

GPtrArray *
sfu_picture_grid_selected (SfuPictureGrid *self)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->pictures));
  GtkBitsetIter iter;
  guint at;
  if (gtk_bitset_iter_init_first (&iter, set, &at))
    do
      g_ptr_array_add (pictures, g_list_model_get_item (G_LIST_MODEL (self->pictures), at));
    while (gtk_bitset_iter_next (&iter, &at));
  else if (gtk_widget_get_focus_child (GTK_WIDGET (self)) != NULL && self->cursor < n_pictures (self))
    g_ptr_array_add (pictures, g_list_model_get_item (G_LIST_MODEL (self->pictures), self->cursor));
  return pictures;
}

guint
sfu_picture_grid_n_selected (SfuPictureGrid *self)
{
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->pictures));
  return (guint) gtk_bitset_get_size (set);
}

void
sfu_picture_grid_select_all (SfuPictureGrid *self)
{
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (self->pictures));
}

void
sfu_picture_grid_unselect_all (SfuPictureGrid *self)
{
  gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (self->pictures));
}

void
sfu_picture_grid_set_selecting (SfuPictureGrid *self, gboolean selecting)
{
  self->selecting = selecting;
}

static void
activate (SfuPictureGrid *self, guint position)
{
  g_autoptr (SfuPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->pictures), position);
  if (picture != NULL)
    g_signal_emit (self, activate_signal, 0, picture);
}

/* -- keys -- */

static void
go_to (SfuPictureGrid *self, guint position, GdkModifierType state)
{
  if (state & GDK_SHIFT_MASK)
    extend (self, position);
  else if (!(state & GDK_CONTROL_MASK))
    select_one (self, position);
  sfu_picture_grid_focus (self, position);
}

/* The same column so many rows on; a shorter row's last. */
static guint
rows_on (SfuPictureGrid *self, int by)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->rows)), at = sfu_day_rows_find (self->rows, self->cursor);
  g_autoptr (SfuDayRow) from = g_list_model_get_item (G_LIST_MODEL (self->rows), at);
  g_autoptr (SfuDayRow) to = g_list_model_get_item (G_LIST_MODEL (self->rows), CLAMP ((int) at + by, 0, (int) n - 1));
  if (from == NULL || to == NULL)
    return self->cursor;
  return sfu_day_row_first (to) + MIN (self->cursor - sfu_day_row_first (from), sfu_day_row_length (to) - 1);
}

static int
rows_in_view (SfuPictureGrid *self)
{
  return MAX ((int) (gtk_adjustment_get_page_size (self->vertical) / (self->size + SFU_PICTURE_ROW_GAP)), 1);
}

static gboolean
key_cb (SfuPictureGrid *self, guint key, guint code, GdkModifierType state)
{
  int forward = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? -1 : 1;
  guint last = n_pictures (self) - 1;
  if (n_pictures (self) == 0 || (state & GDK_ALT_MASK))
    return FALSE;
  self->cursor = MIN (self->cursor, last);
  switch (key)
    {
    case GDK_KEY_Left: case GDK_KEY_KP_Left:
      go_to (self, (guint) CLAMP ((gint64) self->cursor - forward, 0, last), state);
      return TRUE;
    case GDK_KEY_Right: case GDK_KEY_KP_Right:
      go_to (self, (guint) CLAMP ((gint64) self->cursor + forward, 0, last), state);
      return TRUE;
    case GDK_KEY_Up: case GDK_KEY_KP_Up: go_to (self, rows_on (self, -1), state); return TRUE;
    case GDK_KEY_Down: case GDK_KEY_KP_Down: go_to (self, rows_on (self, 1), state); return TRUE;
    case GDK_KEY_Page_Up: case GDK_KEY_KP_Page_Up: go_to (self, rows_on (self, -rows_in_view (self)), state); return TRUE;
    case GDK_KEY_Page_Down: case GDK_KEY_KP_Page_Down: go_to (self, rows_on (self, rows_in_view (self)), state); return TRUE;
    case GDK_KEY_Home: case GDK_KEY_KP_Home: go_to (self, 0, state); return TRUE;
    case GDK_KEY_End: case GDK_KEY_KP_End: go_to (self, last, state); return TRUE;
    case GDK_KEY_space: case GDK_KEY_KP_Space: toggle (self, self->cursor); return TRUE;
    case GDK_KEY_Return: case GDK_KEY_KP_Enter:
      if (state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK))
        return FALSE;
      activate (self, self->cursor);
      return TRUE;
    default: return FALSE;
    }
}

static gboolean
menu_key_cb (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  SfuPictureGrid *self = data;
  GtkWidget *tile = tile_at (self, self->cursor);
  graphene_rect_t bounds;
  if (tile == NULL || !gtk_widget_compute_bounds (tile, GTK_WIDGET (self), &bounds))
    return FALSE;
  if (!gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->pictures), self->cursor))
    select_one (self, self->cursor);
  g_signal_emit (self, menu_signal, 0, bounds.origin.x + bounds.size.width / 2.0, bounds.origin.y + bounds.size.height / 2.0);
  return TRUE;
}

/* -- a tile -- */

static void
pressed_cb (GtkGestureClick *click, int n, double x, double y, SfuPictureGrid *self)
{
  GtkWidget *tile = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (click));
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (click));
  guint position = sfu_picture_row_position (tile);
  gboolean selected;
  if (position == G_MAXUINT)
    return;
  selected = gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->pictures), position);
  self->cursor = position;
  gtk_widget_grab_focus (tile);
  if (gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (click)) == GDK_BUTTON_SECONDARY)
    {
      graphene_point_t at = { 0 };
      if (!selected)
        select_one (self, position);
      if (gtk_widget_compute_point (tile, GTK_WIDGET (self), &GRAPHENE_POINT_INIT (x, y), &at))
        g_signal_emit (self, menu_signal, 0, (double) at.x, (double) at.y);
    }
  else if (n == 2 && !(state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK)))
    activate (self, position);
  else if (state & GDK_SHIFT_MASK)
    extend (self, position);
  else if ((state & GDK_CONTROL_MASK) || self->selecting)
    toggle (self, position);
  else if (!selected) /* what is selected may be dragged: it waits for the release */
    select_one (self, position);
}

static void
released_cb (GtkGestureClick *click, int n, double x, double y, SfuPictureGrid *self)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (click));
  guint position = sfu_picture_row_position (gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (click)));
  if (position != G_MAXUINT && n == 1 && !self->selecting && !(state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK))
      && gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (click)) == GDK_BUTTON_PRIMARY)
    select_one (self, position);
}

/* All that is selected if the tile is of it, else the tile's picture alone. */
static GPtrArray *
dragged_cb (GtkWidget *tile, gpointer data)
{
  SfuPictureGrid *self = data;
  guint position = sfu_picture_row_position (tile);
  GPtrArray *pictures;
  if (position != G_MAXUINT && gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->pictures), position))
    return sfu_picture_grid_selected (self);
  pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (pictures, g_object_ref (sfu_picture_tile_picture (SFU_PICTURE_TILE (tile))));
  return pictures;
}

/* The focus came by itself, by Tab or from a screen reader. */
static void
focused_cb (GtkEventControllerFocus *focus, SfuPictureGrid *self)
{
  guint position = sfu_picture_row_position (gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (focus)));
  if (position != G_MAXUINT)
    self->cursor = position;
}

static void
setup_tile (GtkWidget *tile, gpointer data)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), 0);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), data);
  g_signal_connect (click, "released", G_CALLBACK (released_cb), data);
  gtk_widget_add_controller (tile, GTK_EVENT_CONTROLLER (click));
  g_signal_connect (focus, "enter", G_CALLBACK (focused_cb), data);
  gtk_widget_add_controller (tile, focus);
  sfu_picture_content_add_drag (tile, dragged_cb, data);
}

/* -- rows and headings -- */

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, SfuPictureGrid *self)
{
  gtk_list_item_set_focusable (item, FALSE);
  gtk_list_item_set_activatable (item, FALSE);
  gtk_list_item_set_selectable (item, FALSE);
  gtk_list_item_set_child (item, sfu_picture_row_new (self->rows, GTK_SELECTION_MODEL (self->pictures), self->thumbnails, setup_tile, self));
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  sfu_picture_row_bind (SFU_PICTURE_ROW (gtk_list_item_get_child (item)), gtk_list_item_get_item (item));
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  sfu_picture_row_bind (SFU_PICTURE_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
setup_heading_cb (GtkSignalListItemFactory *factory, GtkListHeader *header)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  gtk_list_header_set_child (header, label);
}

static void
bind_heading_cb (GtkSignalListItemFactory *factory, GtkListHeader *header)
{
  g_autofree char *title = sfu_day_row_title (gtk_list_header_get_item (header));
  gtk_label_set_text (GTK_LABEL (gtk_list_header_get_child (header)), title);
}

/* -- columns -- */

static gboolean
columns_cb (gpointer data)
{
  SfuPictureGrid *self = data;
  int width = gtk_widget_get_width (GTK_WIDGET (self->list));
  self->columns_source = 0;
  if (width > 0)
    sfu_day_rows_set_columns (self->rows, CLAMP ((width + SFU_PICTURE_ROW_GAP) / (self->size + SFU_PICTURE_ROW_GAP), 1, MAX_COLUMNS));
  return G_SOURCE_REMOVE;
}

/* Not while the list is being laid out. */
static void
update_columns (SfuPictureGrid *self)
{
  if (self->columns_source == 0)
    self->columns_source = g_idle_add_full (GDK_PRIORITY_REDRAW - 5, columns_cb, self, NULL);
}

void
sfu_picture_grid_set_size (SfuPictureGrid *self, int size)
{
  self->size = size;
  update_columns (self);
  gtk_widget_queue_resize (GTK_WIDGET (self->list));
}

/* -- the object -- */

static void
sfu_picture_grid_dispose (GObject *object)
{
  SfuPictureGrid *self = SFU_PICTURE_GRID (object);
  g_clear_handle_id (&self->columns_source, g_source_remove);
  adw_bin_set_child (ADW_BIN (self), NULL);
  g_clear_object (&self->rows);
  g_clear_object (&self->pictures);
  G_OBJECT_CLASS (sfu_picture_grid_parent_class)->dispose (object);
}

static void
sfu_picture_grid_class_init (SfuPictureGridClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_picture_grid_dispose;
  activate_signal = g_signal_new ("activate", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, SFU_TYPE_PICTURE);
  selection_changed_signal = g_signal_new ("selection-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  menu_signal = g_signal_new ("menu", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_DOUBLE);
}

static void
sfu_picture_grid_init (SfuPictureGrid *self)
{
  self->size = 184;
}

static GtkWidget *
list_new (SfuPictureGrid *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new (), headings = gtk_signal_list_item_factory_new ();
  GtkSelectionModel *model = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->rows))));
  GtkEventController *keys = gtk_event_controller_key_new (), *menu = gtk_shortcut_controller_new ();
  GtkWidget *list;
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
  g_signal_connect (headings, "setup", G_CALLBACK (setup_heading_cb), NULL);
  g_signal_connect (headings, "bind", G_CALLBACK (bind_heading_cb), NULL);
  list = gtk_list_view_new (model, g_object_ref (factory));
  gtk_list_view_set_header_factory (GTK_LIST_VIEW (list), headings);
  gtk_widget_add_css_class (list, "gallery");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Gallery"), -1);
  /* Before the list's own keys, which walk by rows. */
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (list, keys);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (menu),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"),
                                                          gtk_callback_action_new (menu_key_cb, self, NULL)));
  gtk_widget_add_controller (list, menu);
  return list;
}

SfuPictureGrid *
sfu_picture_grid_new (GListModel *pictures, SfuThumbnails *thumbnails)
{
  SfuPictureGrid *self = g_object_new (SFU_TYPE_PICTURE_GRID, NULL);
  GtkWidget *scroller = gtk_scrolled_window_new (), *list;
  self->thumbnails = thumbnails;
  self->pictures = gtk_multi_selection_new (g_object_ref (pictures));
  self->rows = sfu_day_rows_new (G_LIST_MODEL (self->pictures));
  list = list_new (self);
  self->list = GTK_LIST_VIEW (list);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  self->vertical = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  g_signal_connect_object (gtk_scrolled_window_get_hadjustment (GTK_SCROLLED_WINDOW (scroller)), "notify::page-size",
                           G_CALLBACK (update_columns), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->pictures, "selection-changed", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->pictures, "items-changed", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  adw_bin_set_child (ADW_BIN (self), scroller);
  return self;
}
