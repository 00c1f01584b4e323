#include <glib/gi18n.h>

#include "sfu-gallery.h"
#include "sfu-request-text.h"
#include "sfu-shortcuts.h"
#include "sfu-window-private.h"

/* -- making pictures -- */

static void
submit (SfuWindow *self, gboolean at_front)
{
  g_autoptr (SfuRequest) request = NULL;
  sfu_settings_panel_renew_seed (self->settings);
  request = sfu_settings_panel_request (self->settings);
  sfu_session_add_prompt (self->house.session, request->prompt);
  sfu_prompt_view_set_former (sfu_settings_panel_prompt (self->settings), sfu_session_prompts (self->house.session));
  if (sfu_studio_running (self->house.studio) == NULL)
    sfu_window_show_step (self, 0);
  sfu_studio_set_paused (self->house.studio, FALSE);
  sfu_studio_submit (self->house.studio, request, self->count, at_front);
  adw_bottom_sheet_set_open (self->sheet, FALSE);
}

static void
generate (SfuWindow *self)
{
  submit (self, FALSE);
}

static void
generate_next (SfuWindow *self)
{
  submit (self, TRUE);
}

static void
stop (SfuWindow *self)
{
  sfu_studio_stop (self->house.studio);
  sfu_window_update (self);
}

static void
stop_all (SfuWindow *self)
{
  sfu_window_clear_queue (self);
  stop (self);
}

static void
show_models (SfuWindow *self)
{
  gtk_popover_popup (GTK_POPOVER (self->model_popover));
}

static void
rescan_models (SfuWindow *self)
{
  sfu_library_rescan (self->house.library);
}

static void
count_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuWindow *self = SFU_WINDOW (widget);
  g_autofree char *label = NULL;
  self->count = g_variant_get_int32 (parameter);
  label = self->count > 0 ? g_strdup_printf ("\u2066×%d\u2069", self->count) : g_strdup ("×∞");
  gtk_menu_button_set_label (self->count_button, label);
}

/* -- steps -- */

static void
step_by (SfuWindow *self, int by)
{
  int step = (int) sfu_window_current_step (self) + by;
  if (self->shown_run != NULL && step >= (int) sfu_run_first_step (self->shown_run) && step <= (int) sfu_run_step (self->shown_run))
    sfu_window_show_step (self, step);
}

static void
step_back (SfuWindow *self)
{
  step_by (self, -1);
}

static void
step_forward (SfuWindow *self)
{
  step_by (self, 1);
}

static void
step_first (SfuWindow *self)
{
  if (self->shown_run != NULL && sfu_run_step (self->shown_run) > 0)
    sfu_window_show_step (self, MIN (sfu_run_first_step (self->shown_run), sfu_run_step (self->shown_run)));
}

static void
step_last (SfuWindow *self)
{
  sfu_window_show_step (self, 0);
}

static void
keep_step (SfuWindow *self)
{
  guint step = sfu_window_current_step (self);
  if (self->shown_run != NULL && step > 0)
    sfu_studio_keep (self->house.studio, self->shown_run, step);
}

static void
continue_step (SfuWindow *self)
{
  SfuMoment *moment = self->shown_run != NULL && self->shown_step > 0 ? sfu_run_moment (self->shown_run, self->shown_step) : NULL;
  g_autoptr (SfuRequest) request = sfu_settings_panel_request (self->settings);
  if (moment == NULL)
    return;
  sfu_window_show_step (self, 0);
  sfu_studio_continue (self->house.studio, request, moment);
}

/* -- settings -- */

static void
settings_action (SfuWindow *self, const char *name)
{
  gtk_widget_activate_action (GTK_WIDGET (self->settings), name, NULL);
}

static void
lock_seed (SfuWindow *self)
{
  settings_action (self, "settings.lock-seed");
}

static void
new_seed (SfuWindow *self)
{
  settings_action (self, "settings.new-seed");
}

static void
swap_size (SfuWindow *self)
{
  settings_action (self, "settings.swap-size");
}

static void
focus_text (SfuWindow *self, SfuPromptView *view)
{
  adw_overlay_split_view_set_show_sidebar (self->settings_split, TRUE);
  if (g_str_equal (adw_multi_layout_view_get_layout_name (self->layouts), "narrow"))
    adw_bottom_sheet_set_open (self->sheet, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (sfu_prompt_view_text_view (view)));
}

static void
focus_prompt (SfuWindow *self)
{
  focus_text (self, sfu_settings_panel_prompt (self->settings));
}

static void
focus_negative (SfuWindow *self)
{
  focus_text (self, sfu_settings_panel_negative (self->settings));
}

