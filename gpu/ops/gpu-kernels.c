#include "gpu-kernels.h"

/* First line that suits wins. The vector form is what software Vulkan runs best: a subgroup is one SIMD
 * vector there, and shared memory with barriers costs more than it saves. It is also the form for a product
 * with very few rows, which reads every weight once whatever one does. */
static const GpuKernel kernels[] = {
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 64, .columns = 64, .min_m = 17, .f16_weights = TRUE },
  { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-shared", .threads = 256, .rows = 64, .columns = 64, .min_m = 17 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 1, .columns = 1, .max_m = 2 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 8, .columns = 2, .max_m = 16 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 32, .columns = 2 },
};

/* Shared memory that the largest kernel of a form takes. */
#define COOPMAT_SHARED_BYTES (28u << 10)

/* Matrices must divide the tiles: 16 rows of queries, 32 of a subgroup's part, 16 channels. */
static gboolean
shape_fits (const GpuCoopmatShape *shape)
{
  return 16 % shape->m == 0 && 16 % shape->n == 0 && 16 % shape->k == 0 && shape->m >= 8 && shape->n >= 8;
}

static const GpuCoopmatShape *
coopmat_shape (GpuOps *ops)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  for (guint i = 0; i < limits->n_coopmat; i++)
    if (shape_fits (&limits->coopmat[i]))
      return &limits->coopmat[i];
  return NULL;
}

gboolean
gpu_kernels_form_allowed (GpuOps *ops, GpuKernels form)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  gboolean software = gpu_device_info (ops->device)->kind == GPU_DEVICE_SOFTWARE;
  gboolean asked = ops->kernels == form;
  switch (form)
    {
    case GPU_KERNELS_COOPMAT:
      return (asked || (ops->kernels == GPU_KERNELS_BEST && !software)) && ops->dtype == GPU_DTYPE_F16
             && coopmat_shape (ops) != NULL && limits->shared_bytes >= COOPMAT_SHARED_BYTES;
    case GPU_KERNELS_SHARED:
      return (asked || (ops->kernels == GPU_KERNELS_BEST && !software)) && limits->max_group_threads >= 256
             && limits->subgroup_size <= 128;
    default:
      return TRUE;
    }
}

guint
gpu_kernel_local_size (GpuOps *ops, const GpuKernel *kernel)
{
  return kernel->subgroups > 0 ? kernel->subgroups * gpu_ops_subgroup (ops) : kernel->threads;
}

void
gpu_kernel_add_shape (GpuOps *ops, const GpuKernel *kernel, GpuSpec *spec)
{
  const GpuCoopmatShape *shape = kernel->form == GPU_KERNELS_COOPMAT ? coopmat_shape (ops) : NULL;
  if (shape == NULL)
    return;
  /* The local size comes before these, so constant 5 is the fifth here. */
  while (spec->n < SPEC_COOPMAT_M - 1)
    spec->value[spec->n++] = 0;
  spec->value[spec->n++] = shape->m;
  spec->value[spec->n++] = shape->n;
  spec->value[spec->n++] = shape->k;
}

const GpuKernel *
gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape)
{
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      const GpuKernel *kernel = &kernels[i];
      if (kernel->op == op && gpu_kernels_form_allowed (ops, kernel->form)
          && (kernel->max_m == 0 || shape.m <= kernel->max_m) && (kernel->max_k == 0 || shape.k <= kernel->max_k)
          && shape.m >= kernel->min_m && (!kernel->f16_weights || shape.weights == GPU_DTYPE_F16))
        return kernel;
    }
  g_assert_not_reached ();
}

const char *
gpu_kernels_name (GpuDevice *device, GpuDtype dtype)
{
  static const char *const names[] = { [GPU_KERNELS_VECTOR] = "vector", [GPU_KERNELS_SHARED] = "shared", [GPU_KERNELS_COOPMAT] = "coopmat" };
  GpuOps ops = { .device = device, .dtype = dtype };
  return names[gpu_kernel_choose (&ops, GPU_OP_MATMUL, (GpuOpShape) { 4096, 320, 320, GPU_DTYPE_F16 })->form];
}
