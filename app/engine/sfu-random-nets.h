/* sfu-random-nets.h: the nets of a family at their real sizes with random weights made on the device: for measuring
 * without a file. Device thread. */
#pragma once

#include "sfu-programs.h"

G_BEGIN_DECLS

/* Nets without files. */
typedef struct {
  SfuNets nets;
  GpuUnetConfig unet;
  GpuWeights *weights;
} SfuRandomNets;

/* @self: zeroed, and cleared by sfu_random_nets_clear() whether this succeeds or not.
 * @arch: "sd15", "bk-base", "bk-small" or "bk-tiny".
 * Errors: %SFU_REQUEST_ERROR_INVALID where there is no such @arch; GPU_ERROR. */
gboolean sfu_random_nets_init (SfuRandomNets *self, GpuDevice *device, const char *arch, GError **error);
void sfu_random_nets_clear (SfuRandomNets *self);

G_END_DECLS
