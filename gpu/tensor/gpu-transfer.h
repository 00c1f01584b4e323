/* gpu-transfer.h: small copies between host and device memory, done when the call returns.
 * For a latent, a prompt's states, a table: weights go through GpuBank. */
#pragma once

#include "gpu-commands.h"
#include "gpu-tensor.h"

G_BEGIN_DECLS

/* Errors: %GPU_ERROR_OUT_OF_MEMORY, %GPU_ERROR_DEVICE_LOST. */
gboolean gpu_transfer_write (GpuDevice *device, GpuStorage *to, guint64 offset, gconstpointer data, guint64 bytes,
                             GError **error);
gboolean gpu_transfer_read (GpuDevice *device, GpuStorage *from, guint64 offset, gpointer data, guint64 bytes,
                            GError **error);

/* Rows of @tensor's channels as floats without padding, and back; F16 is converted. */
float *gpu_transfer_read_floats (GpuDevice *device, const GpuTensor *tensor, GError **error);
gboolean gpu_transfer_write_floats (GpuDevice *device, const GpuTensor *tensor, const float *values, GError **error);

G_END_DECLS
