/* sfu-model.h: one model as it lies on disk: a diffusers folder or a single checkpoint file (LDM names).
 * Opening reads configs and headers only; weights stay in the file's mapping. Immutable once opened,
 * any thread. Everything returned is owned by the model. */
#pragma once

#include <gpu-net-config.h>
#include <gpu-weights.h>
#include <json-glib/json-glib.h>

#include "sfu-model-error.h"

G_BEGIN_DECLS

typedef struct _SfuModel SfuModel;

typedef enum {
  SFU_FAMILY_SD1, /* SD 1.x and BK-SDM: CLIP text encoder, 4-channel latents, epsilon or v */
} SfuFamily;

typedef enum { SFU_LAYOUT_FOLDER, SFU_LAYOUT_SINGLE_FILE } SfuLayout;

typedef enum { SFU_PART_TEXT, SFU_PART_UNET, SFU_PART_VAE, SFU_N_PARTS } SfuPart;

/**
 * sfu_model_open:
 * @path: a diffusers folder, or a .safetensors file
 *
 * Finds the family, reads every config and checks that all parts are there. Folders: fp16 variant and
 * sharded file names, both spellings of the text encoder's keys. A family that is recognised but not
 * run yet (SD2, SDXL, inpainting, ...) is SFU_MODEL_ERROR_UNSUPPORTED and named in the message.
 */
SfuModel *sfu_model_open (const char *path, GError **error);
/* The same with another autoencoder in place of the model's own, or of the one it lacks: a diffusers VAE
 * folder or a single file. @vae NULL: the model's own. */
SfuModel *sfu_model_open_with_vae (const char *path, const char *vae, GError **error);
SfuModel *sfu_model_ref (SfuModel *self);
void sfu_model_unref (SfuModel *self);

const char *sfu_model_path (SfuModel *self);
const char *sfu_model_title (SfuModel *self); /* file or folder name without suffix, for people */
SfuFamily sfu_model_family (SfuModel *self);
SfuLayout sfu_model_layout (SfuModel *self);
const char *sfu_model_family_name (SfuModel *self); /* "Stable Diffusion 1.x", "BK-SDM tiny", ... */
const char *sfu_model_prediction_type (SfuModel *self); /* "epsilon" or "v_prediction" */

/* A part's tensors under their diffusers names; the text encoder's without "text_model.". */
GpuWeights *sfu_model_weights (SfuModel *self, SfuPart part);
const GpuClipConfig *sfu_model_clip_config (SfuModel *self);
const GpuUnetConfig *sfu_model_unet_config (SfuModel *self);
guint sfu_model_n_branches (SfuModel *self); /* of the UNet, see gpu_unet_n_branches() */
const GpuVaeConfig *sfu_model_vae_config (SfuModel *self);
JsonObject *sfu_model_scheduler_config (SfuModel *self); /* NULL: a single file has none */
const char *sfu_model_tokenizer_folder (SfuModel *self); /* NULL: use the built-in vocabulary */
guint sfu_model_sample_size (SfuModel *self); /* side of the latents that it was trained on (sample_size) */

/* Everything there is to say: family, layout, prediction type, per part its files, dtypes, tensor and
 * parameter counts, bytes, missing and unused keys, config. For `inspect --json` and error messages. */
JsonObject *sfu_model_describe (SfuModel *self);

/* Opens and describes. Errors: as opening. */
JsonObject *sfu_model_describe_path (const char *path, GError **error);
/* As describe, but for a model that does not open because it is incomplete or unknown: what is there, and what is
 * missing as far as that can be told. NULL where nothing can be read. */
JsonObject *sfu_model_examine (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuModel, sfu_model_unref)

G_END_DECLS
