#include "sfu-settings-panel.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#include "sfu-advanced-page.h"
#include "sfu-error-words.h"
#include "sfu-import.h"
#include "sfu-numbers.h"
#include "sfu-scheduler.h"

/* Sides of the presets against the side of a square with as many pixels. */
static const struct {
  const char *name;
  double width, height;
} ratios[] = {
  { "square", 1, 1 },
  { "portrait", 0.8660, 1.1547 },  /* 3:4 */
  { "landscape", 1.1547, 0.8660 }, /* 4:3 */
  { "wide", 1.3333, 0.75 },        /* 16:9 */
};

struct _SfuSettingsPanel {
  GtkWidget parent_instance;
  AdwNavigationView *pages;
  SfuPromptView *prompt, *negative;
  AdwActionRow *model_row, *seed_row, *start_row, *advanced_row;
  AdwSpinner *model_spinner;
  SfuModelFace *model_face;
  GtkButton *model_button;
  AdwToggleGroup *ratio;
  GtkSpinButton *width_spin, *height_spin;
  AdwSpinRow *steps_row, *guidance_row, *strength_row;
  AdwComboRow *scheduler_row;
  GtkEntry *seed_entry;
  GtkToggleButton *lock_button;
  GtkLabel *start_state, *start_problem, *advanced_state;
  GtkPicture *start_picture;
  GtkWidget *well;
  SfuAdvancedPage *advanced;

  SfuLibraryModel *model;
  char *start_path;
  gboolean filling; /* fields are being set together */
};

G_DEFINE_FINAL_TYPE (SfuSettingsPanel, sfu_settings_panel, GTK_TYPE_WIDGET)

enum { CHANGED, MODEL_ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

static guint
n_schedulers (void)
{
  return g_strv_length ((GStrv) sfu_scheduler_names ());
}

/* -- what follows from what -- */

static guint
native_side (SfuSettingsPanel *self)
{
  guint side = self->model != NULL ? sfu_library_model_side (self->model) : 0;
  return side > 0 ? side : 512;
}

static void
preset_size (SfuSettingsPanel *self, guint i, guint *width, guint *height)
{
  double side = native_side (self);
  *width = (guint) (round (side * ratios[i].width / 8) * 8);
  *height = (guint) (round (side * ratios[i].height / 8) * 8);
}

static void
show_ratio (SfuSettingsPanel *self)
{
  guint w, h, pw, ph;
  const char *name = NULL;
  sfu_settings_panel_get_size (self, &w, &h);
  for (guint i = 0; i < G_N_ELEMENTS (ratios); i++)
    {
      preset_size (self, i, &pw, &ph);
      if (pw == w && ph == h)
        name = ratios[i].name;
    }
  adw_toggle_group_set_active_name (self->ratio, name);
}

static void
show_states (SfuSettingsPanel *self)
{
  g_autofree char *strength = g_strdup_printf ("\u2066%.2f\u2069", adw_spin_row_get_value (self->strength_row));
  gboolean guided = adw_spin_row_get_value (self->guidance_row) > 1;
  gtk_label_set_text (self->start_state, self->start_path != NULL ? strength : _("Off"));
  gtk_label_set_text (self->advanced_state, sfu_advanced_page_is_changed (self->advanced) ? _("Changed") : "");
  sfu_prompt_view_set_note (self->negative, guided ? NULL : _("Without effect while guidance is 1 or less"));
}

static void
changed (SfuSettingsPanel *self)
{
  if (self->filling)
    return;
  show_states (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
size_changed_cb (SfuSettingsPanel *self)
{
  if (self->filling)
    return;
  self->filling = TRUE;
  show_ratio (self);
  self->filling = FALSE;
  sfu_settings_panel_warn_size (self, FALSE);
  changed (self);
}

static void
ratio_cb (SfuSettingsPanel *self)
{
  const char *name = adw_toggle_group_get_active_name (self->ratio);
  guint w, h;
  for (guint i = 0; i < G_N_ELEMENTS (ratios) && !self->filling; i++)
    if (g_strcmp0 (name, ratios[i].name) == 0)
      {
        preset_size (self, i, &w, &h);
        sfu_settings_panel_set_size (self, w, h);
      }
}

/* -- the seed: digits only, shown in groups -- */

static void
seed_text_cb (SfuSettingsPanel *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->seed_entry));
  g_autoptr (GString) digits = g_string_new (NULL);
  g_autoptr (PangoAttrList) grouping = NULL;
  for (const char *c = text; *c != '\0'; c++)
    if (g_ascii_isdigit (*c))
      g_string_append_c (digits, *c);
  if (!g_str_equal (digits->str, text))
    {
      gtk_editable_set_text (GTK_EDITABLE (self->seed_entry), digits->str);
      return;
    }
  grouping = sfu_number_grouping (text);
  gtk_entry_set_attributes (self->seed_entry, grouping);
  changed (self);
}

static guint64
seed_of (SfuSettingsPanel *self)
{
  guint64 seed = 0;
  g_ascii_string_to_unsigned (gtk_editable_get_text (GTK_EDITABLE (self->seed_entry)), 10, 0, G_MAXUINT64, &seed, NULL);
  return seed;
}

static void
set_seed (SfuSettingsPanel *self, guint64 seed)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, seed);
  gtk_editable_set_text (GTK_EDITABLE (self->seed_entry), text);
}

