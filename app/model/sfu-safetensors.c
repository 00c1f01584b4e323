#include "sfu-safetensors.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

G_DEFINE_QUARK (sfu-model-error-quark, sfu_model_error)

/* As the format's own reader: a header is no larger than this (safetensors/src/tensor.rs, MAX_HEADER_SIZE). */
#define MAX_HEADER_BYTES (100u << 20)
/* The format's headers nest three deep; deeper ones are an attack on the parser's stack. */
#define MAX_NESTING 16

typedef struct {
  char *name;
  gboolean known;     /* a type we compute with */
  GpuWeight weight;   /* name not set */
  guint64 start, end; /* in the data */
} Tensor;

struct _SfuSafetensors {
  gatomicrefcount refs;
  char *path;
  GMappedFile *file; /* a file that is cut short while mapped kills its readers: nothing can prevent that */
  guint64 size;
  GArray *tensors;   /* Tensor, in file order */
  GHashTable *metadata;
};

/* Every type the format knows, and which are ours. */
static const struct {
  const char *name;
  guint bits;
  int dtype; /* GpuDtype, or -1 */
} types[] = {
  { "F32", 32, GPU_DTYPE_F32 }, { "F16", 16, GPU_DTYPE_F16 }, { "BF16", 16, GPU_DTYPE_BF16 }, { "I64", 64, GPU_DTYPE_I64 },
  { "I32", 32, GPU_DTYPE_I32 }, { "F64", 64, -1 }, { "BOOL", 8, -1 }, { "U8", 8, -1 }, { "I8", 8, -1 }, { "F8_E5M2", 8, -1 },
  { "F8_E4M3", 8, -1 }, { "F8_E8M0", 8, -1 }, { "I16", 16, -1 }, { "U16", 16, -1 }, { "U32", 32, -1 }, { "U64", 64, -1 },
  { "C64", 64, -1 }, { "F4", 4, -1 }, { "F6_E2M3", 6, -1 }, { "F6_E3M2", 6, -1 },
};

static void
tensor_clear (gpointer data)
{
  Tensor *tensor = data;
  g_free (tensor->name);
}

static gboolean G_GNUC_PRINTF (3, 4)
damaged (SfuSafetensors *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;
  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED, "%s is damaged: %s. Fetch the file again.", self->path, what);
  return FALSE;
}

/* What else people save under this name, by how it begins. */
static const struct {
  const char *start;
  gsize length;
  const char *what;
} impostors[] = {
  { "PK\003\004", 4, "a PyTorch .ckpt or .pt file (a zip archive), which can run programs when it is opened. Look for a .safetensors file of the model, or convert it" },
  { "\200\002", 2, "a pickled PyTorch file, which can run programs when it is opened. Look for a .safetensors file of the model, or convert it" },
  { "GGUF", 4, "a GGUF file. Look for a .safetensors file of the model" },
  { "version https://git-lfs", 23, "only a pointer of git-lfs, not the model itself. Fetch the real file (git lfs pull)" },
  { "<!DOCTYPE", 9, "a web page, not a model: the download went wrong. Fetch the file again" },
  { "<html", 5, "a web page, not a model: the download went wrong. Fetch the file again" },
  { "\211PNG", 4, "a picture, not a model" },
};

static gboolean
is_impostor (SfuSafetensors *self, const char *data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (impostors); i++)
    if (self->size >= impostors[i].length && memcmp (data, impostors[i].start, impostors[i].length) == 0)
      {
        g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED, "%s is %s.", self->path, impostors[i].what);
        return TRUE;
      }
  return FALSE;
}

static gboolean
nests_too_deep (const char *json, gsize length)
{
  guint depth = 0;
  gboolean in_string = FALSE;
  for (gsize i = 0; i < length; i++)
    if (in_string && json[i] == '\\')
      i++;
    else if (json[i] == '"')
      in_string = !in_string;
    else if (!in_string && (json[i] == '{' || json[i] == '['))
      {
        if (++depth > MAX_NESTING)
          return TRUE;
      }
    else if (!in_string && (json[i] == '}' || json[i] == ']') && depth > 0)
      depth--;
  return FALSE;
}

/* A whole number that is not negative. */
static gboolean
read_size (JsonArray *array, guint i, guint64 *value)
{
  JsonNode *node = json_array_get_element (array, i);
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64 || json_node_get_int (node) < 0)
    return FALSE;
  *value = json_node_get_int (node);
  return TRUE;
}

