#include "sfu-model-private.h"

#include <gpu-unet-units.h>
#include <string.h>

static const char *const part_titles[] = {
  [SFU_PART_TEXT] = "text encoder", [SFU_PART_UNET] = "UNet", [SFU_PART_VAE] = "VAE",
};

const char *
sfu_part_title (SfuPart part)
{
  return part_titles[part];
}

void
sfu_model_part_clear (SfuModelPart *self)
{
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->weights, gpu_weights_free);
  g_clear_pointer (&self->config, json_object_unref);
  g_clear_pointer (&self->expected, g_array_unref);
}

/* Takes a part's configuration from its file, or from its tensors. */
static gboolean
read_config (SfuModel *self, SfuPart part, GError **error)
{
  JsonObject *config = self->parts[part].config;
  GpuWeights *weights = self->parts[part].weights;
  switch (part)
    {
    case SFU_PART_TEXT:
      return config != NULL ? sfu_config_read_clip (config, &self->clip, error) : sfu_config_guess_clip (weights, &self->clip, error);
    case SFU_PART_UNET:
      return config != NULL ? sfu_config_read_unet (config, &self->unet, error) : sfu_config_guess_unet (weights, &self->unet, error);
    case SFU_PART_VAE:
      return config != NULL ? sfu_config_read_vae (config, &self->vae, error) : sfu_config_guess_vae (weights, &self->vae, error);
    case SFU_N_PARTS:
      break;
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
read_configs (SfuModel *self, GError **error)
{
  for (guint i = 0; i < SFU_N_PARTS; i++)
    if (!read_config (self, i, error))
      return FALSE;
  return TRUE;
}

static GArray *
expect (SfuModel *self, SfuPart part)
{
  switch (part)
    {
    case SFU_PART_TEXT: return sfu_expected_clip (&self->clip);
    case SFU_PART_UNET: return sfu_expected_unet (&self->unet);
    case SFU_PART_VAE: return sfu_expected_vae (&self->vae);
    case SFU_N_PARTS: break;
    }
  g_return_val_if_reached (NULL);
}

/* The parts must fit each other, too. */
static gboolean
check_parts (SfuModel *self, GError **error)
{
  SfuModelPart *parts = self->parts;
  for (guint i = 0; i < SFU_N_PARTS; i++)
    parts[i].expected = expect (self, i);
  for (guint i = 0; i < SFU_N_PARTS; i++)
    if (!sfu_expected_check (parts[i].expected, parts[i].weights, part_titles[i], error))
      return FALSE;
  if (self->clip.width != self->unet.cross_width)
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                   "The text encoder of %s gives %u numbers a token where its UNet needs %u: the parts are of different models.",
                   self->path, self->clip.width, self->unet.cross_width);
      return FALSE;
    }
  if (self->vae.latent_channels != self->unet.out_channels)
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                   "The VAE of %s has %u latent channels where the UNet needs %u: choose another VAE.", self->path,
                   self->vae.latent_channels, self->unet.out_channels);
      return FALSE;
    }
  return TRUE;
}

/* Names for people: BK-SDM's three shapes are SD 1.x with parts left out (Kim et al. 2023). */
static const char *
name_family (const GpuUnetConfig *unet)
{
  if (unet->linear_projection)
    return "Stable Diffusion 2.x";
  if (unet->layers_per_block >= 2)
    return "Stable Diffusion 1.x";
  if (unet->has_mid_block)
    return "BK-SDM base";
  return unet->n_levels >= 4 ? "BK-SDM small" : "BK-SDM tiny";
}

static char *
make_title (const char *path)
{
  char *title = g_path_get_basename (path);
  if (g_str_has_suffix (title, ".safetensors"))
    title[strlen (title) - strlen (".safetensors")] = '\0';
  return title;
}

static gboolean
check_present (SfuModel *self, GError **error)
{
  for (guint i = 0; i < SFU_N_PARTS; i++)
    if (self->parts[i].weights == NULL)
      {
        g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE, "%s has no %s. %s", self->path, part_titles[i],
                     i == SFU_PART_VAE ? "Name one with --vae, or choose a model that has its own."
                                       : "Choose a complete model, with text encoder, UNet and VAE.");
        return FALSE;
      }
  return TRUE;
}

