/* gpu-activation.h: the pointwise functions that nets apply. */
#pragma once

typedef enum {
  GPU_ACT_NONE,
  GPU_ACT_SILU,
  GPU_ACT_GELU,       /* exact, with erf */
  GPU_ACT_QUICK_GELU, /* x sigmoid(1.702 x) */
  GPU_ACT_RELU,
} GpuActivation;
