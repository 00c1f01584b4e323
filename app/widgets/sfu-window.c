#include "sfu-window-private.h"

#include <glib/gi18n.h>

#include "sfu-error-words.h"
#include "sfu-shortcuts.h"
#include "sfu-texture.h"

/* A run of so many seconds is worth saying when half of it is done. */
#define LONG_SECONDS 8
#define UNDO_SECONDS 10

G_DEFINE_FINAL_TYPE (SfuWindow, sfu_window, ADW_TYPE_APPLICATION_WINDOW)

/* -- small helpers -- */

void
sfu_window_toast (SfuWindow *self, const char *text)
{
  AdwToast *toast = adw_toast_new (text);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
details_response_cb (AdwAlertDialog *dialog, const char *response, GtkWidget *self)
{
  if (g_str_equal (response, "copy"))
    gdk_clipboard_set_text (gtk_widget_get_clipboard (self), adw_alert_dialog_get_body (dialog));
}

void
sfu_window_show_details (SfuWindow *self, const char *text)
{
  AdwDialog *dialog = adw_alert_dialog_new (_("What Went Wrong"), text);
  adw_alert_dialog_set_prefer_wide_layout (ADW_ALERT_DIALOG (dialog), TRUE);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "copy", _("Copy _Report"), "close", _("_Close"), NULL);
  g_signal_connect_object (dialog, "response", G_CALLBACK (details_response_cb), self, 0);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

static void
toast_details_cb (AdwToast *toast, SfuWindow *self)
{
  sfu_window_show_details (self, g_object_get_data (G_OBJECT (toast), "message"));
}

void
sfu_window_toast_error (SfuWindow *self, const GError *error)
{
  AdwToast *toast = adw_toast_new (sfu_error_words (error));
  adw_toast_set_use_markup (toast, FALSE);
  if (sfu_error_has_details (error))
    {
      adw_toast_set_button_label (toast, _("Details"));
      g_object_set_data_full (G_OBJECT (toast), "message", g_strdup (error->message), g_free);
      g_signal_connect_object (toast, "button-clicked", G_CALLBACK (toast_details_cb), self, 0);
    }
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
banner_clicked_cb (SfuWindow *self)
{
  void (*action) (SfuWindow *) = self->banner_action;
  adw_banner_set_revealed (self->banner, FALSE);
  if (action != NULL)
    action (self);
}

void
sfu_window_banner (SfuWindow *self, const char *title, const char *button, void (*action) (SfuWindow *self))
{
  adw_banner_set_title (self->banner, title);
  adw_banner_set_button_label (self->banner, button != NULL ? button : _("Dismiss"));
  adw_banner_set_revealed (self->banner, TRUE);
  self->banner_action = action;
  gtk_accessible_announce (GTK_ACCESSIBLE (self), title, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
announce (SfuWindow *self, const char *text)
{
  gtk_accessible_announce (GTK_ACCESSIBLE (self), text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

/* -- studio -- */

static void
running_cb (SfuWindow *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  if (run != NULL)
    g_signal_connect_object (run, "changed", G_CALLBACK (sfu_window_update_soon), self, G_CONNECT_SWAPPED);
  sfu_window_save_session_soon (self);
}

static void
run_started_cb (SfuWindow *self, SfuRun *run)
{
  gboolean pinned = self->shown_run != NULL && self->shown_step > 0;
  adw_banner_set_revealed (self->banner, FALSE);
  self->announced_half = FALSE;
  announce (self, _("Generating"));
  if (!pinned)
    sfu_window_show_run (self, run);
  sfu_window_update (self);
}

static void
run_ended_cb (SfuWindow *self, SfuRun *run)
{
  g_autofree char *text = NULL;
  switch (sfu_run_state (run))
    {
    case SFU_JOB_FAILED:
      sfu_window_show_error (self, run);
      sfu_window_notify_failed (self, run);
      break;
    case SFU_JOB_STOPPED:
      text = g_strdup_printf (_("Stopped at step %u"), sfu_run_step (run));
      break;
    default:
      text = g_strdup_printf (_("Picture finished in %.1f seconds"), sfu_run_seconds (run));
    }
  if (text != NULL)
    announce (self, text);
  if (run == self->shown_run)
    sfu_window_draw_canvas (self);
  sfu_window_update (self);
}

static void
picture_saved_cb (SfuWindow *self, SfuRun *run, SfuPicture *picture)
{
  sfu_window_notify_saved (self, run, picture);
  if (run == self->shown_run && sfu_run_picture (run) == picture)
    {
      sfu_window_remember_shown (self, picture);
      sfu_window_select_shown (self);
    }
  else if (run == self->shown_run)
    sfu_window_toast (self, _("Step kept as a picture"));
  sfu_window_save_session_soon (self);
  sfu_window_update (self);
}

static void
note_cb (SfuWindow *self, guint kind, const char *sentence)
{
  const char *words[] = {
    [SFU_NOTE_PREVIEWS] = NULL, /* no news while one watches them; the preferences say it */
    [SFU_NOTE_FULL_PRECISION] = N_("Computed in full precision: 16 bits were not enough"),
    [SFU_NOTE_LOST_WORDS] = N_("The prompt is too long for this model: its end was left out"),
    [SFU_NOTE_PROMPT_EDITS] = N_("Words that change from step to step are read as they stand"),
    [SFU_NOTE_BEGUN_AGAIN] = N_("The graphics driver stopped responding: the picture is begun again"),
    [SFU_NOTE_NOT_KEPT] = N_("The step could not be made into a picture"),
  };
  if (words[kind] != NULL)
    sfu_window_toast (self, _(words[kind]));
}

static void
step_chosen_cb (SfuWindow *self, guint step)
{
  sfu_window_show_step (self, step);
}

static gboolean
clock_cb (gpointer data)
{
  SfuWindow *self = data;
  SfuRun *run = sfu_studio_running (self->house.studio);
  /* The time left goes down between steps too. */
  if (self->stale)
    sfu_window_update (self);
  else if (self->state != SFU_WINDOW_IDLE)
    {
      g_autofree char *status = sfu_window_status_text (self);
      gtk_label_set_text (self->status_label, status);
      sfu_window_update_progress (self);
    }
  if (run != NULL && !self->announced_half && sfu_run_progress (run) > 0.5)
    {
      self->announced_half = TRUE;
      if (sfu_run_seconds (run) > LONG_SECONDS / 2.0)
        announce (self, _("Half done"));
    }
  return G_SOURCE_CONTINUE;
}

/* -- settings and model -- */

static void
settings_changed_cb (SfuWindow *self)
{
  g_autoptr (SfuRequest) request = sfu_settings_panel_request (self->settings);
  sfu_canvas_set_paper (self->canvas, request->width, request->height);
  if (self->shown_run == NULL && self->shown_picture == NULL)
    sfu_step_film_set_run (self->film, NULL, request->steps);
  gtk_label_set_text (self->prompt_line, *request->prompt != '\0' ? request->prompt : _("Describe the picture…"));
  sfu_window_update (self);
  sfu_window_save_session_soon (self);
}

static void
model_activated_cb (SfuWindow *self)
{
  gtk_popover_popup (GTK_POPOVER (self->model_popover));
}

/* The model that is wanted, also if it is gone, else the one that comes with the program, else any that works. */
static void
library_scanned_cb (SfuWindow *self)
{
  SfuLibrary *library = self->house.library;
  SfuLibraryModel *model = sfu_library_find (library, self->wanted_model);
  g_autoptr (SfuLibraryModel) gone = NULL;
  if (model == NULL && self->wanted_model != NULL && g_file_test (self->wanted_model, G_FILE_TEST_EXISTS))
    model = sfu_library_add (library, self->wanted_model);
  else if (model == NULL && self->wanted_model != NULL)
    model = gone = sfu_library_model_new (self->wanted_model);
  if (model == NULL && self->house.default_model != NULL)
    model = sfu_library_find (library, self->house.default_model);
  for (guint i = 0; model == NULL && i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (SfuLibraryModel) any = g_list_model_get_item (G_LIST_MODEL (library), i);
      if (sfu_library_model_error (any) == NULL)
        model = any; /* the library holds it */
    }
  sfu_window_choose_model (self, model);
}

/* A request's settings, and its model if that is here. FALSE: it is not. */
static gboolean
take_request (SfuWindow *self, const SfuRequest *request)
{
  SfuLibraryModel *model = sfu_library_find (self->house.library, request->model);
  if (model != NULL && model != sfu_settings_panel_model (self->settings))
    sfu_window_choose_model (self, model);
  sfu_settings_panel_set_request (self->settings, request);
  return model != NULL;
}

static void
undo_restore_cb (AdwToast *toast, SfuWindow *self)
{
  take_request (self, g_object_get_data (G_OBJECT (toast), "before"));
}

void
sfu_window_restore (SfuWindow *self, const SfuRequest *request)
{
  AdwToast *toast = adw_toast_new (_("Settings restored"));
  g_object_set_data_full (G_OBJECT (toast), "before", sfu_settings_panel_request (self->settings), (GDestroyNotify) sfu_request_unref);
  if (!take_request (self, request) && *request->model != '\0')
    {
      g_autofree char *name = g_path_get_basename (request->model);
      g_autofree char *text = g_strdup_printf (_("Settings restored; the model “%s” is not here"), name);
      adw_toast_set_use_markup (toast, FALSE);
      adw_toast_set_title (toast, text);
    }
  adw_toast_set_button_label (toast, _("Undo"));
  adw_toast_set_timeout (toast, UNDO_SECONDS);
  g_signal_connect (toast, "button-clicked", G_CALLBACK (undo_restore_cb), self);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* -- keys -- */

/* Escape: what is open closes by itself; then a scrub, a running job (once more: all that waits), a comparison,
 * full screen. */
static gboolean
key_cb (SfuWindow *self, guint key, guint code, GdkModifierType state)
{
  if (key != GDK_KEY_Escape)
    return FALSE;
  if (state & GDK_SHIFT_MASK)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.stop-all", NULL);
  else if (self->shown_step > 0 && self->shown_run != NULL)
    sfu_window_show_step (self, 0);
  else if (self->state == SFU_WINDOW_STOPPING)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.stop-all", NULL);
  else if (self->state != SFU_WINDOW_IDLE)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.stop", NULL);
  else if (sfu_canvas_is_comparing (self->canvas))
    sfu_window_stop_comparing (self);
  else if (gtk_window_is_fullscreen (GTK_WINDOW (self)))
    gtk_window_unfullscreen (GTK_WINDOW (self));
  else if (sfu_loader_is_loading (sfu_studio_loader (self->house.studio), NULL, NULL)
           || sfu_loader_is_tuning (sfu_studio_loader (self->house.studio), NULL))
    sfu_window_cancel_loading (self);
  else if (adw_banner_get_revealed (self->banner))
    adw_banner_set_revealed (self->banner, FALSE);
  else
    return FALSE;
  return TRUE;
}

static void
generate_clicked_cb (SfuWindow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), self->state == SFU_WINDOW_IDLE ? "win.generate" : "win.stop", NULL);
}

static void
zoom_cb (SfuWindow *self)
{
  g_autofree char *text = g_strdup_printf ("\u2066%.0f %%\u2069", sfu_canvas_get_zoom (self->canvas) * 100);
  gtk_menu_button_set_label (self->zoom_button, text);
}

static void
mat_cb (SfuWindow *self)
{
  sfu_canvas_set_mat (self->canvas, g_settings_get_enum (self->house.settings, "mat"));
  sfu_canvas_set_smooth (self->canvas, g_settings_get_boolean (self->house.settings, "smooth-when-enlarged"));
}

/* -- closing -- */

static void
close_response_cb (AdwAlertDialog *dialog, const char *response, SfuWindow *self)
{
  if (g_str_equal (response, "stop"))
    {
      g_ptr_array_unref (sfu_studio_clear (self->house.studio));
      sfu_studio_stop (self->house.studio);
      gtk_window_destroy (GTK_WINDOW (self));
    }
  else if (g_str_equal (response, "background"))
    sfu_window_go_to_background (self);
}

static gboolean
sfu_window_close_request (GtkWindow *window)
{
  SfuWindow *self = SFU_WINDOW (window);
  AdwDialog *dialog;
  gboolean busy = self->state != SFU_WINDOW_IDLE;
  if (!busy && sfu_studio_n_unsaved (self->house.studio) == 0)
    return GTK_WINDOW_CLASS (sfu_window_parent_class)->close_request (window);
  if (!busy)
    {
      dialog = adw_alert_dialog_new (_("Close Without Saving?"), _("A picture could not be saved and is only in memory."));
      adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _("_Cancel"), "stop", _("C_lose"), NULL);
    }
  else
    {
      dialog = adw_alert_dialog_new (_("A Picture Is Being Made"), _("Stop it, or let it finish without the window?"));
      adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "cancel", _("_Cancel"));
      if (g_settings_get_boolean (self->house.settings, "run-in-background"))
        adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "background", _("_Keep Running"));
      adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "stop", _("_Stop and Close"));
    }
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "stop", ADW_RESPONSE_DESTRUCTIVE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (close_response_cb), self, 0);
  adw_dialog_present (dialog, GTK_WIDGET (self));
  return TRUE;
}

