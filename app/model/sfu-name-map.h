/* sfu-name-map.h: the names that single-file (LDM) checkpoints use, as diffusers names them.
 * Facts: diffusers loaders/single_file_utils.py and scripts/convert_diffusers_to_original_stable_diffusion.py. */
#pragma once

#include "sfu-model.h"

/* Resnets that a level counts in the UNet's numbers, told by where the first downsampling stands: 2 in SD 1.x and in
 * BK-SDM's usual files, which keep SD's numbers and leave gaps; less in files that number what they have. */
guint sfu_name_map_layers (const char *const *names, guint n);

/* @name: as the file has it; @layers: from sfu_name_map_layers(). Returns: (nullable): the part it belongs to in @part and its name there, or NULL
 * for what is none of a model's weights. */
char *sfu_name_map_ldm (const char *name, guint layers, SfuPart *part);

/* Other spellings within a diffusers folder: "text_model." before the text encoder's names, and the old names
 * of the autoencoder's attention. */
char *sfu_name_map_folder (const char *name, SfuPart part);

/* Training leftovers that nobody needs to hear about: position ids, schedules, EMA copies. */
gboolean sfu_name_is_harmless (const char *name);
