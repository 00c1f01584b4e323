#include "gpu-kernels.h"

/* First line that suits wins. The vector form is what software Vulkan runs best: a subgroup is one SIMD
 * vector there, and shared memory with barriers costs more than it saves. */
static const GpuKernel kernels[] = {
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", 1, 1, 1, .max_m = 2 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", 1, 8, 2, .max_m = 16 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", 1, 32, 2 },

  { GPU_OP_ATTENTION, GPU_KERNELS_VECTOR, "attention", 1, 8, 1, .max_k = 80 },
  { GPU_OP_ATTENTION, GPU_KERNELS_VECTOR, "attention", 1, 4, 1, .max_k = 160 },
  { GPU_OP_ATTENTION, GPU_KERNELS_VECTOR, "attention", 1, 2, 1 },
};

static gboolean
form_allowed (GpuOps *ops, GpuKernels form)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  if (ops->kernels != GPU_KERNELS_BEST)
    return form == ops->kernels || form == GPU_KERNELS_VECTOR;
  switch (form)
    {
    case GPU_KERNELS_COOPMAT:
      return limits->n_coopmat > 0 && ops->dtype == GPU_DTYPE_F16
             && gpu_device_info (ops->device)->kind != GPU_DEVICE_SOFTWARE;
    case GPU_KERNELS_SHARED:
      return gpu_device_info (ops->device)->kind != GPU_DEVICE_SOFTWARE;
    default:
      return TRUE;
    }
}

const GpuKernel *
gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape)
{
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      const GpuKernel *kernel = &kernels[i];
      if (kernel->op == op && form_allowed (ops, kernel->form)
          && (kernel->max_m == 0 || shape.m <= kernel->max_m) && (kernel->max_k == 0 || shape.k <= kernel->max_k))
        return kernel;
    }
  g_assert_not_reached ();
}

const char *
gpu_kernels_name (GpuDevice *device, GpuDtype dtype)
{
  static const char *const names[] = { [GPU_KERNELS_VECTOR] = "vector", [GPU_KERNELS_SHARED] = "shared", [GPU_KERNELS_COOPMAT] = "coopmat" };
  GpuOps ops = { .device = device, .dtype = dtype };
  return names[gpu_kernel_choose (&ops, GPU_OP_MATMUL, (GpuOpShape) { 4096, 320, 320 })->form];
}
