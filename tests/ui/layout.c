/* Is every word in the window there in full? layout NAME WIDTHxHEIGHT SCALE ltr|rtl [SCREENSHOT_FOLDER]
 *
 * One surrounding: size, scale of text, direction; language, colours and contrast come from the environment. Every
 * part of the window is opened, every label measured against what it was given, and a screenshot taken. Prints a
 * line for each label that is cut, and exits with 1 if there is any. */
#include <glib/gi18n.h>
#include <locale.h>

#include "house.h"
#include "sfu-config.h"
#include "sfu-shortcuts.h"

static TestHouse house;
static GHashTable *told;
static const char *name, *folder;
static gboolean few; /* screenshots: most of the time goes into them */
static const char *const few_states[] = { "first-run", "running", "settings", "advanced", "preferences-general", NULL };
static guint n_problems;

/* -- what is cut -- */

static void problem (const char *state, GtkWidget *widget, const char *text, const char *format, ...) G_GNUC_PRINTF (4, 5);

static void
problem (const char *state, GtkWidget *widget, const char *text, const char *format, ...)
{
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *what = NULL;
  va_list args;
  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  if (!g_hash_table_add (told, g_strdup (text)))
    return; /* once is enough */
  for (GtkWidget *w = widget; w != NULL && path->len < 160; w = gtk_widget_get_parent (w))
    {
      g_string_prepend (path, G_OBJECT_TYPE_NAME (w));
      g_string_prepend (path, w == widget ? "" : " ");
      if (gtk_widget_get_parent (w) != NULL)
        g_string_prepend (path, " >");
    }
  g_print ("%s, %s: “%s” %s; at%s\n", name, state, text, what, path->str);
  n_problems++;
}

/* What the widget was given and what it asks for. Measures have its margins in them, what it was given does not. */
static void
check_label (const char *state, GtkLabel *label)
{
  GtkWidget *widget = GTK_WIDGET (label);
  const char *text = gtk_label_get_text (label);
  const int across = gtk_widget_get_margin_start (widget) + gtk_widget_get_margin_end (widget);
  const int down = gtk_widget_get_margin_top (widget) + gtk_widget_get_margin_bottom (widget);
  gboolean shortened = gtk_label_get_ellipsize (label) != PANGO_ELLIPSIZE_NONE, wraps = gtk_label_get_wrap (label);
  int width, height, min_width, natural_width, min_height;
G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  width = gtk_widget_get_allocated_width (widget) + across;
  height = gtk_widget_get_allocated_height (widget) + down;
G_GNUC_END_IGNORE_DEPRECATIONS
  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &min_width, &natural_width, NULL, NULL);
  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, MAX (width, min_width), &min_height, NULL, NULL, NULL);
  if (!shortened && !wraps && width < natural_width)
    problem (state, widget, text, "has %d pixels of width, needs %d", width, natural_width);
  if (!shortened && wraps && width < min_width)
    problem (state, widget, text, "has %d pixels of width, its longest word needs %d", width, min_width);
  if (height < min_height)
    problem (state, widget, text, "has %d pixels of height, needs %d at %d of width", height, min_height, width);
}

/* Numbers and the like, which are to be seen whole. */
static void
check_text (const char *state, GtkText *field)
{
  GtkWidget *widget = GTK_WIDGET (field);
  const char *text = gtk_editable_get_text (GTK_EDITABLE (field));
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  int width;
  pango_layout_get_pixel_size (layout, &width, NULL);
  if (gtk_widget_get_width (widget) < width)
    problem (state, widget, text, "has %d pixels of width, needs %d", gtk_widget_get_width (widget), width);
}

