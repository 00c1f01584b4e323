#include "sfu-advanced-page.h"

#include <glib/gi18n.h>
#include <math.h>

static const char *const sigma_names[] = { NULL, "default", "karras", "exponential" };
static const char *const spacing_names[] = { NULL, "leading", "trailing", "linspace" };
static const char *const noise_names[] = { "torch-cpu", "torch-cpu-fp16", "philox" };

/* Of DeepCache, where it is switched on. */
#define USUAL_INTERVAL 3

struct _SfuAdvancedPage {
  AdwNavigationPage parent_instance;
  AdwComboRow *sigmas_row, *spacing_row, *noise_row, *precision_row;
  AdwExpanderRow *eta_row, *deepcache_row;
  AdwSpinRow *eta_spin, *interval_spin, *branch_spin;
  AdwActionRow *vae_row;
  GtkWidget *vae_reset;

  char *vae_path;
  gboolean filling; /* rows are being set together */
};

G_DEFINE_FINAL_TYPE (SfuAdvancedPage, sfu_advanced_page, ADW_TYPE_NAVIGATION_PAGE)

static guint changed_signal;

static void
changed (SfuAdvancedPage *self)
{
  g_autofree char *name = self->vae_path != NULL ? g_path_get_basename (self->vae_path) : NULL;
  if (self->filling)
    return;
  adw_action_row_set_subtitle (self->vae_row, name != NULL ? name : _("The model's own"));
  gtk_widget_set_visible (self->vae_reset, name != NULL);
  g_signal_emit (self, changed_signal, 0);
}

/* -- actions -- */

static void
set_vae (SfuAdvancedPage *self, const char *path)
{
  g_set_str (&self->vae_path, path);
  changed (self);
}

static void
chosen_vae_cb (GObject *dialog, GAsyncResult *result, gpointer data)
{
  g_autoptr (SfuAdvancedPage) self = data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (dialog), result, NULL);
  if (file != NULL)
    set_vae (self, g_file_peek_path (file));
}

static void
choose_vae_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (widget)), NULL, chosen_vae_cb, g_object_ref (widget));
}

static void
reset_vae_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  set_vae (SFU_ADVANCED_PAGE (widget), NULL);
}

/* A new request's settings, and the amounts of what is off in it. */
static void
reset_advanced_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuAdvancedPage *self = SFU_ADVANCED_PAGE (widget);
  g_autoptr (SfuRequest) usual = sfu_request_new ();
  sfu_advanced_page_set_request (self, usual);
  adw_spin_row_set_value (self->eta_spin, 0);
  adw_spin_row_set_value (self->interval_spin, USUAL_INTERVAL);
  adw_spin_row_set_value (self->branch_spin, 0);
}

/* -- the object -- */

static void
sfu_advanced_page_dispose (GObject *object)
{
  SfuAdvancedPage *self = SFU_ADVANCED_PAGE (object);
  g_clear_pointer (&self->vae_path, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_ADVANCED_PAGE);
  G_OBJECT_CLASS (sfu_advanced_page_parent_class)->dispose (object);
}

static void
sfu_advanced_page_class_init (SfuAdvancedPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_advanced_page_dispose;
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-advanced-page.ui");
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, SfuAdvancedPage, name)
  CHILD (sigmas_row); CHILD (spacing_row); CHILD (noise_row); CHILD (precision_row); CHILD (eta_row); CHILD (eta_spin);
  CHILD (deepcache_row); CHILD (interval_spin); CHILD (branch_spin); CHILD (vae_row); CHILD (vae_reset);
#undef CHILD
  gtk_widget_class_install_action (widget_class, "settings.choose-vae", NULL, choose_vae_action);
  gtk_widget_class_install_action (widget_class, "settings.reset-vae", NULL, reset_vae_action);
  gtk_widget_class_install_action (widget_class, "settings.reset-advanced", NULL, reset_advanced_action);
}

static void
set_choices (AdwComboRow *row, const char *const *choices)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (choices);
  adw_combo_row_set_model (row, G_LIST_MODEL (list));
}

static void
fill_choices (SfuAdvancedPage *self)
{
  set_choices (self->sigmas_row, (const char *[]) { _("As the model says"), _("Default"), "Karras", _("Exponential"), NULL });
  set_choices (self->spacing_row, (const char *[]) { _("As the model says"), _("Leading"), _("Trailing"), _("Linspace"), NULL });
  set_choices (self->noise_row, (const char *[]) { "PyTorch CPU", _("PyTorch CPU, 16 bit"), "NVIDIA (Philox)", NULL });
  set_choices (self->precision_row, (const char *[]) { _("Automatic"), _("16 bit"), _("32 bit"), NULL });
}