static void
draw_seed (SfuSettingsPanel *self)
{
  set_seed (self, g_random_int ());
}

void
sfu_settings_panel_renew_seed (SfuSettingsPanel *self)
{
  if (!gtk_toggle_button_get_active (self->lock_button))
    draw_seed (self);
}

static void
lock_cb (SfuSettingsPanel *self)
{
  gboolean locked = gtk_toggle_button_get_active (self->lock_button);
  gtk_button_set_icon_name (GTK_BUTTON (self->lock_button), locked ? "sfu-locked-symbolic" : "sfu-unlocked-symbolic");
  if (locked && *gtk_editable_get_text (GTK_EDITABLE (self->seed_entry)) == '\0')
    draw_seed (self);
}

/* -- actions -- */

static void
swap_size_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuSettingsPanel *self = SFU_SETTINGS_PANEL (widget);
  guint w, h;
  sfu_settings_panel_get_size (self, &w, &h);
  sfu_settings_panel_set_size (self, h, w);
}

static void
new_seed_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  draw_seed (SFU_SETTINGS_PANEL (widget));
}

static void
lock_seed_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuSettingsPanel *self = SFU_SETTINGS_PANEL (widget);
  gtk_toggle_button_set_active (self->lock_button, !gtk_toggle_button_get_active (self->lock_button));
}

static void
show_page_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  adw_navigation_view_push_by_tag (SFU_SETTINGS_PANEL (widget)->pages, strchr (name, '-') + 1);
}

static void
imported_start_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuSettingsPanel) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sfu_import_finish (result, &error);
  if (path != NULL)
    sfu_settings_panel_set_start (self, path);
  gtk_label_set_text (self->start_problem, error != NULL ? sfu_error_words (error) : "");
  gtk_widget_set_visible (GTK_WIDGET (self->start_problem), error != NULL);
}

static void
chosen_start_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuSettingsPanel) self = data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL && g_file_peek_path (file) != NULL)
    sfu_import_async (g_file_peek_path (file), NULL, imported_start_cb, g_object_ref (self));
}

static void
choose_start_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_filter_add_pixbuf_formats (filter);
  gtk_file_dialog_set_default_filter (dialog, filter);
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (widget)), NULL, chosen_start_cb, g_object_ref (widget));
}

static void
clear_start_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sfu_settings_panel_set_start (SFU_SETTINGS_PANEL (widget), NULL);
}

static void
model_activated_cb (SfuSettingsPanel *self)
{
  g_signal_emit (self, signals[MODEL_ACTIVATED], 0);
}

/* Scrolling the panel must never change a picture. */
static gboolean
ignore_wheel_cb (GtkEventControllerScroll *controller, double dx, double dy, GtkWidget *spin)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (spin, GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment;
  if (gtk_widget_get_state_flags (spin) & GTK_STATE_FLAG_FOCUS_WITHIN)
    return FALSE;
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + dy * 40);
  return TRUE;
}