static void
former_chosen_cb (GtkListBox *list, GtkListBoxRow *row, SfuWindow *self)
{
  sfu_prompt_view_set_text (sfu_settings_panel_prompt (self->settings), adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)));
  adw_dialog_close (ADW_DIALOG (gtk_widget_get_ancestor (GTK_WIDGET (list), ADW_TYPE_DIALOG)));
}

static gboolean
former_matches (GtkListBoxRow *row, gpointer entry)
{
  g_autofree char *needle = g_utf8_casefold (gtk_editable_get_text (entry), -1);
  g_autofree char *hay = g_utf8_casefold (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), -1);
  return strstr (hay, needle) != NULL;
}

static void
former_prompts (SfuWindow *self)
{
  GPtrArray *prompts = sfu_session_prompts (self->house.session);
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new (), *scroller = gtk_scrolled_window_new (), *list = gtk_list_box_new ();
  GtkWidget *entry = gtk_search_entry_new (), *header = adw_header_bar_new ();
  for (guint i = prompts->len; i-- > 0;)
    {
      GtkWidget *row = adw_action_row_new ();
      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), prompts->pdata[i]);
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
      gtk_list_box_append (GTK_LIST_BOX (list), row);
    }
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_widget_set_valign (list, GTK_ALIGN_START);
  for (guint i = 0; i < 4; i++)
    g_object_set (list, (const char *[]) { "margin-start", "margin-end", "margin-top", "margin-bottom" }[i], 12, NULL);
  gtk_list_box_set_filter_func (GTK_LIST_BOX (list), former_matches, entry, NULL);
  g_signal_connect_swapped (entry, "search-changed", G_CALLBACK (gtk_list_box_invalidate_filter), list);
  g_signal_connect (list, "row-activated", G_CALLBACK (former_chosen_cb), self);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), entry);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), header);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), scroller);
  adw_dialog_set_title (dialog, _("Former Prompts"));
  adw_dialog_set_content_width (dialog, 520);
  adw_dialog_set_content_height (dialog, 480);
  adw_dialog_set_child (dialog, view);
  adw_dialog_set_focus (dialog, entry);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

static void
restore (SfuWindow *self)
{
  const SfuRequest *request = self->shown_picture != NULL ? sfu_picture_request (self->shown_picture)
                              : self->shown_run != NULL ? sfu_run_request (self->shown_run) : NULL;
  if (request != NULL)
    sfu_window_restore (self, request);
}

static void
use_as_start (SfuWindow *self)
{
  if (self->shown_picture == NULL)
    return;
  sfu_window_start_from (self, sfu_picture_path (self->shown_picture));
}

/* -- the picture -- */

GtkWidget *
sfu_window_gallery (SfuWindow *self)
{
  AdwNavigationPage *page = adw_navigation_view_get_visible_page (self->pages);
  return page != NULL && SFU_IS_GALLERY (page) ? GTK_WIDGET (page) : NULL;
}

/* The key is one of the whole window: in the gallery it is for what is selected there. */
static void
favourite (SfuWindow *self)
{
  if (sfu_window_gallery (self) != NULL)
    {
      gtk_widget_activate_action (sfu_window_gallery (self), "gallery.favourite", NULL);
      return;
    }
  if (self->shown_picture == NULL)
    return;
  sfu_picture_set_favourite (self->shown_picture, !sfu_picture_is_favourite (self->shown_picture));
  sfu_window_update (self);
}

static void
delete_shown (SfuWindow *self)
{
  if (self->shown_picture != NULL && sfu_history_find (self->house.history, self->shown_picture) != G_MAXUINT)
    sfu_window_delete (self, self->shown_picture);
}

static void
walk (SfuWindow *self, int by)
{
  GListModel *model = G_LIST_MODEL (self->house.history);
  guint n = g_list_model_get_n_items (model);
  guint at = self->shown_picture != NULL ? sfu_history_find (self->house.history, self->shown_picture) : G_MAXUINT;
  gint64 to = at == G_MAXUINT ? 0 : (gint64) at + by;
  if (n > 0 && to >= 0 && to < n)
    {
      g_autoptr (SfuPicture) picture = g_list_model_get_item (model, (guint) to);
      sfu_window_show_picture (self, picture);
    }
}

static void
newer (SfuWindow *self)
{
  walk (self, -1);
}

static void
older (SfuWindow *self)
{
  walk (self, 1);
}

static void
save (SfuWindow *self)
{
  if (self->shown_step > 0)
    keep_step (self);
  else if (self->shown_run != NULL && sfu_run_picture (self->shown_run) == NULL && sfu_run_image (self->shown_run) != NULL)
    sfu_studio_save (self->house.studio, self->shown_run);
  else
    sfu_window_save_as (self);
}

static void
copy (SfuWindow *self)
{
  sfu_window_copy (self);
}

