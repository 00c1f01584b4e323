/* gpu-roofs.h: the most that a device can do, measured on itself: what the speed of kernels is judged by.
 *
 * The roofline of Williams, Waterman and Patterson 2009: a kernel takes at least as long as its arithmetic, and as
 * long as its bytes; here also as long as starting it. Threads: the device's. Test: tests/graph.c. */
#pragma once

#include "gpu-program.h"

G_BEGIN_DECLS

#define GPU_N_MEMORY_ROOFS 3

typedef struct {
  double multiply_flops; /* fp32 multiply-adds in registers, two operations each, a second */
  double coopmat_flops;  /* the same of cooperative matrices, fp16 with 32-bit sums, in their best shape; 0: there are none */
  struct {
    guint64 bytes;       /* what is read and written together, the smaller first; the last is larger than caches are */
    double rate;         /* bytes a second, read and written */
  } memory[GPU_N_MEMORY_ROOFS];
  guint n_memory;        /* fewer where memory is short */
  double dispatch_ms;    /* of a dispatch that needs the one before */
  double submission_ms;  /* of a submission and the wait for it */
} GpuRoofs;

/**
 * gpu_roofs_measure:
 * @roofs: (out caller-allocates)
 *
 * Takes about a second, and up to 512 MiB of device memory meanwhile. Nothing else should be running.
 * Errors: %GPU_ERROR_OUT_OF_MEMORY, %GPU_ERROR_DEVICE_LOST, %GPU_ERROR_UNSUPPORTED.
 */
gboolean gpu_roofs_measure (GpuDevice *device, GpuRoofs *roofs, GError **error);

typedef enum {
  GPU_BOUND_ARITHMETIC,
  GPU_BOUND_MEMORY,
  GPU_BOUND_DISPATCH,
} GpuBound;

/**
 * gpu_roofs_ms:
 * @cost: of one shape (see GpuProgramCost)
 * @half: products are of 16-bit numbers, which cooperative matrices can take
 * @bound: (out): what it is limited by
 *
 * Returns: the least milliseconds that the device could take for all calls of it. Memory counts what a call must
 * read and write once, at the rate that the device has for so many bytes.
 */
double gpu_roofs_ms (const GpuRoofs *self, const GpuKernelCost *cost, gboolean half, GpuBound *bound);

G_END_DECLS
