#include "gpu-attention-kernels.h"

GpuTensor
gpu_attention (GpuOps *ops, GpuTensor q, GpuTensor k, GpuTensor v, guint n_heads, float scale, gboolean causal)
{
  guint head = q.c / n_heads, tq = q.h * q.w, tk = k.h * k.w;
  if (ops->error != NULL || q.storage == NULL || k.storage == NULL)
    return (GpuTensor) { 0 };
  GpuTensor out = gpu_ops_tensor (ops, q.n, q.h, q.w, q.c);
  g_return_val_if_fail (head * n_heads == q.c && k.c == q.c && v.c == q.c && k.stride == v.stride, out);

  GpuAttentionKernel kernel = gpu_attention_choose (ops, &(GpuAttentionShape) { tq, tk, head, causal }, n_heads * q.n);
  GpuDispatch *d = gpu_ops_dispatch (ops, "attention", kernel.shader, TRUE, kernel.threads, &kernel.spec, sizeof (AttentionParams));
  AttentionParams push = {
    .tq = tq, .tk = tk, .q_stride = q.stride, .kv_stride = k.stride, .out_stride = out.stride,
    .kv_per_image = k.n > 1 || q.n == 1, .scale = scale,
  };
  gpu_dispatch_push (d, &push, gpu_ceil_div (tq, kernel.rows), n_heads, q.n);
  GPU_READS (ops, d, AttentionParams, q, &q);
  GPU_READS (ops, d, AttentionParams, k, &k);
  GPU_READS (ops, d, AttentionParams, v, &v);
  GPU_WRITES (ops, d, AttentionParams, out_, &out);
  if (d != NULL)
    {
      d->k = tk;
      d->flop = 4.0 * q.n * tq * tk * q.c;
    }
  return out;
}
