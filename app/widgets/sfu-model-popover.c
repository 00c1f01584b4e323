/* The models there are, by folder, each with what it is or why it cannot be used. */
#include <glib/gi18n.h>

#include "sfu-model-item.h"
#include "sfu-window-private.h"

typedef struct {
  SfuWindow *window;
  GtkPopover *popover;
  GtkListView *list;
  GtkStack *stack;
  GtkEditable *search;
  GtkFilter *filter;
  GListModel *found;
  char *needle;       /* what is searched for, casefolded */
  GHashTable *faces;  /* path -> SfuPicture, while the popover is open */
  GPtrArray *shown;   /* GtkListItem that are bound now, borrowed */
} Chooser;

static SfuLoader *
loader_of (Chooser *chooser)
{
  return sfu_studio_loader (chooser->window->house.studio);
}

/* -- rows -- */

static void
show_item (Chooser *chooser, GtkListItem *item)
{
  SfuLibraryModel *model = gtk_list_item_get_item (item);
  SfuLibraryModel *chosen = sfu_settings_panel_model (chooser->window->settings);
  gboolean is_chosen = chosen != NULL && g_str_equal (sfu_library_model_path (model), sfu_library_model_path (chosen));
  g_autofree char *label = sfu_model_item_label (model, loader_of (chooser), is_chosen);
  SfuModelItem *row = SFU_MODEL_ITEM (gtk_list_item_get_child (item));
  sfu_model_item_show (row, model, loader_of (chooser), is_chosen);
  sfu_model_face_set_picture (sfu_model_item_face (row),
                              chooser->faces != NULL ? g_hash_table_lookup (chooser->faces, sfu_library_model_path (model)) : NULL,
                              chooser->window->thumbnails);
  gtk_list_item_set_accessible_label (item, label);
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_list_item_set_child (item, sfu_model_item_new ());
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Chooser *chooser)
{
  g_ptr_array_add (chooser->shown, item);
  show_item (chooser, item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Chooser *chooser)
{
  g_ptr_array_remove_fast (chooser->shown, item);
}

/* "~/Models" */
static char *
folder_of (Chooser *chooser, SfuLibraryModel *model)
{
  const char *home = g_get_home_dir (), *bundled = chooser->window->house.default_model;
  g_autofree char *folder = g_path_get_dirname (sfu_library_model_path (model));
  if (bundled != NULL && g_str_equal (bundled, sfu_library_model_path (model)))
    return g_strdup (_("Comes with Sfumato"));
  if (g_str_has_prefix (folder, home) && folder[strlen (home)] == '/')
    return g_strconcat ("~", folder + strlen (home), NULL);
  return g_steal_pointer (&folder);
}

static void
setup_header_cb (GtkSignalListItemFactory *factory, GtkListHeader *header)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_widget_add_css_class (label, "dim-label");
  gtk_list_header_set_child (header, label);
}

static void
bind_header_cb (GtkSignalListItemFactory *factory, GtkListHeader *header, Chooser *chooser)
{
  g_autofree char *folder = folder_of (chooser, gtk_list_header_get_item (header));
  gtk_label_set_text (GTK_LABEL (gtk_list_header_get_child (header)), folder);
}

/* -- which rows, in which order -- */

static gboolean
matches (gpointer model, gpointer data)
{
  Chooser *chooser = data;
  g_autofree char *hay = NULL;
  if (chooser->needle == NULL || *chooser->needle == '\0')
    return TRUE;
  hay = g_utf8_casefold (sfu_library_model_title (model), -1);
  return strstr (hay, chooser->needle) != NULL;
}

static int
by_folder (gconstpointer a, gconstpointer b, gpointer data)
{
  Chooser *chooser = data;
  SfuLibraryModel *x = (gpointer) a, *y = (gpointer) b;
  g_autofree char *one = g_path_get_dirname (sfu_library_model_path (x)), *other = g_path_get_dirname (sfu_library_model_path (y));
  gboolean first = g_strcmp0 (chooser->window->house.default_model, sfu_library_model_path (x)) == 0;
  gboolean second = g_strcmp0 (chooser->window->house.default_model, sfu_library_model_path (y)) == 0;
  return first != second ? second - first : strcmp (one, other);
}

