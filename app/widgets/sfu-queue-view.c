#include "sfu-queue-view.h"

#include <glib/gi18n.h>

#include "sfu-picture-tile.h"
#include "sfu-texture.h"

#define REFRESH_MS 250

struct _SfuQueueView {
  AdwBin parent_instance;
  GtkLabel *heading, *empty;
  GtkToggleButton *pause;
  GtkWidget *scroller, *running_list;
  GtkListBox *list;
  AdwActionRow *running_row;
  SfuPictureTile *running_tile;
  SfuStudio *studio;
  guint refresh_source; /* only while it is to be seen */
};

G_DEFINE_FINAL_TYPE (SfuQueueView, sfu_queue_view, ADW_TYPE_BIN)

static guint edit_signal, removed_signal;

/* -- a waiting picture -- */

static SfuTicket *
ticket_of (GtkWidget *row)
{
  return g_object_get_data (G_OBJECT (row), "ticket");
}

static void
describe (GtkWidget *row, const SfuRequest *request)
{
  g_autofree char *size = g_strdup_printf ("\u2066%u × %u\u2069", request->width, request->height);
  g_autofree char *steps = g_strdup_printf (g_dngettext (NULL, "%u step", "%u steps", request->steps), request->steps);
  g_autofree char *seed = g_strdup_printf ("\u2066%" G_GUINT64_FORMAT "\u2069", request->seed);
  /* Translators: a size, "20 steps", the number of a seed. */
  g_autofree char *text = g_strdup_printf (_("%s · %s · Seed %s"), size, steps, seed);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), *request->prompt != '\0' ? request->prompt : _("No prompt"));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  gtk_widget_set_tooltip_text (row, *request->prompt != '\0' ? request->prompt : NULL);
}

static void
add_item (GMenu *menu, const char *label, const char *action, guint id)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
  g_menu_item_set_action_and_target (item, action, "u", id);
  g_menu_append_item (menu, item);
}

static GtkWidget *
menu_button (guint id)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();
  add_item (menu, _("Move to _Front"), "queue.move-to-front", id);
  add_item (menu, _("_Duplicate"), "queue.duplicate", id);
  add_item (menu, _("_Edit"), "queue.edit", id);
  add_item (menu, _("_Remove"), "queue.remove", id);
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "view-more-symbolic");
  gtk_widget_set_tooltip_text (button, _("More"));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  return button;
}

static GtkWidget *
remove_button (guint id)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("edit-delete-symbolic");
  gtk_widget_set_tooltip_text (button, _("Remove"));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "queue.remove");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "u", id);
  return button;
}

static void
add_key (GtkShortcutController *keys, const char *trigger, const char *action, guint id)
{
  GtkShortcut *shortcut = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger), gtk_named_action_new (action));
  gtk_shortcut_set_arguments (shortcut, g_variant_new_uint32 (id));
  gtk_shortcut_controller_add_shortcut (keys, shortcut);
}

static gboolean
open_menu_cb (GtkWidget *row, GVariant *arguments, gpointer button)
{
  gtk_menu_button_popup (button);
  return TRUE;
}

static void
add_keys (GtkWidget *row, GtkWidget *button, guint id)
{
  GtkShortcutController *keys = GTK_SHORTCUT_CONTROLLER (gtk_shortcut_controller_new ());
  add_key (keys, "<Alt>Up|<Alt>KP_Up", "queue.move-up", id);
  add_key (keys, "<Alt>Down|<Alt>KP_Down", "queue.move-down", id);
  add_key (keys, "<Alt>Home|<Alt>KP_Home", "queue.move-to-front", id);
  add_key (keys, "Delete|KP_Delete", "queue.remove", id);
  gtk_shortcut_controller_add_shortcut (keys, gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"),
                                                                gtk_callback_action_new (open_menu_cb, button, NULL)));
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (keys));
}

/* -- dragging: a row is put where the pointer lets it go -- */

static GdkContentProvider *
drag_prepare_cb (GtkDragSource *source, double x, double y, GtkWidget *row)
{
  return gdk_content_provider_new_typed (SFU_TYPE_TICKET, ticket_of (row));
}

static void
drag_begin_cb (GtkDragSource *source, GdkDrag *drag, GtkWidget *row)
{
  g_autoptr (GdkPaintable) icon = gtk_widget_paintable_new (row);
  gtk_drag_source_set_icon (source, icon, gtk_widget_get_width (row) / 2, gtk_widget_get_height (row) / 2);
  gtk_widget_add_css_class (row, "dragged");
}

static void
drag_end_cb (GtkDragSource *source, GdkDrag *drag, gboolean deleted, GtkWidget *row)
{
  gtk_widget_remove_css_class (row, "dragged");
}

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, SfuQueueView *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));
  sfu_queue_move (sfu_studio_queue (self->studio), g_value_get_object (value), gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)));
  return TRUE;
}

