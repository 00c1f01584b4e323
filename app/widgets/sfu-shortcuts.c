#include "sfu-shortcuts.h"

#include <glib/gi18n.h>

typedef struct {
  const char *title;
  const char *action;      /* NULL: the widget handles the key itself */
  const char *keys[3];
  enum { ANYWHERE, PICTURE, CANVAS } where; /* only where nobody writes; only where no list has these keys itself */
} Shortcut;

static const struct {
  const char *title;
  Shortcut shortcuts[28];
} groups[] = {
  { N_("Making Pictures"),
    { { N_("Generate; while one is made: add to the queue"), "win.generate", { "<Control>Return", "<Control>KP_Enter" } },
      { N_("Generate next, before all that waits"), "win.generate-next", { "<Control><Shift>Return" } },
      { N_("Stop"), NULL, { "Escape" } },
      { N_("Stop, and clear the queue"), "win.stop-all", { "<Shift>Escape" } },
      { N_("Show the queue"), "win.queue", { "<Control>j" } },
      { N_("Choose a model"), "win.models", { "<Control>m" } },
      { N_("Keep the seed, or not"), "win.lock-seed", { "<Control>l" } },
      { N_("New seed"), "win.new-seed", { "<Control><Shift>n" } },
      { N_("Swap width and height"), "win.swap-size", { "<Control><Shift>x" } },
      { N_("Use the picture as the start"), "win.use-as-start", { "<Control>i" } } } },
  { N_("Writing"),
    { { N_("Go to the prompt"), "win.focus-prompt", { "<Control>e" } },
      { N_("Go to the negative prompt"), "win.focus-negative", { "<Control><Shift>e" } },
      { N_("More or less weight"), NULL, { "<Control>Up", "<Control>Down" } },
      { N_("Former or later prompt"), NULL, { "<Alt>Up", "<Alt>Down" } },
      { N_("Move the phrase"), NULL, { "<Alt>Left", "<Alt>Right" } },
      { N_("Search former prompts"), "win.former-prompts", { "<Control>r" } },
      { N_("Undo"), NULL, { "<Control>z" } },
      { N_("Redo"), NULL, { "<Control><Shift>z" } } } },
  { N_("The Picture"),
    { { N_("Fit"), "win.zoom-fit", { "<Control>0", "<Control>KP_0" } },
      { N_("One pixel for one"), "win.zoom-100", { "<Control>1", "<Control>KP_1" } },
      { N_("Twice as large"), "win.zoom-200", { "<Control>2", "<Control>KP_2" } },
      { N_("Zoom in"), "win.zoom-in", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
      { N_("Zoom out"), "win.zoom-out", { "<Control>minus", "<Control>KP_Subtract" } },
      { N_("Favourite"), "win.favourite", { "<Control>d" } },
      { N_("Save as"), "win.save-as", { "<Control><Shift>s" } },
      { N_("Keep this step, or save"), "win.save", { "<Control>s" } },
      { N_("Copy"), "win.copy", { "<Control>c" }, PICTURE },
      { N_("Paste"), "win.paste", { "<Control>v" }, PICTURE },
      { N_("Copy settings as text"), "win.copy-settings", { "<Control><Shift>c" } },
      { N_("Restore this picture's settings"), "win.restore", { "<Control><Shift>r" } },
      { N_("Delete"), "win.delete", { "Delete" }, PICTURE },
      { N_("Bring deleted pictures back"), "win.undo-delete", { "<Control>z" }, PICTURE },
      { N_("Compare"), "win.compare", { "c" }, PICTURE },
      { N_("Other side of the comparison"), "win.flip", { "a" }, CANVAS },
      { N_("Both sides beside each other"), "win.side-by-side", { "s" }, CANVAS },
      { N_("Move the divider of the comparison"), NULL, { "Left", "Right" } },
      { N_("Former step"), "win.step-back", { "Left" }, CANVAS },
      { N_("Next step"), "win.step-forward", { "Right" }, CANVAS },
      { N_("First step"), "win.step-first", { "Home" }, CANVAS },
      { N_("Last step"), "win.step-last", { "End" }, CANVAS },
      { N_("Keep this step"), "win.keep-step", { "k" }, CANVAS },
      { N_("Newer picture"), "win.newer", { "Up" }, CANVAS },
      { N_("Older picture"), "win.older", { "Down" }, CANVAS },
      { N_("Details"), "win.details", { "<Alt>Return" } } } },
  { N_("The Window"),
    { { N_("Open a picture"), "win.open", { "<Control>o" } },
      { N_("Gallery"), "win.gallery", { "<Control>g" } },
      { N_("Search the gallery"), "win.search", { "<Control>f" } },
      { N_("Show or hide the history"), "win.show-history", { "<Control>h" } },
      { N_("Show or hide the settings"), "win.show-settings", { "F9" } },
      { N_("Full screen"), "win.fullscreen", { "F11" } },
      { N_("Next part of the window"), "win.next-pane", { "F6" } },
      { N_("Main menu"), "win.menu", { "F10" } },
      { N_("Preferences"), "win.preferences", { "<Control>comma" } },
      { N_("Keyboard shortcuts"), "win.shortcuts", { "<Control>question" } },
      { N_("Close"), "window.close", { "<Control>w" } },
      { N_("Quit"), "app.quit", { "<Control>q" } } } },
};

void
sfu_shortcuts_install (GtkApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (const Shortcut *s = groups[i].shortcuts; s->title != NULL; s++)
      {
        const char *keys[4] = { s->keys[0], s->keys[1], s->keys[2], NULL };
        if (s->action != NULL && s->where == ANYWHERE)
          gtk_application_set_accels_for_action (application, s->action, keys);
      }
}

static void
install (GtkWidget *widget, gboolean list)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();
  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (controller), GTK_SHORTCUT_SCOPE_LOCAL);
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (const Shortcut *s = groups[i].shortcuts; s->title != NULL; s++)
      for (guint k = 0; k < G_N_ELEMENTS (s->keys) && s->keys[k] != NULL; k++)
        if (s->where == PICTURE || (s->where == CANVAS && !list))
          gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                                gtk_shortcut_new (gtk_shortcut_trigger_parse_string (s->keys[k]), gtk_named_action_new (s->action)));
  gtk_widget_add_controller (widget, controller);
}

