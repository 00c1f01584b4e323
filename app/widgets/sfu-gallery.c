#include "sfu-gallery.h"

#include <glib/gi18n.h>

#include "sfu-picture-grid.h"
#include "sfu-window-private.h"

struct _SfuGallery {
  AdwNavigationPage parent_instance;
  SfuWindow *window; /* outlives the page */
  AdwToolbarView *bars;
  AdwToggleGroup *which;
  AdwBin *area, *place;
  AdwStatusPage *status;
  GtkStack *stack;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search;
  GtkToggleButton *select_button;
  GtkAdjustment *size;
  GtkWidget *compare;
  GtkLabel *count;
  GMenuModel *menu;
  GtkWidget *menu_popover;
  GtkFilter *filter;
  GListModel *pictures; /* those that are wanted */
  SfuPictureGrid *grid;
  GStrv needles;        /* casefolded words, all of which must be found */
  gint64 today;         /* seconds when today began */
};

G_DEFINE_FINAL_TYPE (SfuGallery, sfu_gallery, ADW_TYPE_NAVIGATION_PAGE)

/* -- which pictures -- */

static gboolean
wanted (gpointer item, gpointer data)
{
  SfuGallery *self = data;
  const char *which = adw_toggle_group_get_active_name (self->which);
  if (g_strcmp0 (which, "favourites") == 0 && !sfu_picture_is_favourite (item))
    return FALSE;
  if (g_strcmp0 (which, "today") == 0 && sfu_picture_created (item) < self->today)
    return FALSE;
  return sfu_picture_matches (item, (const char *const *) self->needles);
}

static void
find_words (SfuGallery *self)
{
  g_autofree char *text = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search)), -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_strv_builder_add (builder, words[i]);
  g_strfreev (self->needles);
  self->needles = g_strv_builder_end (builder);
}

static void
find_today (SfuGallery *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) morning = g_date_time_new_local (g_date_time_get_year (now), g_date_time_get_month (now),
                                                         g_date_time_get_day_of_month (now), 0, 0, 0);
  self->today = morning != NULL ? g_date_time_to_unix (morning) : 0;
}

/* Says why there is nothing, if there is nothing. */
static void
update_stack (SfuGallery *self)
{
  gboolean none = g_list_model_get_n_items (self->pictures) == 0;
  gboolean searching = self->needles[0] != NULL;
  gboolean favourites = g_strcmp0 (adw_toggle_group_get_active_name (self->which), "favourites") == 0;
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->window->house.history)) > 0;
  gtk_stack_set_visible_child_name (self->stack, none ? "empty" : "pictures");
  adw_status_page_set_icon_name (self->status, searching && any ? "system-search-symbolic" : favourites && any ? "starred-symbolic"
                                                                                             : "image-x-generic-symbolic");
  adw_status_page_set_title (self->status, searching && any ? _("Nothing Found") : favourites && any ? _("No Favourites Yet")
                                           : any ? _("No Pictures Today") : _("No Pictures Yet"));
  adw_status_page_set_description (self->status, searching && any ? _("Try other words, or another seed.")
                                                 : favourites && any ? _("Pictures with a star are found here.")
                                                 : _("What you make is kept here."));
}

static void
filter_changed (SfuGallery *self)
{
  find_words (self);
  find_today (self);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  update_stack (self);
}

static void
search_changed_cb (SfuGallery *self)
{
  filter_changed (self);
}

static void
search_activated_cb (SfuGallery *self)
{
  sfu_picture_grid_focus (self->grid, 0);
}

/* With the search closed the keys are the pictures' again: a second Escape must find the page, not an entry that is going.
 * There may be no picture, or none laid out yet. */
static void
search_mode_cb (SfuGallery *self)
{
  if (gtk_search_bar_get_search_mode (self->search_bar))
    return;
  gtk_widget_grab_focus (GTK_WIDGET (self->which));
  sfu_picture_grid_focus (self->grid, sfu_picture_grid_cursor (self->grid));
}

/* -- what is selected -- */

static void
selection_cb (SfuGallery *self)
{
  guint n = sfu_picture_grid_n_selected (self->grid);
  g_autofree char *text = g_strdup_printf (g_dngettext (NULL, "%u selected", "%u selected", n), n);
  gtk_label_set_text (self->count, text);
  adw_toolbar_view_set_reveal_bottom_bars (self->bars, n > 0);
  gtk_widget_set_visible (self->compare, n == 2);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "gallery.compare", n == 2);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "gallery.show", n <= 1);
}

/* The window may be about to free the page. */
static void
show_picture (SfuGallery *self, SfuPicture *picture)
{
  SfuWindow *window = self->window;
  g_autoptr (SfuPicture) held = g_object_ref (picture);
  adw_navigation_view_pop (window->pages);
  sfu_window_show_picture (window, held);
  gtk_widget_grab_focus (GTK_WIDGET (window->canvas));
}

static void
show_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  g_autoptr (GPtrArray) pictures = sfu_picture_grid_selected (self->grid);
  if (pictures->len > 0)
    show_picture (self, pictures->pdata[0]);
}

