#include "sfu-library.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "sfu-scheduler.h"
#include "sfu-tokenizer.h"

#define MAX_DEPTH 2

struct _SfuLibraryModel {
  GObject parent_instance;
  char *path, *title, *family, *scheduler, *tokenizer_folder;
  guint64 bytes, bytes_16, bytes_exact;
  guint side, n_branches;
  gboolean gone;
  GError *error;
  SfuTokenizer *tokenizer;
};

G_DEFINE_FINAL_TYPE (SfuLibraryModel, sfu_library_model, G_TYPE_OBJECT)

struct _SfuLibrary {
  GObject parent_instance;
  GStrv folders, files;
  GListStore *models;
  GCancellable *scanning;
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (SfuLibrary, sfu_library, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static guint scanned_signal;

enum { PROP_0, PROP_GONE, N_PROPS };
static GParamSpec *props[N_PROPS];

/* -- one model -- */

static void
sfu_library_model_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_boolean (value, SFU_LIBRARY_MODEL (object)->gone);
}

static void
sfu_library_model_finalize (GObject *object)
{
  SfuLibraryModel *self = SFU_LIBRARY_MODEL (object);
  g_free (self->path);
  g_free (self->title);
  g_free (self->family);
  g_free (self->scheduler);
  g_free (self->tokenizer_folder);
  g_clear_error (&self->error);
  g_clear_pointer (&self->tokenizer, sfu_tokenizer_unref);
  G_OBJECT_CLASS (sfu_library_model_parent_class)->finalize (object);
}

static void
sfu_library_model_class_init (SfuLibraryModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sfu_library_model_finalize;
  G_OBJECT_CLASS (klass)->get_property = sfu_library_model_get_property;
  props[PROP_GONE] = g_param_spec_boolean ("gone", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
}

static void
sfu_library_model_init (SfuLibraryModel *self)
{
}

static guint64
bytes_of (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint64 sum = 0;
  GStatBuf info;
  if (dir == NULL)
    return g_stat (path, &info) == 0 ? info.st_size : 0;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      sum += bytes_of (child);
    }
  return sum;
}

/* What the bank (gpu-bank.h) makes of the tables: 16-bit floats stay what they are, others become what is asked for. */
static void
count_device_bytes (SfuLibraryModel *self, SfuModel *model)
{
  for (guint part = 0; part < SFU_N_PARTS; part++)
    {
      GpuWeights *weights = sfu_model_weights (model, part);
      for (guint i = 0; i < gpu_weights_count (weights); i++)
        {
          const GpuWeight *weight = gpu_weights_nth (weights, i);
          guint64 elements = 1;
          for (guint j = 0; j < weight->n_dims; j++)
            elements *= weight->dims[j];
          self->bytes_16 += 2 * elements;
          self->bytes_exact += (weight->dtype == GPU_DTYPE_F16 ? 2 : 4) * elements;
        }
    }
}

/* What a folder's model_index.json calls the model (diffusers passes over what begins with a line), or NULL. */
static char *
own_title (const char *path)
{
  g_autofree char *file = g_build_filename (path, "model_index.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;
  if (!json_parser_load_from_mapped_file (parser, file, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root)
           ? g_strdup (json_object_get_string_member_with_default (json_node_get_object (root), "_title", NULL)) : NULL;
}

SfuLibraryModel *
sfu_library_model_new (const char *path)
{
  SfuLibraryModel *self = g_object_new (SFU_TYPE_LIBRARY_MODEL, NULL);
  g_autoptr (SfuModel) model = sfu_model_open (path, &self->error);
  g_autofree char *name = g_path_get_basename (path);
  self->path = g_strdup (path);
  self->gone = g_error_matches (self->error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_NOT_FOUND);
  self->bytes = bytes_of (path);
  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  self->title = own_title (path);
  if (self->title == NULL)
    self->title = g_strdup (model != NULL ? sfu_model_title (model) : name);
  self->family = g_strdup (model != NULL ? sfu_model_family_name (model) : "");
  self->scheduler = g_strdup ("pndm");
  if (model == NULL)
    return self;
  count_device_bytes (self, model);
  self->side = sfu_model_sample_size (model) * 8;
  self->n_branches = sfu_model_n_branches (model);
  self->tokenizer_folder = g_strdup (sfu_model_tokenizer_folder (model));
  if (sfu_model_scheduler_config (model) != NULL && sfu_scheduler_name_of_config (sfu_model_scheduler_config (model)) != NULL)
    g_set_str (&self->scheduler, sfu_scheduler_name_of_config (sfu_model_scheduler_config (model)));
  return self;
}

const char *
sfu_library_model_path (SfuLibraryModel *self)
{
  return self->path;
}

const char *
sfu_library_model_title (SfuLibraryModel *self)
{
  return self->title;
}

const char *
sfu_library_model_family (SfuLibraryModel *self)
{
  return self->family;
}

const char *
sfu_library_model_badge (SfuLibraryModel *self)
{
  static const struct {
    const char *family, *badge;
  } badges[] = {
    { "Stable Diffusion 1.x", "SD 1.x" }, { "Stable Diffusion 2.x", "SD 2.x" },
    { "BK-SDM base", "BK-SDM Base" },     { "BK-SDM small", "BK-SDM Small" },   { "BK-SDM tiny", "BK-SDM Tiny" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (badges); i++)
    if (g_str_equal (badges[i].family, self->family))
      return badges[i].badge;
  return self->family;
}

guint64
sfu_library_model_bytes (SfuLibraryModel *self)
{
  return self->bytes;
}

guint64
sfu_library_model_device_bytes (SfuLibraryModel *self, gboolean exact)
{
  return exact ? self->bytes_exact : self->bytes_16;
}

gboolean
sfu_library_model_is_gone (SfuLibraryModel *self)
{
  return self->gone;
}

void
sfu_library_model_check (SfuLibraryModel *self)
{
  gboolean gone = !g_file_test (self->path, G_FILE_TEST_EXISTS);
  if (gone == self->gone)
    return;
  self->gone = gone;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_GONE]);
}

guint
sfu_library_model_side (SfuLibraryModel *self)
{
  return self->side;
}

guint
sfu_library_model_n_branches (SfuLibraryModel *self)
{
  return self->n_branches;
}

const char *
sfu_library_model_scheduler (SfuLibraryModel *self)
{
  return self->scheduler;
}

const GError *
sfu_library_model_error (SfuLibraryModel *self)
{
  return self->error;
}

SfuTokenizer *
sfu_library_model_tokenizer (SfuLibraryModel *self)
{
  if (self->tokenizer == NULL && self->tokenizer_folder != NULL)
    self->tokenizer = sfu_tokenizer_new_from_folder (self->tokenizer_folder, NULL);
  if (self->tokenizer == NULL)
    self->tokenizer = sfu_tokenizer_new_builtin (NULL);
  return self->tokenizer;
}

/* -- the list -- */

static GType
get_item_type (GListModel *model)
{
  return SFU_TYPE_LIBRARY_MODEL;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (SFU_LIBRARY (model)->models));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (SFU_LIBRARY (model)->models), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static int
by_title (gconstpointer a, gconstpointer b, gpointer data)
{
  const SfuLibraryModel *x = a, *y = b;
  int order = g_utf8_collate (x->title, y->title);
  return order != 0 ? order : strcmp (x->path, y->path);
}

/* -- looking through folders, in a thread -- */

static void
scan_folder (const char *folder, guint depth, GPtrArray *found, GCancellable *cancellable)
{
  g_autofree char *index = g_build_filename (folder, "model_index.json", NULL);
  g_autoptr (GDir) dir = NULL;
  const char *name;
  if (g_file_test (index, G_FILE_TEST_EXISTS))
    {
      g_ptr_array_add (found, sfu_library_model_new (folder));
      return;
    }
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL && !g_cancellable_is_cancelled (cancellable))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          if (depth < MAX_DEPTH && *name != '.')
            scan_folder (path, depth + 1, found, cancellable);
        }
      else if (g_str_has_suffix (name, ".safetensors") && strstr (name, "taesd") == NULL)
        g_ptr_array_add (found, sfu_library_model_new (path));
    }
}

