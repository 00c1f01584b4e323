#include "gpu-ops-private.h"

GpuTensor
gpu_add (GpuOps *ops, GpuTensor a, GpuTensor b, GpuActivation act, GpuTensor out)
{
  guint local = gpu_ops_subgroup (ops);
  if (ops->error != NULL || a.storage == NULL)
    return (GpuTensor) { 0 };
  if (out.storage == NULL)
    out = gpu_ops_tensor (ops, a.n, a.h, a.w, a.c);
  guint rows = gpu_tensor_rows (&a);
  ElementwiseParams push = { .rows = rows, .channels = GPU_PADDED (a.c), .a_stride = a.stride, .b_stride = b.stride,
                             .out_stride = out.stride };
  static const guint constants[] = {
    [GPU_ACT_NONE] = ACT_NONE, [GPU_ACT_SILU] = ACT_SILU, [GPU_ACT_GELU] = ACT_GELU,
    [GPU_ACT_QUICK_GELU] = ACT_QUICK_GELU, [GPU_ACT_RELU] = ACT_RELU,
  };
  GpuSpec spec = { .n = 1, .value = { constants[act] } };
  GpuDispatch *d = gpu_ops_dispatch (ops, "add", "elementwise", TRUE, local, &spec, sizeof push);
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (GPU_PADDED (a.c), local), gpu_ceil_div (rows, POINTWISE_ROWS));
  GPU_READS (ops, d, ElementwiseParams, a, &a);
  GPU_READS (ops, d, ElementwiseParams, b, &b);
  GPU_WRITES (ops, d, ElementwiseParams, out_, &out);
  return out;
}

GpuTensor
gpu_embed_tokens (GpuOps *ops, GpuTensor tokens, GpuTensor table, GpuTensor positions)
{
  guint local = gpu_ops_subgroup (ops);
  if (ops->error != NULL || table.storage == NULL || positions.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, tokens.n, tokens.h, tokens.w, table.c);
  guint rows = gpu_tensor_rows (&tokens);
  EmbedTokensParams push = {
    .rows = rows, .n_positions = tokens.h * tokens.w, .vocabulary = table.n, .channels = GPU_PADDED (table.c),
    .table_stride = table.stride, .positions_f32 = positions.dtype == GPU_DTYPE_F32, .out_stride = out.stride,
  };
  GpuSpec spec = { .n = 1, .value = { table.dtype == GPU_DTYPE_F16 ? TYPE_F16 : TYPE_F32 } };
  GpuDispatch *d = gpu_ops_dispatch (ops, "embed-tokens", "embed-tokens", TRUE, local, &spec, sizeof push);
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (GPU_PADDED (table.c), local), rows);
  GPU_USES (ops, d, EmbedTokensParams, tokens, tokens.storage, FALSE);
  GPU_READS (ops, d, EmbedTokensParams, table, &table);
  GPU_READS (ops, d, EmbedTokensParams, positions, &positions);
  GPU_WRITES (ops, d, EmbedTokensParams, out_, &out);
  return out;
}