void
sfu_shortcuts_install_local (GtkWidget *widget)
{
  install (widget, FALSE);
}

void
sfu_shortcuts_install_list (GtkWidget *widget)
{
  install (widget, TRUE);
}

static char *
keys_text (const Shortcut *s)
{
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < 2 && s->keys[k] != NULL; k++)
    {
      guint key;
      GdkModifierType modifiers;
      if (gtk_accelerator_parse (s->keys[k], &key, &modifiers) && (k == 0 || s->action == NULL))
        g_ptr_array_add (labels, gtk_accelerator_get_label (key, modifiers));
    }
  g_ptr_array_add (labels, NULL);
  return g_strjoinv (" · ", (char **) labels->pdata);
}

AdwDialog *
sfu_shortcuts_dialog_new (void)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new (), *page = adw_preferences_page_new ();
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      GtkWidget *group = adw_preferences_group_new ();
      adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _(groups[i].title));
      for (const Shortcut *s = groups[i].shortcuts; s->title != NULL; s++)
        {
          GtkWidget *row = adw_action_row_new (), *label;
          g_autofree char *keys = keys_text (s);
          adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _(s->title));
          label = gtk_label_new (keys);
          gtk_widget_add_css_class (label, "dim-label");
          adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
          adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
        }
      adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
    }
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), adw_header_bar_new ());
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), page);
  adw_dialog_set_title (dialog, _("Keyboard Shortcuts"));
  adw_dialog_set_content_width (dialog, 560);
  adw_dialog_set_content_height (dialog, 640);
  adw_dialog_set_child (dialog, view);
  return dialog;
}
