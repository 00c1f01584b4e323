#include "gpu-blocks.h"

GpuTensor
gpu_block_group_norm (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, guint groups, float eps,
                      GpuActivation act)
{
  gpu_bank_enter (bank, "%s", name);
  GpuTensor gamma = gpu_bank_vector (bank, "weight", x.c), beta = gpu_bank_vector (bank, "bias", x.c);
  gpu_bank_leave (bank);
  return gpu_group_norm (ops, x, gamma, beta, groups, eps, act);
}

GpuTensor
gpu_block_layer_norm (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, float eps)
{
  gpu_bank_enter (bank, "%s", name);
  GpuTensor gamma = gpu_bank_vector (bank, "weight", x.c), beta = gpu_bank_vector (bank, "bias", x.c);
  gpu_bank_leave (bank);
  return gpu_layer_norm (ops, x, gamma, beta, eps);
}

GpuTensor
gpu_block_resnet (GpuOps *ops, GpuBank *bank, GpuTensor x, guint out_channels, guint groups, float eps,
                  GpuTensor time, GpuTensor out)
{
  GpuMatrix conv1 = gpu_bank_matrix (bank, "conv1", out_channels, x.c, 9), conv2;
  GpuEpilogue first = { .image_bias = time, .for_norm = TRUE }, last = { .out = out, .for_norm = TRUE };
  /* Where the channels change, a 1x1 convolution of the input stands in for it: more channels of the same sum. */
  if (x.c != out_channels)
    {
      conv2 = gpu_bank_joined (bank, "conv2", out_channels, out_channels, 9, "conv_shortcut", x.c);
      last.second = x;
    }
  else
    {
      conv2 = gpu_bank_matrix (bank, "conv2", out_channels, out_channels, 9);
      last.residual = x;
    }
  GpuTensor h = gpu_block_group_norm (ops, bank, "norm1", x, groups, eps, GPU_ACT_SILU);
  h = gpu_conv2d (ops, h, &conv1, GPU_CONV_SAME, &first);
  h = gpu_block_group_norm (ops, bank, "norm2", h, groups, eps, GPU_ACT_SILU);
  return gpu_conv2d (ops, h, &conv2, GPU_CONV_SAME, &last);
}

GpuTensor
gpu_block_double (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, guint out_channels, guint h, guint w, const GpuEpilogue *epilogue)
{
  gboolean exact = h == 2 * x.h && w == 2 * x.w;
  GpuMatrix conv = exact ? gpu_bank_doubling (bank, name, out_channels, x.c) : gpu_bank_matrix (bank, name, out_channels, x.c, 9);
  return gpu_conv2d_up (ops, x, &conv, h, w, epilogue);
}