static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
read_shape (SfuSafetensors *self, Tensor *tensor, JsonArray *shape, guint64 *count, GError **error)
{
  guint n = json_array_get_length (shape);
  *count = 1;
  for (guint i = 0; i < n; i++)
    {
      guint64 size;
      if (!read_size (shape, i, &size) || (size > 0 && *count > G_MAXUINT64 / 64 / size))
        return damaged (self, error, "the tensor %s has an impossible shape", tensor->name);
      *count *= size;
      if (i < GPU_MAX_DIMS)
        tensor->weight.dims[i] = size;
    }
  tensor->weight.n_dims = MIN (n, GPU_MAX_DIMS);
  tensor->known = n <= GPU_MAX_DIMS;
  return TRUE;
}

static gboolean
read_tensor (SfuSafetensors *self, Tensor *tensor, JsonNode *node, const char *data, guint64 data_bytes, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *dtype = object != NULL ? json_object_get_member (object, "dtype") : NULL;
  JsonArray *shape = object != NULL ? array_member (object, "shape") : NULL;
  JsonArray *offsets = object != NULL ? array_member (object, "data_offsets") : NULL;
  const char *type_name;
  guint64 count;
  guint type = 0;

  if (dtype == NULL || !JSON_NODE_HOLDS_VALUE (dtype) || json_node_get_value_type (dtype) != G_TYPE_STRING || shape == NULL
      || offsets == NULL || json_array_get_length (offsets) != 2)
    return damaged (self, error, "the tensor %s is not described as it must be", tensor->name);
  type_name = json_node_get_string (dtype);
  while (type < G_N_ELEMENTS (types) && !g_str_equal (types[type].name, type_name))
    type++;
  if (type == G_N_ELEMENTS (types))
    return damaged (self, error, "the tensor %s has the unknown type “%s”", tensor->name, type_name);
  if (!read_shape (self, tensor, shape, &count, error))
    return FALSE;
  if (!read_size (offsets, 0, &tensor->start) || !read_size (offsets, 1, &tensor->end) || tensor->start > tensor->end)
    return damaged (self, error, "the tensor %s lies at an impossible place", tensor->name);
  if (tensor->end > data_bytes)
    return damaged (self, error, "it ends too early: %" G_GUINT64_FORMAT " bytes are missing", tensor->end - data_bytes);
  if (count * types[type].bits % 8 != 0 || tensor->end - tensor->start != count * types[type].bits / 8)
    return damaged (self, error, "the tensor %s has %" G_GUINT64_FORMAT " bytes where its shape needs %" G_GUINT64_FORMAT,
                    tensor->name, tensor->end - tensor->start, count * types[type].bits / 8);
  tensor->known = tensor->known && types[type].dtype >= 0;
  tensor->weight.dtype = MAX (types[type].dtype, 0);
  tensor->weight.data = data + tensor->start;
  return TRUE;
}

static int
by_place (gconstpointer a, gconstpointer b)
{
  const Tensor *x = a, *y = b;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* Tensors cover the data without gaps, and no byte belongs to two. */
static gboolean
check_cover (SfuSafetensors *self, guint64 data_bytes, GError **error)
{
  guint64 at = 0;
  g_array_sort (self->tensors, by_place);
  for (guint i = 0; i < self->tensors->len; i++)
    {
      const Tensor *tensor = &g_array_index (self->tensors, Tensor, i);
      if (tensor->start < at)
        return damaged (self, error, "the tensor %s overlaps another", tensor->name);
      if (tensor->start > at)
        return damaged (self, error, "there is a gap before the tensor %s", tensor->name);
      at = tensor->end;
    }
  if (at != data_bytes)
    return damaged (self, error, "%" G_GUINT64_FORMAT " bytes at its end belong to no tensor", data_bytes - at);
  return TRUE;
}

static gboolean
read_metadata (SfuSafetensors *self, JsonNode *node, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return damaged (self, error, "its metadata are not as they must be");
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &key, &value))
    {
      if (!JSON_NODE_HOLDS_VALUE (value) || json_node_get_value_type (value) != G_TYPE_STRING)
        return damaged (self, error, "its metadata hold something else than text");
      g_hash_table_insert (self->metadata, g_strdup (key), g_strdup (json_node_get_string (value)));
    }
  return TRUE;
}

