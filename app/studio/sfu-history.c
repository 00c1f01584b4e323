#include "sfu-history.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "sfu-file.h"
#include "sfu-png.h"
#include "sfu-request-text.h"

#define HOLDING ".sfumato-deleted"

struct _SfuHistory {
  GObject parent_instance;
  char *folder, *index_path;
  GListStore *pictures; /* SfuPicture, newest first */
  JsonObject *absent;   /* favourites of the index whose files are not in the folder now */
  GCancellable *scanning;
  gboolean loaded;
  guint save_source;
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (SfuHistory, sfu_history, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static guint loaded_signal, favourites_changed_signal;

/* -- the list -- */

static GType
get_item_type (GListModel *model)
{
  return SFU_TYPE_PICTURE;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (SFU_HISTORY (model)->pictures));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (SFU_HISTORY (model)->pictures), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static int
newest_first (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = sfu_picture_created ((gpointer) a), y = sfu_picture_created ((gpointer) b);
  return x != y ? (x < y) - (x > y) : -g_strcmp0 (sfu_picture_path ((gpointer) a), sfu_picture_path ((gpointer) b));
}

/* -- the index -- */

static JsonObject *
read_index (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_file (parser, path, NULL) || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return json_object_new ();
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

/* Names are without the folder, so that a folder can be moved. Stars are nowhere else: those of a folder that is on a drive
 * which is not there, or that another one was chosen instead of, are kept for its return. */
static char *
index_text (SfuHistory *self)
{
  g_autoptr (GList) absent = self->absent != NULL ? json_object_get_members (self->absent) : NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  json_builder_begin_object (builder);
  for (GList *name = absent; name != NULL; name = name->next)
    {
      json_builder_set_member_name (builder, name->data);
      json_builder_add_value (builder, json_node_copy (json_object_get_member (self->absent, name->data)));
    }
  for (guint i = 0; i < get_n_items (G_LIST_MODEL (self)); i++)
    {
      g_autoptr (SfuPicture) picture = get_item (G_LIST_MODEL (self), i);
      g_autofree char *name = g_path_get_basename (sfu_picture_path (picture));
      const SfuRequest *request = sfu_picture_request (picture);
      json_builder_set_member_name (builder, name);
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "created");
      json_builder_add_int_value (builder, sfu_picture_created (picture));
      json_builder_set_member_name (builder, "width");
      json_builder_add_int_value (builder, sfu_picture_width (picture));
      json_builder_set_member_name (builder, "height");
      json_builder_add_int_value (builder, sfu_picture_height (picture));
      if (sfu_picture_is_favourite (picture))
        {
          json_builder_set_member_name (builder, "favourite");
          json_builder_add_boolean_value (builder, TRUE);
        }
      if (request != NULL)
        {
          g_autofree char *text = sfu_request_to_json (request);
          json_builder_set_member_name (builder, "settings");
          json_builder_add_string_value (builder, text);
        }
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

void
sfu_history_save (SfuHistory *self)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_clear_handle_id (&self->save_source, g_source_remove);
  if (!self->loaded)
    return;
  text = index_text (self);
  if (!sfu_file_write (self->index_path, text, strlen (text), &error))
    g_message ("The index of pictures was not saved: %s", error->message);
}

static gboolean
save_cb (gpointer data)
{
  SfuHistory *self = data;
  self->save_source = 0;
  sfu_history_save (self);
  return G_SOURCE_REMOVE;
}

static void
save_soon (SfuHistory *self)
{
  if (self->save_source == 0)
    self->save_source = g_timeout_add_seconds (1, save_cb, self);
}

/* -- reading the folder, in a thread -- */

typedef struct {
  char *folder, *index_path;
  JsonObject *absent; /* of the result */
} Scan;

static void
scan_free (gpointer data)
{
  Scan *scan = data;
  g_free (scan->folder);
  g_free (scan->index_path);
  g_clear_pointer (&scan->absent, json_object_unref);
  g_free (scan);
}

static SfuPicture *
picture_from_index (const char *path, JsonObject *entry)
{
  const char *settings = json_object_get_string_member_with_default (entry, "settings", NULL);
  g_autoptr (SfuRequest) request = settings != NULL ? sfu_request_from_json (settings) : NULL;
  SfuPicture *picture = sfu_picture_new (path, request, json_object_get_int_member_with_default (entry, "width", 0),
                                         json_object_get_int_member_with_default (entry, "height", 0),
                                         json_object_get_int_member_with_default (entry, "created", 0));
  sfu_picture_set_favourite (picture, json_object_get_boolean_member_with_default (entry, "favourite", FALSE));
  return picture;
}

static SfuPicture *
picture_from_file (const char *path)
{
  g_autoptr (GHashTable) texts = NULL;
  g_autoptr (SfuRequest) request = NULL;
  GStatBuf info;
  guint width, height;
  if (g_stat (path, &info) != 0 || !sfu_png_read_header (path, &width, &height, &texts, NULL))
    return NULL;
  request = sfu_request_from_texts (texts, NULL);
  return sfu_picture_new (path, request, width, height, info.st_mtime);
}

/* The entries that have a star and were not seen. Takes what was seen out of @index. */
static JsonObject *
absent_favourites (JsonObject *index, GPtrArray *seen)
{
  JsonObject *absent = json_object_new ();
  g_autoptr (GList) names = NULL;
  for (guint i = 0; i < seen->len; i++)
    json_object_remove_member (index, seen->pdata[i]);
  names = json_object_get_members (index);
  for (GList *name = names; name != NULL; name = name->next)
    {
      JsonNode *entry = json_object_get_member (index, name->data);
      if (JSON_NODE_HOLDS_OBJECT (entry) && json_object_get_boolean_member_with_default (json_node_get_object (entry), "favourite", FALSE))
        json_object_set_member (absent, name->data, json_node_copy (entry));
    }
  return absent;
}

static void
scan_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Scan *scan = data;
  g_autoptr (JsonObject) index = read_index (scan->index_path);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref), seen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (scan->folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL && !g_cancellable_is_cancelled (cancellable))
    {
      g_autofree char *path = g_build_filename (scan->folder, name, NULL);
      SfuPicture *picture = NULL;
      if (!g_str_has_suffix (name, ".png"))
        continue;
      g_ptr_array_add (seen, g_strdup (name));
      if (json_object_has_member (index, name) && JSON_NODE_HOLDS_OBJECT (json_object_get_member (index, name)))
        picture = picture_from_index (path, json_object_get_object_member (index, name));
      else
        picture = picture_from_file (path);
      if (picture != NULL)
        g_ptr_array_add (found, picture);
    }
  scan->absent = absent_favourites (index, seen);
  g_task_return_pointer (task, g_steal_pointer (&found), (GDestroyNotify) g_ptr_array_unref);
}

static void
favourite_cb (SfuHistory *self)
{
  save_soon (self);
  g_signal_emit (self, favourites_changed_signal, 0);
}

static void
watch (SfuHistory *self, SfuPicture *picture)
{
  g_signal_handlers_disconnect_by_func (picture, favourite_cb, self);
  g_signal_connect_object (picture, "notify::favourite", G_CALLBACK (favourite_cb), self, G_CONNECT_SWAPPED);
}

static int
compare_pointers (gconstpointer a, gconstpointer b)
{
  return newest_first (*(gpointer *) a, *(gpointer *) b, NULL);
}

static void
scanned_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  SfuHistory *self = SFU_HISTORY (object);
  g_autoptr (GPtrArray) found = g_task_propagate_pointer (G_TASK (result), NULL);
  GListModel *own = G_LIST_MODEL (self->pictures);
  Scan *scan = g_task_get_task_data (G_TASK (result));
  if (found == NULL)
    return;
  g_clear_pointer (&self->absent, json_object_unref);
  self->absent = g_steal_pointer (&scan->absent);
  /* Pictures that were made meanwhile are in the list already. */
  for (guint i = found->len; i-- > 0;)
    if (sfu_history_find_path (self, sfu_picture_path (found->pdata[i])) != NULL)
      g_ptr_array_remove_index (found, i);
  for (guint i = 0; i < found->len; i++)
    watch (self, found->pdata[i]);
  for (guint i = 0; i < g_list_model_get_n_items (own); i++)
    g_ptr_array_add (found, g_list_model_get_item (own, i));
  g_ptr_array_sort (found, compare_pointers);
  g_list_store_splice (self->pictures, 0, g_list_model_get_n_items (own), found->pdata, found->len);
  self->loaded = TRUE;
  save_soon (self);
  g_signal_emit (self, loaded_signal, 0);
}

