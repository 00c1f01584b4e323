#include <glib/gi18n.h>

#include "sfu-window-private.h"

static AdwPreferencesGroup *
add_group (AdwDialog *dialog, const char *name, const char *title, const char *icon)
{
  GtkWidget *page = adw_preferences_page_new (), *group = adw_preferences_group_new ();
  adw_preferences_page_set_name (ADW_PREFERENCES_PAGE (page), name);
  adw_preferences_page_set_title (ADW_PREFERENCES_PAGE (page), title);
  adw_preferences_page_set_icon_name (ADW_PREFERENCES_PAGE (page), icon);
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  adw_preferences_dialog_add (ADW_PREFERENCES_DIALOG (dialog), ADW_PREFERENCES_PAGE (page));
  return ADW_PREFERENCES_GROUP (group);
}

static void
add_switch (AdwPreferencesGroup *group, GSettings *settings, const char *key, const char *title, const char *subtitle)
{
  GtkWidget *row = adw_switch_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle != NULL ? subtitle : "");
  g_settings_bind (settings, key, row, "active", G_SETTINGS_BIND_DEFAULT);
  adw_preferences_group_add (group, row);
}

static void
add_spin (AdwPreferencesGroup *group, GSettings *settings, const char *key, const char *title, double low, double high)
{
  GtkWidget *row = g_object_new (ADW_TYPE_SPIN_ROW, "accessible-role", GTK_ACCESSIBLE_ROLE_GROUP, "title", title, "adjustment",
                                 gtk_adjustment_new (low, low, high, 1, 5, 0), NULL);
  g_settings_bind (settings, key, row, "value", G_SETTINGS_BIND_DEFAULT);
  adw_preferences_group_add (group, row);
}

static void
add_weight_step (AdwPreferencesGroup *group, GSettings *settings)
{
  GtkWidget *row = g_object_new (ADW_TYPE_SPIN_ROW, "accessible-role", GTK_ACCESSIBLE_ROLE_GROUP, "title", _("Weight Step"), "subtitle",
                                 _("How much Ctrl+Up and Ctrl+Down change; with Shift, half"), "digits", 2, "adjustment",
                                 gtk_adjustment_new (0.1, 0.02, 0.5, 0.02, 0.1, 0), NULL);
  g_settings_bind (settings, "weight-step", row, "value", G_SETTINGS_BIND_DEFAULT);
  adw_preferences_group_add (group, row);
}

static void
enum_cb (AdwComboRow *row, GParamSpec *pspec, GSettings *settings)
{
  g_settings_set_enum (settings, g_object_get_data (G_OBJECT (row), "key"), (int) adw_combo_row_get_selected (row));
}

static void
add_enum (AdwPreferencesGroup *group, GSettings *settings, const char *key, const char *title, const char *const *choices)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) list = gtk_string_list_new (choices);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (list));
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), g_settings_get_enum (settings, key));
  g_object_set_data (G_OBJECT (row), "key", (gpointer) key);
  g_signal_connect (row, "notify::selected", G_CALLBACK (enum_cb), settings);
  adw_preferences_group_add (group, row);
}

/* -- folders -- */

static void
folder_chosen_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  GtkWidget *row = data;
  SfuWindow *self = g_object_get_data (G_OBJECT (row), "window");
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (folder != NULL && g_file_peek_path (folder) != NULL)
    {
      g_settings_set_string (self->house.settings, "picture-folder", g_file_peek_path (folder));
      sfu_history_set_folder (self->house.history, g_file_peek_path (folder));
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), g_file_peek_path (folder));
    }
  g_object_unref (row);
}

static void
choose_folder_cb (GtkWidget *row, SfuWindow *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self), NULL, folder_chosen_cb, g_object_ref (row));
}

static void
add_picture_folder (AdwPreferencesGroup *group, SfuWindow *self)
{
  GtkWidget *row = adw_action_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Pictures Are Kept In"));
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), sfu_history_folder (self->house.history));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("folder-open-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_object_set_data (G_OBJECT (row), "window", self);
  g_signal_connect (row, "activated", G_CALLBACK (choose_folder_cb), self);
  adw_preferences_group_add (group, row);
}

static void fill_model_folders (AdwPreferencesGroup *group, SfuWindow *self);

static void
set_model_folders (AdwPreferencesGroup *group, SfuWindow *self, const char *const *folders)
{
  GPtrArray *rows = g_object_get_data (G_OBJECT (group), "rows");
  g_settings_set_strv (self->house.settings, "model-folders", folders);
  for (guint i = 0; i < rows->len; i++)
    adw_preferences_group_remove (group, rows->pdata[i]);
  g_ptr_array_set_size (rows, 0);
  fill_model_folders (group, self);
}

static void
remove_folder_cb (GtkWidget *button, AdwPreferencesGroup *group)
{
  SfuWindow *self = g_object_get_data (G_OBJECT (group), "window");
  const char *path = g_object_get_data (G_OBJECT (button), "path");
  g_auto (GStrv) folders = g_settings_get_strv (self->house.settings, "model-folders");
  g_autoptr (GStrvBuilder) left = g_strv_builder_new ();
  g_auto (GStrv) result = NULL;
  for (guint i = 0; folders[i] != NULL; i++)
    if (!g_str_equal (folders[i], path))
      g_strv_builder_add (left, folders[i]);
  result = g_strv_builder_end (left);
  set_model_folders (group, self, (const char *const *) result);
}

