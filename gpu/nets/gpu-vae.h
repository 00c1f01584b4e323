/* gpu-vae.h: the autoencoder between pictures and latents (diffusers AutoencoderKL). */
#pragma once

#include "gpu-net-config.h"
#include "gpu-ops.h"

/* @latent: (1, h, w, latent_channels), already divided by the scaling factor.
 * Returns: (1, 8 h, 8 w, out_channels) in about -1..1 (8 for four levels). */
GpuTensor gpu_vae_decode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor latent);

/* @image: (1, h, w, 3) in -1..1, h and w multiples of 8.
 * Returns: (1, h / 8, w / 8, 2 latent_channels): means, then logarithms of variances. */
GpuTensor gpu_vae_encode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor image);
