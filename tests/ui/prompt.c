/* The prompt's field by itself: what is counted, and where parts begin. prompt [SCREENSHOT_FOLDER]. Prints TAP. */
#include <adwaita.h>
#include <time.h>

#include "sfu-prompt-view.h"

static GtkWidget *window;
static SfuPromptView *view;
static const char *folder;

static gboolean
stop_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* Longer than the field waits after a key. */
static void
wait_for_count (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_timeout_add (400, stop_cb, loop);
  g_main_loop_run (loop);
}

/* Everything in the field that can be read, but for the text itself. */
static void
gather (GtkWidget *widget, GString *labels)
{
  if (!gtk_widget_get_visible (widget))
    return;
  if (GTK_IS_LABEL (widget) && *gtk_label_get_text (GTK_LABEL (widget)) != '\0')
    g_string_append_printf (labels, "%s%s%s", labels->len > 0 ? " " : "", gtk_label_get_text (GTK_LABEL (widget)),
                            gtk_widget_has_css_class (widget, "warning") ? "!" : "");
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    gather (child, labels);
}

static void
shows (const char *rule, const char *text, const char *labels)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_object_set (view, "emphasis", rule, NULL);
  sfu_prompt_view_set_text (view, text);
  wait_for_count ();
  gather (GTK_WIDGET (view), got);
  g_assert_cmpstr (got->str, ==, labels);
}

static void
take_picture (const char *name)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autofree char *path = folder != NULL ? g_build_filename (folder, name, NULL) : NULL;
  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  if (path == NULL || node == NULL)
    return;
  g_autoptr (GdkTexture) texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  gdk_texture_save_to_png (texture, path);
}

static void
test_count (void)
{
  g_autofree char *forty = g_strdup ("");
  for (guint i = 0; i < 40; i++)
    {
      char *longer = g_strconcat (forty, "boat ", NULL);
      g_free (forty);
      forty = longer;
    }
  g_autofree char *long_text = g_strconcat (forty, "(red house:1.3), \\(old\\) ", forty, "[sea] BREAK and ", forty, NULL);
  shows ("a1111", "a (red:1.2) boat", "Prompt \u20663 / 75\u2069");
  shows ("none", "a (red:1.2) boat", "Prompt \u20669 / 75\u2069");
  shows ("comfyui", "a [red] boat BREAK", "Prompt \u20666 / 75\u2069");
  shows ("a1111", "a boat BREAK sea", "Prompt \u206676 / 150\u2069 · 2 parts!");
  shows ("a1111", long_text, "Prompt \u2066191 / 225\u2069 · 3 parts!");
  take_picture ("prompt-parts.png");
  shows ("none", long_text, "Prompt \u2066138 / 75\u2069!");
  shows ("a1111", "", "Prompt \u20660 / 75\u2069");
}

/* Processor time of this thread, which does not depend on who else is busy. */
static double
used_ms (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* What a key takes in a prompt of 2000 words until all is drawn again: by itself, and with what the field does. */
static double
press_key (gboolean counts)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (sfu_prompt_view_text_view (view));
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  double start = used_ms ();
  gtk_text_buffer_insert_at_cursor (buffer, "x", -1);
  g_timeout_add_once (counts ? 1500 : 60, (GSourceOnceFunc) g_main_loop_quit, loop);
  g_main_loop_run (loop); /* sleeps when there is nothing to do, so that waiting costs nothing */
  return used_ms () - start;
}

static void
test_typing (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  double alone, counted;
  for (guint i = 0; i < 500; i++)
    g_string_append (text, "a luminous (café:1.2), seascape ");
  g_object_set (view, "emphasis", "a1111", NULL);
  sfu_prompt_view_set_text (view, text->str);
  press_key (TRUE);
  alone = press_key (FALSE);
  counted = press_key (TRUE);
  g_test_message ("a key in 2000 words takes %.0f ms of processor time, %.0f with counting and colours", alone, counted);
  /* GTK lays the paragraph out anew for each; to tag everything again took twice as long as this allows. */
  g_assert_cmpfloat (counted, <, 10 * alone);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();
  folder = argc > 1 ? argv[1] : NULL;
  g_autoptr (SfuTokenizer) tokenizer = sfu_tokenizer_new_builtin (NULL);
  view = g_object_new (SFU_TYPE_PROMPT_VIEW, "title", "Prompt", "lines", 4, NULL);
  sfu_prompt_view_set_tokenizer (view, tokenizer);
  window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (window), 420, 320);
  gtk_window_set_child (GTK_WINDOW (window), GTK_WIDGET (view));
  gtk_window_present (GTK_WINDOW (window));
  g_test_add_func ("/prompt/count", test_count);
  g_test_add_func ("/prompt/typing", test_typing);
  return g_test_run ();
}
