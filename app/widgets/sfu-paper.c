/* What lies on the empty sheet: the first words, and prompts to begin with. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

static void
example_cb (GtkButton *button, SfuWindow *self)
{
  sfu_prompt_view_set_text (sfu_settings_panel_prompt (self->settings), g_object_get_data (G_OBJECT (button), "prompt"));
  gtk_widget_grab_focus (GTK_WIDGET (self->generate_button));
}

GtkWidget *
sfu_paper_new (SfuWindow *self)
{
  /* What the bundled model draws well. The words are English: it was taught in English. */
  static const struct {
    const char *title, *prompt;
  } examples[] = {
    { N_("Lighthouse at dusk"), "a red lighthouse on the ocean with a yellow sun, at sunset" },
    { N_("Sailing boats by night"), "two white sailing boats on the sea under a white crescent moon at night" },
    { N_("Cottage in the meadow"), "a white cottage left of a green tree in a meadow under a yellow sun, watercolor" },
    { N_("Still life with pears"), "three green pears on a brown table in front of a teal wall, oil painting" },
    { N_("Balloons over the mountains"), "three red hot air balloons in front of purple mountains at dawn" },
  };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 10), *icon = gtk_image_new_from_icon_name ("sfu-brush-symbolic");
  GtkWidget *title = gtk_label_new (_("Describe a Picture"));
  GtkWidget *text = gtk_label_new (_("Type a prompt, then press Generate or Ctrl+Return. The picture forms here, step by step."));
  GtkWidget *scroller = gtk_scrolled_window_new (), *or = gtk_label_new (_("Or start from one of these")), *wrap = adw_wrap_box_new ();
  gtk_image_set_pixel_size (GTK_IMAGE (icon), 64);
  gtk_widget_add_css_class (icon, "dim-label");
  gtk_widget_add_css_class (title, "title-1");
  gtk_label_set_wrap (GTK_LABEL (title), TRUE);
  gtk_label_set_justify (GTK_LABEL (title), GTK_JUSTIFY_CENTER);
  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_justify (GTK_LABEL (text), GTK_JUSTIFY_CENTER);
  gtk_label_set_max_width_chars (GTK_LABEL (text), 44);
  gtk_widget_add_css_class (text, "dim-label");
  gtk_widget_add_css_class (or, "caption");
  gtk_widget_add_css_class (or, "dim-label");
  gtk_widget_set_margin_top (or, 16);
  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (wrap), 8);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (wrap), 8);
  adw_wrap_box_set_align (ADW_WRAP_BOX (wrap), 0.5);
  for (guint i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      GtkWidget *button = gtk_button_new_with_label (_(examples[i].title));
      g_object_set_data (G_OBJECT (button), "prompt", (gpointer) examples[i].prompt);
      gtk_widget_add_css_class (button, "pill");
      g_signal_connect (button, "clicked", G_CALLBACK (example_cb), self);
      adw_wrap_box_append (ADW_WRAP_BOX (wrap), button);
    }
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (box, "paper-text");
  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), text);
  gtk_box_append (GTK_BOX (box), or);
  gtk_box_append (GTK_BOX (box), wrap);
  /* In a small window it is longer than the canvas. */
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), box);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_width (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  return scroller;
}
