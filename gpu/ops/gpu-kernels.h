/* gpu-kernels.h: the one table of kernel variants, and the choice among them by device, type and shape. */
#pragma once

#include "gpu-ops-private.h"

typedef enum { GPU_OP_MATMUL } GpuOpKind;

/* What decides which variant suits a product: m, n, all channels that meet in a sum, and the type of its weights. */
typedef struct {
  guint m, n, k;
  GpuDtype weights;
  gboolean geglu;
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
  /* Of products on cooperative matrices: */
  guint depth;                   /* channels of a tile */
  guint part_rows, part_columns; /* what a subgroup makes */
  guint stages;                  /* tiles in shared memory */
  double speed;                  /* a guess at how fast it goes when there is enough to do, 1 for the best */
} GpuKernel;

/* A variant, and among how many workgroups the channels of a sum are split. */
struct _GpuChoice {
  const GpuKernel *kernel;
  guint split;
};

/* Whether kernels of this form may be used: asked for, or the best where it is a graphics card. */
gboolean gpu_kernels_form_allowed (GpuOps *ops, GpuKernels form);
/* Threads of a workgroup. */
guint gpu_kernel_local_size (GpuOps *ops, const GpuKernel *kernel);
/* Columns of the output that a workgroup makes. */
guint gpu_kernel_columns (GpuOps *ops, const GpuKernel *kernel);
/* Sets the shape of the device's cooperative matrices where the kernel needs it, at the constants' places. */
void gpu_kernel_add_shape (GpuOps *ops, const GpuKernel *kernel, GpuSpec *spec);

/* What suits: tuned for this device, or by estimate. The vector form suits every device and shape. */
GpuChoice gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape);
/* (element-type GpuChoice): everything that suits @shape in the fastest form that the device has, best guess first. */
GArray *gpu_kernel_candidates (GpuOps *ops, GpuOpKind op, GpuOpShape shape);