static void
sfu_advanced_page_init (SfuAdvancedPage *self)
{
  static const struct {
    gsize row;
    const char *signal;
  } rows[] = {
#define ROW(name) G_STRUCT_OFFSET (SfuAdvancedPage, name)
    { ROW (sigmas_row), "notify::selected" },
    { ROW (spacing_row), "notify::selected" },
    { ROW (noise_row), "notify::selected" },
    { ROW (precision_row), "notify::selected" },
    { ROW (eta_row), "notify::enable-expansion" },
    { ROW (eta_spin), "notify::value" },
    { ROW (deepcache_row), "notify::enable-expansion" },
    { ROW (interval_spin), "notify::value" },
    { ROW (branch_spin), "notify::value" },
#undef ROW
  };
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_choices (self);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_signal_connect_object (G_STRUCT_MEMBER (GObject *, self, rows[i].row), rows[i].signal, G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
}

/* -- the request -- */

void
sfu_advanced_page_fill_request (SfuAdvancedPage *self, SfuRequest *request)
{
  g_set_str (&request->sigmas, sigma_names[MIN (adw_combo_row_get_selected (self->sigmas_row), 3)]);
  g_set_str (&request->spacing, spacing_names[MIN (adw_combo_row_get_selected (self->spacing_row), 3)]);
  g_set_str (&request->noise, noise_names[MIN (adw_combo_row_get_selected (self->noise_row), 2)]);
  g_set_str (&request->vae, self->vae_path);
  request->precision = MIN (adw_combo_row_get_selected (self->precision_row), SFU_PRECISION_FP32);
  request->eta = adw_expander_row_get_enable_expansion (self->eta_row) ? adw_spin_row_get_value (self->eta_spin) : NAN;
  request->deepcache = (SfuDeepCache) { .interval = 1 };
  if (adw_expander_row_get_enable_expansion (self->deepcache_row))
    {
      request->deepcache.interval = (guint) adw_spin_row_get_value (self->interval_spin);
      request->deepcache.branch = (guint) adw_spin_row_get_value (self->branch_spin);
    }
}

static guint
index_of (const char *const *names, guint n, const char *name)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (names[i], name) == 0)
      return i;
  return 0;
}

void
sfu_advanced_page_set_request (SfuAdvancedPage *self, const SfuRequest *request)
{
  self->filling = TRUE;
  adw_combo_row_set_selected (self->sigmas_row, index_of (sigma_names, G_N_ELEMENTS (sigma_names), request->sigmas));
  adw_combo_row_set_selected (self->spacing_row, index_of (spacing_names, G_N_ELEMENTS (spacing_names), request->spacing));
  adw_combo_row_set_selected (self->noise_row, index_of (noise_names, G_N_ELEMENTS (noise_names), request->noise));
  adw_combo_row_set_selected (self->precision_row, request->precision);
  adw_expander_row_set_enable_expansion (self->eta_row, !isnan (request->eta));
  if (!isnan (request->eta))
    adw_spin_row_set_value (self->eta_spin, request->eta);
  adw_expander_row_set_enable_expansion (self->deepcache_row, request->deepcache.interval > 1);
  if (request->deepcache.interval > 1)
    {
      adw_spin_row_set_value (self->interval_spin, request->deepcache.interval);
      adw_spin_row_set_value (self->branch_spin, request->deepcache.branch);
    }
  g_set_str (&self->vae_path, request->vae);
  self->filling = FALSE;
  changed (self);
}

gboolean
sfu_advanced_page_is_changed (SfuAdvancedPage *self)
{
  return adw_combo_row_get_selected (self->sigmas_row) != 0 || adw_combo_row_get_selected (self->spacing_row) != 0
         || adw_combo_row_get_selected (self->noise_row) != 0 || adw_combo_row_get_selected (self->precision_row) != 0
         || adw_expander_row_get_enable_expansion (self->eta_row) || adw_expander_row_get_enable_expansion (self->deepcache_row)
         || self->vae_path != NULL;
}

void
sfu_advanced_page_set_n_branches (SfuAdvancedPage *self, guint n)
{
  if (n > 0)
    adw_spin_row_set_range (self->branch_spin, 0, n - 1);
}