/* All there is at @path, without a look at whether it is enough. */
static SfuModel *
read_model (const char *path, const char *vae, GError **error)
{
  g_autoptr (SfuModel) self = g_new0 (SfuModel, 1);
  gboolean folder = g_file_test (path, G_FILE_TEST_IS_DIR);
  g_atomic_ref_count_init (&self->refs);
  self->path = g_strdup (path);
  self->title = make_title (path);
  self->layout = folder ? SFU_LAYOUT_FOLDER : SFU_LAYOUT_SINGLE_FILE;
  self->strangers = g_ptr_array_new_with_free_func (g_free);
  self->sample_size = 64;
  self->family_name = "unknown";
  if (!(folder ? sfu_model_read_folder (self, error) : sfu_model_read_single (self, error)))
    return NULL;
  if (vae != NULL)
    {
      sfu_model_part_clear (&self->parts[SFU_PART_VAE]);
      if (!sfu_model_read_vae (&self->parts[SFU_PART_VAE], vae, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

SfuModel *
sfu_model_open_with_vae (const char *path, const char *vae, GError **error)
{
  g_autoptr (SfuModel) self = NULL;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_NOT_FOUND, "There is no model at %s. Check the path.", path);
      return NULL;
    }
  self = read_model (path, vae, error);
  if (self == NULL || !check_present (self, error) || !read_configs (self, error) || !check_parts (self, error))
    return NULL;
  self->family_name = name_family (&self->unet);
  return g_steal_pointer (&self);
}

SfuModel *
sfu_model_open (const char *path, GError **error)
{
  return sfu_model_open_with_vae (path, NULL, error);
}

SfuModel *
sfu_model_ref (SfuModel *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_model_unref (SfuModel *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < SFU_N_PARTS; i++)
    sfu_model_part_clear (&self->parts[i]);
  g_ptr_array_unref (self->strangers);
  g_clear_pointer (&self->scheduler, json_object_unref);
  g_free (self->tokenizer_folder);
  g_free (self->path);
  g_free (self->title);
  g_free (self);
}

const char *
sfu_model_path (SfuModel *self)
{
  return self->path;
}

const char *
sfu_model_title (SfuModel *self)
{
  return self->title;
}

SfuFamily
sfu_model_family (SfuModel *self)
{
  return SFU_FAMILY_SD1;
}

SfuLayout
sfu_model_layout (SfuModel *self)
{
  return self->layout;
}

const char *
sfu_model_family_name (SfuModel *self)
{
  return self->family_name;
}

const char *
sfu_model_prediction_type (SfuModel *self)
{
  JsonNode *node = self->scheduler != NULL ? json_object_get_member (self->scheduler, "prediction_type") : NULL;
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node) : "epsilon";
}

GpuWeights *
sfu_model_weights (SfuModel *self, SfuPart part)
{
  return self->parts[part].weights;
}

const GpuClipConfig *
sfu_model_clip_config (SfuModel *self)
{
  return &self->clip;
}

const GpuUnetConfig *
sfu_model_unet_config (SfuModel *self)
{
  return &self->unet;
}

guint
sfu_model_n_branches (SfuModel *self)
{
  return gpu_unet_n_branches (&self->unet);
}

const GpuVaeConfig *
sfu_model_vae_config (SfuModel *self)
{
  return &self->vae;
}

JsonObject *
sfu_model_scheduler_config (SfuModel *self)
{
  return self->scheduler;
}

const char *
sfu_model_tokenizer_folder (SfuModel *self)
{
  return self->tokenizer_folder;
}

guint
sfu_model_sample_size (SfuModel *self)
{
  return self->sample_size;
}

/* -- description -- */

static JsonArray *
string_array (GPtrArray *strings, guint most)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < MIN (strings->len, most); i++)
    json_array_add_string_element (array, strings->pdata[i]);
  return array;
}

