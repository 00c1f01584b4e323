#include "gpu-kernels.h"

/* Geometry of a product whose rows are output pixels: see shaders/matmul.comp. */
typedef struct {
  guint taps, flags; /* MATMUL_... */
  guint out_h, out_w;
} Geometry;

static guint
act_constant (GpuActivation act)
{
  switch (act)
    {
    case GPU_ACT_SILU: return ACT_SILU;
    case GPU_ACT_GELU: return ACT_GELU;
    case GPU_ACT_QUICK_GELU: return ACT_QUICK_GELU;
    case GPU_ACT_RELU: return ACT_RELU;
    case GPU_ACT_NONE: break;
    }
  return ACT_NONE;
}

static GpuTensor
matmul (GpuOps *ops, const char *op, GpuTensor x, const GpuMatrix *weight, const Geometry *geometry,
        const GpuEpilogue *epilogue)
{
  static const GpuEpilogue nothing = { 0 };
  const GpuEpilogue *e = epilogue != NULL ? epilogue : &nothing;
  GpuTensor out = e->out;
  if (gpu_ops_lack (ops, &x) || gpu_ops_lack (ops, &weight->values))
    return (GpuTensor) { 0 };
  g_return_val_if_fail (GPU_PADDED (x.c) == GPU_PADDED (weight->k) && weight->taps == geometry->taps, out);
  g_return_val_if_fail (geometry->taps == 1 || GPU_PADDED (weight->k) * gpu_dtype_bytes (ops->dtype) <= ops->zeros->bytes, out);
  if (out.storage == NULL)
    out = gpu_ops_tensor (ops, x.n, geometry->out_h, geometry->out_w, weight->n);

  guint m = gpu_tensor_rows (&out), n = GPU_PADDED (weight->n), k = GPU_PADDED (weight->k);
  const GpuKernel *kernel = gpu_kernel_choose (ops, GPU_OP_MATMUL, (GpuOpShape) { m, n, k, weight->values.dtype });
  guint columns = kernel->form == GPU_KERNELS_VECTOR ? kernel->columns * gpu_ops_subgroup (ops) : kernel->columns;
  GpuSpec spec = { .n = 4, .value = { geometry->taps, act_constant (e->act), kernel->rows, kernel->columns } };
  gpu_kernel_add_shape (ops, kernel, &spec);
  g_autofree char *shader = g_strdup_printf ("%s-%s-%s", kernel->shader, ops->dtype == GPU_DTYPE_F16 ? "f16" : "f32",
                                             weight->values.dtype == GPU_DTYPE_F16 ? "f16" : "f32");
  GpuDispatch *d = gpu_ops_dispatch (ops, op, shader, FALSE, gpu_kernel_local_size (ops, kernel), &spec,
                                     sizeof (MatmulParams));
  MatmulParams push = {
    .m = m, .n = n, .k = k, .a_stride = x.stride, .out_stride = out.stride, .residual_stride = e->residual.stride,
    .image_bias_stride = e->image_bias.n > 1 ? e->image_bias.stride : 0,
    .flags = (e->act_last ? MATMUL_ACT_LAST : 0) | geometry->flags, .in_h = x.h, .in_w = x.w, .out_h = geometry->out_h, .out_w = geometry->out_w,
  };
  gpu_dispatch_push_rows (d, &push, gpu_ceil_div (n, columns), gpu_ceil_div (m, kernel->rows));
  GPU_READS (ops, d, MatmulParams, a, &x);
  GPU_READS (ops, d, MatmulParams, w, &weight->values);
  GPU_READS (ops, d, MatmulParams, bias, &weight->bias);
  GPU_READS (ops, d, MatmulParams, image_bias, &e->image_bias);
  GPU_READS (ops, d, MatmulParams, residual, &e->residual);
  if (geometry->taps > 1)
    gpu_dispatch_uses (ops, d, G_STRUCT_OFFSET (MatmulParams, zeros), ops->zeros, 0, k * gpu_dtype_bytes (ops->dtype), FALSE);
  GPU_WRITES (ops, d, MatmulParams, out_, &out);
  if (d != NULL)
    {
      d->k = k * geometry->taps;
      d->flop = 2.0 * m * n * d->k;
    }
  return out;
}

GpuTensor
gpu_linear (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = 1, .out_h = x.h, .out_w = x.w };
  return matmul (ops, "linear", x, weight, &geometry, epilogue);
}

GpuTensor
gpu_conv2d (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, GpuConvKind kind, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = 9, .flags = MATMUL_PAD, .out_h = x.h, .out_w = x.w };
  if (weight->taps == 1)
    return gpu_linear (ops, x, weight, epilogue);
  switch (kind)
    {
    case GPU_CONV_DOWN:
      geometry.flags = MATMUL_PAD | MATMUL_STRIDE_2;
      geometry.out_h = (x.h - 1) / 2 + 1;
      geometry.out_w = (x.w - 1) / 2 + 1;
      break;
    case GPU_CONV_DOWN_LATE:
      geometry.flags = MATMUL_STRIDE_2;
      geometry.out_h = x.h / 2;
      geometry.out_w = x.w / 2;
      break;
    case GPU_CONV_UP:
      return gpu_conv2d_up (ops, x, weight, 2 * x.h, 2 * x.w, epilogue);
    case GPU_CONV_SAME:
      break;
    }
  return matmul (ops, "conv2d", x, weight, &geometry, epilogue);
}

GpuTensor
gpu_conv2d_up (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, guint h, guint w, const GpuEpilogue *epilogue)
{
  Geometry geometry = { .taps = 9, .flags = MATMUL_PAD | MATMUL_UPSAMPLE, .out_h = h, .out_w = w };
  return matmul (ops, "conv2d-up", x, weight, &geometry, epilogue);
}