static void
add_dragging (SfuQueueView *self, GtkWidget *row)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (SFU_TYPE_TICKET, GDK_ACTION_MOVE);
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect (source, "prepare", G_CALLBACK (drag_prepare_cb), row);
  g_signal_connect (source, "drag-begin", G_CALLBACK (drag_begin_cb), row);
  g_signal_connect (source, "drag-end", G_CALLBACK (drag_end_cb), row);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (source));
  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (target));
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  GtkWidget *row = adw_action_row_new (), *handle = gtk_image_new_from_icon_name ("list-drag-handle-symbolic"), *button;
  guint id = sfu_ticket_id (item);
  g_object_set_data_full (G_OBJECT (row), "ticket", g_object_ref (item), g_object_unref);
  describe (row, sfu_ticket_request (item));
  gtk_widget_add_css_class (handle, "dim-label");
  gtk_accessible_update_state (GTK_ACCESSIBLE (handle), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), handle);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), remove_button (id));
  button = menu_button (id);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  add_keys (row, button, id);
  add_dragging (data, row);
  return row;
}

/* -- what can be done with one -- */

static void
focus_ticket (SfuQueueView *self, SfuTicket *ticket)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, (int) sfu_queue_find (sfu_studio_queue (self->studio), ticket));
  if (row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* The row with the focus goes: the next one, or what is left, gets it. */
static void
focus_position (SfuQueueView *self, guint position)
{
  guint n = sfu_studio_n_waiting (self->studio);
  if (n > 0)
    gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, MIN (position, n - 1))));
  else
    gtk_widget_grab_focus (GTK_WIDGET (self->pause));
}

static void
move_action (GtkWidget *widget, const char *name, GVariant *id)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  SfuQueue *queue = sfu_studio_queue (self->studio);
  SfuTicket *ticket = sfu_queue_find_id (queue, g_variant_get_uint32 (id));
  guint position;
  if (ticket == NULL)
    return;
  position = sfu_queue_find (queue, ticket);
  if (g_str_equal (name, "queue.move-to-front"))
    position = 0;
  else if (g_str_equal (name, "queue.move-up"))
    position = position > 0 ? position - 1 : 0;
  else
    position = MIN (position + 1, sfu_queue_length (queue) - 1);
  sfu_queue_move (queue, ticket, position);
  focus_ticket (self, ticket);
}

static void
duplicate_action (GtkWidget *widget, const char *name, GVariant *id)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  SfuTicket *ticket = sfu_queue_find_id (sfu_studio_queue (self->studio), g_variant_get_uint32 (id));
  if (ticket == NULL)
    return;
  sfu_queue_duplicate (sfu_studio_queue (self->studio), ticket);
  focus_ticket (self, ticket);
}

static void
take_out_action (GtkWidget *widget, const char *name, GVariant *id)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  SfuQueue *queue = sfu_studio_queue (self->studio);
  SfuTicket *found = sfu_queue_find_id (queue, g_variant_get_uint32 (id));
  g_autoptr (SfuTicket) ticket = found != NULL ? g_object_ref (found) : NULL;
  guint position;
  if (ticket == NULL)
    return;
  position = sfu_queue_find (queue, ticket);
  sfu_queue_remove (queue, ticket);
  focus_position (self, position);
  if (g_str_equal (name, "queue.edit"))
    g_signal_emit (self, edit_signal, 0, ticket);
  else
    {
      g_autoptr (GPtrArray) tickets = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (tickets, g_object_ref (ticket));
      g_signal_emit (self, removed_signal, 0, tickets, position);
    }
}

static void
clear_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  g_autoptr (GPtrArray) tickets = sfu_studio_clear (self->studio);
  gtk_widget_grab_focus (GTK_WIDGET (self->pause));
  if (tickets->len > 0)
    g_signal_emit (self, removed_signal, 0, tickets, 0);
}

/* -- the heading and the running picture -- */

static char *
duration (double seconds)
{
  guint minutes = (guint) (seconds / 60 + 0.5);
  if (seconds < 1)
    return NULL;
  if (seconds >= 90)
    return g_strdup_printf (g_dngettext (NULL, "about %u min", "about %u min", minutes), minutes);
  return g_strdup_printf (_("about %u s"), (guint) (seconds + 0.5));
}

static void
update_heading (SfuQueueView *self)
{
  guint n = sfu_studio_n_waiting (self->studio);
  g_autofree char *waiting = g_strdup_printf (g_dngettext (NULL, "%u waiting", "%u waiting", n), n);
  g_autofree char *time = n > 0 ? duration (sfu_studio_seconds_waiting (self->studio)) : NULL;
  /* Translators: "3 waiting · about 40 s" */
  g_autofree char *text = time != NULL ? g_strdup_printf (_("%s · %s"), waiting, time) : NULL;
  if (n == 0)
    gtk_label_set_text (self->heading, _("Nothing is waiting"));
  else
    gtk_label_set_text (self->heading, text != NULL ? text : waiting);
}

static const char *
preparing_text (SfuJobState state)
{
  switch (state)
    {
    case SFU_JOB_ENCODING: return _("Reading the Prompt…");
    case SFU_JOB_TUNING: return _("Tuning for This Graphics Card…");
    default: return _("Loading Model…");
    }
}

