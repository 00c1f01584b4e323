/* gpu-attention-kernels.h: the forms of attention with their constants, and which of them suit a device and a shape. */
#pragma once

#include "gpu-ops-private.h"

typedef struct {
  guint tq, tk; /* queries and keys of an image */
  guint head;   /* width of a head */
  gboolean causal;
} GpuAttentionShape;

/* A form with everything that is compiled into it for a shape. */
typedef struct {
  GpuKernels form;
  const char *shader;  /* "-f16" or "-f32" is appended */
  guint threads;       /* a workgroup */
  guint rows;          /* queries it answers */
  guint shared_bytes;  /* exactly what the shader declares */
  GpuSpec spec;        /* behind the local size */
} GpuAttentionKernel;

#define GPU_ATTENTION_MOST_KERNELS 32

/**
 * gpu_attention_kernels:
 * @kernels: (out): those that suit @shape on the device and fit its shared memory, best guess first
 *
 * Returns: how many; at least one, because the vector form suits every device and shape.
 */
guint gpu_attention_kernels (GpuOps *ops, const GpuAttentionShape *shape, GpuAttentionKernel kernels[GPU_ATTENTION_MOST_KERNELS]);

/* The one to use: as the list says, tuned for this device, or the best guess. @heads: of all images. */
GpuAttentionKernel gpu_attention_choose (GpuOps *ops, const GpuAttentionShape *shape, guint heads);

/* All that tells it from others, in columns that tabs part. */
char *gpu_attention_kernel_to_text (const GpuAttentionKernel *kernel);
