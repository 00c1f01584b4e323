/* gpu-kernels.h: the one table of kernel variants, and the choice among them by device, type and shape. */
#pragma once

#include "gpu-ops-private.h"

/* Attention's variants are in gpu-attention-kernels.h. */
typedef enum { GPU_OP_MATMUL, GPU_OP_ATTENTION } GpuOpKind;

/* What decides which variant suits a product: m (of one phase), n, all channels that meet in a sum, and the type of its
 * weights. Of attention queries, keys and head width. */
typedef struct {
  guint m, n, k;
  GpuDtype weights;
  gboolean geglu;
  guint taps, k2;    /* a product's, as its GpuMatrix has them */
  gboolean resized;  /* a 3x3 convolution whose output is not of its input's size */
  gboolean for_norm; /* statistics for group norm are taken along, or else have to be taken afterwards */
  guint heads;       /* attention's, of all images */
  gboolean causal;
} GpuOpShape;

/* All that a choice depends on, on one device. */
struct _GpuProblem {
  GpuOpKind op;
  GpuDtype dtype;     /* of activations */
  GpuKernels kernels; /* that are allowed */
  GpuOpShape shape;
};

gboolean gpu_problem_equal (const GpuProblem *a, const GpuProblem *b);

/* A problem that a list of ops had, with several candidates of which none was known to be the fastest. */
typedef struct {
  GpuProblem problem;
  guint calls;
} GpuGuess;

typedef struct {
  GpuOpKind op;
  GpuKernels form;
  const char *shader;  /* "-ACT" or "-ACT-WEIGHT" is appended */
  guint subgroups;     /* a workgroup; 0: `threads` says */
  guint threads;
  guint rows;          /* of the output, a workgroup */
  guint columns;       /* of the output, a workgroup; in subgroup sizes for the vector form */
  guint max_m, min_m, max_k; /* shapes it suits; 0: any */
  /* Of products on cooperative matrices; those of whole workgroups have no parts and stages: */
  guint depth;                   /* channels of a tile */
  guint part_rows, part_columns; /* what a subgroup makes */
  guint stages;                  /* tiles in shared memory */
  double speed;                  /* a guess at how fast it goes when there is enough to do, 1 for the best */
} GpuKernel;

/* A variant, and among how many workgroups the channels of a sum are split. */
struct _GpuChoice {
  const GpuKernel *kernel;
  guint split;
  guint attention; /* of attention, which has neither: an index of gpu_attention_kernels() */
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
void gpu_kernel_remember_guess (GpuOps *ops, const GpuProblem *problem);

/* A product's variant with its constants written out, in columns that tabs part; and the one that was written so. */
char *gpu_choice_to_text (const GpuChoice *choice);
gboolean gpu_choice_from_text (const char *text, GpuChoice *choice);
