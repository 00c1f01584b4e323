/* sfu-model-private.h: a model while it is put together. */
#pragma once

#include "sfu-expected.h"
#include "sfu-model-config.h"
#include "sfu-model.h"
#include "sfu-safetensors.h"

/* One part of the model. */
typedef struct {
  GPtrArray *files;    /* SfuSafetensors */
  GpuWeights *weights; /* NULL: the part is missing */
  JsonObject *config;  /* NULL: there is none (single files) */
  GArray *expected;    /* SfuExpected, once the config is known */
} SfuModelPart;

struct _SfuModel {
  gatomicrefcount refs;
  char *path, *title, *tokenizer_folder;
  const char *family_name;
  SfuLayout layout;
  SfuModelPart parts[SFU_N_PARTS];
  GPtrArray *strangers; /* names in a single file that belong to no part (element-type utf8) */
  JsonObject *scheduler;
  guint sample_size;
  GpuClipConfig clip;
  GpuUnetConfig unet;
  GpuVaeConfig vae;
};

/* "text encoder", "UNet", "VAE" */
const char *sfu_part_title (SfuPart part);

/* Fill the parts from what lies at the model's path; also set tokenizer_folder, scheduler and sample_size.
 * A part that is not there is left empty. */
gboolean sfu_model_read_folder (SfuModel *self, GError **error);
gboolean sfu_model_read_single (SfuModel *self, GError **error);

/* Adds a part's tensors under diffusers' names from the weight file (or shards) of a folder. */
gboolean sfu_model_part_from_folder (SfuModelPart *self, const char *folder, SfuPart part, GError **error);
/* The autoencoder alone, in a folder of its own or a single file of any naming. */
gboolean sfu_model_read_vae (SfuModelPart *self, const char *path, GError **error);
void sfu_model_part_clear (SfuModelPart *self);

/* What a file is, told from its tensors' names, if it is not one of the models we run: a sentence without
 * its end ("a LoRA"), or NULL. */
const char *sfu_model_recognise (SfuSafetensors *file);
