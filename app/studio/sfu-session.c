#include "sfu-session.h"

#include <json-glib/json-glib.h>

#include "sfu-file.h"
#include "sfu-request-text.h"

#define PROMPTS_KEPT 200

struct _SfuSession {
  char *path;
  gboolean crashed;
  SfuRequest *request;
  char *shown;
  GPtrArray *queue;   /* SfuRequest */
  GPtrArray *prompts; /* utf8 */
  guint save_source;
};

static void
add_requests (JsonArray *array, guint i, JsonNode *node, gpointer data)
{
  const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  SfuRequest *request = text != NULL ? sfu_request_from_json (text) : NULL;
  if (request != NULL)
    g_ptr_array_add (data, request);
}

static void
add_texts (JsonArray *array, guint i, JsonNode *node, gpointer data)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_string (node) != NULL)
    g_ptr_array_add (data, g_strdup (json_node_get_string (node)));
}

static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static void
read_file (SfuSession *self)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object;
  const char *text;
  if (!json_parser_load_from_file (parser, self->path, NULL) || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return;
  object = json_node_get_object (json_parser_get_root (parser));
  self->crashed = json_object_get_boolean_member_with_default (object, "running", FALSE);
  if ((text = json_object_get_string_member_with_default (object, "request", NULL)) != NULL)
    self->request = sfu_request_from_json (text);
  self->shown = g_strdup (json_object_get_string_member_with_default (object, "shown", NULL));
  if (array_member (object, "queue") != NULL)
    json_array_foreach_element (array_member (object, "queue"), add_requests, self->queue);
  if (array_member (object, "prompts") != NULL)
    json_array_foreach_element (array_member (object, "prompts"), add_texts, self->prompts);
}

static void
write_file (SfuSession *self, gboolean running)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL, *folder = g_path_get_dirname (self->path);
  g_autoptr (GError) error = NULL;
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "running");
  json_builder_add_boolean_value (builder, running);
  if (self->request != NULL)
    {
      g_autofree char *request = sfu_request_to_json (self->request);
      json_builder_set_member_name (builder, "request");
      json_builder_add_string_value (builder, request);
    }
  if (self->shown != NULL)
    {
      json_builder_set_member_name (builder, "shown");
      json_builder_add_string_value (builder, self->shown);
    }
  json_builder_set_member_name (builder, "queue");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->queue->len; i++)
    {
      g_autofree char *request = sfu_request_to_json (self->queue->pdata[i]);
      json_builder_add_string_value (builder, request);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "prompts");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->prompts->len; i++)
    json_builder_add_string_value (builder, self->prompts->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  g_mkdir_with_parents (folder, 0700);
  if (!sfu_file_write (self->path, text, strlen (text), &error))
    g_message ("The session was not saved: %s", error->message);
}

static gboolean
save_cb (gpointer data)
{
  SfuSession *self = data;
  self->save_source = 0;
  write_file (self, TRUE);
  return G_SOURCE_REMOVE;
}

static void
save_soon (SfuSession *self)
{
  if (self->save_source == 0)
    self->save_source = g_timeout_add_seconds (1, save_cb, self);
}

SfuSession *
sfu_session_open (const char *path)
{
  SfuSession *self = g_new0 (SfuSession, 1);
  self->path = g_strdup (path);
  self->queue = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_request_unref);
  self->prompts = g_ptr_array_new_with_free_func (g_free);
  read_file (self);
  save_soon (self);
  return self;
}

void
sfu_session_close (SfuSession *self, gboolean clean)
{
  if (self == NULL)
    return;
  g_clear_handle_id (&self->save_source, g_source_remove);
  write_file (self, !clean);
  g_clear_pointer (&self->request, sfu_request_unref);
  g_ptr_array_unref (self->queue);
  g_ptr_array_unref (self->prompts);
  g_free (self->shown);
  g_free (self->path);
  g_free (self);
}

gboolean
sfu_session_crashed (SfuSession *self)
{
  return self->crashed;
}

SfuRequest *
sfu_session_request (SfuSession *self)
{
  return self->request;
}

void
sfu_session_set_request (SfuSession *self, SfuRequest *request)
{
  sfu_request_ref (request);
  g_clear_pointer (&self->request, sfu_request_unref);
  self->request = request;
  save_soon (self);
}

const char *
sfu_session_shown (SfuSession *self)
{
  return self->shown;
}

void
sfu_session_set_shown (SfuSession *self, const char *path)
{
  g_set_str (&self->shown, path);
  save_soon (self);
}

GPtrArray *
sfu_session_queue (SfuSession *self)
{
  return self->queue;
}

void
sfu_session_set_queue (SfuSession *self, GPtrArray *requests)
{
  g_ptr_array_ref (requests);
  g_ptr_array_unref (self->queue);
  self->queue = requests;
  save_soon (self);
}

GPtrArray *
sfu_session_prompts (SfuSession *self)
{
  return self->prompts;
}

void
sfu_session_add_prompt (SfuSession *self, const char *prompt)
{
  guint at;
  if (*prompt == '\0')
    return;
  if (g_ptr_array_find_with_equal_func (self->prompts, prompt, g_str_equal, &at))
    g_ptr_array_remove_index (self->prompts, at);
  g_ptr_array_add (self->prompts, g_strdup (prompt));
  if (self->prompts->len > PROMPTS_KEPT)
    g_ptr_array_remove_index (self->prompts, 0);
  save_soon (self);
}

void
sfu_session_clear_prompts (SfuSession *self)
{
  g_ptr_array_set_size (self->prompts, 0);
  save_soon (self);
}
