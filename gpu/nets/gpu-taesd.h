/* gpu-taesd.h: the tiny decoder that draws previews (Bohan's TAESD; diffusers AutoencoderTiny). */
#pragma once

#include "gpu-net-config.h"
#include "gpu-ops.h"

/* @latent: (1, h, w, latent_channels) as the sampler holds it, after the soft clamp.
 * Returns: (1, 8 h, 8 w, 3) in about 0..1. */
GpuTensor gpu_taesd_decode (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, GpuTensor latent);