static char *
running_text (SfuRun *run)
{
  double left = sfu_run_seconds_left (run);
  g_autofree char *step = g_strdup_printf (_("Step %u of %u"), sfu_run_step (run), sfu_run_n_steps (run)), *time = NULL;
  if (g_cancellable_is_cancelled (sfu_job_get_cancellable (sfu_run_job (run))))
    return g_strdup (_("Stopping…"));
  if (sfu_run_state (run) < SFU_JOB_SAMPLING)
    return g_strdup (preparing_text (sfu_run_state (run)));
  if (sfu_run_state (run) > SFU_JOB_SAMPLING)
    return g_strdup (_("Developing…"));
  time = duration (left);
  return time != NULL ? g_strdup_printf (_("%s · %s"), step, time) : g_steal_pointer (&step);
}

static void
update_running (SfuQueueView *self)
{
  SfuRun *run = sfu_studio_running (self->studio);
  g_autofree char *text = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  SfuImage *tile = NULL;
  gtk_widget_set_visible (self->running_list, run != NULL);
  if (run == NULL)
    return;
  for (guint step = sfu_run_step (run); step >= 1 && tile == NULL; step--)
    tile = sfu_run_tile (run, step);
  texture = tile != NULL ? sfu_texture_new (tile) : NULL;
  text = running_text (run);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->running_row),
                                 *sfu_run_request (run)->prompt != '\0' ? sfu_run_request (run)->prompt : _("No prompt"));
  adw_action_row_set_subtitle (self->running_row, text);
  sfu_picture_tile_set_live (self->running_tile, texture, sfu_run_progress (run));
}

static void
update (SfuQueueView *self)
{
  guint n = sfu_studio_n_waiting (self->studio);
  update_heading (self);
  update_running (self);
  gtk_widget_set_visible (self->scroller, n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->empty), n == 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "queue.clear", n > 0);
}

static gboolean
refresh_cb (gpointer data)
{
  update (data);
  return G_SOURCE_CONTINUE;
}

static void
sfu_queue_view_map (GtkWidget *widget)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  GTK_WIDGET_CLASS (sfu_queue_view_parent_class)->map (widget);
  self->refresh_source = g_timeout_add (REFRESH_MS, refresh_cb, self);
  update (self);
}

static void
sfu_queue_view_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&SFU_QUEUE_VIEW (widget)->refresh_source, g_source_remove);
  GTK_WIDGET_CLASS (sfu_queue_view_parent_class)->unmap (widget);
}

/* Where the keyboard begins: at the next picture. */
static gboolean
sfu_queue_view_grab_focus (GtkWidget *widget)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (widget);
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, 0);
  return gtk_widget_grab_focus (row != NULL ? GTK_WIDGET (row) : GTK_WIDGET (self->pause));
}

/* -- the object -- */

static void
sfu_queue_view_dispose (GObject *object)
{
  SfuQueueView *self = SFU_QUEUE_VIEW (object);
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_QUEUE_VIEW);
  g_clear_object (&self->studio);
  G_OBJECT_CLASS (sfu_queue_view_parent_class)->dispose (object);
}

static void
sfu_queue_view_class_init (SfuQueueViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_queue_view_dispose;
  widget_class->map = sfu_queue_view_map;
  widget_class->unmap = sfu_queue_view_unmap;
  widget_class->grab_focus = sfu_queue_view_grab_focus;
  edit_signal = g_signal_new ("edit", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, SFU_TYPE_TICKET);
  removed_signal = g_signal_new ("removed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_PTR_ARRAY, G_TYPE_UINT);
  g_type_ensure (SFU_TYPE_PICTURE_TILE);
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-queue-view.ui");
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, SfuQueueView, name)
  CHILD (heading); CHILD (empty); CHILD (pause); CHILD (scroller); CHILD (running_list); CHILD (list);
  CHILD (running_row); CHILD (running_tile);
#undef CHILD
  gtk_widget_class_install_action (widget_class, "queue.move-to-front", "u", move_action);
  gtk_widget_class_install_action (widget_class, "queue.move-up", "u", move_action);
  gtk_widget_class_install_action (widget_class, "queue.move-down", "u", move_action);
  gtk_widget_class_install_action (widget_class, "queue.duplicate", "u", duplicate_action);
  gtk_widget_class_install_action (widget_class, "queue.edit", "u", take_out_action);
  gtk_widget_class_install_action (widget_class, "queue.remove", "u", take_out_action);
  gtk_widget_class_install_action (widget_class, "queue.clear", NULL, clear_action);
}

static void
sfu_queue_view_init (SfuQueueView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sfu_picture_tile_set_side (self->running_tile, 44);
}

SfuQueueView *
sfu_queue_view_new (SfuStudio *studio)
{
  SfuQueueView *self = g_object_new (SFU_TYPE_QUEUE_VIEW, NULL);
  self->studio = g_object_ref (studio);
  gtk_list_box_bind_model (self->list, sfu_studio_waiting (studio), create_row, self, NULL);
  g_object_bind_property (studio, "paused", self->pause, "active", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_signal_connect_object (sfu_studio_waiting (studio), "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (studio, "notify::running", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}
