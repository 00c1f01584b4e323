/* The queue, in a popover or in a dialog, and the ways back from what was done in it. */
#include <glib/gi18n.h>

#include "sfu-queue-view.h"
#include "sfu-window-private.h"

#define WIDTH 400

/* -- ways back -- */

typedef struct {
  SfuStudio *studio;
  GPtrArray *tickets;
  guint position;
} TakenOut;

static void
taken_out_free (gpointer data, GClosure *closure)
{
  TakenOut *taken = data;
  g_object_unref (taken->studio);
  g_ptr_array_unref (taken->tickets);
  g_free (taken);
}

static void
undo_cb (AdwToast *toast, TakenOut *taken)
{
  sfu_studio_requeue (taken->studio, taken->tickets, taken->position);
}

static void
offer_undo (SfuWindow *self, AdwToastOverlay *toasts, GPtrArray *tickets, guint position)
{
  g_autofree char *title = g_strdup_printf (g_dngettext (NULL, "Removed from the queue", "%u removed from the queue", tickets->len),
                                            tickets->len);
  AdwToast *toast = adw_toast_new (title);
  TakenOut *taken = g_new0 (TakenOut, 1);
  taken->studio = g_object_ref (self->house.studio);
  taken->tickets = g_ptr_array_ref (tickets);
  taken->position = position;
  adw_toast_set_timeout (toast, 10);
  adw_toast_set_button_label (toast, _("Undo"));
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (undo_cb), taken, taken_out_free, 0);
  adw_toast_overlay_add_toast (toasts, toast);
}

void
sfu_window_clear_queue (SfuWindow *self)
{
  g_autoptr (GPtrArray) tickets = sfu_studio_clear (self->house.studio);
  if (tickets->len > 0)
    offer_undo (self, self->toasts, tickets, 0);
}

/* A dialog lies over the window's toasts and has its own. */
static void
removed_cb (SfuWindow *self, GPtrArray *tickets, guint position, SfuQueueView *view)
{
  GtkWidget *toasts = gtk_widget_get_ancestor (GTK_WIDGET (view), ADW_TYPE_TOAST_OVERLAY);
  offer_undo (self, toasts != NULL ? ADW_TOAST_OVERLAY (toasts) : self->toasts, tickets, position);
}

static void
edit_cb (SfuWindow *self, SfuTicket *ticket, SfuQueueView *view)
{
  GtkWidget *popover = gtk_widget_get_ancestor (GTK_WIDGET (view), GTK_TYPE_POPOVER);
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (view), ADW_TYPE_DIALOG);
  if (popover != NULL)
    gtk_popover_popdown (GTK_POPOVER (popover));
  if (dialog != NULL)
    adw_dialog_close (ADW_DIALOG (dialog));
  sfu_window_restore (self, sfu_ticket_request (ticket));
}

/* -- where it is shown -- */

static GtkWidget *
view_new (SfuWindow *self)
{
  SfuQueueView *view = sfu_queue_view_new (self->house.studio);
  g_signal_connect_object (view, "removed", G_CALLBACK (removed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (view, "edit", G_CALLBACK (edit_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (view);
}

GtkWidget *
sfu_queue_popover_new (SfuWindow *self)
{
  GtkWidget *popover = gtk_popover_new (), *view = view_new (self);
  gtk_widget_set_size_request (view, WIDTH, -1);
  gtk_popover_set_child (GTK_POPOVER (popover), view);
  gtk_popover_set_position (GTK_POPOVER (popover), GTK_POS_TOP);
  gtk_widget_add_css_class (popover, "queue");
  gtk_accessible_update_property (GTK_ACCESSIBLE (popover), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Waiting Pictures"), -1);
  return popover;
}

static void
present_dialog (SfuWindow *self)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *bars = adw_toolbar_view_new (), *toasts = adw_toast_overlay_new (), *view = view_new (self);
  for (guint i = 0; i < 4; i++)
    g_object_set (view, (const char *[]) { "margin-start", "margin-end", "margin-top", "margin-bottom" }[i], 12, NULL);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (bars), adw_header_bar_new ());
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), view);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (bars), toasts);
  adw_dialog_set_title (dialog, _("Waiting Pictures"));
  adw_dialog_set_child (dialog, bars);
  adw_dialog_set_content_width (dialog, WIDTH);
  adw_dialog_set_content_height (dialog, 520);
  adw_dialog_present (dialog, GTK_WIDGET (self));
  gtk_widget_grab_focus (view);
}

void
sfu_window_show_queue (SfuWindow *self)
{
  if (g_str_equal (adw_multi_layout_view_get_layout_name (self->layouts), "narrow")
      || !gtk_widget_get_mapped (GTK_WIDGET (self->queue_button)))
    present_dialog (self);
  else
    {
      gtk_popover_popup (GTK_POPOVER (self->queue_popover));
      gtk_widget_grab_focus (gtk_popover_get_child (GTK_POPOVER (self->queue_popover)));
    }
}