static JsonObject *
describe_part (const SfuModelPart *part, GString *all_types)
{
  JsonObject *object = json_object_new ();
  JsonArray *files = json_array_new (), *types = json_array_new ();
  guint64 parameters = 0, bytes = 0, counts[GPU_DTYPE_I32 + 1] = { 0 };
  json_object_set_boolean_member (object, "present", part->weights != NULL);
  for (guint i = 0; part->files != NULL && i < part->files->len; i++)
    json_array_add_string_element (files, sfu_safetensors_path (part->files->pdata[i]));
  json_object_set_array_member (object, "files", files);
  for (guint i = 0; part->weights != NULL && i < gpu_weights_count (part->weights); i++)
    {
      const GpuWeight *weight = gpu_weights_nth (part->weights, i);
      guint64 n = 1;
      for (guint j = 0; j < weight->n_dims; j++)
        n *= weight->dims[j];
      parameters += n;
      bytes += n * gpu_dtype_bytes (weight->dtype);
      counts[weight->dtype]++;
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > 0)
      {
        json_array_add_string_element (types, gpu_dtype_name (i));
        if (i <= GPU_DTYPE_BF16 && strstr (all_types->str, gpu_dtype_name (i)) == NULL)
          g_string_append_printf (all_types, "%s%s", all_types->len > 0 ? "+" : "", gpu_dtype_name (i));
      }
  json_object_set_array_member (object, "dtypes", types);
  json_object_set_int_member (object, "tensors", part->weights != NULL ? gpu_weights_count (part->weights) : 0);
  json_object_set_int_member (object, "parameters", parameters);
  json_object_set_int_member (object, "bytes", bytes);
  if (part->expected != NULL && part->weights != NULL)
    {
      g_autoptr (GPtrArray) missing = sfu_expected_missing (part->expected, part->weights);
      g_autoptr (GPtrArray) unused = sfu_expected_unused (part->expected, part->weights);
      json_object_set_array_member (object, "missing", string_array (missing, 100));
      json_object_set_array_member (object, "unused", string_array (unused, 100));
    }
  if (part->config != NULL)
    json_object_set_object_member (object, "config", json_object_ref (part->config));
  return object;
}

JsonObject *
sfu_model_describe (SfuModel *self)
{
  static const char *const keys[] = { [SFU_PART_TEXT] = "text_encoder", [SFU_PART_UNET] = "unet", [SFU_PART_VAE] = "vae" };
  JsonObject *object = json_object_new (), *parts = json_object_new ();
  JsonArray *unused = string_array (self->strangers, 100);
  g_autoptr (GString) types = g_string_new (NULL);
  guint64 bytes = 0;
  for (guint i = 0; i < SFU_N_PARTS; i++)
    {
      JsonObject *part = describe_part (&self->parts[i], types);
      JsonArray *names = json_object_has_member (part, "unused") ? json_object_get_array_member (part, "unused") : NULL;
      for (guint j = 0; names != NULL && j < json_array_get_length (names); j++)
        json_array_add_string_element (unused, json_array_get_string_element (names, j));
      bytes += json_object_get_int_member (part, "bytes");
      json_object_set_object_member (parts, keys[i], part);
    }
  json_object_set_string_member (object, "path", self->path);
  json_object_set_string_member (object, "family", self->family_name);
  json_object_set_string_member (object, "layout", self->layout == SFU_LAYOUT_FOLDER ? "diffusers folder" : "single file");
  json_object_set_string_member (object, "precision", types->str);
  json_object_set_string_member (object, "prediction_type", sfu_model_prediction_type (self));
  json_object_set_int_member (object, "size", bytes);
  json_object_set_int_member (object, "native_side", self->sample_size * 8);
  json_object_set_object_member (object, "parts", parts);
  json_object_set_array_member (object, "unused", unused);
  if (self->scheduler != NULL)
    json_object_set_object_member (object, "scheduler", json_object_ref (self->scheduler));
  return object;
}

JsonObject *
sfu_model_describe_path (const char *path, GError **error)
{
  g_autoptr (SfuModel) self = sfu_model_open (path, error);
  return self != NULL ? sfu_model_describe (self) : NULL;
}

JsonObject *
sfu_model_examine (const char *path)
{
  g_autoptr (SfuModel) self = read_model (path, NULL, NULL);
  if (self == NULL)
    return NULL;
  /* Each part by itself: one that is missing or strange says nothing of the others. */
  for (guint i = 0; i < SFU_N_PARTS; i++)
    if (self->parts[i].weights != NULL && read_config (self, i, NULL))
      self->parts[i].expected = expect (self, i);
  return sfu_model_describe (self);
}
