#include "sfu-taesd.h"

#include <stdio.h>
#include <string.h>

#include "sfu-expected.h"
#include "sfu-model-config.h"
#include "sfu-safetensors.h"

struct _SfuTaesd {
  char *path;
  SfuSafetensors *file;
  GpuWeights *weights;
  GpuTaesdConfig config;
};

/* diffusers names a layer "decoder.layers.N"; the original file names it by its number, with the soft clamp
 * counted as layer 0. */
static char *
layer_name (const char *name)
{
  guint layer;
  int length = 0;
  if (g_str_has_prefix (name, "decoder.layers."))
    return g_strdup (name);
  if (sscanf (name, "%u.%n", &layer, &length) == 1 && length > 0 && layer > 0)
    return g_strdup_printf ("decoder.layers.%u.%s", layer - 1, name + length);
  return NULL;
}

static const GpuWeight *
layer_weight (SfuTaesd *self, guint layer, const char *rest)
{
  g_autofree char *name = g_strdup_printf ("decoder.layers.%u.%s", layer, rest);
  return gpu_weights_find (self->weights, name);
}

/* Levels of blocks, each ended by a convolution: counted from the tensors, which both layouts have. */
static gboolean
read_config (SfuTaesd *self, GError **error)
{
  GpuTaesdConfig *config = &self->config;
  const GpuWeight *first = layer_weight (self, 0, "weight"), *conv;
  guint layer = 2;
  *config = (GpuTaesdConfig) { .scaling_factor = 1 };
  if (first != NULL && first->n_dims == 4)
    {
      config->latent_channels = first->dims[1];
      while (config->n_levels < GPU_MAX_LEVELS && layer < 256)
        {
          guint blocks = 0;
          while (layer_weight (self, layer + blocks, "conv.0.weight") != NULL && blocks < 64)
            blocks++;
          layer += blocks;
          config->channels[config->n_levels] = first->dims[0];
          config->n_blocks[config->n_levels++] = blocks;
          if ((conv = layer_weight (self, layer, "weight")) != NULL && conv->n_dims == 4)
            {
              config->out_channels = conv->dims[0];
              break;
            }
          layer += 2; /* upsampling and convolution */
        }
    }
  if (config->out_channels == 3 && config->n_levels == 4 && config->latent_channels == 4)
    return TRUE;
  g_set_error (error, SFU_MODEL_ERROR, first == NULL ? SFU_MODEL_ERROR_UNKNOWN_FAMILY : SFU_MODEL_ERROR_UNSUPPORTED,
               "%s is not a preview decoder for this kind of model. Use taesd_decoder.safetensors or a diffusers AutoencoderTiny.",
               self->path);
  return FALSE;
}

/* Every block's convolutions are there and of one width. */
static gboolean
check_layers (SfuTaesd *self, GError **error)
{
  static const char *const parts[] = { "conv.0.weight", "conv.0.bias", "conv.2.weight", "conv.2.bias", "conv.4.weight", "conv.4.bias" };
  guint layer = 2, c = self->config.channels[0];
  for (guint i = 0; i < self->config.n_levels; i++, layer += 2)
    for (guint j = 0; j < self->config.n_blocks[i]; j++, layer++)
      for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
        {
          const GpuWeight *weight = layer_weight (self, layer, parts[k]);
          if (weight == NULL || weight->dims[0] != c || (weight->n_dims == 4 && weight->dims[1] != c))
            {
              g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                           "The preview decoder %s lacks layer %u, or has it in another shape. Fetch it again.", self->path, layer);
              return FALSE;
            }
        }
  return TRUE;
}

static char *
weight_file (const char *path)
{
  static const char *const names[] = { "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
                                       "taesd_decoder.safetensors" };
  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_strdup (path);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (path, names[i], NULL);
      if (g_file_test (file, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&file);
    }
  return g_build_filename (path, names[0], NULL);
}

SfuTaesd *
sfu_taesd_open (const char *path, GError **error)
{
  g_autoptr (SfuTaesd) self = g_new0 (SfuTaesd, 1);
  g_autofree char *file = weight_file (path);
  self->path = g_strdup (path);
  if ((self->file = sfu_safetensors_open (file, error)) == NULL)
    return NULL;
  self->weights = gpu_weights_new ();
  for (guint i = 0; i < sfu_safetensors_count (self->file); i++)
    {
      GpuWeight weight;
      g_autofree char *name = layer_name (sfu_safetensors_name (self->file, i));
      if (name != NULL && sfu_safetensors_tensor (self->file, i, &weight))
        gpu_weights_add (self->weights, name, weight.dtype, weight.n_dims, weight.dims, weight.data);
    }
  return read_config (self, error) && check_layers (self, error) ? g_steal_pointer (&self) : NULL;
}

void
sfu_taesd_free (SfuTaesd *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->weights, gpu_weights_free);
  g_clear_pointer (&self->file, sfu_safetensors_unref);
  g_free (self->path);
  g_free (self);
}

const char *
sfu_taesd_path (SfuTaesd *self)
{
  return self->path;
}

GpuWeights *
sfu_taesd_weights (SfuTaesd *self)
{
  return self->weights;
}

const GpuTaesdConfig *
sfu_taesd_config (SfuTaesd *self)
{
  return &self->config;
}

/* ComfyUI keeps decoders in models/vae_approx and A1111 in models/VAE-taesd, beside the folder of models. */
char *
sfu_taesd_find (const char *model_path, const char *const *data_folders)
{
  static const char *const relative[] = { "taesd_decoder.safetensors", "taesd", "../vae_approx/taesd_decoder.safetensors",
                                          "../VAE-taesd/taesd_decoder.safetensors", "../taesd_decoder.safetensors", "../taesd" };
  g_autofree char *plain = g_canonicalize_filename (model_path, NULL); /* a slash at its end would be a level of its own */
  g_autofree char *beside = g_path_get_dirname (plain);
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (relative); i++)
    {
      if (g_file_test (model_path, G_FILE_TEST_IS_DIR) && !g_str_has_prefix (relative[i], ".."))
        g_ptr_array_add (places, g_build_filename (model_path, relative[i], NULL));
      g_ptr_array_add (places, g_build_filename (beside, relative[i], NULL));
    }
  for (guint i = 0; data_folders != NULL && data_folders[i] != NULL; i++)
    g_ptr_array_add (places, g_build_filename (data_folders[i], relative[0], NULL));
  for (guint i = 0; i < places->len; i++)
    {
      g_autofree char *file = weight_file (places->pdata[i]);
      if (g_file_test (file, G_FILE_TEST_IS_REGULAR))
        return g_strdup (places->pdata[i]);
    }
  return NULL;
}