static void
paste (SfuWindow *self)
{
  sfu_window_paste (self);
}

/* -- view -- */

static void
zoom_fit (SfuWindow *self)
{
  sfu_canvas_fit (self->canvas);
}

static void
zoom_50 (SfuWindow *self)
{
  sfu_canvas_zoom_to (self->canvas, 0.5);
}

static void
zoom_100 (SfuWindow *self)
{
  sfu_canvas_zoom_to (self->canvas, 1);
}

static void
zoom_200 (SfuWindow *self)
{
  sfu_canvas_zoom_to (self->canvas, 2);
}

static void
zoom_400 (SfuWindow *self)
{
  sfu_canvas_zoom_to (self->canvas, 4);
}

static void
zoom_in (SfuWindow *self)
{
  sfu_canvas_zoom_by (self->canvas, 1.5);
}

static void
zoom_out (SfuWindow *self)
{
  sfu_canvas_zoom_by (self->canvas, 1 / 1.5);
}

static void
fullscreen (SfuWindow *self)
{
  g_object_set (self, "fullscreened", !gtk_window_is_fullscreen (GTK_WINDOW (self)), NULL);
}

static void
show_settings (SfuWindow *self)
{
  if (g_str_equal (adw_multi_layout_view_get_layout_name (self->layouts), "narrow"))
    adw_bottom_sheet_set_open (self->sheet, !adw_bottom_sheet_get_open (self->sheet));
  else
    adw_overlay_split_view_set_show_sidebar (self->settings_split, !adw_overlay_split_view_get_show_sidebar (self->settings_split));
}

static void
show_history (SfuWindow *self)
{
  adw_overlay_split_view_set_show_sidebar (self->history_split, !adw_overlay_split_view_get_show_sidebar (self->history_split));
}

static void
next_pane (SfuWindow *self)
{
  GtkWidget *panes[] = { GTK_WIDGET (sfu_prompt_view_text_view (sfu_settings_panel_prompt (self->settings))), GTK_WIDGET (self->canvas),
                         GTK_WIDGET (self->film), GTK_WIDGET (self->history_view) };
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (self));
  guint at = 0;
  for (guint i = 0; focus != NULL && i < G_N_ELEMENTS (panes); i++)
    if (focus == panes[i] || gtk_widget_is_ancestor (focus, panes[i]))
      at = i + 1;
  for (guint i = 0; i < G_N_ELEMENTS (panes); i++)
    {
      GtkWidget *pane = panes[(at + i) % G_N_ELEMENTS (panes)];
      if (gtk_widget_get_mapped (pane) && gtk_widget_grab_focus (pane))
        return;
    }
}

/* Only one of the two layouts has its button in the window, and that may be hidden with the settings. */
static void
open_menu (SfuWindow *self)
{
  GtkMenuButton *buttons[] = { self->menu_button, self->narrow_menu_button };
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    if (gtk_widget_get_mapped (GTK_WIDGET (buttons[i])))
      gtk_menu_button_popup (buttons[i]);
}

/* -- other pages and dialogs -- */

static void
opened_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuWindow) self = data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    sfu_window_open (self, g_file_peek_path (file));
}

static void
open_file (SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_filter_add_pixbuf_formats (filter);
  gtk_file_dialog_set_default_filter (dialog, filter);
  gtk_file_dialog_open (dialog, GTK_WINDOW (self), NULL, opened_cb, g_object_ref (self));
}

static void
show_gallery (SfuWindow *self, gboolean search)
{
  GtkWidget *page = sfu_window_gallery (self);
  if (page == NULL)
    adw_navigation_view_push (self->pages, ADW_NAVIGATION_PAGE (sfu_gallery_new (self, search)));
  else if (search)
    gtk_widget_activate_action (page, "gallery.search", NULL);
  else
    adw_navigation_view_pop (self->pages);
  sfu_window_update_actions (self);
}

static void
gallery (SfuWindow *self)
{
  show_gallery (self, FALSE);
}

static void
search (SfuWindow *self)
{
  show_gallery (self, TRUE);
}

static void
preferences (SfuWindow *self)
{
  adw_dialog_present (sfu_preferences_new (self), GTK_WIDGET (self));
}

static void
shortcuts (SfuWindow *self)
{
  adw_dialog_present (sfu_shortcuts_dialog_new (), GTK_WIDGET (self));
}

static void
about (SfuWindow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "app.about", NULL);
}

/* -- the table -- */

typedef enum { NEEDS_NOTHING, NEEDS_PICTURE, NEEDS_PICTURE_OR_GALLERY, NEEDS_SETTINGS, NEEDS_OTHER, NEEDS_RUN, NEEDS_MOMENT } Needs;