static void
rescan (SfuHistory *self)
{
  g_autoptr (GTask) task = NULL;
  Scan *scan = g_new0 (Scan, 1);
  scan->folder = g_strdup (self->folder);
  scan->index_path = g_strdup (self->index_path);
  if (self->scanning != NULL)
    g_cancellable_cancel (self->scanning);
  g_clear_object (&self->scanning);
  self->scanning = g_cancellable_new ();
  self->loaded = FALSE;
  task = g_task_new (self, self->scanning, scanned_cb, NULL);
  g_task_set_task_data (task, scan, scan_free);
  g_task_run_in_thread (task, scan_thread);
}

/* -- the object -- */

static void
sfu_history_dispose (GObject *object)
{
  SfuHistory *self = SFU_HISTORY (object);
  if (self->save_source != 0)
    sfu_history_save (self);
  if (self->scanning != NULL)
    g_cancellable_cancel (self->scanning);
  g_clear_object (&self->scanning);
  g_clear_object (&self->pictures);
  G_OBJECT_CLASS (sfu_history_parent_class)->dispose (object);
}

static void
sfu_history_finalize (GObject *object)
{
  SfuHistory *self = SFU_HISTORY (object);
  g_free (self->folder);
  g_free (self->index_path);
  g_clear_pointer (&self->absent, json_object_unref);
  G_OBJECT_CLASS (sfu_history_parent_class)->finalize (object);
}