static void
search_cb (Chooser *chooser)
{
  g_free (chooser->needle);
  chooser->needle = g_utf8_casefold (gtk_editable_get_text (chooser->search), -1);
  gtk_filter_changed (chooser->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
found_cb (Chooser *chooser)
{
  gtk_stack_set_visible_child_name (chooser->stack, g_list_model_get_n_items (chooser->found) > 0 ? "list" : "empty");
}

/* -- what it does -- */

static void
choose (Chooser *chooser, guint position)
{
  g_autoptr (SfuLibraryModel) model = g_list_model_get_item (chooser->found, position);
  if (model == NULL)
    return;
  gtk_popover_popdown (chooser->popover);
  sfu_window_choose_model (chooser->window, model);
}

static void
entry_activated_cb (Chooser *chooser)
{
  choose (chooser, 0);
}

static guint
chosen_position (Chooser *chooser)
{
  SfuLibraryModel *chosen = sfu_settings_panel_model (chooser->window->settings);
  guint n = g_list_model_get_n_items (chooser->found);
  for (guint i = 0; chosen != NULL && i < n; i++)
    {
      g_autoptr (SfuLibraryModel) model = g_list_model_get_item (chooser->found, i);
      if (g_str_equal (sfu_library_model_path (model), sfu_library_model_path (chosen)))
        return i;
    }
  return 0;
}

/* Down leaves the search entry for the list: the chosen model, or what was found first. */
static gboolean
key_cb (Chooser *chooser, guint key)
{
  if ((key != GDK_KEY_Down && key != GDK_KEY_KP_Down) || g_list_model_get_n_items (chooser->found) == 0)
    return FALSE;
  gtk_list_view_scroll_to (chooser->list, chosen_position (chooser), GTK_LIST_SCROLL_FOCUS, NULL);
  gtk_widget_grab_focus (GTK_WIDGET (chooser->list));
  return TRUE;
}

static void
update (Chooser *chooser)
{
  for (guint i = 0; i < chooser->shown->len; i++)
    show_item (chooser, chooser->shown->pdata[i]);
}

/* A closed popover costs nothing. */
static void
loader_changed_cb (Chooser *chooser)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (chooser->popover)))
    update (chooser);
}

/* A list that has no size yet loses its rows when it is scrolled (GTK 4.18): after the first frame. */
static gboolean
scroll_cb (GtkWidget *list, GdkFrameClock *clock, gpointer data)
{
  Chooser *chooser = data;
  if (gtk_widget_get_height (list) == 0)
    return G_SOURCE_CONTINUE;
  if (g_list_model_get_n_items (chooser->found) > 0)
    gtk_list_view_scroll_to (chooser->list, chosen_position (chooser), GTK_LIST_SCROLL_NONE, NULL);
  return G_SOURCE_REMOVE;
}

static void
map_cb (Chooser *chooser)
{
  g_clear_pointer (&chooser->faces, g_hash_table_unref);
  chooser->faces = sfu_model_faces (chooser->window->house.history);
  gtk_editable_set_text (chooser->search, "");
  for (guint i = 0; i < chooser->shown->len; i++)
    sfu_library_model_check (gtk_list_item_get_item (chooser->shown->pdata[i]));
  update (chooser);
  found_cb (chooser);
  gtk_widget_add_tick_callback (GTK_WIDGET (chooser->list), scroll_cb, chooser, NULL);
  gtk_widget_grab_focus (GTK_WIDGET (chooser->search));
}

/* -- putting it together -- */

static GtkWidget *
make_footer (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *add = gtk_menu_button_new ();
  GtkWidget *folder = gtk_button_new_with_label (_("Open Folder")), *rescan = gtk_button_new_with_label (_("Rescan"));
  g_autoptr (GMenu) menu = g_menu_new ();
  g_menu_append (menu, _("Model File…"), "win.add-model-file");
  g_menu_append (menu, _("Model Folder…"), "win.add-model-folder");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (add), G_MENU_MODEL (menu));
  gtk_menu_button_set_label (GTK_MENU_BUTTON (add), _("Add Model…"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (folder), "win.open-model-folder");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (rescan), "win.rescan-models");
  gtk_widget_set_hexpand (add, TRUE);
  gtk_box_append (GTK_BOX (box), add);
  gtk_box_append (GTK_BOX (box), folder);
  gtk_box_append (GTK_BOX (box), rescan);
  return box;
}