static void
favourite_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  g_autoptr (GPtrArray) pictures = sfu_picture_grid_selected (self->grid);
  gboolean all = TRUE;
  for (guint i = 0; i < pictures->len; i++)
    all &= sfu_picture_is_favourite (pictures->pdata[i]);
  for (guint i = 0; i < pictures->len; i++)
    sfu_picture_set_favourite (pictures->pdata[i], !all);
  if (g_strcmp0 (adw_toggle_group_get_active_name (self->which), "favourites") == 0)
    filter_changed (self);
  sfu_window_update (self->window);
}

static void
delete_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  g_autoptr (GPtrArray) pictures = sfu_picture_grid_selected (self->grid);
  guint cursor = sfu_picture_grid_cursor (self->grid);
  if (pictures->len == 0)
    return;
  for (guint i = 0; i < pictures->len; i++)
    sfu_window_delete (self->window, pictures->pdata[i]);
  sfu_picture_grid_unselect_all (self->grid);
  sfu_picture_grid_focus (self->grid, cursor - MIN (cursor, pictures->len - 1));
}

static void
undo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sfu_window_undo_delete (SFU_GALLERY (widget)->window);
}

/* The older one is the one that the newer is compared with. */
static void
compare_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  g_autoptr (GPtrArray) pictures = sfu_picture_grid_selected (self->grid);
  SfuWindow *window = self->window;
  if (pictures->len != 2)
    return;
  show_picture (self, pictures->pdata[0]);
  sfu_window_compare_with (window, pictures->pdata[1]);
}

static void
select_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sfu_picture_grid_select_all (SFU_GALLERY (widget)->grid);
}

static void
search_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

/* -- exporting -- */

typedef struct {
  SfuWindow *window;
  guint left, done;
  GError *error; /* the first */
} Export;

static void
copied_cb (GObject *file, GAsyncResult *result, gpointer data)
{
  Export *export = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  if (g_file_copy_finish (G_FILE (file), result, &error))
    export->done++;
  else if (export->error == NULL)
    export->error = g_steal_pointer (&error);
  if (--export->left > 0)
    return;
  text = g_strdup_printf (g_dngettext (NULL, "%u picture exported", "%u pictures exported", export->done), export->done);
  sfu_window_toast (export->window, export->error != NULL ? export->error->message : text);
  g_clear_error (&export->error);
  g_object_unref (export->window);
  g_free (export);
}

typedef struct {
  SfuWindow *window;
  GPtrArray *pictures;
} Chosen;

static void
folder_chosen_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autofree Chosen *chosen = data;
  g_autoptr (SfuWindow) window = chosen->window;
  g_autoptr (GPtrArray) pictures = chosen->pictures;
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  Export *export;
  if (folder == NULL)
    return;
  export = g_new0 (Export, 1);
  export->window = g_object_ref (window);
  export->left = pictures->len;
  for (guint i = 0; i < pictures->len; i++)
    {
      g_autoptr (GFile) source = g_file_new_for_path (sfu_picture_path (pictures->pdata[i]));
      g_autofree char *name = g_file_get_basename (source);
      g_autoptr (GFile) target = g_file_get_child (folder, name);
      g_file_copy_async (source, target, G_FILE_COPY_NONE, G_PRIORITY_DEFAULT, NULL, NULL, NULL, copied_cb, export);
    }
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuGallery *self = SFU_GALLERY (widget);
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GPtrArray) pictures = sfu_picture_grid_selected (self->grid);
  Chosen *chosen;
  if (pictures->len == 0)
    return;
  chosen = g_new0 (Chosen, 1);
  chosen->window = g_object_ref (self->window);
  chosen->pictures = g_steal_pointer (&pictures);
  gtk_file_dialog_set_title (dialog, _("Export Pictures"));
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self->window), NULL, folder_chosen_cb, chosen);
}

/* -- the grid -- */

static void
menu_cb (SfuGallery *self, double x, double y)
{
  graphene_point_t at;
  if (!gtk_widget_compute_point (GTK_WIDGET (self->grid), GTK_WIDGET (self->area), &GRAPHENE_POINT_INIT (x, y), &at))
    return;
  if (self->menu_popover == NULL)
    {
      self->menu_popover = gtk_popover_menu_new_from_model (self->menu);
      gtk_widget_set_parent (self->menu_popover, GTK_WIDGET (self->area));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu_popover), FALSE);
      gtk_widget_set_halign (self->menu_popover, GTK_ALIGN_START);
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu_popover), &(GdkRectangle) { (int) at.x, (int) at.y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu_popover));
}

static void
size_cb (SfuGallery *self)
{
  sfu_picture_grid_set_size (self->grid, (int) gtk_adjustment_get_value (self->size));
}

static void
selecting_cb (SfuGallery *self)
{
  gboolean selecting = gtk_toggle_button_get_active (self->select_button);
  sfu_picture_grid_set_selecting (self->grid, selecting);
  if (!selecting)
    sfu_picture_grid_unselect_all (self->grid);
}