/* What scrolls may be cut where it scrolls; all else lies within whatever cuts off, and within its window. */
static void
check_clipping (const char *state, GtkWidget *widget, const char *text)
{
  GtkWidget *inner = widget;
  for (GtkWidget *outer = gtk_widget_get_parent (widget); outer != NULL; outer = gtk_widget_get_parent (outer))
    {
      GtkPolicyType across = GTK_POLICY_NEVER, down = GTK_POLICY_NEVER;
      gboolean scrolls = GTK_IS_SCROLLED_WINDOW (outer), whole = GTK_IS_NATIVE (outer);
      graphene_rect_t box, clip;
      if (scrolls)
        gtk_scrolled_window_get_policy (GTK_SCROLLED_WINDOW (outer), &across, &down);
      if ((scrolls || whole || gtk_widget_get_overflow (outer) == GTK_OVERFLOW_HIDDEN) && !GTK_IS_SCROLLABLE (outer)
          && gtk_widget_compute_bounds (inner, outer, &box) && gtk_widget_compute_bounds (outer, outer, &clip))
        {
          float left = clip.origin.x - box.origin.x, right = box.origin.x + box.size.width - clip.origin.x - clip.size.width;
          float top = clip.origin.y - box.origin.y, bottom = box.origin.y + box.size.height - clip.origin.y - clip.size.height;
          if (across == GTK_POLICY_NEVER && MAX (left, right) > 0.5)
            {
              problem (state, widget, text, "is cut by %.0f pixels at the side by %s", MAX (left, right), G_OBJECT_TYPE_NAME (outer));
              break;
            }
          if (down == GTK_POLICY_NEVER && MAX (top, bottom) > 0.5)
            {
              problem (state, widget, text, "is cut by %.0f pixels of height by %s", MAX (top, bottom), G_OBJECT_TYPE_NAME (outer));
              break;
            }
        }
      if (scrolls)
        inner = outer;
      if (whole)
        break;
    }
}

/* Whether @above may lie on @below: where both meet, the one is meant to come up over the other. */
static gboolean
may_cover (GtkWidget *above, GtkWidget *below)
{
  while (!gtk_widget_is_ancestor (below, above))
    above = gtk_widget_get_parent (above);
  return ADW_IS_BOTTOM_SHEET (above) || ADW_IS_TOAST_OVERLAY (above) || GTK_IS_OVERLAY (above) || GTK_IS_NATIVE (above)
         || gtk_widget_get_ancestor (above, ADW_TYPE_ENTRY_ROW) != NULL || g_str_equal (G_OBJECT_TYPE_NAME (above), "AdwDialogHost");
}

/* Nothing else lies on its middle, where that can be seen at all. */
static void
check_covering (const char *state, GtkWidget *widget, const char *text)
{
  GtkWidget *native = GTK_WIDGET (gtk_widget_get_native (widget)), *there;
  graphene_point_t middle;
  if (!gtk_widget_compute_point (widget, native, &GRAPHENE_POINT_INIT (gtk_widget_get_width (widget) / 2.0, gtk_widget_get_height (widget) / 2.0),
                                 &middle))
    return;
  for (GtkWidget *w = gtk_widget_get_parent (widget); w != NULL && w != native; w = gtk_widget_get_parent (w))
    {
      graphene_rect_t view;
      if (!GTK_IS_SCROLLED_WINDOW (w) || !gtk_widget_compute_bounds (w, native, &view))
        continue;
      graphene_rect_inset (&view, 2, 2);
      if (!graphene_rect_contains_point (&view, &middle))
        return;
    }
  there = gtk_widget_pick (native, middle.x, middle.y, GTK_PICK_INSENSITIVE | GTK_PICK_NON_TARGETABLE);
  if (there != NULL && there != widget && !gtk_widget_is_ancestor (there, widget) && !gtk_widget_is_ancestor (widget, there)
      && !may_cover (there, widget))
    problem (state, widget, text, "is covered by %s", G_OBJECT_TYPE_NAME (there));
}

