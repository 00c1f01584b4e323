/* What runs and what waits, with a button for each thing that can be done about it. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

typedef struct {
  SfuWindow *window; /* outlives the popover */
  GtkLabel *heading;
  GtkListBox *list;
  SfuStudio *studio; /* until the popover is destroyed, which may be after the window is disposed of */
  GtkToggleButton *pause;
  GtkWidget *clear;
  gboolean setting;
} Queue;

static SfuTicket *
ticket_of (GtkWidget *button)
{
  return g_object_get_data (G_OBJECT (gtk_widget_get_ancestor (button, GTK_TYPE_LIST_BOX_ROW)), "ticket");
}

static void
front_cb (GtkWidget *button, Queue *queue)
{
  sfu_studio_move (queue->window->house.studio, ticket_of (button), 0);
}

static void
undo_remove_cb (AdwToast *toast, SfuWindow *window)
{
  sfu_studio_requeue (window->house.studio, g_object_get_data (G_OBJECT (toast), "tickets"));
}

static void
remove_cb (GtkWidget *button, Queue *queue)
{
  GPtrArray *tickets = g_ptr_array_new_with_free_func (g_object_unref);
  AdwToast *toast = adw_toast_new (_("Removed from the queue"));
  g_ptr_array_add (tickets, g_object_ref (ticket_of (button)));
  sfu_studio_cancel (queue->window->house.studio, tickets->pdata[0]);
  adw_toast_set_button_label (toast, _("Undo"));
  g_object_set_data_full (G_OBJECT (toast), "tickets", tickets, (GDestroyNotify) g_ptr_array_unref);
  g_signal_connect (toast, "button-clicked", G_CALLBACK (undo_remove_cb), queue->window);
  adw_toast_overlay_add_toast (queue->window->toasts, toast);
}

/* Takes it out and into the settings. */
static void
edit_cb (GtkWidget *button, Queue *queue)
{
  g_autoptr (SfuTicket) ticket = g_object_ref (ticket_of (button));
  if (sfu_studio_cancel (queue->window->house.studio, ticket))
    sfu_window_restore (queue->window, sfu_ticket_request (ticket));
}

static GtkWidget *
small_button (const char *icon, const char *tip, GCallback callback, Queue *queue)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  g_signal_connect (button, "clicked", callback, queue);
  return button;
}

static void
describe (GtkWidget *row, const SfuRequest *request)
{
  g_autofree char *text = g_strdup_printf (_("%u × %u · %u steps · seed %" G_GUINT64_FORMAT), request->width, request->height,
                                           request->steps, request->seed);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), *request->prompt != '\0' ? request->prompt : _("No prompt"));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
}

/* Dragging a row onto another puts it there. */
static GdkContentProvider *
row_drag_cb (GtkDragSource *source, double x, double y, GtkWidget *row)
{
  return gdk_content_provider_new_typed (SFU_TYPE_TICKET, g_object_get_data (G_OBJECT (row), "ticket"));
}

static gboolean
row_drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, Queue *queue)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));
  sfu_studio_move (queue->window->house.studio, g_value_get_object (value), gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)));
  return TRUE;
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  Queue *queue = data;
  GtkWidget *row = adw_action_row_new ();
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (SFU_TYPE_TICKET, GDK_ACTION_MOVE);
  g_object_set_data_full (G_OBJECT (row), "ticket", g_object_ref (item), g_object_unref);
  describe (row, sfu_ticket_request (item));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), small_button ("go-top-symbolic", _("Move to Front"), G_CALLBACK (front_cb), queue));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), small_button ("document-edit-symbolic", _("Edit"), G_CALLBACK (edit_cb), queue));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), small_button ("user-trash-symbolic", _("Remove"), G_CALLBACK (remove_cb), queue));
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect (source, "prepare", G_CALLBACK (row_drag_cb), row);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (source));
  g_signal_connect (target, "drop", G_CALLBACK (row_drop_cb), queue);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (target));
  return row;
}

static void
update (Queue *queue)
{
  SfuStudio *studio = queue->window->house.studio;
  guint n = sfu_studio_n_waiting (studio);
  g_autofree char *text = n > 0 ? g_strdup_printf (g_dngettext (NULL, "%u waiting", "%u waiting", n), n) : g_strdup (_("Nothing is waiting"));
  gtk_label_set_text (queue->heading, text);
  gtk_widget_set_visible (GTK_WIDGET (queue->list), n > 0);
  gtk_widget_set_sensitive (queue->clear, n > 0);
  queue->setting = TRUE;
  gtk_toggle_button_set_active (queue->pause, sfu_studio_is_paused (studio));
  queue->setting = FALSE;
}

static void
pause_cb (Queue *queue)
{
  if (!queue->setting)
    sfu_studio_set_paused (queue->window->house.studio, gtk_toggle_button_get_active (queue->pause));
}

static void
destroyed_cb (Queue *queue)
{
  g_signal_handlers_disconnect_by_data (sfu_studio_waiting (queue->studio), queue);
  g_signal_handlers_disconnect_by_data (queue->studio, queue);
  g_clear_object (&queue->studio);
}

GtkWidget *
sfu_queue_popover_new (SfuWindow *window)
{
  Queue *queue = g_new0 (Queue, 1);
  SfuStudio *studio = window->house.studio;
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  queue->window = window;
  queue->studio = g_object_ref (studio);
  queue->heading = GTK_LABEL (gtk_label_new (NULL));
  queue->list = GTK_LIST_BOX (gtk_list_box_new ());
  queue->pause = GTK_TOGGLE_BUTTON (gtk_toggle_button_new ());
  queue->clear = gtk_button_new_with_label (_("Clear"));
  gtk_widget_add_css_class (GTK_WIDGET (queue->heading), "heading");
  gtk_label_set_xalign (queue->heading, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (queue->heading), TRUE);
  gtk_button_set_icon_name (GTK_BUTTON (queue->pause), "media-playback-pause-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (queue->pause), _("Pause the Queue"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (queue->clear), "win.clear-queue");
  gtk_list_box_set_selection_mode (queue->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (queue->list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (queue->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Queue"), -1);
  gtk_list_box_bind_model (queue->list, sfu_studio_waiting (studio), create_row, queue, NULL);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (queue->list));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), 420);
  gtk_widget_set_size_request (box, 340, -1);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (queue->heading));
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (queue->pause));
  gtk_box_append (GTK_BOX (head), queue->clear);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), scroller);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  g_signal_connect_swapped (queue->pause, "toggled", G_CALLBACK (pause_cb), queue);
  g_signal_connect_swapped (sfu_studio_waiting (studio), "items-changed", G_CALLBACK (update), queue);
  g_signal_connect_swapped (studio, "notify::paused", G_CALLBACK (update), queue);
  g_signal_connect_data (popover, "destroy", G_CALLBACK (destroyed_cb), queue, (GClosureNotify) (void (*) (void)) g_free, G_CONNECT_SWAPPED);
  update (queue);
  return popover;
}
