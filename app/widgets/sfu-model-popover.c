/* The models there are, each with what it is or why it cannot be used. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

typedef struct {
  SfuWindow *window;
  GtkPopover *popover;
  GtkListBox *list;
  GtkEditable *search;
} Chooser;

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  SfuLibraryModel *model = item;
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *size = g_format_size (sfu_library_model_bytes (model));
  const GError *error = sfu_library_model_error (model);
  g_autofree char *text = error == NULL ? g_strdup_printf ("%s · %s", sfu_library_model_family (model), size) : g_strdup (error->message);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), sfu_library_model_title (model));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), error != NULL ? 3 : 1);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  gtk_widget_set_tooltip_text (row, error != NULL ? error->message : sfu_library_model_path (model));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  if (error != NULL)
    adw_action_row_add_prefix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("dialog-warning-symbolic"));
  g_object_set_data_full (G_OBJECT (row), "model", g_object_ref (model), g_object_unref);
  return row;
}

static gboolean
matches (gpointer model, gpointer data)
{
  Chooser *chooser = data;
  g_autofree char *needle = g_utf8_casefold (gtk_editable_get_text (chooser->search), -1);
  g_autofree char *hay = g_utf8_casefold (sfu_library_model_title (model), -1);
  return strstr (hay, needle) != NULL;
}

static void
search_cb (GtkFilter *filter)
{
  gtk_filter_changed (filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
activated_cb (GtkListBox *list, GtkListBoxRow *row, Chooser *chooser)
{
  gtk_popover_popdown (chooser->popover);
  sfu_window_choose_model (chooser->window, g_object_get_data (G_OBJECT (row), "model"));
}

static void
add_path (SfuWindow *window, const char *path)
{
  sfu_window_choose_model (window, sfu_library_add (window->house.library, path));
}

static void
file_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) window = data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    add_path (window, g_file_peek_path (file));
}

static void
folder_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) window = data;
  g_autoptr (GFile) file = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    add_path (window, g_file_peek_path (file));
}

static void
add_file_cb (Chooser *chooser)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_popover_popdown (chooser->popover);
  gtk_file_dialog_open (dialog, GTK_WINDOW (chooser->window), NULL, file_cb, g_object_ref (chooser->window));
}

static void
add_folder_cb (Chooser *chooser)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_popover_popdown (chooser->popover);
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (chooser->window), NULL, folder_cb, g_object_ref (chooser->window));
}

static void
rescan_cb (Chooser *chooser)
{
  sfu_library_rescan (chooser->window->house.library);
}

static GtkWidget *
button (const char *title, GCallback callback, Chooser *chooser)
{
  GtkWidget *widget = gtk_button_new_with_label (title);
  g_signal_connect_swapped (widget, "clicked", callback, chooser);
  gtk_widget_set_hexpand (widget, TRUE);
  return widget;
}

GtkWidget *
sfu_model_popover_new (SfuWindow *window)
{
  Chooser *chooser = g_new0 (Chooser, 1);
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *scroller = gtk_scrolled_window_new ();
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *empty = gtk_label_new (_("No models found"));
  GtkFilter *filter;
  g_autoptr (GtkFilterListModel) found = NULL;
  chooser->window = window;
  chooser->popover = GTK_POPOVER (popover);
  chooser->search = GTK_EDITABLE (gtk_search_entry_new ());
  chooser->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_placeholder (chooser->list, empty);
  gtk_list_box_set_selection_mode (chooser->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (chooser->list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (chooser->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Models"), -1);
  filter = GTK_FILTER (gtk_custom_filter_new (matches, chooser, NULL));
  found = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (window->house.library)), filter);
  gtk_list_box_bind_model (chooser->list, G_LIST_MODEL (found), create_row, NULL, NULL);
  g_signal_connect (chooser->list, "row-activated", G_CALLBACK (activated_cb), chooser);
  g_signal_connect_object (chooser->search, "search-changed", G_CALLBACK (search_cb), filter, G_CONNECT_SWAPPED);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (chooser->list));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), 420);
  gtk_box_append (GTK_BOX (buttons), button (_("Add File…"), G_CALLBACK (add_file_cb), chooser));
  gtk_box_append (GTK_BOX (buttons), button (_("Add Folder…"), G_CALLBACK (add_folder_cb), chooser));
  gtk_box_append (GTK_BOX (buttons), button (_("Rescan"), G_CALLBACK (rescan_cb), chooser));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (chooser->search));
  gtk_box_append (GTK_BOX (box), scroller);
  gtk_box_append (GTK_BOX (box), buttons);
  gtk_widget_set_size_request (box, 340, -1);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  g_object_set_data_full (G_OBJECT (popover), "chooser", chooser, g_free);
  return popover;
}
