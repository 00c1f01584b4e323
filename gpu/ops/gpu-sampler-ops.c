#include "gpu-ops-private.h"

/* Any of the calls, but only the due one is read. */
static void
read_call (GpuOps *ops, GpuDispatch *d, guint push_offset, const GpuSampler *sampler)
{
  gpu_dispatch_uses (ops, d, push_offset, sampler->calls, 0, sampler->calls->bytes, FALSE);
  if (d != NULL)
    d->bytes -= sampler->calls->bytes - sizeof (GpuStepCall);
}

/* Activations between the sampler's planes and the nets: see shaders/latent-input.comp. */
static void
latent_input (GpuOps *ops, LatentInputParams *push, GpuStorage *planes, const GpuSampler *sampler, GpuTensor out, gboolean soft_clamp)
{
  guint local = gpu_ops_subgroup (ops), h = out.h, w = out.w, channels = out.c;
  GpuSpec spec = { .n = 1, .value = { soft_clamp } };
  push->copies = out.n;
  push->pixels = h * w;
  push->channels = channels;
  push->padded = GPU_PADDED (channels);
  push->out_stride = out.stride;
  GpuDispatch *d = gpu_ops_dispatch (ops, "latent-input", "latent-input", TRUE, local, &spec, sizeof *push);
  gpu_dispatch_push_flat (d, push, gpu_ceil_div (h * w, local));
  gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (LatentInputParams, x), planes, 0, (guint64) channels * h * w * sizeof (float), FALSE);
  if (sampler != NULL)
    {
      read_call (ops, d, G_STRUCT_OFFSET (LatentInputParams, calls), sampler);
      GPU_USES (ops, d, LatentInputParams, state, sampler->state, FALSE);
    }
  GPU_WRITES (ops, d, LatentInputParams, out_, &out);
}

GpuTensor
gpu_latent_input (GpuOps *ops, GpuStorage *planes, guint channels, guint h, guint w, float factor, gboolean soft_clamp)
{
  LatentInputParams push = { .factor = factor };
  if (ops->error != NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, 1, h, w, channels);
  latent_input (ops, &push, planes, NULL, out, soft_clamp);
  return out;
}

GpuTensor
gpu_time_embedding (GpuOps *ops, const GpuSampler *sampler, GpuTensor frequencies, gboolean cosines_first)
{
  guint local = gpu_ops_subgroup (ops), half = frequencies.c;
  if (ops->error != NULL || frequencies.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, 1, 1, STEP_WINDOW, 2 * half);
  TimeEmbeddingParams push = { .half_ = half, .padded = GPU_PADDED (2 * half), .flip = cosines_first };
  GpuDispatch *d = gpu_ops_dispatch (ops, "time-embedding", "time-embedding", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push (d, &push, gpu_ceil_div (push.padded, local), STEP_WINDOW, 1);
  read_call (ops, d, G_STRUCT_OFFSET (TimeEmbeddingParams, calls), sampler);
  GPU_USES (ops, d, TimeEmbeddingParams, state, sampler->state, FALSE);
  GPU_READS (ops, d, TimeEmbeddingParams, frequencies, &frequencies);
  GPU_WRITES (ops, d, TimeEmbeddingParams, out_, &out);
  return out;
}

/* Of the table only one row is read. */
static void
read_row (GpuOps *ops, GpuDispatch *d, guint push_offset, const GpuTensor *table)
{
  gpu_dispatch_reads (ops, d, push_offset, table);
  if (d != NULL)
    d->bytes -= gpu_tensor_bytes (table) / table->w * (table->w - 1);
}

void
gpu_sampler_begin (GpuOps *ops, const GpuSampler *sampler, const GpuSamplerState *state)
{
  guint local = gpu_ops_subgroup (ops);
  LatentInputParams input = { .factor = 1 };
  SamplerRowParams push = { .channels = state->table.stride };
  if (ops->error != NULL)
    return;
  latent_input (ops, &input, sampler->slots, sampler, state->input, FALSE);
  GpuDispatch *d = gpu_ops_dispatch (ops, "sampler-row", "sampler-row", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, gpu_ceil_div (push.channels, local));
  read_row (ops, d, G_STRUCT_OFFSET (SamplerRowParams, table), &state->table);
  GPU_USES (ops, d, SamplerRowParams, state, sampler->state, FALSE);
  GPU_WRITES (ops, d, SamplerRowParams, out_, &state->row);
}

void
gpu_sampler_step (GpuOps *ops, const GpuSampler *sampler, GpuTensor output, const GpuSamplerState *state)
{
  guint local = gpu_ops_subgroup (ops), pixels = sampler->h * sampler->w;
  guint groups = gpu_ceil_div ((guint64) pixels * sampler->channels, local);
  if (ops->error != NULL || output.storage == NULL)
    return;
  SamplerParams push = {
    .pixels = pixels, .channels = sampler->channels, .model_stride = output.stride, .input_stride = state->input.stride,
    .row_channels = state->table.stride, .halves = output.n,
  };
  GpuDispatch *d = gpu_ops_dispatch (ops, "sampler-step", "sampler-step", TRUE, local, NULL, sizeof push);
  /* A folded grid is a whole rectangle. */
  push.invocations = MIN (groups, GRID_FOLD) * gpu_ceil_div (groups, GRID_FOLD) * local;
  gpu_dispatch_push_flat (d, &push, groups);
  read_call (ops, d, G_STRUCT_OFFSET (SamplerParams, calls), sampler);
  GPU_USES (ops, d, SamplerParams, state, sampler->state, TRUE);
  GPU_READS (ops, d, SamplerParams, model, &output);
  GPU_USES (ops, d, SamplerParams, noise, sampler->noise, FALSE);
  GPU_USES (ops, d, SamplerParams, slots, sampler->slots, TRUE);
  GPU_USES (ops, d, SamplerParams, x0, sampler->x0, TRUE);
  GPU_WRITES (ops, d, SamplerParams, input_, &state->input);
  read_row (ops, d, G_STRUCT_OFFSET (SamplerParams, table), &state->table);
  GPU_WRITES (ops, d, SamplerParams, row, &state->row);
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
