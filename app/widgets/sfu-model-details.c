/* A dialog that tells what a model is as far as that can be told, what is missing in it and what nobody needs. */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "sfu-window-private.h"

#define NAMES 12 /* of a list that are shown */

typedef struct {
  char *path, *message;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;
  g_free (question->path);
  g_free (question->message);
  g_free (question);
}

static void
add_names (GString *text, const char *title, JsonArray *names)
{
  guint n = json_array_get_length (names);
  if (n == 0)
    return;
  g_string_append_printf (text, "\n%s\n", title);
  for (guint i = 0; i < MIN (n, NAMES); i++)
    g_string_append_printf (text, "    %s\n", json_array_get_string_element (names, i));
  if (n > NAMES)
    {
      g_string_append (text, "    ");
      g_string_append_printf (text, g_dngettext (NULL, "and %u more", "and %u more", n - NAMES), n - NAMES);
      g_string_append_c (text, '\n');
    }
}

static void
add_part (GString *text, const char *name, JsonObject *part)
{
  g_autofree char *size = NULL;
  guint n;
  if (!json_object_get_boolean_member (part, "present"))
    {
      g_string_append_printf (text, _("%s: missing"), name);
      g_string_append_c (text, '\n');
      return;
    }
  size = g_format_size (json_object_get_int_member (part, "bytes"));
  n = json_object_get_int_member (part, "tensors");
  /* Translators: a part of a model, how many tensors it has and how large it is. */
  g_string_append_printf (text, g_dngettext (NULL, "%s: %u tensor, %s", "%s: %u tensors, %s", n), name, n, size);
  g_string_append_c (text, '\n');
  if (json_object_has_member (part, "missing"))
    add_names (text, _("Missing:"), json_object_get_array_member (part, "missing"));
}

/* In a thread: files may be far away. */
static void
examine_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  static const char *const keys[] = { "text_encoder", "unet", "vae" };
  const char *const names[] = { _("Text encoder"), _("UNet"), _("Autoencoder") };
  Question *question = data;
  g_autoptr (JsonObject) found = sfu_model_examine (question->path);
  GString *text = g_string_new (question->message);
  g_string_append_printf (text, "\n\n%s\n", question->path);
  if (found != NULL)
    {
      JsonObject *parts = json_object_get_object_member (found, "parts");
      for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
        add_part (text, names[i], json_object_get_object_member (parts, keys[i]));
      add_names (text, _("Not used:"), json_object_get_array_member (found, "unused"));
    }
  g_task_return_pointer (task, g_string_free (text, FALSE), g_free);
}

static void
copy_cb (GtkButton *button, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), text);
  gtk_button_set_label (button, _("Copied"));
}

static GtkWidget *
text_view (const char *text)
{
  GtkWidget *scroller = gtk_scrolled_window_new (), *label = gtk_label_new (text);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_widget_set_margin_start (label, 18);
  gtk_widget_set_margin_end (label, 18);
  gtk_widget_set_margin_top (label, 6);
  gtk_widget_set_margin_bottom (label, 18);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), label);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  return scroller;
}

static void
examined_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  char *text = g_task_propagate_pointer (G_TASK (result), NULL);
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new (), *header = adw_header_bar_new (), *copy = gtk_button_new_with_label (_("Copy"));
  g_signal_connect_data (copy, "clicked", G_CALLBACK (copy_cb), text, (GClosureNotify) (void (*) (void)) g_free, 0);
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), copy);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), header);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), text_view (text));
  adw_dialog_set_title (dialog, _("Model Details"));
  adw_dialog_set_content_width (dialog, 480);
  adw_dialog_set_child (dialog, view);
  adw_dialog_present (dialog, GTK_WIDGET (source));
}

void
sfu_model_details_show (GtkWidget *parent, const char *path, const char *message)
{
  g_autoptr (GTask) task = g_task_new (parent, NULL, examined_cb, NULL);
  Question *question = g_new0 (Question, 1);
  question->path = g_strdup (path);
  question->message = g_strdup (message);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, examine_thread);
}
