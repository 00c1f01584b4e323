/* What the window comes back to, and how it gets there. */
#include <glib/gi18n.h>

#include "sfu-window-private.h"

void
sfu_window_save_session (SfuWindow *self)
{
  g_autoptr (SfuRequest) request = sfu_settings_panel_request (self->settings);
  g_autoptr (GPtrArray) queue = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_request_unref);
  GListModel *waiting = sfu_studio_waiting (self->house.studio);
  SfuRun *run = sfu_studio_running (self->house.studio);
  if (run != NULL)
    g_ptr_array_add (queue, sfu_request_ref (sfu_run_request (run)));
  for (guint i = 0; i < g_list_model_get_n_items (waiting); i++)
    {
      g_autoptr (SfuTicket) ticket = g_list_model_get_item (waiting, i);
      g_ptr_array_add (queue, sfu_request_ref (sfu_ticket_request (ticket)));
    }
  sfu_session_set_request (self->house.session, request);
  sfu_session_set_queue (self->house.session, queue);
}

static gboolean
session_cb (gpointer data)
{
  SfuWindow *self = data;
  self->session_source = 0;
  sfu_window_save_session (self);
  return G_SOURCE_REMOVE;
}

/* Many changes in a row are gathered; the session's own timer writes the file. */
void
sfu_window_save_session_soon (SfuWindow *self)
{
  if (self->session_source == 0)
    self->session_source = g_idle_add_full (G_PRIORITY_LOW, session_cb, self, NULL);
}

static void
resume_queue (SfuWindow *self)
{
  sfu_studio_set_paused (self->house.studio, FALSE);
}

void
sfu_window_restore_session (SfuWindow *self)
{
  SfuSession *session = self->house.session;
  GPtrArray *queue = sfu_session_queue (session);
  guint n = queue->len;
  sfu_prompt_view_set_former (sfu_settings_panel_prompt (self->settings), sfu_session_prompts (session));
  if (sfu_session_request (session) != NULL && g_settings_get_boolean (self->house.settings, "restore-session"))
    {
      sfu_settings_panel_set_request (self->settings, sfu_session_request (session));
      if (*sfu_session_request (session)->model != '\0')
        g_set_str (&self->wanted_model, sfu_session_request (session)->model);
    }
  if (n > 0)
    {
      g_autofree char *text = g_strdup_printf (g_dngettext (NULL, "%u picture was still waiting", "%u pictures were still waiting", n), n);
      sfu_studio_set_paused (self->house.studio, TRUE);
      for (guint i = 0; i < n; i++)
        sfu_studio_submit (self->house.studio, queue->pdata[i], 1, FALSE);
      sfu_window_banner (self, text, _("Resume"), resume_queue);
    }
  if (sfu_session_crashed (session))
    sfu_window_toast (self, _("Restored after an unexpected end"));
}

void
sfu_window_show_last (SfuWindow *self)
{
  const char *shown = sfu_session_shown (self->house.session);
  SfuPicture *picture = shown != NULL ? sfu_history_find_path (self->house.history, shown) : NULL;
  if (picture != NULL && self->shown_run == NULL && self->shown_picture == NULL)
    sfu_window_show_picture (self, picture);
}
