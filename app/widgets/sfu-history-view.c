/* The strip of tiles beside the stage. Looking never changes settings; a double click restores them. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

#define TILE 84

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *tile = sfu_picture_tile_new (TILE);
  gtk_widget_set_halign (tile, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (tile, GTK_ALIGN_CENTER);
  gtk_list_item_set_child (item, tile);
}

static void
label_item (GtkListItem *item)
{
  SfuPicture *picture = gtk_list_item_get_item (item);
  g_autofree char *label = picture != NULL ? sfu_picture_label (picture) : NULL;
  if (label == NULL)
    return;
  gtk_list_item_set_accessible_label (item, label);
  gtk_widget_set_tooltip_text (gtk_list_item_get_child (item), label);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, SfuWindow *self)
{
  SfuPicture *picture = gtk_list_item_get_item (item);
  sfu_picture_tile_set_picture (SFU_PICTURE_TILE (gtk_list_item_get_child (item)), picture, self->thumbnails);
  g_signal_connect_object (picture, "notify::favourite", G_CALLBACK (label_item), item, G_CONNECT_SWAPPED);
  label_item (item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, SfuWindow *self)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (item), label_item, item);
  sfu_picture_tile_set_picture (SFU_PICTURE_TILE (gtk_list_item_get_child (item)), NULL, self->thumbnails);
}

static void
selected_cb (SfuWindow *self)
{
  SfuPicture *picture = gtk_single_selection_get_selected_item (self->selection);
  if (!self->selecting && picture != NULL && picture != self->shown_picture)
    sfu_window_show_picture (self, picture);
}

static void
activated_cb (SfuWindow *self, guint position)
{
  g_autoptr (SfuPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  if (picture != NULL && sfu_picture_request (picture) != NULL)
    sfu_window_restore (self, sfu_picture_request (picture));
}

static gboolean
is_favourite (gpointer item, gpointer data)
{
  SfuWindow *self = data;
  return !gtk_toggle_button_get_active (self->favourites_toggle) || sfu_picture_is_favourite (item);
}

static void
menu_cb (GtkGestureClick *click, int n, double x, double y, SfuWindow *self)
{
  GtkWidget *view = GTK_WIDGET (self->history_view), *popover = gtk_popover_menu_new_from_model (gtk_menu_button_get_menu_model (self->picture_button));
  gtk_widget_set_parent (popover, view);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), &(GdkRectangle) { (int) x, (int) y, 1, 1 });
  g_signal_connect (popover, "closed", G_CALLBACK (gtk_widget_unparent), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
}

static void
favourites_cb (SfuWindow *self, GParamSpec *pspec, GtkToggleButton *toggle)
{
  GtkFilterListModel *model = GTK_FILTER_LIST_MODEL (gtk_single_selection_get_model (self->selection));
  gtk_filter_changed (gtk_filter_list_model_get_filter (model), GTK_FILTER_CHANGE_DIFFERENT);
}

void
sfu_window_init_history (SfuWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkFilter *filter = GTK_FILTER (gtk_custom_filter_new (is_favourite, self, NULL));
  GtkFilterListModel *filtered = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (self->house.history)), filter);
  GtkGesture *click = gtk_gesture_click_new ();
  self->selection = gtk_single_selection_new (G_LIST_MODEL (filtered));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), self);
  gtk_list_view_set_factory (self->history_view, factory);
  gtk_list_view_set_model (self->history_view, GTK_SELECTION_MODEL (self->selection));
  g_object_unref (self->selection); /* the view holds it */
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->history_view, "activate", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->favourites_toggle, "notify::active", G_CALLBACK (favourites_cb), self, G_CONNECT_SWAPPED);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (menu_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->history_view), GTK_EVENT_CONTROLLER (click));
}