static void
scan_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  char **paths = data;
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; paths[i] != NULL; i++)
    if (g_file_test (paths[i], G_FILE_TEST_IS_DIR))
      scan_folder (paths[i], 0, found, cancellable);
    else
      g_ptr_array_add (found, sfu_library_model_new (paths[i]));
  g_task_return_pointer (task, found, (GDestroyNotify) g_ptr_array_unref);
}

static void
scanned_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  SfuLibrary *self = SFU_LIBRARY (object);
  g_autoptr (GPtrArray) found = g_task_propagate_pointer (G_TASK (result), NULL);
  if (found == NULL)
    return;
  g_list_store_splice (self->models, 0, get_n_items (G_LIST_MODEL (self)), found->pdata, found->len);
  g_list_store_sort (self->models, by_title, NULL);
  g_signal_emit (self, scanned_signal, 0);
}

void
sfu_library_rescan (SfuLibrary *self)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  if (self->scanning != NULL)
    g_cancellable_cancel (self->scanning);
  g_clear_object (&self->scanning);
  self->scanning = g_cancellable_new ();
  g_strv_builder_addv (paths, (const char **) self->files);
  g_strv_builder_addv (paths, (const char **) self->folders);
  task = g_task_new (self, self->scanning, scanned_cb, NULL);
  g_task_set_task_data (task, g_strv_builder_end (paths), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, scan_thread);
}

