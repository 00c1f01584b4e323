/* gpu-unet.h: the noise predictor of latent diffusion (Rombach et al. 2022; diffusers UNet2DConditionModel).
 * Owner: whoever made it; it borrows bank and device. Threads: the device's. */
#pragma once

#include "gpu-net-config.h"
#include "gpu-ops.h"

G_BEGIN_DECLS

typedef struct _GpuUnet GpuUnet;

/* @images: halves of a batch (2 with guidance); @h, @w: of the latent; @n_tokens: length of the context.
 * Allocates the keys and values of cross-attention, which stay from one step to the next. */
GpuUnet *gpu_unet_new (GpuDevice *device, GpuBank *bank, const GpuUnetConfig *config, GpuDtype dtype, guint images,
                       guint h, guint w, guint n_tokens, GError **error);
void gpu_unet_free (GpuUnet *self);

/* Ops that compute keys and values from @context (images, 1, n_tokens, cross_width): once per prompt. */
void gpu_unet_context (GpuUnet *self, GpuOps *ops, GpuTensor context);

/* Ops that compute what the resnets add in the calls STEP_WINDOW i ..., among which the due one is, and the due call's input:
 * whenever another such window begins, and before the first step or one after another UNet's. */
void gpu_unet_schedule (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler);

/**
 * gpu_unet_keep:
 * @branch: below gpu_unet_n_branches()    @h, @w: of the latent
 *
 * From now on gpu_unet_step() leaves what has come up to @branch from below for gpu_unet_cached_step(). Once, before
 * either. Source: Ma et al. 2023, "DeepCache: Accelerating Diffusion Models for Free".
 * Errors: %GPU_ERROR_OUT_OF_MEMORY.
 */
gboolean gpu_unet_keep (GpuUnet *self, guint branch, guint h, guint w, GError **error);

/* What steps read and gpu_sampler_step() writes for the next one. */
const GpuSamplerState *gpu_unet_state (GpuUnet *self);

/**
 * gpu_unet_step:
 * @sampler: its state's flag is set where the result is not finite
 *
 * Returns: (images, h, w, out_channels): for the due call the predicted noise, or v.
 */
GpuTensor gpu_unet_step (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler);
/* The same by the layers above the branch alone, from what the last full step has left there. */
GpuTensor gpu_unet_cached_step (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuUnet, gpu_unet_free)

G_END_DECLS
