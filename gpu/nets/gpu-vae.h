/* gpu-vae.h: the autoencoder between pictures and latents (diffusers AutoencoderKL). */
#pragma once

#include "gpu-net-config.h"
#include "gpu-strips.h"

/* @latent: (1, h, w, latent_channels), already divided by the scaling factor. The picture, (8 h, 8 w, out_channels) for four
 * levels, in about -1..1, goes to @sink.
 * @strips: at most n_levels - 1 levels. Its strips are alike where they meet, and the whole differs from the picture made at once
 * by what is left of the error of the statistics. */
void gpu_vae_decode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor latent, const GpuImageSink *sink);

/* @image: (1, h, w, 3) in -1..1, h and w multiples of 8.
 * Returns: (1, h / 8, w / 8, 2 latent_channels): means, then logarithms of variances. */
GpuTensor gpu_vae_encode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor image);