/* -- the object -- */

static void
sfu_window_dispose (GObject *object)
{
  SfuWindow *self = SFU_WINDOW (object);
  sfu_window_finish_presence (self);
  if (self->house.studio != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->house.studio, self);
      g_signal_handlers_disconnect_by_data (sfu_studio_waiting (self->house.studio), self);
      sfu_window_save_session (self);
    }
  g_clear_handle_id (&self->session_source, g_source_remove);
  g_clear_handle_id (&self->clock_source, g_source_remove);
  g_clear_handle_id (&self->bars_source, g_source_remove);
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  sfu_window_set_shown_run (self, NULL);
  g_clear_object (&self->shown_picture);
  g_clear_object (&self->former_picture);
  g_clear_object (&self->shown_texture);
  sfu_window_forget_comparison (self);
  g_clear_object (&self->failed_run);
  g_clear_object (&self->model_monitor);
  g_clear_pointer (&self->wanted_model, g_free);
  g_clear_pointer (&self->model_popover, gtk_widget_unparent);
  g_clear_pointer (&self->queue_popover, gtk_widget_unparent);
  g_clear_pointer (&self->history_menu, gtk_widget_unparent);
  g_clear_pointer (&self->deleted, g_ptr_array_unref);
  if (self->history_view != NULL)
    gtk_list_view_set_model (self->history_view, NULL);
  self->house.studio = NULL;
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_WINDOW);
  G_OBJECT_CLASS (sfu_window_parent_class)->dispose (object);
}

