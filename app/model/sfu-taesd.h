/* sfu-taesd.h: the tiny decoder that draws previews, as a file or folder. */
#pragma once

#include "sfu-model.h"

G_BEGIN_DECLS

typedef struct _SfuTaesd SfuTaesd;

/* @path: the original taesd_decoder.safetensors, or a diffusers AutoencoderTiny folder or file. */
SfuTaesd *sfu_taesd_open (const char *path, GError **error);
void sfu_taesd_free (SfuTaesd *self);
const char *sfu_taesd_path (SfuTaesd *self);
/* Decoder tensors under diffusers' names, "decoder.layers.N..." (the original file counts the clamp as
 * layer 0, diffusers does not). */
GpuWeights *sfu_taesd_weights (SfuTaesd *self);
const GpuTaesdConfig *sfu_taesd_config (SfuTaesd *self);

/**
 * sfu_taesd_find:
 * @model_path: the model that previews are for
 * @data_folders: (array zero-terminated=1): model folders of the user to look into
 *
 * Looks beside the model, in its folder, in the given folders, and where ComfyUI (models/vae_approx) and
 * A1111 (models/VAE-taesd) keep it relative to the model. Returns: (nullable): a path, or NULL if none.
 */
char *sfu_taesd_find (const char *model_path, const char * const *data_folders);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuTaesd, sfu_taesd_free)

G_END_DECLS
