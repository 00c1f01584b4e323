#include "gpu-taesd.h"

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

static GpuMatrix
numbered_conv (GpuBank *bank, guint layer, guint n, guint k)
{
  g_autofree char *name = g_strdup_printf ("layers.%u", layer);
  return gpu_bank_matrix (bank, name, n, k, 9);
}

GpuTensor
gpu_taesd_decode (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, GpuTensor latent)
{
  guint layer = 0;
  gpu_bank_enter (bank, "decoder");
  GpuMatrix conv = numbered_conv (bank, layer, config->channels[0], config->latent_channels);
  GpuTensor x = gpu_conv2d (ops, latent, &conv, GPU_CONV_SAME, &(GpuEpilogue) { .act = GPU_ACT_RELU });
  layer += 2; /* the activation counts */
  for (guint i = 0; i < config->n_levels && !gpu_bank_failed (bank); i++)
    {
      gboolean last = i + 1 == config->n_levels;
      for (guint j = 0; j < config->n_blocks[i]; j++)
        x = block (ops, bank, layer++, x);
      if (!last)
        layer++; /* so does the upsampling */
      conv = numbered_conv (bank, layer++, last ? config->out_channels : config->channels[i], config->channels[i]);
      x = gpu_conv2d (ops, x, &conv, last ? GPU_CONV_SAME : GPU_CONV_UP, NULL);
    }
  gpu_bank_leave (bank);
  return x;
}
