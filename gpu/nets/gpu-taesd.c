#include "gpu-taesd.h"

#include "gpu-blocks.h"

/* AutoencoderTinyBlock: relu (conv relu conv relu conv (x) + x). */
static GpuTensor
block (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x)
{
  GpuEpilogue relu = { .act = GPU_ACT_RELU }, last = { .act = GPU_ACT_RELU, .act_last = TRUE, .residual = x };
  gpu_bank_enter (bank, "layers.%u", layer);
  GpuMatrix conv0 = gpu_bank_matrix (bank, "conv.0", x.c, x.c, 9);
  GpuMatrix conv1 = gpu_bank_matrix (bank, "conv.2", x.c, x.c, 9);
  GpuMatrix conv2 = gpu_bank_matrix (bank, "conv.4", x.c, x.c, 9);
  gpu_bank_leave (bank);
  GpuTensor h = gpu_conv2d (ops, x, &conv0, GPU_CONV_SAME, &relu);
  h = gpu_conv2d (ops, h, &conv1, GPU_CONV_SAME, &relu);
  return gpu_conv2d (ops, h, &conv2, GPU_CONV_SAME, &last);
}

static GpuTensor
numbered_conv (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x, guint n, GpuActivation act)
{
  g_autofree char *name = g_strdup_printf ("layers.%u", layer);
  GpuMatrix conv = gpu_bank_matrix (bank, name, n, x.c, 9);
  return gpu_conv2d (ops, x, &conv, GPU_CONV_SAME, &(GpuEpilogue) { .act = act });
}

static GpuTensor
numbered_double (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x, guint n)
{
  g_autofree char *name = g_strdup_printf ("layers.%u", layer);
  return gpu_block_double (ops, bank, name, x, n, 2 * x.h, 2 * x.w, NULL);
}

GpuTensor
gpu_taesd_decode (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, GpuTensor latent)
{
  guint layer = 2; /* after the first convolution; its activation counts */
  gpu_bank_enter (bank, "decoder");
  GpuTensor x = numbered_conv (ops, bank, 0, latent, config->channels[0], GPU_ACT_RELU);
  for (guint i = 0; i < config->n_levels && !gpu_bank_failed (bank); i++)
    {
      for (guint j = 0; j < config->n_blocks[i]; j++)
        x = block (ops, bank, layer++, x);
      if (i + 1 == config->n_levels)
        break;
      x = numbered_double (ops, bank, layer + 1, x, config->channels[i]);
      layer += 2; /* the upsampling counts as well */
    }
  x = numbered_conv (ops, bank, layer, x, config->out_channels, GPU_ACT_NONE);
  gpu_bank_leave (bank);
  return x;
}