/* -- the object -- */

static void
sfu_library_dispose (GObject *object)
{
  SfuLibrary *self = SFU_LIBRARY (object);
  if (self->scanning != NULL)
    g_cancellable_cancel (self->scanning);
  g_clear_object (&self->scanning);
  g_clear_object (&self->models);
  g_clear_pointer (&self->folders, g_strfreev);
  g_clear_pointer (&self->files, g_strfreev);
  G_OBJECT_CLASS (sfu_library_parent_class)->dispose (object);
}

static void
sfu_library_class_init (SfuLibraryClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sfu_library_dispose;
  scanned_signal = g_signal_new ("scanned", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sfu_library_init (SfuLibrary *self)
{
  self->models = g_list_store_new (SFU_TYPE_LIBRARY_MODEL);
  g_signal_connect_swapped (self->models, "items-changed", G_CALLBACK (g_list_model_items_changed), self);
}

SfuLibrary *
sfu_library_new (const char *const *folders, const char *const *files)
{
  SfuLibrary *self = g_object_new (SFU_TYPE_LIBRARY, NULL);
  self->folders = g_strdupv ((GStrv) folders);
  self->files = g_strdupv ((GStrv) files);
  sfu_library_rescan (self);
  return self;
}

void
sfu_library_set_folders (SfuLibrary *self, const char *const *folders)
{
  g_strfreev (self->folders);
  self->folders = g_strdupv ((GStrv) folders);
  sfu_library_rescan (self);
}

SfuLibraryModel *
sfu_library_find (SfuLibrary *self, const char *name)
{
  SfuLibraryModel *alike = NULL;
  for (guint i = 0; name != NULL && i < get_n_items (G_LIST_MODEL (self)); i++)
    {
      g_autoptr (SfuLibraryModel) model = get_item (G_LIST_MODEL (self), i); /* the list holds it */
      g_autofree char *base = g_path_get_basename (model->path);
      if (g_str_equal (model->path, name))
        return model;
      if (g_str_equal (model->title, name) || g_str_equal (base, name))
        alike = model;
    }
  return alike;
}

SfuLibraryModel *
sfu_library_add (SfuLibrary *self, const char *path)
{
  SfuLibraryModel *known = sfu_library_find (self, path);
  g_autoptr (SfuLibraryModel) model = NULL;
  if (known != NULL && g_str_equal (known->path, path))
    {
      guint position;
      if (known->error == NULL && g_file_test (path, G_FILE_TEST_EXISTS))
        return known;
      if (g_list_store_find (self->models, known, &position))
        g_list_store_remove (self->models, position);
    }
  model = sfu_library_model_new (path);
  g_list_store_insert_sorted (self->models, model, by_title, NULL);
  return model;
}
