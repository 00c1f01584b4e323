/* All pictures, to look through, search and clear up. Items are made on demand, so thousands are no more work
 * than a screenful. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

typedef struct {
  SfuWindow *window;
  GtkMultiSelection *selection;
  GtkFilter *filter;
  AdwToggleGroup *which;
  GtkSearchBar *search_bar;
  GtkEditable *search;
  GtkGridView *grid;
  GtkWidget *action_bar;
  char *needle;
  gint64 today; /* seconds when today began */
} Gallery;

static gboolean
wanted (gpointer item, gpointer data)
{
  Gallery *self = data;
  const char *which = adw_toggle_group_get_active_name (self->which);
  if (g_strcmp0 (which, "favourites") == 0 && !sfu_picture_is_favourite (item))
    return FALSE;
  if (g_strcmp0 (which, "today") == 0 && sfu_picture_created (item) < self->today)
    return FALSE;
  return self->needle == NULL || *self->needle == '\0' || sfu_picture_matches (item, self->needle);
}

static void
filter_cb (Gallery *self)
{
  g_free (self->needle);
  self->needle = g_utf8_casefold (gtk_editable_get_text (self->search), -1);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Gallery *self)
{
  GtkWidget *tile = sfu_picture_tile_new (g_settings_get_int (self->window->house.settings, "gallery-size"));
  gtk_widget_set_halign (tile, GTK_ALIGN_CENTER);
  gtk_list_item_set_child (item, tile);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Gallery *self)
{
  SfuPicture *picture = gtk_list_item_get_item (item);
  SfuPictureTile *tile = SFU_PICTURE_TILE (gtk_list_item_get_child (item));
  g_autofree char *label = sfu_picture_label (picture);
  sfu_picture_tile_set_side (tile, g_settings_get_int (self->window->house.settings, "gallery-size"));
  sfu_picture_tile_set_picture (tile, picture, self->window->thumbnails);
  gtk_list_item_set_accessible_label (item, label);
  gtk_widget_set_tooltip_text (GTK_WIDGET (tile), label);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Gallery *self)
{
  sfu_picture_tile_set_picture (SFU_PICTURE_TILE (gtk_list_item_get_child (item)), NULL, self->window->thumbnails);
}

static void
activate_cb (Gallery *self, guint position)
{
  g_autoptr (SfuPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  SfuWindow *window = self->window;
  adw_navigation_view_pop (window->pages);
  sfu_window_show_picture (window, picture);
}

static GPtrArray *
selected (Gallery *self)
{
  GPtrArray *pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  GtkBitsetIter iter;
  guint at;
  if (gtk_bitset_iter_init_first (&iter, set, &at))
    do
      g_ptr_array_add (pictures, g_list_model_get_item (G_LIST_MODEL (self->selection), at));
    while (gtk_bitset_iter_next (&iter, &at));
  return pictures;
}

static void
selection_cb (Gallery *self)
{
  g_autoptr (GtkBitset) set = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  gtk_action_bar_set_revealed (GTK_ACTION_BAR (self->action_bar), !gtk_bitset_is_empty (set));
}

static void
favourite_cb (Gallery *self)
{
  g_autoptr (GPtrArray) pictures = selected (self);
  gboolean all = TRUE;
  for (guint i = 0; i < pictures->len; i++)
    all &= sfu_picture_is_favourite (pictures->pdata[i]);
  for (guint i = 0; i < pictures->len; i++)
    sfu_picture_set_favourite (pictures->pdata[i], !all);
}

static void
delete_cb (Gallery *self)
{
  g_autoptr (GPtrArray) pictures = selected (self);
  for (guint i = 0; i < pictures->len; i++)
    sfu_window_delete (self->window, pictures->pdata[i]);
}

static void
exported_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (GPtrArray) pictures = data;
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  for (guint i = 0; folder != NULL && i < pictures->len; i++)
    {
      g_autoptr (GFile) source = g_file_new_for_path (sfu_picture_path (pictures->pdata[i]));
      g_autofree char *name = g_file_get_basename (source);
      g_autoptr (GFile) target = g_file_get_child (folder, name);
      g_file_copy_async (source, target, G_FILE_COPY_NONE, G_PRIORITY_DEFAULT, NULL, NULL, NULL, NULL, NULL);
    }
}

static void
export_cb (Gallery *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self->window), NULL, exported_cb, selected (self));
}

static void
size_cb (GtkRange *range, Gallery *self)
{
  g_settings_set_int (self->window->house.settings, "gallery-size", (int) gtk_range_get_value (range));
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->grid)); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *tile = gtk_widget_get_first_child (child);
      if (SFU_IS_PICTURE_TILE (tile))
        sfu_picture_tile_set_side (SFU_PICTURE_TILE (tile), (int) gtk_range_get_value (range));
    }
}

static gboolean
key_cb (Gallery *self, guint key, guint code, GdkModifierType state)
{
  if (key != GDK_KEY_Delete)
    return FALSE;
  delete_cb (self);
  return TRUE;
}

static void
gallery_free (gpointer data)
{
  Gallery *self = data;
  g_free (self->needle);
  g_free (self);
}

static GtkWidget *
bar_button (Gallery *self, const char *title, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_label (title);
  g_signal_connect_swapped (button, "clicked", callback, self);
  return button;
}