static void
check_below (const char *state, GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget) && *gtk_label_get_text (GTK_LABEL (widget)) != '\0')
    {
      check_label (state, GTK_LABEL (widget));
      check_clipping (state, widget, gtk_label_get_text (GTK_LABEL (widget)));
      check_covering (state, widget, gtk_label_get_text (GTK_LABEL (widget)));
    }
  else if (GTK_IS_TEXT (widget))
    {
      check_text (state, GTK_TEXT (widget));
      check_clipping (state, widget, gtk_editable_get_text (GTK_EDITABLE (widget)));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    check_below (state, child);
}

/* GTK itself says so when a window or a widget does not get the room it needs. */
static GLogWriterOutput
log_writer (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    {
      g_autofree char *text = g_log_writer_format_fields (level, fields, n, FALSE);
      g_print ("%s: %s\n", name, text);
      n_problems++;
    }
  return level & G_LOG_LEVEL_ERROR ? g_log_writer_default (level, fields, n, data) : G_LOG_WRITER_HANDLED;
}

/* -- one state of the window -- */

static void
save (const char *state, GtkWidget *native)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (native);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree char *file = g_strdup_printf ("%s-%s.png", name, state), *path = g_build_filename (folder, file, NULL);
  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (native), gtk_widget_get_height (native));
  node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return;
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (native)), node, NULL);
  gdk_texture_save_to_png (texture, path);
}

static void
check (const char *state, GtkWidget *native)
{
  test_house_settle (&house);
  check_below (state, native);
  if (folder != NULL && (!few || g_strv_contains (few_states, state)))
    save (state, native);
}

static void
check_window (const char *state)
{
  check (state, GTK_WIDGET (house.window));
}

static void
act (const char *action)
{
  gtk_widget_activate_action (GTK_WIDGET (house.window), action, NULL);
}

static void
check_popover (const char *state, const char *action, GtkWidget *popover)
{
  act (action);
  check (state, popover);
  gtk_popover_popdown (GTK_POPOVER (popover));
}

static void
check_dialog (const char *state, AdwDialog *dialog)
{
  adw_dialog_present (dialog, GTK_WIDGET (house.window));
  check_window (state);
  adw_dialog_force_close (dialog);
}

static void
check_preferences (void)
{
  static const char *const pages[] = { "general", "canvas", "models", "engine" };
  AdwDialog *dialog = sfu_preferences_new (house.window);
  adw_dialog_present (dialog, GTK_WIDGET (house.window));
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *state = g_strdup_printf ("preferences-%s", pages[i]);
      adw_preferences_dialog_set_visible_page_name (ADW_PREFERENCES_DIALOG (dialog), pages[i]);
      check_window (state);
    }
  adw_dialog_force_close (dialog);
}

static gboolean
is_narrow (void)
{
  return g_str_equal (adw_multi_layout_view_get_layout_name (house.window->layouts), "narrow");
}

static gboolean
holds (TestHouse *self)
{
  SfuRun *run = sfu_studio_running (self->house.studio);
  return run != NULL && sfu_run_step (run) == pretence.hold_at;
}

static gboolean
is_idle (TestHouse *self)
{
  return self->window->state == SFU_WINDOW_IDLE;
}

static void
check_settings (void)
{
  GtkWidget *settings = GTK_WIDGET (house.window->settings);
  if (is_narrow ())
    {
      adw_bottom_sheet_set_open (house.window->sheet, TRUE);
      check_window ("settings");
    }
  gtk_widget_activate_action (settings, "settings.show-advanced", NULL);
  check_window ("advanced");
  adw_navigation_view_pop (ADW_NAVIGATION_VIEW (gtk_widget_get_first_child (settings)));
  test_house_settle (&house);
  check_popover ("models", "win.models", house.window->model_popover);
  check_popover ("queue", "win.queue", house.window->queue_popover);
  test_house_settle (&house);
  if (is_narrow ())
    adw_bottom_sheet_set_open (house.window->sheet, FALSE);
}

static gboolean
tunes (TestHouse *self)
{
  double fraction;
  return sfu_loader_is_tuning (sfu_studio_loader (self->house.studio), &fraction) && fraction > 0;
}

