/* gpu-kernels.h: the one table of kernel variants, and the choice among them by device, type and shape. */
#pragma once

#include "gpu-ops-private.h"

typedef enum { GPU_OP_MATMUL } GpuOpKind;

/* What decides which variant suits: a product's m, n, k and the type of its weights. */
typedef struct {
  guint m, n, k;
  GpuDtype weights;
} GpuOpShape;

typedef struct {
  GpuOpKind op;
  GpuKernels form;
  const char *shader;  /* "-ACT" or "-ACT-WEIGHT" is appended */
  guint subgroups;     /* a workgroup; 0: `threads` says */
  guint threads;
  guint rows;          /* of the output, a workgroup */
  guint columns;       /* of the output, a workgroup; in subgroup sizes for the vector form */
  guint max_m, min_m, max_k; /* shapes it suits; 0: any */
  gboolean f16_weights;      /* only those */
} GpuKernel;

/* Whether kernels of this form may be used: asked for, or the best where it is a graphics card. */
gboolean gpu_kernels_form_allowed (GpuOps *ops, GpuKernels form);
/* Threads of a workgroup. */
guint gpu_kernel_local_size (GpuOps *ops, const GpuKernel *kernel);
/* Appends the shape of the device's cooperative matrices where the kernel needs it, at the constants' places. */
void gpu_kernel_add_shape (GpuOps *ops, const GpuKernel *kernel, GpuSpec *spec);

/* Never NULL: the vector form suits every device and shape. */
const GpuKernel *gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape);