static void
guard_wheel (GtkWidget *spin)
{
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  gtk_event_controller_set_propagation_phase (scroll, GTK_PHASE_CAPTURE);
  g_signal_connect (scroll, "scroll", G_CALLBACK (ignore_wheel_cb), spin);
  gtk_widget_add_controller (spin, scroll);
}

static gboolean
drop_start_cb (SfuSettingsPanel *self, const GValue *value)
{
  GFile *file = g_value_get_object (value);
  if (file == NULL || g_file_peek_path (file) == NULL)
    return FALSE;
  sfu_import_async (g_file_peek_path (file), NULL, imported_start_cb, g_object_ref (self));
  return TRUE;
}

/* -- the object -- */

static void
sfu_settings_panel_dispose (GObject *object)
{
  SfuSettingsPanel *self = SFU_SETTINGS_PANEL (object);
  g_clear_object (&self->model);
  g_clear_pointer (&self->start_path, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_SETTINGS_PANEL);
  G_OBJECT_CLASS (sfu_settings_panel_parent_class)->dispose (object);
}

static void
sfu_settings_panel_class_init (SfuSettingsPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const struct {
    const char *name;
    GtkWidgetActionActivateFunc run;
  } actions[] = {
    { "settings.swap-size", swap_size_action },     { "settings.new-seed", new_seed_action },
    { "settings.lock-seed", lock_seed_action },     { "settings.show-start", show_page_action },
    { "settings.show-advanced", show_page_action }, { "settings.choose-start", choose_start_action },
    { "settings.clear-start", clear_start_action },
  };
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, SfuSettingsPanel, name)
  G_OBJECT_CLASS (klass)->dispose = sfu_settings_panel_dispose;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MODEL_ACTIVATED] = g_signal_new ("model-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 0);
  g_type_ensure (SFU_TYPE_PROMPT_VIEW);
  g_type_ensure (SFU_TYPE_MODEL_FACE);
  g_type_ensure (SFU_TYPE_ADVANCED_PAGE);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-settings-panel.ui");
  CHILD (pages); CHILD (prompt); CHILD (negative); CHILD (model_row); CHILD (model_spinner);
  CHILD (model_face); CHILD (model_button);
  CHILD (ratio); CHILD (width_spin); CHILD (height_spin); CHILD (steps_row); CHILD (guidance_row);
  CHILD (scheduler_row); CHILD (seed_row); CHILD (seed_entry); CHILD (lock_button); CHILD (start_row);
  CHILD (start_state); CHILD (start_problem); CHILD (advanced_row); CHILD (advanced_state); CHILD (start_picture); CHILD (well);
  CHILD (strength_row); CHILD (advanced);
#undef CHILD
  gtk_widget_class_bind_template_callback (widget_class, model_activated_cb);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (widget_class, actions[i].name, NULL, actions[i].run);
}

static void
fill_schedulers (SfuSettingsPanel *self)
{
  g_autoptr (GtkStringList) schedulers = gtk_string_list_new (NULL);
  for (const char *const *name = sfu_scheduler_names (); *name != NULL; name++)
    gtk_string_list_append (schedulers, sfu_scheduler_title (*name));
  gtk_string_list_append (schedulers, _("As the model says"));
  adw_combo_row_set_expression (self->scheduler_row, gtk_property_expression_new (GTK_TYPE_STRING_OBJECT, NULL, "string"));
  adw_combo_row_set_model (self->scheduler_row, G_LIST_MODEL (schedulers));
  adw_combo_row_set_selected (self->scheduler_row, n_schedulers ());
}