/* The first run on a graphics card. */
static void
check_tuning (void)
{
  pretence.tunes = TRUE;
  test_house_generate (&house, "a red lighthouse");
  test_house_wait (tunes, &house, "tuning");
  sfu_window_update (house.window);
  g_assert_nonnull (strstr (gtk_label_get_text (house.window->status_label), "42"));
  check_window ("tuning");
  if (!is_narrow ())
    check_popover ("queue-tuning", "win.queue", house.window->queue_popover);
  sfu_studio_stop (house.house.studio);
  test_house_wait (is_idle, &house, "the end of tuning");
  pretence.tunes = FALSE;
}

/* A run is looked at while it goes on, at an earlier step of it, and after its end. */
static void
check_run (void)
{
  pretence.hold_at = 7;
  test_house_generate (&house, "a red lighthouse on the ocean with a yellow sun, at sunset");
  test_house_wait (holds, &house, "the seventh step");
  for (guint i = 0; i < 3; i++)
    sfu_window_generate (house.window);
  check_window ("running");
  check_settings ();
  sfu_window_show_step (house.window, 4);
  check_window ("scrubbing");
  sfu_window_show_step (house.window, 0);
  g_ptr_array_unref (sfu_studio_clear (house.house.studio));
  sfu_studio_stop (house.house.studio);
  test_house_wait (is_idle, &house, "the end of the run");
  sfu_window_show_step (house.window, 4);
  check_window ("earlier-step");
}

static void
check_all (void)
{
  SfuWindow *window = house.window;
  check_window ("first-run");
  check_tuning ();
  check_run ();
  gtk_widget_set_visible (GTK_WIDGET (window->drop_zones), TRUE);
  check_window ("drop");
  gtk_widget_set_visible (GTK_WIDGET (window->drop_zones), FALSE);
  sfu_window_banner (window, _("The graphics driver stopped responding"), _("Details"), NULL);
  check_window ("banner");
  adw_banner_set_revealed (window->banner, FALSE);
  if (is_narrow ())
    adw_bottom_sheet_set_open (window->sheet, TRUE);
  gtk_widget_activate_action (GTK_WIDGET (window->settings), "settings.show-start", NULL);
  check_window ("start-picture");
  if (is_narrow ())
    adw_bottom_sheet_set_open (window->sheet, FALSE);
  check_preferences ();
  check_dialog ("shortcuts", sfu_shortcuts_dialog_new ());
  act ("win.gallery");
  check_window ("gallery");
}

int
main (int argc, char **argv)
{
  int width, height;
  g_assert_true (argc >= 5 && sscanf (argv[2], "%dx%d", &width, &height) == 2);
  name = argv[1];
  told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  few = g_str_has_prefix (name, "language-");
  folder = argc > 5 ? argv[5] : NULL;
  g_log_set_writer_func (log_writer, NULL, NULL);
  setlocale (LC_ALL, "");
  bindtextdomain (SFU_DOMAIN, g_getenv ("SFU_LOCALES"));
  bind_textdomain_codeset (SFU_DOMAIN, "UTF-8");
  textdomain (SFU_DOMAIN);
  gtk_init ();
  if (g_str_equal (argv[4], "rtl"))
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", (int) (96 * 1024 * g_ascii_strtod (argv[3], NULL)), "gtk-enable-animations", FALSE,
                "gtk-cursor-blink", FALSE, NULL);
  test_house_open (&house, width, height, 12);
  if (gtk_widget_get_width (GTK_WIDGET (house.window)) != width || gtk_widget_get_height (GTK_WIDGET (house.window)) != height)
    problem ("first-run", GTK_WIDGET (house.window), "Sfumato", "is %d × %d", gtk_widget_get_width (GTK_WIDGET (house.window)),
             gtk_widget_get_height (GTK_WIDGET (house.window)));
  check_all ();
  test_house_close (&house);
  return n_problems > 0;
}