static void
model_folder_chosen_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (AdwPreferencesGroup) group = data;
  SfuWindow *self = g_object_get_data (G_OBJECT (group), "window");
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  g_auto (GStrv) folders = g_settings_get_strv (self->house.settings, "model-folders");
  g_autoptr (GStrvBuilder) more = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  if (folder == NULL || g_file_peek_path (folder) == NULL)
    return;
  g_strv_builder_addv (more, (const char **) folders);
  g_strv_builder_add (more, g_file_peek_path (folder));
  all = g_strv_builder_end (more);
  set_model_folders (group, self, (const char *const *) all);
}

static void
add_model_folder_cb (AdwPreferencesGroup *group)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  SfuWindow *self = g_object_get_data (G_OBJECT (group), "window");
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (self), NULL, model_folder_chosen_cb, g_object_ref (group));
}

static void
fill_model_folders (AdwPreferencesGroup *group, SfuWindow *self)
{
  GPtrArray *rows = g_object_get_data (G_OBJECT (group), "rows");
  g_auto (GStrv) folders = g_settings_get_strv (self->house.settings, "model-folders");
  for (guint i = 0; folders[i] != NULL; i++)
    {
      GtkWidget *row = adw_action_row_new (), *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), folders[i]);
      gtk_widget_set_tooltip_text (button, _("Do Not Look Here"));
      gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
      gtk_widget_add_css_class (button, "flat");
      g_object_set_data_full (G_OBJECT (button), "path", g_strdup (folders[i]), g_free);
      g_signal_connect (button, "clicked", G_CALLBACK (remove_folder_cb), group);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
      adw_preferences_group_add (group, row);
      g_ptr_array_add (rows, row);
    }
}

static void
clear_prompts_cb (GtkWidget *row, SfuWindow *self)
{
  sfu_session_clear_prompts (self->house.session);
  sfu_window_toast (self, _("Former prompts forgotten"));
}

AdwDialog *
sfu_preferences_new (SfuWindow *self)
{
  GSettings *settings = self->house.settings;
  AdwDialog *dialog = adw_preferences_dialog_new ();
  AdwPreferencesGroup *group = add_group (dialog, "general", _("General"), "preferences-system-symbolic");
  GtkWidget *row;
  adw_dialog_set_content_height (dialog, 600);
  add_picture_folder (group, self);
  add_enum (group, settings, "file-name", _("File Names"), (const char *[]) { _("Date and seed"), _("Prompt and seed"), _("Date and prompt"), NULL });
  add_switch (group, settings, "keep-stopped", _("Keep Stopped Pictures"), _("The last step becomes a picture"));
  add_switch (group, settings, "notify", _("Notify When a Picture Is Finished"), _("When the window is not in view"));
  add_switch (group, settings, "run-in-background", _("Offer to Keep Running"), _("Pictures are finished after the window is closed"));
  add_switch (group, settings, "restore-session", _("Go On Where You Left"), NULL);

  group = add_group (dialog, "canvas", _("Canvas"), "image-x-generic-symbolic");
  if (sfu_loader_holding (sfu_studio_loader (self->house.studio))->rough_previews)
    adw_preferences_group_set_description (group, _("Previews are a rough estimate: there is no taesd_decoder.safetensors beside the model."));
  add_enum (group, settings, "mat", _("Mat"), (const char *[]) { _("As the style"), _("Light"), _("Middle grey"), _("Black"), NULL });
  add_switch (group, settings, "smooth-when-enlarged", _("Smooth When Enlarged"), /* xgettext:no-c-format */
              _("Else single pixels show from 200 % on"));
  add_spin (group, settings, "preview-every", _("Steps per Preview"), 1, 20);

  group = add_group (dialog, "prompt", _("Prompt"), "document-edit-symbolic");
  add_weight_step (group, settings);
  add_enum (group, settings, "emphasis", _("Brackets in Prompts"),
            (const char *[]) { _("As in A1111: (more:1.2), [less]"), _("As in ComfyUI: (more:1.2)"), _("Are read as they stand"), NULL });
  row = adw_button_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Forget Former Prompts"));
  g_signal_connect (row, "activated", G_CALLBACK (clear_prompts_cb), self);
  adw_preferences_group_add (group, row);

  group = add_group (dialog, "models", _("Models"), "folder-symbolic");
  adw_preferences_group_set_title (group, _("Folders"));
  adw_preferences_group_set_description (group, _("Folders and .safetensors files in them are found, two levels deep."));
  g_object_set_data (G_OBJECT (group), "window", self);
  g_object_set_data_full (G_OBJECT (group), "rows", g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
  row = gtk_button_new_with_label (_("Add…"));
  g_signal_connect_swapped (row, "clicked", G_CALLBACK (add_model_folder_cb), group);
  adw_preferences_group_set_header_suffix (group, row);
  fill_model_folders (group, self);

  group = add_group (dialog, "engine", _("Engine"), "applications-engineering-symbolic");
  adw_preferences_group_set_description (group, _("A change takes effect with the next picture."));
  adw_preferences_group_add (group, sfu_device_row_new (settings));
  return dialog;
}
