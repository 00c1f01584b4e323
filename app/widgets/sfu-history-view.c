/* The strip of tiles beside the stage: what is being made, what went wrong, what there is. Looking never changes
 * settings; a double click restores them. */
#include <glib/gi18n.h>

#include "sfu-picture-content.h"
#include "sfu-shortcuts.h"
#include "sfu-texture.h"
#include "sfu-window-private.h"

#define TILE 84
#define FAILED_KEPT 4
#define LIVE_US 250000 /* the running tile changes four times a second */

/* -- tiles -- */

static SfuPictureTile *
tile_of (GtkWidget *row)
{
  GtkWidget *child = row != NULL ? gtk_widget_get_first_child (row) : NULL;
  return child != NULL && SFU_IS_PICTURE_TILE (child) ? SFU_PICTURE_TILE (child) : NULL;
}

static void
mark (SfuWindow *self, SfuPictureTile *tile)
{
  if (self->compared != NULL && sfu_picture_tile_picture (tile) == self->compared)
    gtk_widget_add_css_class (GTK_WIDGET (tile), "compared");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (tile), "compared");
}

void
sfu_window_mark_compared (SfuWindow *self)
{
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->history_view)); row != NULL; row = gtk_widget_get_next_sibling (row))
    if (tile_of (row) != NULL)
      mark (self, tile_of (row));
}

SfuPicture *
sfu_window_focused_picture (SfuWindow *self)
{
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (self));
  if (focus == NULL || gtk_widget_get_parent (focus) != GTK_WIDGET (self->history_view) || tile_of (focus) == NULL)
    return NULL;
  return sfu_picture_tile_picture (tile_of (focus));
}

static GPtrArray *
dragged_cb (GtkWidget *tile, gpointer data)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func (g_object_unref);
  SfuPicture *picture = sfu_picture_tile_picture (SFU_PICTURE_TILE (tile));
  if (picture != NULL)
    g_ptr_array_add (pictures, g_object_ref (picture));
  return pictures;
}

/* With Ctrl a click adds the picture to compare with; the list would toggle its selection. */
static void
pressed_cb (GtkGestureClick *click, int n, double x, double y, SfuWindow *self)
{
  GtkWidget *tile = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (click));
  SfuPicture *picture = sfu_picture_tile_picture (SFU_PICTURE_TILE (tile));
  if (!(gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (click)) & GDK_CONTROL_MASK) || picture == NULL)
    return;
  gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
  if (picture == self->compared)
    sfu_window_stop_comparing (self);
  else
    sfu_window_compare_with (self, picture);
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, SfuWindow *self)
{
  GtkWidget *tile = sfu_picture_tile_new (TILE);
  GtkGesture *click = gtk_gesture_click_new ();
  gtk_widget_set_halign (tile, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (tile, GTK_ALIGN_CENTER);
  g_signal_connect_object (click, "pressed", G_CALLBACK (pressed_cb), self, 0);
  gtk_widget_add_controller (tile, GTK_EVENT_CONTROLLER (click));
  sfu_picture_content_add_drag (tile, dragged_cb, NULL);
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
  SfuPictureTile *tile = SFU_PICTURE_TILE (gtk_list_item_get_child (item));
  sfu_picture_tile_set_picture (tile, picture, self->thumbnails);
  mark (self, tile);
  g_signal_connect_object (picture, "notify::favourite", G_CALLBACK (label_item), item, G_CONNECT_SWAPPED);
  label_item (item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, SfuWindow *self)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (item), label_item, item);
  sfu_picture_tile_set_picture (SFU_PICTURE_TILE (gtk_list_item_get_child (item)), NULL, self->thumbnails);
}

/* -- looking -- */

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

/* One that has a star now comes; one that lost it stays until the strip is filtered anew, so that it can be got back. */
static void
favourites_changed_cb (SfuWindow *self)
{
  GtkFilterListModel *model = GTK_FILTER_LIST_MODEL (gtk_single_selection_get_model (self->selection));
  if (gtk_toggle_button_get_active (self->favourites_toggle))
    gtk_filter_changed (gtk_filter_list_model_get_filter (model), GTK_FILTER_CHANGE_LESS_STRICT);
}