static void
add_toggle (Gallery *self, const char *name, const char *label)
{
  AdwToggle *toggle = adw_toggle_new ();
  adw_toggle_set_name (toggle, name);
  adw_toggle_set_label (toggle, label);
  adw_toggle_group_add (self->which, toggle);
}

static GtkWidget *
grid_new (Gallery *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkWidget *grid;
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), self);
  grid = gtk_grid_view_new (GTK_SELECTION_MODEL (self->selection), factory);
  gtk_grid_view_set_max_columns (GTK_GRID_VIEW (grid), 12);
  gtk_grid_view_set_min_columns (GTK_GRID_VIEW (grid), 1);
  gtk_grid_view_set_enable_rubberband (GTK_GRID_VIEW (grid), TRUE);
  gtk_widget_add_css_class (grid, "gallery");
  gtk_accessible_update_property (GTK_ACCESSIBLE (grid), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Gallery"), -1);
  g_signal_connect_swapped (grid, "activate", G_CALLBACK (activate_cb), self);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (grid, keys);
  return grid;
}

static GtkWidget *
bars_new (Gallery *self, GtkWidget *view)
{
  GtkWidget *header = adw_header_bar_new (), *toggle = gtk_toggle_button_new (), *scale = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 96, 320, 16);
  GtkWidget *tools = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *space = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);
  self->which = ADW_TOGGLE_GROUP (adw_toggle_group_new ());
  gtk_widget_add_css_class (space, "spacer");
  add_toggle (self, "all", _("All"));
  add_toggle (self, "favourites", _("Favourites"));
  add_toggle (self, "today", _("Today"));
  self->search_bar = GTK_SEARCH_BAR (gtk_search_bar_new ());
  self->search = GTK_EDITABLE (gtk_search_entry_new ());
  gtk_editable_set_max_width_chars (self->search, 40);
  gtk_widget_set_hexpand (GTK_WIDGET (self->search), TRUE);
  gtk_search_bar_set_child (self->search_bar, GTK_WIDGET (self->search));
  gtk_search_bar_connect_entry (self->search_bar, self->search);
  gtk_search_bar_set_key_capture_widget (self->search_bar, view);
  gtk_button_set_icon_name (GTK_BUTTON (toggle), "system-search-symbolic");
  gtk_widget_set_tooltip_text (toggle, _("Search"));
  g_object_bind_property (toggle, "active", self->search_bar, "search-mode-enabled", G_BINDING_BIDIRECTIONAL);
  gtk_range_set_value (GTK_RANGE (scale), g_settings_get_int (self->window->house.settings, "gallery-size"));
  gtk_widget_set_size_request (scale, 80, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (scale), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Size of the pictures"), -1);
  g_signal_connect (scale, "value-changed", G_CALLBACK (size_cb), self);
  adw_header_bar_pack_end (ADW_HEADER_BAR (header), toggle);
  gtk_widget_add_css_class (tools, "toolbar");
  gtk_widget_set_hexpand (space, TRUE);
  gtk_box_append (GTK_BOX (tools), GTK_WIDGET (self->which));
  gtk_box_append (GTK_BOX (tools), space);
  gtk_box_append (GTK_BOX (tools), scale);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), header);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), tools);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), GTK_WIDGET (self->search_bar));
  self->action_bar = gtk_action_bar_new ();
  gtk_action_bar_pack_start (GTK_ACTION_BAR (self->action_bar), bar_button (self, _("Favourite"), G_CALLBACK (favourite_cb)));
  gtk_action_bar_pack_start (GTK_ACTION_BAR (self->action_bar), bar_button (self, _("Export…"), G_CALLBACK (export_cb)));
  gtk_action_bar_pack_end (GTK_ACTION_BAR (self->action_bar), bar_button (self, _("Delete"), G_CALLBACK (delete_cb)));
  gtk_action_bar_set_revealed (GTK_ACTION_BAR (self->action_bar), FALSE);
  adw_toolbar_view_add_bottom_bar (ADW_TOOLBAR_VIEW (view), self->action_bar);
  return header;
}

AdwNavigationPage *
sfu_gallery_new (SfuWindow *window, gboolean search)
{
  Gallery *self = g_new0 (Gallery, 1);
  GtkWidget *view = adw_toolbar_view_new (), *scroller = gtk_scrolled_window_new (), *grid;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) morning = g_date_time_new_local (g_date_time_get_year (now), g_date_time_get_month (now),
                                                         g_date_time_get_day_of_month (now), 0, 0, 0);
  GtkFilterListModel *filtered;
  AdwNavigationPage *page;
  self->window = window;
  self->today = g_date_time_to_unix (morning);
  bars_new (self, view);
  self->filter = GTK_FILTER (gtk_custom_filter_new (wanted, self, NULL));
  filtered = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (window->house.history)), self->filter);
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (filtered));
  g_signal_connect_swapped (self->selection, "selection-changed", G_CALLBACK (selection_cb), self);
  grid = grid_new (self);
  self->grid = GTK_GRID_VIEW (grid);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), grid);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), scroller);
  g_signal_connect_swapped (self->search, "search-changed", G_CALLBACK (filter_cb), self);
  g_signal_connect_swapped (self->which, "notify::active-name", G_CALLBACK (filter_cb), self);
  gtk_search_bar_set_search_mode (self->search_bar, search);
  page = adw_navigation_page_new_with_tag (view, _("Gallery"), "gallery");
  g_object_set_data_full (G_OBJECT (page), "gallery", self, gallery_free);
  return page;
}