static void
add_grid (SfuGallery *self)
{
  SfuWindow *window = self->window;
  self->filter = GTK_FILTER (gtk_custom_filter_new (wanted, self, NULL));
  self->pictures = G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (window->house.history)), g_object_ref (self->filter)));
  self->grid = sfu_picture_grid_new (self->pictures, window->thumbnails);
  adw_bin_set_child (self->place, GTK_WIDGET (self->grid));
  g_signal_connect_object (self->pictures, "items-changed", G_CALLBACK (update_stack), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (self->grid, "selection-changed", G_CALLBACK (selection_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->grid, "activate", G_CALLBACK (show_picture), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->grid, "menu", G_CALLBACK (menu_cb), self, G_CONNECT_SWAPPED);
}

/* The first look goes to the picture that was on the canvas. */
static void
sfu_gallery_shown (AdwNavigationPage *page)
{
  SfuGallery *self = SFU_GALLERY (page);
  guint position = 0;
  ADW_NAVIGATION_PAGE_CLASS (sfu_gallery_parent_class)->shown (page);
  if (gtk_search_bar_get_search_mode (self->search_bar))
    gtk_widget_grab_focus (GTK_WIDGET (self->search));
  else
    {
      if (self->window->shown_picture != NULL)
        position = sfu_history_find (self->window->house.history, self->window->shown_picture);
      sfu_picture_grid_focus (self->grid, position == G_MAXUINT ? 0 : position);
    }
}

/* -- the object -- */

static void
sfu_gallery_dispose (GObject *object)
{
  SfuGallery *self = SFU_GALLERY (object);
  g_clear_pointer (&self->menu_popover, gtk_widget_unparent);
  if (self->filter != NULL) /* the list may outlive the page, which it asks */
    gtk_custom_filter_set_filter_func (GTK_CUSTOM_FILTER (self->filter), NULL, NULL, NULL);
  g_clear_object (&self->filter);
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_GALLERY);
  g_clear_object (&self->pictures);
  g_clear_pointer (&self->needles, g_strfreev);
  G_OBJECT_CLASS (sfu_gallery_parent_class)->dispose (object);
}

static void
sfu_gallery_class_init (SfuGalleryClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_gallery_dispose;
  ADW_NAVIGATION_PAGE_CLASS (klass)->shown = sfu_gallery_shown;
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-gallery.ui");
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, SfuGallery, name)
  CHILD (bars); CHILD (which); CHILD (area); CHILD (place); CHILD (status); CHILD (stack); CHILD (search_bar); CHILD (search);
  CHILD (select_button); CHILD (size); CHILD (compare); CHILD (count); CHILD (menu);
#undef CHILD
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activated_cb);
  gtk_widget_class_install_action (widget_class, "gallery.show", NULL, show_action);
  gtk_widget_class_install_action (widget_class, "gallery.favourite", NULL, favourite_action);
  gtk_widget_class_install_action (widget_class, "gallery.delete", NULL, delete_action);
  gtk_widget_class_install_action (widget_class, "gallery.undo", NULL, undo_action);
  gtk_widget_class_install_action (widget_class, "gallery.export", NULL, export_action);
  gtk_widget_class_install_action (widget_class, "gallery.compare", NULL, compare_action);
  gtk_widget_class_install_action (widget_class, "gallery.select-all", NULL, select_all_action);
  gtk_widget_class_install_action (widget_class, "gallery.search", NULL, search_action);
}

/* Keys of the grid: in the search they mean text. */
static void
add_keys (SfuGallery *self)
{
  static const struct { const char *trigger, *action; } keys[] = {
    { "Delete|KP_Delete", "gallery.delete" }, { "<Control>a", "gallery.select-all" }, { "<Control>z", "gallery.undo" }, { "c", "gallery.compare" },
  };
  GtkEventController *controller = gtk_shortcut_controller_new ();
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                          gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].trigger), gtk_named_action_new (keys[i].action)));
  gtk_widget_add_controller (GTK_WIDGET (self->grid), controller);
}

static void
sfu_gallery_init (SfuGallery *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search));
  find_words (self);
  find_today (self);
}

SfuGallery *
sfu_gallery_new (SfuWindow *window, gboolean search)
{
  SfuGallery *self = g_object_new (SFU_TYPE_GALLERY, NULL);
  self->window = window;
  add_grid (self);
  add_keys (self);
  g_settings_bind (window->house.settings, "gallery-size", self->size, "value", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (self->size, "value-changed", G_CALLBACK (size_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->which, "notify::active-name", G_CALLBACK (filter_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->select_button, "notify::active", G_CALLBACK (selecting_cb), self, G_CONNECT_SWAPPED);
  gtk_search_bar_set_search_mode (self->search_bar, search);
  g_signal_connect_object (self->search_bar, "notify::search-mode-enabled", G_CALLBACK (search_mode_cb), self, G_CONNECT_SWAPPED);
  size_cb (self);
  selection_cb (self);
  update_stack (self);
  return self;
}
