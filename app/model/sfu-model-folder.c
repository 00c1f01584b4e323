/* Diffusers folders: model_index.json, and for each part a folder with config.json and weights. */
#include <string.h>

#include "sfu-model-private.h"
#include "sfu-name-map.h"

static const char *const part_folders[] = { [SFU_PART_TEXT] = "text_encoder", [SFU_PART_UNET] = "unet", [SFU_PART_VAE] = "vae" };

/* Adds all tensors of @path to the part. */
static gboolean
add_file (SfuModelPart *self, const char *path, SfuPart part, GError **error)
{
  SfuSafetensors *file = sfu_safetensors_open (path, error);
  if (file == NULL)
    return FALSE;
  g_ptr_array_add (self->files, file);
  for (guint i = 0; i < sfu_safetensors_count (file); i++)
    {
      GpuWeight weight;
      if (!sfu_safetensors_tensor (file, i, &weight))
        continue;
      g_autofree char *name = sfu_name_map_folder (weight.name, part);
      gpu_weights_add (self->weights, name, weight.dtype, weight.n_dims, weight.dims, weight.data);
    }
  return TRUE;
}

/* The shards that an index file names, each once. */
static gboolean
add_shards (SfuModelPart *self, const char *folder, const char *index, SfuPart part, GError **error)
{
  g_autoptr (JsonObject) json = sfu_json_read (index, error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonNode *map = json != NULL ? json_object_get_member (json, "weight_map") : NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  if (json == NULL)
    return FALSE;
  if (map == NULL || !JSON_NODE_HOLDS_OBJECT (map))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED, "%s has no weight_map. Fetch it again.", index);
      return FALSE;
    }
  json_object_iter_init (&iter, json_node_get_object (map));
  while (json_object_iter_next (&iter, &key, &value))
    {
      const char *name = JSON_NODE_HOLDS_VALUE (value) ? json_node_get_string (value) : NULL;
      if (name == NULL || strchr (name, '/') != NULL)
        {
          g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED, "%s names no file for %s. Fetch it again.", index, key);
          return FALSE;
        }
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_hash_table_add (seen, g_strdup (name)) && !add_file (self, path, part, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
sfu_model_part_from_folder (SfuModelPart *self, const char *folder, SfuPart part, GError **error)
{
  const char *stem = part == SFU_PART_TEXT ? "model" : "diffusion_pytorch_model";
  static const char *const suffixes[] = { ".safetensors", ".fp16.safetensors", ".safetensors.index.json",
                                          ".safetensors.index.fp16.json", ".fp16.safetensors.index.json" };
  static const char *const pickles[] = { ".bin", ".fp16.bin" };
  g_autofree char *config = g_build_filename (folder, "config.json", NULL);

  if ((self->config = sfu_json_read (config, error)) == NULL)
    return FALSE;
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_safetensors_unref);
  self->weights = gpu_weights_new ();
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strconcat (stem, suffixes[i], NULL), *path = g_build_filename (folder, name, NULL);
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      return g_str_has_suffix (path, ".json") ? add_shards (self, folder, path, part, error) : add_file (self, path, part, error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pickles); i++)
    {
      g_autofree char *name = g_strconcat (part == SFU_PART_TEXT ? "pytorch_model" : stem, pickles[i], NULL);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        {
          g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED,
                       "%s is a pickled PyTorch file, which can run programs when it is opened. Fetch the .safetensors file instead.", path);
          return FALSE;
        }
    }
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE, "%s has no %s.safetensors: the %s is missing. Fetch the model again.",
               folder, stem, sfu_part_title (part));
  return FALSE;
}

/* A part's class in model_index.json: ["transformers", "CLIPTextModel"]; NULL if it has none. */
static const char *
index_class (JsonObject *index, const char *name)
{
  JsonNode *node = json_object_get_member (index, name);
  JsonArray *pair = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  JsonNode *element = pair != NULL && json_array_get_length (pair) == 2 ? json_array_get_element (pair, 1) : NULL;
  return element != NULL && JSON_NODE_HOLDS_VALUE (element) ? json_node_get_string (element) : NULL;
}

/* Pipelines of other families, by what their index says. */
static gboolean
refuse_other_families (SfuModel *self, JsonObject *index, GError **error)
{
  const char *text = index_class (index, "text_encoder"), *what = NULL;
  if (index_class (index, "transformer") != NULL)
    what = "a diffusion transformer (Stable Diffusion 3, Flux or newer)";
  else if (index_class (index, "text_encoder_2") != NULL)
    what = "Stable Diffusion XL";
  else if (g_strcmp0 (text, "BertModel") == 0)
    what = "a model with a Chinese text encoder (Taiyi)";
  else if (text != NULL && !g_str_equal (text, "CLIPTextModel"))
    what = "a model with a text encoder that is not CLIP";
  else if (index_class (index, "unet") == NULL)
    what = "a pipeline without a UNet";
  if (what == NULL)
    return TRUE;
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED,
               "%s is %s, which cannot be run yet. Stable Diffusion 1.x and BK-SDM models can.", self->path, what);
  return FALSE;
}

/* An index is nothing without the folder's other files; a part of a model is not a model. */
static JsonObject *
read_index (SfuModel *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, "model_index.json", NULL);
  g_autofree char *config = g_build_filename (self->path, "config.json", NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return sfu_json_read (path, error);
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE, "The folder %s has no model_index.json%s", self->path,
               g_file_test (config, G_FILE_TEST_EXISTS) ? ": it is one part of a model. Give the folder above it."
               : ", so it is no diffusers model. Give the folder that holds it, or a .safetensors file.");
  return NULL;
}

static gboolean
read_scheduler (SfuModel *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, "scheduler", "scheduler_config.json", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE, "%s is missing. Fetch the model again.", path);
      return FALSE;
    }
  self->scheduler = sfu_json_read (path, error);
  return self->scheduler != NULL;
}

gboolean
sfu_model_read_folder (SfuModel *self, GError **error)
{
  g_autoptr (JsonObject) index = read_index (self, error);
  g_autofree char *tokenizer = g_build_filename (self->path, "tokenizer", NULL);
  if (index == NULL || !refuse_other_families (self, index, error))
    return FALSE;
  for (guint i = 0; i < SFU_N_PARTS; i++)
    {
      g_autofree char *folder = g_build_filename (self->path, part_folders[i], NULL);
      if (g_file_test (folder, G_FILE_TEST_IS_DIR) && !sfu_model_part_from_folder (&self->parts[i], folder, i, error))
        return FALSE;
    }
  if (g_file_test (tokenizer, G_FILE_TEST_IS_DIR))
    self->tokenizer_folder = g_steal_pointer (&tokenizer);
  if (self->parts[SFU_PART_UNET].config != NULL)
    {
      JsonNode *side = json_object_get_member (self->parts[SFU_PART_UNET].config, "sample_size");
      if (side != NULL && JSON_NODE_HOLDS_VALUE (side) && json_node_get_value_type (side) == G_TYPE_INT64)
        self->sample_size = CLAMP (json_node_get_int (side), 1, 1024);
    }
  return read_scheduler (self, error);
}
