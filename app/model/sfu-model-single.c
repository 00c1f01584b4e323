/* Single files: one .safetensors with all parts, under LDM's names. */
#include <string.h>

#include "sfu-model-private.h"
#include "sfu-name-map.h"

/* What other files are, by a name they hold ("*" at an end: as a beginning or an end). The first that fits. */
static const struct {
  const char *name, *what;
} kinds[] = {
  { "*lora_down.weight", "a LoRA, which goes on top of a model" },
  { "*lora_A.weight", "a LoRA, which goes on top of a model" },
  { "*.hada_w1_a", "a LyCORIS file, which goes on top of a model" },
  { "emb_params", "a textual inversion embedding" },
  { "clip_g", "a textual inversion embedding" },
  { "control_model.*", "a ControlNet" },
  { "controlnet_cond_embedding.*", "a ControlNet" },
  { "conditioner.embedders.1.model.*", "Stable Diffusion XL" },
  { "conditioner.embedders.0.model.*", "the Stable Diffusion XL refiner" },
  { "model.diffusion_model.joint_blocks.*", "Stable Diffusion 3" },
  { "model.diffusion_model.double_blocks.*", "a Flux model" },
  { "double_blocks.*", "a Flux model" },
  { "joint_blocks.*", "Stable Diffusion 3" },
  { "cond_stage_model.model.transformer.resblocks.*", "Stable Diffusion 2.x in a single file; as a diffusers folder it can be opened" },
  { "decoder.layers.*", "a tiny autoencoder (TAESD), which draws previews: name it with --taesd" },
  { "3.conv.0.weight", "a tiny autoencoder (TAESD), which draws previews: name it with --taesd" },
  { "conv_first.weight", "an upscaler" },
  { "model.0.weight", "an upscaler" },
};

static gboolean
name_fits (const char *name, const char *pattern)
{
  gsize length = strlen (pattern);
  if (pattern[0] == '*')
    return g_str_has_suffix (name, pattern + 1);
  if (pattern[length - 1] == '*')
    return strncmp (name, pattern, length - 1) == 0;
  return g_str_equal (name, pattern);
}

const char *
sfu_model_recognise (SfuSafetensors *file)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint i = 0; i < sfu_safetensors_count (file); i++)
      if (name_fits (sfu_safetensors_name (file, i), kinds[k].name))
        return kinds[k].what;
  return NULL;
}

static SfuModelPart *
part_for (SfuModel *self, SfuPart part, SfuSafetensors *file)
{
  SfuModelPart *p = &self->parts[part];
  if (p->weights == NULL)
    {
      p->weights = gpu_weights_new ();
      p->files = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_safetensors_unref);
      g_ptr_array_add (p->files, sfu_safetensors_ref (file));
    }
  return p;
}

/* A sound file that holds none of the parts: say what it is, as far as can be told. */
static void
set_unknown (SfuModel *self, SfuSafetensors *file, GError **error)
{
  const char *what = sfu_model_recognise (file);
  guint n = sfu_safetensors_count (file);
  if (what != NULL)
    g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED,
                 "%s is %s. It is not a model that can paint by itself: Stable Diffusion 1.x and BK-SDM models are.", self->path, what);
  else if (self->parts[SFU_PART_VAE].weights != NULL)
    g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED, "%s is a VAE alone: name it with --vae beside a model.", self->path);
  else
    g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNKNOWN_FAMILY,
                 "%s is not a model that is known here: it has %u tensors, like “%s”. Stable Diffusion 1.x and BK-SDM models can be opened.",
                 self->path, n, n > 0 ? sfu_safetensors_name (file, 0) : "");
}

gboolean
sfu_model_read_single (SfuModel *self, GError **error)
{
  g_autoptr (SfuSafetensors) file = sfu_safetensors_open (self->path, error);
  g_autofree const char **names = NULL;
  const char *other;
  guint layers;
  if (file == NULL)
    return FALSE;
  names = g_new (const char *, sfu_safetensors_count (file) + 1);
  for (guint i = 0; i < sfu_safetensors_count (file); i++)
    names[i] = sfu_safetensors_name (file, i);
  layers = sfu_name_map_layers (names, sfu_safetensors_count (file));
  for (guint i = 0; i < sfu_safetensors_count (file); i++)
    {
      GpuWeight weight;
      SfuPart part = SFU_PART_UNET;
      const char *full = sfu_safetensors_name (file, i);
      g_autofree char *name = sfu_name_map_ldm (full, layers, &part);
      if (name == NULL || sfu_name_is_harmless (full))
        {
          if (!sfu_name_is_harmless (full))
            g_ptr_array_add (self->strangers, g_strdup (full));
          continue;
        }
      if (sfu_safetensors_tensor (file, i, &weight))
        gpu_weights_add (part_for (self, part, file)->weights, name, weight.dtype, weight.n_dims, weight.dims, weight.data);
    }
  other = sfu_model_recognise (file);
  if (self->parts[SFU_PART_UNET].weights == NULL
      || (self->parts[SFU_PART_TEXT].weights == NULL && other != NULL))
    {
      set_unknown (self, file, error);
      return FALSE;
    }
  /* self->scheduler stays empty: a file has none, and the sampler knows what SD 1.x has. */
  return TRUE;
}

/* A VAE file may have LDM's names with or without their prefix, or diffusers' own. */
static char *
vae_name (const char *name)
{
  SfuPart part;
  g_autofree char *full = NULL;
  while (g_str_has_prefix (name, "vae."))
    name += strlen ("vae.");
  if (g_str_has_prefix (name, "first_stage_model."))
    return sfu_name_map_ldm (name, 0, &part);
  if (strstr (name, "_blocks.") != NULL || strstr (name, "mid_block.") != NULL)
    return sfu_name_map_folder (name, SFU_PART_VAE);
  full = g_strconcat ("first_stage_model.", name, NULL);
  return sfu_name_map_ldm (full, 0, &part);
}

gboolean
sfu_model_read_vae (SfuModelPart *self, const char *path, GError **error)
{
  g_autoptr (SfuSafetensors) file = NULL;
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *inner = g_build_filename (path, "vae", NULL);
      return sfu_model_part_from_folder (self, g_file_test (inner, G_FILE_TEST_IS_DIR) ? inner : path, SFU_PART_VAE, error);
    }
  if ((file = sfu_safetensors_open (path, error)) == NULL)
    return FALSE;
  self->weights = gpu_weights_new ();
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) sfu_safetensors_unref);
  for (guint i = 0; i < sfu_safetensors_count (file); i++)
    {
      GpuWeight weight;
      if (!sfu_safetensors_tensor (file, i, &weight) || sfu_name_is_harmless (weight.name))
        continue;
      g_autofree char *name = vae_name (weight.name);
      if (name != NULL)
        gpu_weights_add (self->weights, name, weight.dtype, weight.n_dims, weight.dims, weight.data);
    }
  g_ptr_array_add (self->files, g_steal_pointer (&file));
  return TRUE;
}