static void
favourites_cb (SfuWindow *self, GParamSpec *pspec, GtkToggleButton *toggle)
{
  GtkFilterListModel *model = GTK_FILTER_LIST_MODEL (gtk_single_selection_get_model (self->selection));
  gtk_button_set_icon_name (GTK_BUTTON (toggle), gtk_toggle_button_get_active (toggle) ? "starred-symbolic" : "non-starred-symbolic");
  gtk_filter_changed (gtk_filter_list_model_get_filter (model), GTK_FILTER_CHANGE_DIFFERENT);
  sfu_window_update_strip (self);
}

/* -- the picture menu -- */

/* The menu is for the shown picture, so what was clicked is shown first. */
static void
popup_menu (SfuWindow *self, SfuPicture *picture, GtkWidget *widget, double x, double y)
{
  graphene_point_t at;
  if (picture != self->shown_picture)
    sfu_window_show_picture (self, picture);
  if (!gtk_widget_compute_point (widget, GTK_WIDGET (self->history_box), &GRAPHENE_POINT_INIT (x, y), &at))
    return;
  gtk_popover_set_pointing_to (GTK_POPOVER (self->history_menu), &(GdkRectangle) { (int) at.x, (int) at.y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->history_menu));
}

static void
menu_pressed_cb (GtkGestureClick *click, int n, double x, double y, SfuWindow *self)
{
  GtkWidget *view = GTK_WIDGET (self->history_view), *under = gtk_widget_pick (view, x, y, GTK_PICK_DEFAULT);
  while (under != NULL && !SFU_IS_PICTURE_TILE (under) && under != view)
    under = gtk_widget_get_parent (under);
  if (under == NULL || under == view)
    return;
  gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
  popup_menu (self, sfu_picture_tile_picture (SFU_PICTURE_TILE (under)), view, x, y);
}

static gboolean
menu_key_cb (GtkWidget *view, GVariant *arguments, gpointer data)
{
  SfuWindow *self = data;
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (self));
  SfuPicture *picture = sfu_window_focused_picture (self);
  if (picture == NULL)
    return FALSE;
  popup_menu (self, picture, focus, gtk_widget_get_width (focus) / 2.0, gtk_widget_get_height (focus) / 2.0);
  return TRUE;
}

static void
init_menu (SfuWindow *self)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *keys = gtk_shortcut_controller_new ();
  self->history_menu = gtk_popover_menu_new_from_model (gtk_menu_button_get_menu_model (self->picture_button));
  gtk_widget_set_parent (self->history_menu, GTK_WIDGET (self->history_box));
  gtk_popover_set_position (GTK_POPOVER (self->history_menu), GTK_POS_LEFT);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_object (click, "pressed", G_CALLBACK (menu_pressed_cb), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self->history_view), GTK_EVENT_CONTROLLER (click));
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"),
                                                          gtk_callback_action_new (menu_key_cb, self, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (self->history_view), keys);
}

/* -- what went wrong -- */

static void
failed_clicked_cb (SfuWindow *self, GtkWidget *button)
{
  SfuRun *run = g_object_get_data (G_OBJECT (button), "run");
  sfu_window_show_error (self, run);
  gtk_box_remove (self->failed_box, button);
  sfu_window_update_strip (self);
}

/* Stays until it has been looked at; of many failures in a row the newest few are enough. */
static void
add_failed (SfuWindow *self, SfuRun *run)
{
  GtkWidget *button = gtk_button_new (), *icon = gtk_image_new_from_icon_name ("dialog-warning-symbolic"), *last = NULL;
  g_autofree char *label = g_strdup_printf (_("This picture failed: %s"), sfu_job_get_error (sfu_run_job (run))->message);
  guint n = 0;
  gtk_image_set_pixel_size (GTK_IMAGE (icon), 24);
  gtk_widget_add_css_class (icon, "warning");
  gtk_button_set_child (GTK_BUTTON (button), icon);
  gtk_widget_set_size_request (button, TILE, TILE);
  gtk_widget_set_tooltip_text (button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "failed-tile");
  g_object_set_data_full (G_OBJECT (button), "run", g_object_ref (run), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (failed_clicked_cb), self, G_CONNECT_SWAPPED);
  gtk_box_prepend (self->failed_box, button);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->failed_box)); child != NULL; child = gtk_widget_get_next_sibling (child), n++)
    last = child;
  if (n > FAILED_KEPT)
    gtk_box_remove (self->failed_box, last);
}