static void
sfu_window_finalize (GObject *object)
{
  /* Tiles let go of their thumbnails until the last of them is gone. */
  sfu_thumbnails_free (SFU_WINDOW (object)->thumbnails);
  G_OBJECT_CLASS (sfu_window_parent_class)->finalize (object);
}

static void
sfu_window_class_init (SfuWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, SfuWindow, name)
  G_OBJECT_CLASS (klass)->dispose = sfu_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = sfu_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = sfu_window_close_request;
  g_type_ensure (SFU_TYPE_SETTINGS_PANEL);
  g_type_ensure (SFU_TYPE_CANVAS);
  g_type_ensure (SFU_TYPE_STEP_FILM);
  g_type_ensure (SFU_TYPE_PICTURE_TILE);
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-window.ui");
  CHILD (toasts); CHILD (pages); CHILD (layouts); CHILD (settings_split); CHILD (history_split); CHILD (sheet);
  CHILD (wide_view); CHILD (narrow_view); CHILD (stage_view);
  CHILD (wide_title); CHILD (narrow_title); CHILD (menu_button); CHILD (narrow_menu_button); CHILD (picture_button); CHILD (count_button);
  CHILD (queue_button); CHILD (zoom_button); CHILD (compare_button); CHILD (favourites_toggle); CHILD (favourite_button);
  CHILD (generate_button); CHILD (narrow_button); CHILD (add_button); CHILD (live_button); CHILD (keep_button); CHILD (continue_button);
  CHILD (waiting_tile); CHILD (prompt_line); CHILD (queue_badge); CHILD (status_label); CHILD (waiting_label);
  CHILD (banner); CHILD (progress); CHILD (drop_zones); CHILD (step_bar); CHILD (running_box); CHILD (history_box);
  CHILD (history_tools); CHILD (zoom_box); CHILD (history_view); CHILD (history_scroller); CHILD (settings);
  CHILD (canvas); CHILD (film); CHILD (running_tile); CHILD (running_button); CHILD (failed_box); CHILD (history_empty);
  CHILD (history_empty_label);