static void
sfu_settings_panel_init (SfuSettingsPanel *self)
{
  static const struct {
    gsize child;
    const char *signal;
    void (*run) (SfuSettingsPanel *self);
  } fields[] = {
#define FIELD(name) G_STRUCT_OFFSET (SfuSettingsPanel, name)
    { FIELD (prompt), "changed", changed },
    { FIELD (negative), "changed", changed },
    { FIELD (advanced), "changed", changed },
    { FIELD (ratio), "notify::active-name", ratio_cb },
    { FIELD (width_spin), "value-changed", size_changed_cb },
    { FIELD (height_spin), "value-changed", size_changed_cb },
    { FIELD (steps_row), "notify::value", changed },
    { FIELD (guidance_row), "notify::value", changed },
    { FIELD (strength_row), "notify::value", changed },
    { FIELD (scheduler_row), "notify::selected", changed },
    { FIELD (seed_entry), "changed", seed_text_cb },
    { FIELD (lock_button), "toggled", lock_cb },
#undef FIELD
  };
  GtkDropTarget *drop = gtk_drop_target_new (G_TYPE_FILE, GDK_ACTION_COPY);
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_schedulers (self);
  /* The row's label is what it is for; its title is the model's name. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (self->model_row), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_row), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Model"), -1);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_signal_connect_object (G_STRUCT_MEMBER (GObject *, self, fields[i].child), fields[i].signal, G_CALLBACK (fields[i].run), self,
                             G_CONNECT_SWAPPED);
  guard_wheel (GTK_WIDGET (self->width_spin));
  guard_wheel (GTK_WIDGET (self->height_spin));
  g_signal_connect_swapped (drop, "drop", G_CALLBACK (drop_start_cb), self);
  gtk_widget_add_controller (self->well, GTK_EVENT_CONTROLLER (drop));
  show_states (self);
  show_ratio (self);
}

/* -- the request -- */

SfuRequest *
sfu_settings_panel_request (SfuSettingsPanel *self)
{
  SfuRequest *request = sfu_request_new ();
  guint scheduler = adw_combo_row_get_selected (self->scheduler_row);
  g_free (request->prompt);
  g_free (request->negative);
  request->prompt = sfu_prompt_view_get_text (self->prompt);
  request->negative = sfu_prompt_view_get_text (self->negative);
  request->emphasis = g_strdup (sfu_emphasis_name (sfu_prompt_view_get_emphasis (self->prompt)));
  if (self->model != NULL)
    g_set_str (&request->model, sfu_library_model_path (self->model));
  sfu_settings_panel_get_size (self, &request->width, &request->height);
  request->steps = (guint) adw_spin_row_get_value (self->steps_row);
  request->guidance = round (adw_spin_row_get_value (self->guidance_row) * 10) / 10;
  request->seed = seed_of (self);
  if (scheduler < n_schedulers ())
    request->scheduler = g_strdup (sfu_scheduler_names ()[scheduler]);
  sfu_advanced_page_fill_request (self->advanced, request);
  request->image = g_strdup (self->start_path);
  request->strength = adw_spin_row_get_value (self->strength_row);
  return request;
}

static guint
scheduler_index (const char *name)
{
  for (guint i = 0; name != NULL && i < n_schedulers (); i++)
    if (g_str_equal (sfu_scheduler_names ()[i], name))
      return i;
  return n_schedulers ();
}

void
sfu_settings_panel_set_request (SfuSettingsPanel *self, const SfuRequest *request)
{
  self->filling = TRUE;
  sfu_prompt_view_set_text (self->prompt, request->prompt);
  sfu_prompt_view_set_text (self->negative, request->negative);
  if (request->width > 0 && request->height > 0)
    {
      gtk_spin_button_set_value (self->width_spin, request->width);
      gtk_spin_button_set_value (self->height_spin, request->height);
      show_ratio (self);
    }
  adw_spin_row_set_value (self->steps_row, request->steps);
  adw_spin_row_set_value (self->guidance_row, request->guidance);
  set_seed (self, request->seed);
  adw_combo_row_set_selected (self->scheduler_row, scheduler_index (request->scheduler));
  sfu_advanced_page_set_request (self->advanced, request);
  adw_spin_row_set_value (self->strength_row, request->strength);
  sfu_settings_panel_set_start (self, request->image);
  self->filling = FALSE;
  changed (self);
}

void
sfu_settings_panel_set_start (SfuSettingsPanel *self, const char *path)
{
  g_set_str (&self->start_path, path);
  gtk_picture_set_filename (self->start_picture, path);
  if (path != NULL)
    gtk_widget_add_css_class (self->well, "filled");
  else
    gtk_widget_remove_css_class (self->well, "filled");
  changed (self);
}

/* -- model and size -- */

void
sfu_settings_panel_set_model (SfuSettingsPanel *self, SfuLibraryModel *model)
{
  guint w, h, pw, ph, before = native_side (self);
  int preset = -1;
  sfu_settings_panel_get_size (self, &w, &h);
  for (guint i = 0; i < G_N_ELEMENTS (ratios); i++)
    {
      preset_size (self, i, &pw, &ph);
      if (pw == w && ph == h)
        preset = i;
    }
  g_set_object (&self->model, model);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->model_row), model != NULL ? sfu_library_model_title (model) : _("No model"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_row), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Model"), -1);
  sfu_prompt_view_set_tokenizer (self->prompt, model != NULL && sfu_library_model_error (model) == NULL ? sfu_library_model_tokenizer (model) : NULL);
  sfu_prompt_view_set_tokenizer (self->negative, model != NULL && sfu_library_model_error (model) == NULL ? sfu_library_model_tokenizer (model) : NULL);
  sfu_advanced_page_set_n_branches (self->advanced, model != NULL ? sfu_library_model_n_branches (model) : 0);
  /* A preset stays the same preset; a size of the user's own stays as it is. */
  if (preset >= 0 && before != native_side (self))
    {
      preset_size (self, preset, &pw, &ph);
      sfu_settings_panel_set_size (self, pw, ph);
    }
  changed (self);
}

