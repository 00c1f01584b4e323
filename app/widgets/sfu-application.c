#include "sfu-application.h"

#include <glib/gi18n.h>
#include <gpu-device.h>

#include "sfu-config.h"
#include "sfu-shortcuts.h"
#include "sfu-window.h"

#define ID "app.sfumato"

struct _SfuApplication {
  AdwApplication parent_instance;
  char *data_folder, *bundled_model;
  gboolean validate, new_session, clean;
  guint64 budget_bytes;
  SfuHouse house;
};

G_DEFINE_FINAL_TYPE (SfuApplication, sfu_application, ADW_TYPE_APPLICATION)

static const GOptionEntry entries[] = {
  { "prompt", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Fill in this prompt"), N_("TEXT") },
  { "model", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Use this model"), N_("PATH") },
  { "generate", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Begin at once"), NULL },
  { "settings", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Fill in the settings of this picture"), N_("FILE.png") },
  { "device", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Use this graphics device"), N_("NAME") },
  { "fullscreen", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Fill the screen"), NULL },
  { "new-session", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Do not go on where you left"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Show the version"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_("[FILE…]") },
  { NULL },
};

/* -- the house -- */

static char *
picture_folder (GSettings *settings)
{
  g_autofree char *set = g_settings_get_string (settings, "picture-folder");
  const char *pictures = g_get_user_special_dir (G_USER_DIRECTORY_PICTURES);
  if (*set != '\0')
    return g_steal_pointer (&set);
  return g_build_filename (pictures != NULL ? pictures : g_get_home_dir (), "Sfumato", NULL);
}

static SfuLibrary *
make_library (SfuApplication *self)
{
  g_autofree char *own = g_build_filename (g_get_user_data_dir (), "sfumato", "models", NULL);
  g_auto (GStrv) set = g_settings_get_strv (self->house.settings, "model-folders");
  g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  const char *files[] = { self->bundled_model, NULL };
  if (g_file_test (own, G_FILE_TEST_IS_DIR))
    g_strv_builder_add (folders, own);
  g_strv_builder_addv (folders, (const char **) set);
  all = g_strv_builder_end (folders);
  return sfu_library_new ((const char *const *) all, files);
}

static void
folders_changed_cb (SfuApplication *self)
{
  g_auto (GStrv) set = g_settings_get_strv (self->house.settings, "model-folders");
  sfu_library_set_folders (self->house.library, (const char *const *) set);
}

static void
studio_settings_cb (SfuApplication *self)
{
  sfu_studio_set_keep_stopped (self->house.studio, g_settings_get_boolean (self->house.settings, "keep-stopped"));
  sfu_studio_set_preview_every (self->house.studio, g_settings_get_int (self->house.settings, "preview-every"));
  sfu_studio_set_file_name (self->house.studio, g_settings_get_enum (self->house.settings, "file-name"));
}

static void
device_changed_cb (SfuApplication *self)
{
  g_autofree char *device = g_settings_get_string (self->house.settings, "device");
  sfu_studio_set_device (self->house.studio, *device != '\0' ? device : NULL);
}

/* No GPU is touched here: the engine opens it for the first job. */
static void
open_house (SfuApplication *self, const char *device)
{
  SfuHouse *house = &self->house;
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "sfumato", NULL);
  g_autofree char *state = g_build_filename (g_get_user_state_dir (), "sfumato", NULL);
  g_autofree char *index = g_build_filename (state, "pictures.json", NULL), *session = g_build_filename (state, "session.json", NULL);
  g_autofree char *pictures = NULL, *wanted = NULL;
  SfuEngineOptions options = { .cache_folder = cache, .validate = self->validate, .budget_bytes = self->budget_bytes };
  if (house->studio != NULL)
    return;
  house->settings = g_settings_new (ID);
  pictures = picture_folder (house->settings);
  wanted = device != NULL ? g_strdup (device) : g_settings_get_string (house->settings, "device");
  options.device = *wanted != '\0' ? wanted : NULL;
  house->default_model = self->bundled_model;
  house->history = sfu_history_new (pictures, index);
  sfu_history_empty_holding (house->history);
  house->library = make_library (self);
  house->session = sfu_session_open (session);
  house->studio = sfu_studio_new (&options, house->history);
  studio_settings_cb (self);
  g_signal_connect_object (house->settings, "changed::model-folders", G_CALLBACK (folders_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (house->settings, "changed::keep-stopped", G_CALLBACK (studio_settings_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (house->settings, "changed::file-name", G_CALLBACK (studio_settings_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (house->settings, "changed::device", G_CALLBACK (device_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (house->settings, "changed::preview-every", G_CALLBACK (studio_settings_cb), self, G_CONNECT_SWAPPED);
}

static SfuWindow *
window_of (SfuApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  if (window == NULL)
    {
      GList *windows = gtk_application_get_windows (GTK_APPLICATION (self));
      window = windows != NULL ? windows->data : NULL;
    }
  if (window == NULL)
    window = GTK_WINDOW (sfu_window_new (GTK_APPLICATION (self), &self->house));
  gtk_window_present (window);
  return SFU_WINDOW (window);
}

static int
sfu_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  SfuApplication *self = SFU_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (line);
  const char *prompt = NULL, *model = NULL, *settings = NULL, *device = NULL;
  g_autofree const char **files = NULL;
  gboolean generate = FALSE, fullscreen = FALSE;
  SfuWindow *window;
  g_variant_dict_lookup (options, "device", "&s", &device);
  open_house (self, device);
  window = window_of (self);
  g_variant_dict_lookup (options, "generate", "b", &generate);
  g_variant_dict_lookup (options, "fullscreen", "b", &fullscreen);
  if (g_variant_dict_lookup (options, "settings", "^&ay", &settings))
    sfu_window_restore_from (window, settings);
  if (g_variant_dict_lookup (options, "model", "^&ay", &model))
    sfu_window_set_model (window, model);
  if (g_variant_dict_lookup (options, "prompt", "&s", &prompt))
    sfu_window_set_prompt (window, prompt);
  if (g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&ay", &files))
    for (guint i = 0; files[i] != NULL; i++)
      {
        g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (line, files[i]);
        if (g_file_peek_path (file) != NULL)
          sfu_window_open (window, g_file_peek_path (file));
      }
  if (fullscreen)
    gtk_window_fullscreen (GTK_WINDOW (window));
  if (generate)
    sfu_window_generate (window);
  return 0;
}

static int
sfu_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  gboolean new_session = FALSE;
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("sfumato %s\n", SFU_VERSION);
      return 0;
    }
  if (g_variant_dict_lookup (options, "new-session", "b", &new_session) && new_session)
    {
      g_autofree char *session = g_build_filename (g_get_user_state_dir (), "sfumato", "session.json", NULL);
      g_autoptr (GFile) file = g_file_new_for_path (session);
      g_file_delete (file, NULL, NULL);
    }
  return -1;
}

static void
sfu_application_activate (GApplication *application)
{
  open_house (SFU_APPLICATION (application), NULL);
  window_of (SFU_APPLICATION (application));
}

static void
sfu_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  SfuWindow *window;
  open_house (SFU_APPLICATION (application), NULL);
  window = window_of (SFU_APPLICATION (application));
  for (int i = 0; i < n_files; i++)
    if (g_file_peek_path (files[i]) != NULL)
      sfu_window_open (window, g_file_peek_path (files[i]));
}

/* -- actions -- */

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *window = gtk_application_get_active_window (data);
  if (window != NULL)
    gtk_window_close (window);
  else
    g_application_quit (data);
}

static void
show_window_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_application_activate (data);
}

/* From a notification: the picture that it told of. */
static void
favourite_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SfuApplication *self = data;
  SfuPicture *picture = self->house.history != NULL ? sfu_history_find_path (self->house.history, g_variant_get_string (parameter, NULL)) : NULL;
  if (picture != NULL)
    sfu_picture_set_favourite (picture, TRUE);
}

static char *
debug_info (SfuApplication *self)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GPtrArray) devices = gpu_device_list (NULL);
  g_string_append_printf (text, "Sfumato %s\nGTK %u.%u.%u\nlibadwaita %u.%u.%u\n", SFU_VERSION, gtk_get_major_version (),
                          gtk_get_minor_version (), gtk_get_micro_version (), adw_get_major_version (), adw_get_minor_version (),
                          adw_get_micro_version ());
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const GpuDeviceInfo *info = devices->pdata[i];
      g_string_append_printf (text, "Device: %s (%s)%s%s\n", info->name, info->driver, info->refusal != NULL ? ", not used: " : "",
                              info->refusal != NULL ? info->refusal : "");
    }
  return g_string_free (text, FALSE);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SfuApplication *self = data;
  AdwDialog *dialog = adw_about_dialog_new ();
  g_autofree char *info = debug_info (self);
  g_object_set (dialog, "application-name", "Sfumato", "application-icon", ID, "version", SFU_VERSION, "license-type", GTK_LICENSE_MIT_X11,
                "comments", _("Pictures from words, step by step, on your own computer"), "debug-info", info,
                "debug-info-filename", "sfumato.txt", "developer-name", _("The Sfumato developers"), NULL);
  adw_dialog_present (dialog, GTK_WIDGET (gtk_application_get_active_window (GTK_APPLICATION (self))));
}

static const GActionEntry actions[] = {
  { "quit", quit_action }, { "show-window", show_window_action }, { "about", about_action }, { "favourite", favourite_action, "s" },
};

static void
sfu_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (sfu_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()), "/app/sfumato/icons");
  gtk_window_set_default_icon_name (ID);
  sfu_shortcuts_install (GTK_APPLICATION (application));
}

static void
sfu_application_shutdown (GApplication *application)
{
  SfuApplication *self = SFU_APPLICATION (application);
  for (GList *l; (l = gtk_application_get_windows (GTK_APPLICATION (self))) != NULL;)
    gtk_window_destroy (l->data);
  g_clear_object (&self->house.studio);
  if (self->house.history != NULL)
    {
      sfu_history_empty_holding (self->house.history);
      sfu_history_save (self->house.history);
    }
  sfu_session_close (g_steal_pointer (&self->house.session), TRUE);
  g_clear_object (&self->house.history);
  g_clear_object (&self->house.library);
  g_clear_object (&self->house.settings);
  G_APPLICATION_CLASS (sfu_application_parent_class)->shutdown (application);
}

static void
sfu_application_finalize (GObject *object)
{
  SfuApplication *self = SFU_APPLICATION (object);
  g_free (self->data_folder);
  g_free (self->bundled_model);
  G_OBJECT_CLASS (sfu_application_parent_class)->finalize (object);
}

static void
sfu_application_class_init (SfuApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = sfu_application_finalize;
  application_class->startup = sfu_application_startup;
  application_class->activate = sfu_application_activate;
  application_class->open = sfu_application_open;
  application_class->command_line = sfu_application_command_line;
  application_class->handle_local_options = sfu_application_handle_local_options;
  application_class->shutdown = sfu_application_shutdown;
}

static void
sfu_application_init (SfuApplication *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

SfuApplication *
sfu_application_new (const char *data_folder, gboolean validate, guint64 budget_bytes)
{
  SfuApplication *self = g_object_new (SFU_TYPE_APPLICATION, "application-id", ID, "resource-base-path", "/app/sfumato", "flags",
                                       G_APPLICATION_HANDLES_OPEN | G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
  g_autofree char *bundled = g_build_filename (data_folder, "bundled-model", NULL);
  g_autofree char *index = g_build_filename (bundled, "model_index.json", NULL);
  self->data_folder = g_strdup (data_folder);
  self->validate = validate;
  self->budget_bytes = budget_bytes;
  if (g_file_test (index, G_FILE_TEST_EXISTS))
    self->bundled_model = g_steal_pointer (&bundled);
  return self;
}
