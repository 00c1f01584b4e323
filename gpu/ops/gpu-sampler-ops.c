#include "gpu-ops-private.h"

/* Activations between the sampler's planes and the nets: see shaders/latent-input.comp. */
static GpuTensor
latent_input (GpuOps *ops, LatentInputParams *push, GpuStorage *planes, const GpuSampler *sampler, guint channels,
              guint h, guint w, gboolean soft_clamp)
{
  guint local = gpu_ops_subgroup (ops);
  if (ops->error != NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, push->copies, h, w, channels);
  GpuSpec spec = { .n = 1, .value = { soft_clamp } };
  push->pixels = h * w;
  push->channels = channels;
  push->padded = GPU_PADDED (channels);
  push->out_stride = out.stride;
  GpuDispatch *d = gpu_ops_dispatch (ops, "latent-input", "latent-input", TRUE, local, &spec, sizeof *push);
  gpu_dispatch_push_flat (d, push, gpu_ceil_div (h * w, local));
  gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (LatentInputParams, x), planes, 0, (guint64) channels * h * w * sizeof (float), FALSE);
  if (sampler != NULL)
    {
      GPU_USES (ops, d, LatentInputParams, calls, sampler->calls, FALSE);
      GPU_USES (ops, d, LatentInputParams, state, sampler->state, FALSE);
    }
  GPU_WRITES (ops, d, LatentInputParams, out_, &out);
  return out;
}

GpuTensor
gpu_sampler_input (GpuOps *ops, const GpuSampler *sampler, guint copies)
{
  LatentInputParams push = { .copies = copies, .factor = 1 };
  return latent_input (ops, &push, sampler->slots, sampler, sampler->channels, sampler->h, sampler->w, FALSE);
}

GpuTensor
gpu_latent_input (GpuOps *ops, GpuStorage *planes, guint channels, guint h, guint w, float factor, gboolean soft_clamp)
{
  LatentInputParams push = { .copies = 1, .factor = factor };
  return latent_input (ops, &push, planes, NULL, channels, h, w, soft_clamp);
}

GpuTensor
gpu_time_embedding (GpuOps *ops, const GpuSampler *sampler, GpuTensor frequencies, gboolean cosines_first)
{
  guint local = gpu_ops_subgroup (ops), half = frequencies.c;
  if (ops->error != NULL || frequencies.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, 1, 1, 1, 2 * half);
  TimeEmbeddingParams push = { .half_ = half, .padded = GPU_PADDED (2 * half), .flip = cosines_first };
  GpuDispatch *d = gpu_ops_dispatch (ops, "time-embedding", "time-embedding", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push (d, &push, gpu_ceil_div (push.padded, local), 1, 1);
  GPU_USES (ops, d, TimeEmbeddingParams, calls, sampler->calls, FALSE);
  GPU_USES (ops, d, TimeEmbeddingParams, state, sampler->state, FALSE);
  GPU_READS (ops, d, TimeEmbeddingParams, frequencies, &frequencies);
  GPU_WRITES (ops, d, TimeEmbeddingParams, out_, &out);
  return out;
}

void
gpu_sampler_step (GpuOps *ops, const GpuSampler *sampler, GpuTensor output)
{
  guint local = gpu_ops_subgroup (ops), pixels = sampler->h * sampler->w;
  guint groups = gpu_ceil_div ((guint64) pixels * sampler->channels, local);
  SamplerParams push = {
    .pixels = pixels, .channels = sampler->channels, .model_stride = output.stride, .halves = output.n,
  };
  if (ops->error != NULL || output.storage == NULL)
    return;

  GpuDispatch *d = gpu_ops_dispatch (ops, "guidance", "guidance", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, groups);
  GPU_READS (ops, d, SamplerParams, model, &output);
  GPU_USES (ops, d, SamplerParams, state, sampler->state, TRUE);
  GPU_USES (ops, d, SamplerParams, output_, sampler->output, TRUE);

  d = gpu_ops_dispatch (ops, "sampler-step", "sampler-step", FALSE, local, NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, groups);
  GPU_USES (ops, d, SamplerParams, calls, sampler->calls, FALSE);
  GPU_USES (ops, d, SamplerParams, state, sampler->state, FALSE);
  GPU_USES (ops, d, SamplerParams, output_, sampler->output, FALSE);
  GPU_USES (ops, d, SamplerParams, noise, sampler->noise, FALSE);
  GPU_USES (ops, d, SamplerParams, slots, sampler->slots, TRUE);
  GPU_USES (ops, d, SamplerParams, x0, sampler->x0, TRUE);

  d = gpu_ops_dispatch (ops, "sampler-step", "sampler-advance", FALSE, local, NULL, sizeof push);
  gpu_dispatch_push (d, &push, 1, 1, 1);
  GPU_USES (ops, d, SamplerParams, state, sampler->state, TRUE);
}

GpuTensor
gpu_image_input (GpuOps *ops, GpuStorage *pixels, guint h, guint w)
{
  guint local = gpu_ops_subgroup (ops);
  if (ops->error != NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, 1, h, w, 3);
  ImageParams push = { .pixels = h * w, .channels = 3, .x_stride = out.stride, .factor = 2, .addend = -1 };
  GpuDispatch *d = gpu_ops_dispatch (ops, "image-input", "image-input", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, gpu_ceil_div (h * w, local));
  GPU_USES (ops, d, ImageParams, x, pixels, FALSE);
  GPU_WRITES (ops, d, ImageParams, out_, &out);
  return out;
}

void
gpu_image_output (GpuOps *ops, GpuTensor x, guint first_row, const GpuImageSink *sink)
{
  guint local = gpu_ops_subgroup (ops), count = x.h * x.w;
  if (ops->error != NULL || x.storage == NULL)
    return;
  ImageParams push = { .pixels = count, .channels = x.c, .x_stride = x.stride, .factor = sink->factor, .addend = sink->addend };
  guint64 row_bytes = (guint64) x.w * x.c * sizeof (float);
  GpuDispatch *d = gpu_ops_dispatch (ops, "image-output", "image-output", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, gpu_ceil_div ((guint64) count * x.c, local));
  GPU_READS (ops, d, ImageParams, x, &x);
  GPU_USES (ops, d, ImageParams, state, sink->state, TRUE);
  gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (ImageParams, out_), sink->pixels, first_row * row_bytes, x.h * row_bytes, TRUE);
}