SfuLibraryModel *
sfu_settings_panel_model (SfuSettingsPanel *self)
{
  return self->model;
}

void
sfu_settings_panel_set_model_state (SfuSettingsPanel *self, const char *state, gboolean busy, gboolean problem,
                                    const char *button, const char *action)
{
  g_autofree char *description = g_strdup_printf ("%s, %s", adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self->model_row)), state);
  adw_action_row_set_subtitle (self->model_row, state);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->model_row), state);
  adw_action_row_set_subtitle_lines (self->model_row, problem ? 2 : 1);
  if (problem)
    gtk_widget_add_css_class (GTK_WIDGET (self->model_row), "problem");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->model_row), "problem");
  gtk_widget_set_visible (GTK_WIDGET (self->model_spinner), busy);
  gtk_widget_set_visible (GTK_WIDGET (self->model_button), button != NULL);
  if (button != NULL && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (self->model_button)), action) != 0)
    {
      gtk_button_set_label (self->model_button, button);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->model_button), action);
    }
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (self->model_row), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

char *
sfu_settings_panel_get_model_state (SfuSettingsPanel *self)
{
  return g_strdup (adw_action_row_get_subtitle (self->model_row));
}

SfuModelFace *
sfu_settings_panel_model_face (SfuSettingsPanel *self)
{
  return self->model_face;
}

GtkWidget *
sfu_settings_panel_model_row (SfuSettingsPanel *self)
{
  return GTK_WIDGET (self->model_row);
}

void
sfu_settings_panel_get_size (SfuSettingsPanel *self, guint *width, guint *height)
{
  *width = (guint) gtk_spin_button_get_value_as_int (self->width_spin) / 8 * 8;
  *height = (guint) gtk_spin_button_get_value_as_int (self->height_spin) / 8 * 8;
}

void
sfu_settings_panel_set_size (SfuSettingsPanel *self, guint width, guint height)
{
  gboolean outer = self->filling;
  self->filling = TRUE;
  gtk_spin_button_set_value (self->width_spin, width);
  gtk_spin_button_set_value (self->height_spin, height);
  self->filling = outer;
  size_changed_cb (self);
}

void
sfu_settings_panel_warn_size (SfuSettingsPanel *self, gboolean warn)
{
  GtkWidget *spins[] = { GTK_WIDGET (self->width_spin), GTK_WIDGET (self->height_spin) };
  for (guint i = 0; i < G_N_ELEMENTS (spins); i++)
    if (warn)
      gtk_widget_add_css_class (spins[i], "warning");
    else
      gtk_widget_remove_css_class (spins[i], "warning");
}

SfuPromptView *
sfu_settings_panel_prompt (SfuSettingsPanel *self)
{
  return self->prompt;
}

SfuPromptView *
sfu_settings_panel_negative (SfuSettingsPanel *self)
{
  return self->negative;
}
