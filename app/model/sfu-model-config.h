/* sfu-model-config.h: configurations: from a folder's config.json files, or from the shapes of a single file's
 * tensors. What the nets cannot do is SFU_MODEL_ERROR_UNSUPPORTED and named. */
#pragma once

#include "sfu-model.h"

/* A JSON file that is an object. @limit on its size and nesting guard the parser. */
JsonObject *sfu_json_read (const char *path, GError **error);

gboolean sfu_config_read_clip (JsonObject *json, GpuClipConfig *config, GError **error);
gboolean sfu_config_read_unet (JsonObject *json, GpuUnetConfig *config, GError **error);
gboolean sfu_config_read_vae (JsonObject *json, GpuVaeConfig *config, GError **error);

/* From the tensors, under diffusers' names. */
gboolean sfu_config_guess_clip (GpuWeights *weights, GpuClipConfig *config, GError **error);
gboolean sfu_config_guess_unet (GpuWeights *weights, GpuUnetConfig *config, GError **error);
gboolean sfu_config_guess_vae (GpuWeights *weights, GpuVaeConfig *config, GError **error);