static void
run_ended_cb (SfuWindow *self, SfuRun *run)
{
  if (sfu_run_state (run) == SFU_JOB_FAILED && sfu_job_get_error (sfu_run_job (run)) != NULL)
    add_failed (self, run);
  sfu_window_update_strip (self);
}

/* -- what is being made -- */

static void
running_clicked_cb (SfuWindow *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  if (run != NULL)
    sfu_window_show_run (self, run);
}

static void
update_running_tile (SfuWindow *self, SfuRun *run)
{
  g_autofree char *label = g_strdup_printf (_("In progress: %s"), *sfu_run_request (run)->prompt != '\0' ? sfu_run_request (run)->prompt
                                                                                                           : _("No prompt"));
  g_autoptr (GdkTexture) texture = NULL;
  SfuImage *tile = NULL;
  gint64 now = g_get_monotonic_time ();
  if (run == self->shown_run)
    gtk_widget_add_css_class (GTK_WIDGET (self->running_button), "shown");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->running_button), "shown");
  if (now - self->strip_drawn < LIVE_US && sfu_run_step (run) > 1)
    return;
  self->strip_drawn = now;
  for (guint step = sfu_run_step (run); step >= 1 && tile == NULL; step--)
    tile = sfu_run_tile (run, step);
  texture = tile != NULL ? sfu_texture_new (tile) : NULL;
  sfu_picture_tile_set_live (self->running_tile, texture, sfu_run_progress (run));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->running_button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->running_button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
update_empty (SfuWindow *self)
{
  gboolean none = g_list_model_get_n_items (G_LIST_MODEL (self->selection)) == 0;
  gboolean favourites = gtk_toggle_button_get_active (self->favourites_toggle);
  gtk_label_set_text (self->history_empty_label, favourites ? _("No favourites yet") : _("Pictures appear here"));
  gtk_widget_set_visible (GTK_WIDGET (self->history_empty), none && !gtk_widget_get_visible (GTK_WIDGET (self->running_box)));
  gtk_widget_set_sensitive (GTK_WIDGET (self->history_tools), !none || favourites);
}

void
sfu_window_update_strip (SfuWindow *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  guint waiting = sfu_studio_n_waiting (self->house.studio);
  gboolean failed = gtk_widget_get_first_child (GTK_WIDGET (self->failed_box)) != NULL;
  g_autofree char *more = g_strdup_printf (g_dngettext (NULL, "%u more waiting", "%u more waiting", waiting), waiting);
  gtk_widget_set_visible (GTK_WIDGET (self->running_box), run != NULL || waiting > 0 || failed);
  gtk_widget_set_visible (GTK_WIDGET (self->waiting_tile), waiting > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->running_button), run != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->failed_box), failed);
  gtk_label_set_text (self->waiting_label, more);
  if (run != NULL)
    update_running_tile (self, run);
  update_empty (self);
}

void
sfu_window_init_history (SfuWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkFilter *filter = GTK_FILTER (gtk_custom_filter_new (is_favourite, self, NULL));
  GtkFilterListModel *filtered = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (self->house.history)), filter);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (filtered));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), self);
  gtk_list_view_set_factory (self->history_view, factory);
  gtk_list_view_set_model (self->history_view, GTK_SELECTION_MODEL (self->selection));
  g_object_unref (self->selection); /* the view holds it */
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (update_empty), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (self->history_view, "activate", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->favourites_toggle, "notify::active", G_CALLBACK (favourites_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.history, "favourites-changed", G_CALLBACK (favourites_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->running_button, "clicked", G_CALLBACK (running_clicked_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.studio, "run-ended", G_CALLBACK (run_ended_cb), self, G_CONNECT_SWAPPED);
  sfu_shortcuts_install_list (GTK_WIDGET (self->history_view));
  init_menu (self);
}
