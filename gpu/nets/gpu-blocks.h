/* gpu-blocks.h: the pieces that several nets are built of. Each appends its ops to the list and takes its
 * weights from the bank's current scope, under diffusers' names. */
#pragma once

#include "gpu-ops.h"

/* "NAME.weight" and "NAME.bias", then act. */
GpuTensor gpu_block_group_norm (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, guint groups, float eps,
                                GpuActivation act);
GpuTensor gpu_block_layer_norm (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, float eps);

/**
 * gpu_block_resnet:
 * @time: (1, 1, 1, out channels), added after the first convolution; no tensor in an autoencoder
 * @out: where to write, or no tensor
 *
 * ResnetBlock2D: norm1, SiLU, conv1, + time, norm2, SiLU, conv2, + shortcut (1x1 where channels change).
 * Source: diffusers models/resnet.py.
 */
GpuTensor gpu_block_resnet (GpuOps *ops, GpuBank *bank, GpuTensor x, guint out_channels, guint groups, float eps,
                            GpuTensor time, GpuTensor out);

/* 3x3 convolution "NAME" of the input doubled to (h, w), each exactly double or one less. */
GpuTensor gpu_block_double (GpuOps *ops, GpuBank *bank, const char *name, GpuTensor x, guint out_channels, guint h, guint w,
                            const GpuEpilogue *epilogue);
