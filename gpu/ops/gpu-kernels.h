/* gpu-kernels.h: the one table of kernel variants, and the choice among them by device, type and shape. */
#pragma once

#include "gpu-ops-private.h"

typedef enum { GPU_OP_MATMUL, GPU_OP_ATTENTION } GpuOpKind;

/* What decides which variant suits: matmul's m, n, k; attention's queries, keys and head width. */
typedef struct {
  guint m, n, k;
} GpuOpShape;

typedef struct {
  GpuOpKind op;
  GpuKernels form;
  const char *shader;  /* "-ACT" or "-ACT-WEIGHT" is appended */
  guint subgroups;     /* a workgroup */
  guint rows;          /* of the output, a workgroup */
  guint columns;       /* of the output, a workgroup; in subgroup sizes for the vector form */
  guint max_m, max_k;  /* shapes it suits; 0: any */
} GpuKernel;

/* Never NULL: the vector form suits every device and shape. */
const GpuKernel *gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape);