static gboolean
read_header (SfuSafetensors *self, const char *data, guint64 header_bytes, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) local = NULL;
  const char *json = data + 8, *key;
  guint64 data_bytes = self->size - 8 - header_bytes;
  JsonObjectIter iter;
  JsonNode *root, *value;

  if (!g_utf8_validate_len (json, header_bytes, NULL) || header_bytes == 0 || json[0] != '{' || nests_too_deep (json, header_bytes)
      || !json_parser_load_from_data (parser, json, header_bytes, &local)
      || (root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return damaged (self, error, "its header is not the JSON that it must be");
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &key, &value))
    {
      Tensor tensor = { .name = g_strdup (key) };
      if (g_str_equal (key, "__metadata__"))
        {
          g_free (tensor.name);
          if (!read_metadata (self, value, error))
            return FALSE;
          continue;
        }
      gboolean ok = read_tensor (self, &tensor, value, json + header_bytes, data_bytes, error);
      g_array_append_val (self->tensors, tensor);
      if (!ok)
        return FALSE;
    }
  return check_cover (self, data_bytes, error);
}

static GMappedFile *
map_file (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  GMappedFile *file;
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNREADABLE, "%s is a folder, not a .safetensors file.", path);
      return NULL;
    }
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNREADABLE, "%s is not a file. Give the path of a .safetensors file.", path);
      return NULL;
    }
  file = g_mapped_file_new (path, FALSE, &local);
  if (file != NULL)
    return file;
  if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT) || g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_NOT_FOUND, "There is no file %s. Check the path.", path);
  else
    g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNREADABLE, "%s cannot be read: %s. Check its permissions.", path,
                 local->message);
  return NULL;
}

SfuSafetensors *
sfu_safetensors_open (const char *path, GError **error)
{
  g_autoptr (SfuSafetensors) self = g_new0 (SfuSafetensors, 1);
  const char *data;
  guint64 header_bytes;

  g_atomic_ref_count_init (&self->refs);
  self->path = g_strdup (path);
  self->tensors = g_array_new (FALSE, TRUE, sizeof (Tensor));
  g_array_set_clear_func (self->tensors, tensor_clear);
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if ((self->file = map_file (path, error)) == NULL)
    return NULL;
  self->size = g_mapped_file_get_length (self->file);
  data = g_mapped_file_get_contents (self->file);
  if (self->size == 0)
    {
      damaged (self, error, "it is empty");
      return NULL;
    }
  if (is_impostor (self, data, error))
    return NULL;
  if (self->size < 8)
    {
      damaged (self, error, "it has only %" G_GUINT64_FORMAT " bytes", self->size);
      return NULL;
    }
  memcpy (&header_bytes, data, sizeof header_bytes);
  header_bytes = GUINT64_FROM_LE (header_bytes);
  if (header_bytes > MAX_HEADER_BYTES)
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED,
                   "%s is not a safetensors file, or its beginning is damaged. Fetch the file again.", path);
      return NULL;
    }
  if (header_bytes > self->size - 8)
    {
      damaged (self, error, "it ends within its header: %" G_GUINT64_FORMAT " bytes are missing at least", header_bytes - (self->size - 8));
      return NULL;
    }
  return read_header (self, data, header_bytes, error) ? g_steal_pointer (&self) : NULL;
}

SfuSafetensors *
sfu_safetensors_ref (SfuSafetensors *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_safetensors_unref (SfuSafetensors *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->tensors);
  g_hash_table_unref (self->metadata);
  g_clear_pointer (&self->file, g_mapped_file_unref);
  g_free (self->path);
  g_free (self);
}

const char *
sfu_safetensors_path (SfuSafetensors *self)
{
  return self->path;
}

guint64
sfu_safetensors_size (SfuSafetensors *self)
{
  return self->size;
}

guint
sfu_safetensors_count (SfuSafetensors *self)
{
  return self->tensors->len;
}

const char *
sfu_safetensors_name (SfuSafetensors *self, guint i)
{
  return g_array_index (self->tensors, Tensor, i).name;
}

gboolean
sfu_safetensors_tensor (SfuSafetensors *self, guint i, GpuWeight *weight)
{
  const Tensor *tensor = &g_array_index (self->tensors, Tensor, i);
  *weight = tensor->weight;
  weight->name = tensor->name;
  return tensor->known;
}

const char *
sfu_safetensors_metadata (SfuSafetensors *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}