static void
make_list (Chooser *chooser)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new (), *headers = gtk_signal_list_item_factory_new ();
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;
  chooser->filter = GTK_FILTER (gtk_custom_filter_new (matches, chooser, NULL));
  filtered = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (chooser->window->house.library)), chooser->filter);
  /* Within a folder they stay as the library has them. */
  sorted = gtk_sort_list_model_new (G_LIST_MODEL (filtered), NULL);
  gtk_sort_list_model_set_section_sorter (sorted, GTK_SORTER (gtk_custom_sorter_new (by_folder, chooser, NULL)));
  chooser->found = g_object_ref (G_LIST_MODEL (sorted));
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), chooser);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), chooser);
  g_signal_connect (headers, "setup", G_CALLBACK (setup_header_cb), NULL);
  g_signal_connect (headers, "bind", G_CALLBACK (bind_header_cb), chooser);
  chooser->list = GTK_LIST_VIEW (gtk_list_view_new (GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (sorted))), factory));
  gtk_list_view_set_header_factory (chooser->list, headers);
  g_object_unref (headers);
  gtk_list_view_set_single_click_activate (chooser->list, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (chooser->list), "model-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (chooser->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Models"), -1);
  g_signal_connect_swapped (chooser->list, "activate", G_CALLBACK (choose), chooser);
  g_signal_connect_swapped (sorted, "items-changed", G_CALLBACK (found_cb), chooser);
}

static void
make_search (Chooser *chooser)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkWidget *entry = gtk_search_entry_new ();
  chooser->search = GTK_EDITABLE (entry);
  gtk_search_entry_set_placeholder_text (GTK_SEARCH_ENTRY (entry), _("Search models"));
  gtk_search_entry_set_search_delay (GTK_SEARCH_ENTRY (entry), 50);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Search Models"), -1);
  g_signal_connect_swapped (entry, "search-changed", G_CALLBACK (search_cb), chooser);
  g_signal_connect_swapped (entry, "activate", G_CALLBACK (entry_activated_cb), chooser);
  g_signal_connect_swapped (entry, "stop-search", G_CALLBACK (gtk_popover_popdown), chooser->popover);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), chooser);
  gtk_widget_add_controller (entry, keys);
}

static void
destroy_cb (Chooser *chooser)
{
  g_signal_handlers_disconnect_by_data (loader_of (chooser), chooser);
  g_signal_handlers_disconnect_by_data (chooser->found, chooser);
}

/* After the list has let go of its rows. */
static void
chooser_free (gpointer data)
{
  Chooser *chooser = data;
  g_clear_pointer (&chooser->faces, g_hash_table_unref);
  g_object_unref (chooser->found);
  g_ptr_array_unref (chooser->shown);
  g_free (chooser->needle);
  g_free (chooser);
}

GtkWidget *
sfu_model_popover_new (SfuWindow *window)
{
  Chooser *chooser = g_new0 (Chooser, 1);
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *scroller = gtk_scrolled_window_new ();
  GtkWidget *stack = gtk_stack_new (), *empty = gtk_label_new (_("No models found"));
  chooser->window = window;
  chooser->popover = GTK_POPOVER (popover);
  chooser->stack = GTK_STACK (stack);
  chooser->shown = g_ptr_array_new ();
  make_search (chooser);
  make_list (chooser);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (chooser->list));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), 420);
  gtk_widget_set_margin_top (empty, 24);
  gtk_widget_set_margin_bottom (empty, 24);
  gtk_widget_add_css_class (empty, "dim-label");
  gtk_stack_add_named (GTK_STACK (stack), scroller, "list");
  gtk_stack_add_named (GTK_STACK (stack), empty, "empty");
  gtk_stack_set_vhomogeneous (GTK_STACK (stack), FALSE);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (chooser->search));
  gtk_box_append (GTK_BOX (box), stack);
  gtk_box_append (GTK_BOX (box), make_footer ());
  gtk_widget_set_size_request (box, 340, -1);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  g_signal_connect_swapped (loader_of (chooser), "changed", G_CALLBACK (loader_changed_cb), chooser);
  g_signal_connect_swapped (popover, "map", G_CALLBACK (map_cb), chooser);
  g_signal_connect_swapped (popover, "destroy", G_CALLBACK (destroy_cb), chooser);
  g_object_set_data_full (G_OBJECT (popover), "chooser", chooser, chooser_free);
  found_cb (chooser);
  return popover;
}