static void
sfu_history_class_init (SfuHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sfu_history_dispose;
  G_OBJECT_CLASS (klass)->finalize = sfu_history_finalize;
  loaded_signal = g_signal_new ("loaded", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  favourites_changed_signal = g_signal_new ("favourites-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 0);
}

static void
sfu_history_init (SfuHistory *self)
{
  self->pictures = g_list_store_new (SFU_TYPE_PICTURE);
  g_signal_connect_swapped (self->pictures, "items-changed", G_CALLBACK (g_list_model_items_changed), self);
}

SfuHistory *
sfu_history_new (const char *folder, const char *index_path)
{
  SfuHistory *self = g_object_new (SFU_TYPE_HISTORY, NULL);
  self->folder = g_strdup (folder);
  self->index_path = g_strdup (index_path);
  rescan (self);
  return self;
}

const char *
sfu_history_folder (SfuHistory *self)
{
  return self->folder;
}

void
sfu_history_set_folder (SfuHistory *self, const char *folder)
{
  if (g_str_equal (folder, self->folder))
    return;
  sfu_history_save (self);
  g_set_str (&self->folder, folder);
  g_list_store_remove_all (self->pictures);
  rescan (self);
}

gboolean
sfu_history_is_loaded (SfuHistory *self)
{
  return self->loaded;
}

static void
insert (SfuHistory *self, SfuPicture *picture)
{
  g_list_store_insert_sorted (self->pictures, picture, newest_first, NULL);
  watch (self, picture);
  save_soon (self);
}

void
sfu_history_add (SfuHistory *self, SfuPicture *picture)
{
  insert (self, picture);
}

guint
sfu_history_find (SfuHistory *self, SfuPicture *picture)
{
  guint position;
  return g_list_store_find (self->pictures, picture, &position) ? position : G_MAXUINT;
}

SfuPicture *
sfu_history_find_path (SfuHistory *self, const char *path)
{
  for (guint i = 0; i < get_n_items (G_LIST_MODEL (self)); i++)
    {
      g_autoptr (SfuPicture) picture = get_item (G_LIST_MODEL (self), i);
      if (g_str_equal (sfu_picture_path (picture), path))
        return picture; /* the list holds it */
    }
  return NULL;
}

/* -- deleting, with a way back -- */

static gboolean
move_file (const char *from, const char *to, GError **error)
{
  if (g_rename (from, to) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s could not be moved: %s.", from, g_strerror (errno));
  return FALSE;
}

gboolean
sfu_history_remove (SfuHistory *self, SfuPicture *picture, GError **error)
{
  g_autofree char *holding = g_build_filename (self->folder, HOLDING, NULL);
  g_autofree char *name = g_path_get_basename (sfu_picture_path (picture));
  g_autofree char *held = g_build_filename (holding, name, NULL);
  guint position = sfu_history_find (self, picture);
  g_mkdir_with_parents (holding, 0700);
  if (!move_file (sfu_picture_path (picture), held, error))
    return FALSE;
  sfu_picture_set_path (picture, held);
  if (position != G_MAXUINT)
    g_list_store_remove (self->pictures, position);
  save_soon (self);
  return TRUE;
}

gboolean
sfu_history_restore (SfuHistory *self, SfuPicture *picture, GError **error)
{
  g_autofree char *name = g_path_get_basename (sfu_picture_path (picture));
  g_autofree char *back = g_build_filename (self->folder, name, NULL);
  if (!move_file (sfu_picture_path (picture), back, error))
    return FALSE;
  sfu_picture_set_path (picture, back);
  insert (self, picture);
  return TRUE;
}

void
sfu_history_empty_holding (SfuHistory *self)
{
  g_autofree char *holding = g_build_filename (self->folder, HOLDING, NULL);
  g_autoptr (GDir) dir = g_dir_open (holding, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (holding, name, NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);
      if (!g_file_trash (file, NULL, NULL))
        g_file_delete (file, NULL, NULL);
    }
  g_rmdir (holding);
}
