/* gpu-taesd.h: the tiny decoder that draws previews (Bohan's TAESD; diffusers AutoencoderTiny). */
#pragma once

#include "gpu-net-config.h"
#include "gpu-strips.h"

/* @latent: (1, h, w, latent_channels) as the sampler holds it, after the soft clamp. The picture, (8 h, 8 w, 3) in about 0..1,
 * goes to @sink.
 * @strips: at most n_levels - 1 levels. The net has no norms, so the picture is the same with and without. */
void gpu_taesd_decode (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, const GpuStrips *strips, GpuTensor latent,
                       const GpuImageSink *sink);
