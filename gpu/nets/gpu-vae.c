#include "gpu-vae.h"

#include <math.h>

#include "gpu-blocks.h"

/* Fixed in diffusers models/autoencoders/vae.py. */
#define VAE_EPS 1e-6f

static GpuTensor
resnet (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint out)
{
  return gpu_block_resnet (ops, bank, x, out, config->norm_groups, VAE_EPS, (GpuTensor) { 0 }, (GpuTensor) { 0 });
}

/* Self-attention over all pixels with one head as wide as the channels. */
static GpuTensor
attention (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  static const char *const names[] = { "to_q", "to_k", "to_v" };
  guint c = x.c, rows[] = { c, c, c };
  GpuMatrix qkv = gpu_bank_matrices (bank, names, 3, rows, c);
  GpuMatrix out = gpu_bank_matrix (bank, "to_out.0", c, c, 1);
  GpuTensor h = gpu_block_group_norm (ops, bank, "group_norm", x, config->norm_groups, VAE_EPS, GPU_ACT_NONE);
  GpuTensor states = gpu_linear (ops, h, &qkv, NULL);
  h = gpu_attention (ops, gpu_tensor_channels (states, 0, c), gpu_tensor_channels (states, c, c),
                     gpu_tensor_channels (states, 2 * c, c), 1, 1 / sqrtf (c), FALSE);
  return gpu_linear (ops, h, &out, &(GpuEpilogue) { .residual = x, .for_norm = TRUE });
}

static GpuTensor
middle (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  gpu_bank_enter (bank, "mid_block.resnets.0");
  x = resnet (ops, bank, config, x, x.c);
  gpu_bank_leave (bank);
  if (config->mid_attention)
    {
      gpu_bank_enter (bank, "mid_block.attentions.0");
      x = attention (ops, bank, config, x);
      gpu_bank_leave (bank);
    }
  gpu_bank_enter (bank, "mid_block.resnets.1");
  x = resnet (ops, bank, config, x, x.c);
  gpu_bank_leave (bank);
  return x;
}

static GpuTensor
up_block (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint i)
{
  guint out = config->channels[config->n_levels - 1 - i];
  for (guint j = 0; j < config->layers_per_block + 1; j++)
    {
      gpu_bank_enter (bank, "up_blocks.%u.resnets.%u", i, j);
      x = resnet (ops, bank, config, x, out);
      gpu_bank_leave (bank);
    }
  if (i + 1 == config->n_levels)
    return x;
  gpu_bank_enter (bank, "up_blocks.%u.upsamplers.0", i);
  x = gpu_block_double (ops, bank, "conv", x, out, 2 * x.h, 2 * x.w, &(GpuEpilogue) { .for_norm = TRUE });
  gpu_bank_leave (bank);
  return x;
}

GpuTensor
gpu_vae_decode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor latent)
{
  guint deepest = config->channels[config->n_levels - 1];
  GpuTensor x = latent;
  if (config->post_quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "post_quant_conv", config->latent_channels, config->latent_channels, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  gpu_bank_enter (bank, "decoder");
  GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", deepest, config->latent_channels, 9);
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", config->out_channels, config->channels[0], 9);
  x = gpu_conv2d (ops, x, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE });
  x = middle (ops, bank, config, x);
  for (guint i = 0; i < config->n_levels && !gpu_bank_failed (bank); i++)
    x = up_block (ops, bank, config, x, i);
  if (gpu_bank_failed (bank))
    x = (GpuTensor) { 0 };
  x = gpu_block_group_norm (ops, bank, "conv_norm_out", x, config->norm_groups, VAE_EPS, GPU_ACT_SILU);
  x = gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, NULL);
  gpu_bank_leave (bank);
  return x;
}

static GpuTensor
down_block (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint i)
{
  guint out = config->channels[i];
  for (guint j = 0; j < config->layers_per_block; j++)
    {
      gpu_bank_enter (bank, "down_blocks.%u.resnets.%u", i, j);
      x = resnet (ops, bank, config, x, out);
      gpu_bank_leave (bank);
    }
  if (i + 1 == config->n_levels)
    return x;
  gpu_bank_enter (bank, "down_blocks.%u.downsamplers.0", i);
  GpuMatrix conv = gpu_bank_matrix (bank, "conv", out, out, 9);
  gpu_bank_leave (bank);
  return gpu_conv2d (ops, x, &conv, GPU_CONV_DOWN_LATE, &(GpuEpilogue) { .for_norm = TRUE });
}

GpuTensor
gpu_vae_encode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor image)
{
  guint deepest = config->channels[config->n_levels - 1], moments = 2 * config->latent_channels;
  gpu_bank_enter (bank, "encoder");
  GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", config->channels[0], config->in_channels, 9);
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", moments, deepest, 9);
  GpuTensor x = gpu_conv2d (ops, image, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE });
  for (guint i = 0; i < config->n_levels && !gpu_bank_failed (bank); i++)
    x = down_block (ops, bank, config, x, i);
  if (gpu_bank_failed (bank))
    x = (GpuTensor) { 0 };
  x = middle (ops, bank, config, x);
  x = gpu_block_group_norm (ops, bank, "conv_norm_out", x, config->norm_groups, VAE_EPS, GPU_ACT_SILU);
  x = gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, NULL);
  gpu_bank_leave (bank);
  if (config->quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "quant_conv", moments, moments, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  return x;
}