static const struct {
  const char *name;
  void (*run) (SfuWindow *self);
  Needs needs;
} actions[] = {
  { "win.generate", generate },
  { "win.generate-next", generate_next },
  { "win.stop", stop },
  { "win.stop-all", stop_all },
  { "win.clear-queue", sfu_window_clear_queue },
  { "win.queue", sfu_window_show_queue },
  { "win.models", show_models },
  { "win.add-model-file", sfu_window_add_model_file },
  { "win.add-model-folder", sfu_window_add_model_folder },
  { "win.locate-model", sfu_window_locate_model },
  { "win.cancel-loading", sfu_window_cancel_loading },
  { "win.open-model-folder", sfu_window_open_model_folder },
  { "win.rescan-models", rescan_models },
  { "win.model-details", sfu_window_model_details },
  { "win.lock-seed", lock_seed },
  { "win.new-seed", new_seed },
  { "win.swap-size", swap_size },
  { "win.focus-prompt", focus_prompt },
  { "win.focus-negative", focus_negative },
  { "win.former-prompts", former_prompts },
  { "win.restore", restore, NEEDS_SETTINGS },
  { "win.use-as-start", use_as_start, NEEDS_PICTURE },
  { "win.favourite", favourite, NEEDS_PICTURE_OR_GALLERY },
  { "win.delete", delete_shown, NEEDS_PICTURE },
  { "win.undo-delete", sfu_window_undo_delete },
  { "win.save", save },
  { "win.save-as", sfu_window_save_as, NEEDS_PICTURE },
  { "win.copy", copy, NEEDS_PICTURE },
  { "win.paste", paste },
  { "win.copy-settings", sfu_window_copy_settings, NEEDS_SETTINGS },
  { "win.show-in-files", sfu_window_show_in_files, NEEDS_PICTURE },
  { "win.open-with", sfu_window_open_with, NEEDS_PICTURE },
  { "win.details", sfu_window_details, NEEDS_PICTURE },
  { "win.compare", sfu_window_compare, NEEDS_OTHER },
  { "win.flip", sfu_window_flip },
  { "win.side-by-side", sfu_window_side_by_side },
  { "win.newer", newer },
  { "win.older", older },
  { "win.step-back", step_back, NEEDS_RUN },
  { "win.step-forward", step_forward, NEEDS_RUN },
  { "win.step-first", step_first, NEEDS_RUN },
  { "win.step-last", step_last, NEEDS_RUN },
  { "win.live-step", step_last, NEEDS_RUN },
  { "win.keep-step", keep_step, NEEDS_MOMENT },
  { "win.continue-step", continue_step, NEEDS_MOMENT },
  { "win.zoom-fit", zoom_fit },
  { "win.zoom-50", zoom_50 },
  { "win.zoom-100", zoom_100 },
  { "win.zoom-200", zoom_200 },
  { "win.zoom-400", zoom_400 },
  { "win.zoom-in", zoom_in },
  { "win.zoom-out", zoom_out },
  { "win.fullscreen", fullscreen },
  { "win.show-settings", show_settings },
  { "win.show-history", show_history },
  { "win.next-pane", next_pane },
  { "win.menu", open_menu },
  { "win.open", open_file },
  { "win.gallery", gallery },
  { "win.search", search },
  { "win.preferences", preferences },
  { "win.shortcuts", shortcuts },
  { "win.about", about },
};

static void
run_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i].name, name))
      {
        actions[i].run (SFU_WINDOW (widget));
        return;
      }
}

void
sfu_window_install_actions (GtkWidgetClass *widget_class)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (widget_class, actions[i].name, NULL, run_action);
  gtk_widget_class_install_action (widget_class, "win.count", "i", count_action);
}

void
sfu_window_update_actions (SfuWindow *self)
{
  guint step = sfu_window_current_step (self);
  const gboolean have[] = {
    [NEEDS_NOTHING] = TRUE,
    [NEEDS_PICTURE] = self->shown_picture != NULL,
    [NEEDS_PICTURE_OR_GALLERY] = self->shown_picture != NULL || sfu_window_gallery (self) != NULL,
    [NEEDS_SETTINGS] = self->shown_run != NULL || (self->shown_picture != NULL && sfu_picture_request (self->shown_picture) != NULL),
    [NEEDS_OTHER] = sfu_window_can_compare (self),
    [NEEDS_RUN] = self->shown_run != NULL,
    [NEEDS_MOMENT] = self->shown_run != NULL && step > 0 && sfu_run_moment (self->shown_run, step) != NULL,
  };
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (actions[i].needs != NEEDS_NOTHING)
      gtk_widget_action_set_enabled (GTK_WIDGET (self), actions[i].name, have[actions[i].needs]);
}
