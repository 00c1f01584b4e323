/* Full screen: only the picture. The bars slide in over it while the pointer is near their edge, or while
 * something in them has the keyboard's focus. */
#include "sfu-window-private.h"

#define EDGE 56          /* pixels from the top or bottom that call a bar */
#define LINGER_MS 900

static gboolean
holds_focus (SfuWindow *self, GtkWidget *view)
{
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (self));
  return focus != NULL && gtk_widget_is_ancestor (focus, view) && !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->canvas))
         && focus != GTK_WIDGET (self->canvas);
}

static void
reveal (SfuWindow *self, gboolean top, gboolean bottom)
{
  adw_toolbar_view_set_reveal_top_bars (self->wide_view, top);
  adw_toolbar_view_set_reveal_top_bars (self->narrow_view, top);
  adw_toolbar_view_set_reveal_bottom_bars (self->stage_view, bottom);
}

static gboolean
hide_cb (gpointer data)
{
  SfuWindow *self = data;
  self->bars_source = 0;
  if (gtk_window_is_fullscreen (GTK_WINDOW (self)))
    reveal (self, FALSE, holds_focus (self, GTK_WIDGET (self->stage_view)));
  return G_SOURCE_REMOVE;
}

static void
motion_cb (SfuWindow *self, double x, double y)
{
  gboolean top = y < EDGE, bottom = y > gtk_widget_get_height (GTK_WIDGET (self)) - EDGE;
  if (!gtk_window_is_fullscreen (GTK_WINDOW (self)))
    return;
  if (top || bottom)
    {
      g_clear_handle_id (&self->bars_source, g_source_remove);
      reveal (self, top, bottom);
    }
  else if (self->bars_source == 0)
    self->bars_source = g_timeout_add (LINGER_MS, hide_cb, self);
}

static void
fullscreened_cb (SfuWindow *self)
{
  gboolean full = gtk_window_is_fullscreen (GTK_WINDOW (self));
  AdwToolbarView *views[] = { self->wide_view, self->narrow_view };
  if (full)
    {
      self->had_settings = adw_overlay_split_view_get_show_sidebar (self->settings_split);
      self->had_history = adw_overlay_split_view_get_show_sidebar (self->history_split);
    }
  adw_overlay_split_view_set_show_sidebar (self->settings_split, !full && self->had_settings);
  adw_overlay_split_view_set_show_sidebar (self->history_split, !full && self->had_history);
  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    adw_toolbar_view_set_extend_content_to_top_edge (views[i], full);
  adw_toolbar_view_set_extend_content_to_bottom_edge (self->stage_view, full);
  g_clear_handle_id (&self->bars_source, g_source_remove);
  reveal (self, !full, !full);
}

void
sfu_window_init_fullscreen (SfuWindow *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  gtk_event_controller_set_propagation_phase (motion, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  g_signal_connect (self, "notify::fullscreened", G_CALLBACK (fullscreened_cb), NULL);
}
