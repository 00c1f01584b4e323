/* sfu-random-nets.h: the nets of a known family with random weights, made on the device without any file: for
 * measuring speed and for compiling every kernel. Engine thread, or any that owns the device. */
#pragma once

#include "sfu-programs.h"

G_BEGIN_DECLS

typedef struct {
  SfuNets nets;
  GpuUnetConfig unet;
  GpuWeights *weights;
} SfuRandomNets;

/* The names of the families, NULL-terminated: "sd15", "bk-base", "bk-small", "bk-tiny". */
const char *const *sfu_random_nets_archs (void);

/**
 * sfu_random_nets_init:
 * @self: (out caller-allocates): zeros; stays where it is, since its nets point into it
 * @storage: F16 or F32, what weights are stored as
 *
 * Text encoder, UNet, VAE and preview decoder, with nothing on the device yet.
 * Errors: SFU_REQUEST_ERROR_INVALID where there is no such family. Clear it in any case.
 */
gboolean sfu_random_nets_init (SfuRandomNets *self, GpuDevice *device, GpuKernels kernels, const char *arch, GpuDtype storage,
                               GError **error);
void sfu_random_nets_clear (SfuRandomNets *self);

G_END_DECLS
