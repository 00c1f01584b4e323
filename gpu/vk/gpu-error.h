/* gpu-error.h: what can go wrong on the GPU, by what the caller can do about it. */
#pragma once

#include <glib.h>

#define GPU_ERROR (gpu_error_quark ())
GQuark gpu_error_quark (void);

typedef enum {
  GPU_ERROR_NO_DEVICE,     /* no usable Vulkan device: install a driver or choose another device */
  GPU_ERROR_OUT_OF_MEMORY, /* a smaller picture, a smaller model or a larger budget may work */
  GPU_ERROR_DEVICE_LOST,   /* make a new GpuDevice: everything made from this one is dead */
  GPU_ERROR_UNSUPPORTED,   /* a valid request that this device cannot carry out */
  GPU_ERROR_BAD_WEIGHTS,   /* the model lacks a tensor, or it has the wrong shape or type */
  GPU_ERROR_CANCELLED,     /* the caller asked to stop */
  GPU_ERROR_FAILED,        /* anything else the driver reports */
} GpuError;
