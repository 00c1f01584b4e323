#include "sfu-random-nets.h"

#include "sfu-request.h"

/* A family's sizes: the configs of runwayml/stable-diffusion-v1-5 and nota-ai/bk-sdm-{base,small,tiny}. */
static const struct {
  const char *name;
  guint layers_per_block, n_levels;
  gboolean has_mid_block;
} archs[] = { { "sd15", 2, 4, TRUE }, { "bk-base", 1, 4, TRUE }, { "bk-small", 1, 4, FALSE }, { "bk-tiny", 1, 3, FALSE } };

static const char *const arch_names[] = { "sd15", "bk-base", "bk-small", "bk-tiny", NULL };

const char *const *
sfu_random_nets_archs (void)
{
  return arch_names;
}

static const GpuClipConfig clip_l = {
  .vocab_size = 49408, .max_positions = 77, .width = 768, .n_layers = 12, .n_heads = 12, .hidden_width = 3072,
  .act = GPU_ACT_QUICK_GELU, .norm_eps = 1e-5f,
};
static const GpuVaeConfig sd1_vae = {
  .in_channels = 3, .out_channels = 3, .latent_channels = 4, .n_levels = 4, .channels = { 128, 256, 512, 512 },
  .layers_per_block = 2, .norm_groups = 32, .mid_attention = TRUE, .quant_conv = TRUE, .post_quant_conv = TRUE,
  .scaling_factor = 0.18215f,
};
static const GpuTaesdConfig taesd = {
  .latent_channels = 4, .out_channels = 3, .n_levels = 4, .n_blocks = { 3, 3, 3, 1 }, .channels = { 64, 64, 64, 64 },
  .scaling_factor = 1,
};

void
sfu_random_nets_clear (SfuRandomNets *self)
{
  gpu_bank_free (self->nets.clip_bank);
  gpu_bank_free (self->nets.unet_bank);
  gpu_bank_free (self->nets.vae_bank);
  gpu_bank_free (self->nets.taesd_bank);
  gpu_arena_unref (self->nets.arena);
  gpu_arena_unref (self->nets.preview_arena);
  gpu_weights_free (self->weights);
  *self = (SfuRandomNets) { 0 };
}

static gboolean
find_unet (const char *arch, GpuUnetConfig *unet, GError **error)
{
  guint i = 0;
  while (i < G_N_ELEMENTS (archs) && !g_str_equal (archs[i].name, arch))
    i++;
  if (i == G_N_ELEMENTS (archs))
    {
      g_set_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID,
                   "There is no architecture “%s”: use sd15, bk-base, bk-small or bk-tiny.", arch);
      return FALSE;
    }
  *unet = (GpuUnetConfig) {
    .in_channels = 4, .out_channels = 4, .n_levels = archs[i].n_levels, .channels = { 320, 640, 1280, 1280 },
    .layers_per_block = archs[i].layers_per_block, .cross_width = 768, .norm_groups = 32, .norm_eps = 1e-5f,
    .has_mid_block = archs[i].has_mid_block, .flip_sin_to_cos = TRUE,
  };
  for (guint level = 0; level < unet->n_levels; level++)
    {
      unet->n_heads[level] = 8;
      unet->transformer_depth[level] = 1;
      /* The deepest of four levels has no attention. */
      unet->down_attention[level] = level < 3;
      unet->up_attention[level] = unet->n_levels - 1 - level < 3;
    }
  return TRUE;
}

gboolean
sfu_random_nets_init (SfuRandomNets *self, GpuDevice *device, GpuKernels kernels, const char *arch, GpuDtype storage,
                      GError **error)
{
  SfuNets *nets = &self->nets;
  if (!find_unet (arch, &self->unet, error))
    return FALSE;
  self->weights = gpu_weights_new_random ();
  *nets = (SfuNets) { .device = device, .kernels = kernels, .clip = &clip_l, .unet = &self->unet, .vae = &sd1_vae, .taesd = &taesd,
                      .arena = gpu_arena_new (device), .preview_arena = gpu_arena_new (device) };
  return (nets->clip_bank = gpu_bank_new (device, self->weights, storage, error))
         && (nets->unet_bank = gpu_bank_new (device, self->weights, storage, error))
         && (nets->vae_bank = gpu_bank_new (device, self->weights, storage, error))
         && (nets->taesd_bank = gpu_bank_new (device, self->weights, storage, error));
}