#undef CHILD
  gtk_widget_class_bind_template_callback (widget_class, generate_clicked_cb);
  sfu_window_install_actions (widget_class);
}

static void
sfu_window_init (SfuWindow *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  self->count = 1;
  self->deleted = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->thumbnails = sfu_thumbnails_new ();
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

static void
connect_house (SfuWindow *self)
{
  SfuStudio *studio = self->house.studio;
  GSettings *settings = self->house.settings;
  g_signal_connect_object (studio, "notify::running", G_CALLBACK (running_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "run-started", G_CALLBACK (run_started_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "run-ended", G_CALLBACK (run_ended_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "picture-saved", G_CALLBACK (picture_saved_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "save-failed", G_CALLBACK (sfu_window_show_save_error), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "note", G_CALLBACK (note_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sfu_studio_waiting (studio), "items-changed", G_CALLBACK (sfu_window_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sfu_studio_waiting (studio), "items-changed", G_CALLBACK (sfu_window_save_session_soon), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.library, "scanned", G_CALLBACK (library_scanned_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->house.history, "loaded", G_CALLBACK (sfu_window_show_last), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "changed", G_CALLBACK (settings_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sfu_settings_panel_prompt (self->settings), "pasted", G_CALLBACK (sfu_window_offer_pasted), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "model-activated", G_CALLBACK (model_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->film, "step-chosen", G_CALLBACK (step_chosen_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->canvas, "notify::zoom", G_CALLBACK (zoom_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->banner, "button-clicked", G_CALLBACK (banner_clicked_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::mat", G_CALLBACK (mat_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::smooth-when-enlarged", G_CALLBACK (mat_cb), self, G_CONNECT_SWAPPED);
  g_settings_bind (settings, "weight-step", sfu_settings_panel_prompt (self->settings), "weight-step", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "weight-step", sfu_settings_panel_negative (self->settings), "weight-step", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "emphasis", sfu_settings_panel_prompt (self->settings), "emphasis", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "emphasis", sfu_settings_panel_negative (self->settings), "emphasis", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  self->clock_source = g_timeout_add (SFU_WINDOW_CLOCK_MS, clock_cb, self);
}

SfuWindow *
sfu_window_new (GtkApplication *application, const SfuHouse *house)
{
  SfuWindow *self = g_object_new (SFU_TYPE_WINDOW, "application", application, NULL);
  g_autofree char *last = g_settings_get_string (house->settings, "last-model");
  self->house = *house;
  if (*last != '\0')
    self->wanted_model = g_steal_pointer (&last);
  sfu_window_init_history (self);
  sfu_window_init_drops (self);
  sfu_window_init_presence (self);
  sfu_window_init_fullscreen (self);
  self->queue_popover = sfu_queue_popover_new (self);
  gtk_widget_set_parent (self->queue_popover, GTK_WIDGET (self->queue_button));
  self->model_popover = sfu_model_popover_new (self);
  gtk_widget_set_parent (self->model_popover, sfu_settings_panel_model_row (self->settings));
  sfu_canvas_set_placeholder (self->canvas, sfu_paper_new (self));
  sfu_shortcuts_install_local (GTK_WIDGET (self->canvas));
  sfu_shortcuts_install_local (GTK_WIDGET (self->film));
  sfu_window_init_model (self);
  connect_house (self);
  mat_cb (self);
  sfu_window_restore_session (self);
  settings_changed_cb (self);
  zoom_cb (self);
  gtk_widget_grab_focus (GTK_WIDGET (sfu_prompt_view_text_view (sfu_settings_panel_prompt (self->settings))));
  return self;
}

/* -- from outside -- */

void
sfu_window_set_prompt (SfuWindow *self, const char *prompt)
{
  sfu_prompt_view_set_text (sfu_settings_panel_prompt (self->settings), prompt);
}

void
sfu_window_set_model (SfuWindow *self, const char *path)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  sfu_window_choose_model (self, sfu_library_add (self->house.library, full));
}

void
sfu_window_generate (SfuWindow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.generate", NULL);
}
