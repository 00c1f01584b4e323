#include "gpu-ops-private.h"

/* A group's statistics are joined by one workgroup: of several subgroups where there are many. */
#define FINAL_SUBGROUPS 8
#define MANY_PARTS 4096

static void
use_parts (GpuOps *ops, GpuDispatch *d, const GpuNormParts *parts, gboolean writes)
{
  gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (GroupNormParams, parts), parts->parts, parts->offset, parts->parts->bytes - parts->offset, writes);
}

GpuNormParts
gpu_norm_measure (GpuOps *ops, GpuTensor x)
{
  guint local = gpu_ops_subgroup (ops), pixels = x.h * x.w, chunks = gpu_ceil_div (pixels, NORM_CHUNK);
  GpuNormParts parts = { .parts = gpu_ops_scratch (ops, (guint64) x.n * chunks * x.c * 2 * sizeof (float)), .stride = x.c };
  GroupNormParams push = { .images = x.n, .pixels = pixels, .channels = x.c, .x_stride = x.stride, .chunks = chunks, .parts_stride = x.c };
  GpuDispatch *d = gpu_ops_dispatch (ops, "group-norm", "group-norm-stats", TRUE, local, NULL, sizeof push);
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (x.c, local), x.n * chunks);
  GPU_READS (ops, d, GroupNormParams, x, &x);
  use_parts (ops, d, &parts, TRUE);
  return parts;
}

GpuNormParts
gpu_norm_parts (GpuOps *ops, GpuTensor x)
{
  GpuMoments *moments = gpu_ops_find_moments (ops, &x);
  if (moments != NULL)
    return (GpuNormParts) { moments->parts, gpu_moments_offset (&x), moments->stride };
  return gpu_norm_measure (ops, x);
}

GpuStorage *
gpu_norm_join (GpuOps *ops, GpuNormParts parts, guint images, guint pixels, GpuTensor gamma, guint groups, float eps)
{
  GpuStorage *factors = gpu_ops_scratch (ops, (guint64) images * gamma.c * 2 * sizeof (float));
  GroupNormParams push = {
    .images = images, .pixels = pixels, .channels = gamma.c, .chunks = gpu_ceil_div (pixels, NORM_CHUNK), .parts_stride = parts.stride,
    .group = gamma.c / groups, .eps = eps,
  };
  guint wide = (guint64) push.chunks * push.group > MANY_PARTS ? FINAL_SUBGROUPS : 1;
  GpuDispatch *d = gpu_ops_dispatch (ops, "group-norm", "group-norm-final", FALSE, wide * gpu_ops_subgroup (ops), NULL, sizeof push);
  gpu_dispatch_push (d, &push, groups, images, 1);
  use_parts (ops, d, &parts, FALSE);
  GPU_READS (ops, d, GroupNormParams, gamma, &gamma);
  GPU_USES (ops, d, GroupNormParams, factors, factors, TRUE);
  return factors;
}

GpuTensor
gpu_norm_apply (GpuOps *ops, GpuTensor x, GpuStorage *factors, GpuTensor beta, GpuActivation act)
{
  guint local = gpu_ops_subgroup (ops), pixels = x.h * x.w;
  GpuTensor out = gpu_ops_tensor (ops, x.n, x.h, x.w, x.c);
  GroupNormParams push = {
    .images = x.n, .pixels = pixels, .channels = x.c, .padded = GPU_PADDED (x.c), .x_stride = x.stride, .out_stride = out.stride,
  };
  GpuSpec spec = { .n = 1, .value = { act == GPU_ACT_SILU ? ACT_SILU : ACT_NONE } };
  GpuDispatch *d = gpu_ops_dispatch (ops, "group-norm", "group-norm-apply", TRUE, local, &spec, sizeof push);
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (GPU_PADDED (x.c), local), x.n * gpu_ceil_div (pixels, POINTWISE_ROWS));
  GPU_READS (ops, d, GroupNormParams, x, &x);
  GPU_USES (ops, d, GroupNormParams, factors, factors, FALSE);
  GPU_READS (ops, d, GroupNormParams, beta, &beta);
  GPU_WRITES (ops, d, GroupNormParams, out_, &out);
  return out;
}

GpuTensor
gpu_group_norm (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, guint groups, float eps, GpuActivation act)
{
  if (ops->error != NULL || x.storage == NULL)
    return (GpuTensor) { 0 };
  g_return_val_if_fail (x.c % groups == 0, x);
  if (ops->norm_pool != NULL)
    return gpu_norm_pool_apply (ops, x, gamma, beta, groups, eps, act);
  return gpu_norm_apply (ops, x, gpu_norm_join (ops, gpu_norm_parts (ops, x), x.n, x.h * x.w, gamma, groups, eps), beta, act);
}

GpuTensor
gpu_layer_norm (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, float eps)
{
  if (ops->error != NULL || x.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, x.n, x.h, x.w, x.c);
  LayerNormParams push = { .rows = gpu_tensor_rows (&x), .channels = x.c, .padded = GPU_PADDED (x.c), .x_stride = x.stride, .out_stride = out.stride, .eps = eps };
  GpuDispatch *d = gpu_ops_dispatch (ops, "layer-norm", "layer-norm", TRUE, gpu_ops_subgroup (ops), NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, gpu_tensor_rows (&x));
  GPU_READS (ops, d, LayerNormParams, x, &x);
  GPU_READS (ops, d, LayerNormParams, gamma, &gamma);
  GPU_READS (ops, d, LayerNormParams, beta, &beta);
  GPU_WRITES (ops, d, LayerNormParams, out_, &out);
  return out;
}

GpuTensor
gpu_softmax (GpuOps *ops, GpuTensor x, float scale)
{
  if (ops->error != NULL || x.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, x.n, x.h, x.w, x.c);
  SoftmaxParams push = { .rows = gpu_tensor_rows (&x), .n = x.c, .padded = GPU_PADDED (x.c), .x_stride = x.stride, .out_stride = out.stride, .scale = scale };
  GpuDispatch *d = gpu_ops_dispatch (ops, "softmax", "softmax", TRUE, gpu_ops_subgroup (ops), NULL, sizeof push);
  gpu_dispatch_push_flat (d, &push, gpu_tensor_rows (&x));
  GPU_READS (ops, d, SoftmaxParams, x, &x);
  GPU_WRITES (ops, d, SoftmaxParams, out_, &out);
  return out;
}
