/* gpu-clip.h: CLIP's text transformer. */
#pragma once

#include "gpu-net-config.h"
#include "gpu-ops.h"

/**
 * gpu_clip:
 * @bank: weights under transformers' names, without "text_model."
 * @tokens: I32 (n, 1, length, 1) with stride 1, length at most max_positions
 * @out: (n, 1, length, width), written: the last layer's states after the final norm
 *
 * Source: transformers models/clip/modeling_clip.py (CLIPTextTransformer).
 */
void gpu_clip (GpuOps *ops, GpuBank *bank, const GpuClipConfig *config, GpuTensor tokens, GpuTensor out);
