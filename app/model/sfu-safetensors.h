/* sfu-safetensors.h: a safetensors file, mapped, with every rule of the format checked on opening.
 * Immutable once opened; tensor data lie in the mapping and live as long as the object.
 * Format: https://github.com/huggingface/safetensors (README, "Format"). */
#pragma once

#include <gpu-weights.h>
#include <json-glib/json-glib.h>

#include "sfu-model-error.h"

G_BEGIN_DECLS

typedef struct _SfuSafetensors SfuSafetensors;

/* Errors: SFU_MODEL_ERROR with a sentence that names the file, the fault and what to do. */
SfuSafetensors *sfu_safetensors_open (const char *path, GError **error);
SfuSafetensors *sfu_safetensors_ref (SfuSafetensors *self);
void sfu_safetensors_unref (SfuSafetensors *self);

const char *sfu_safetensors_path (SfuSafetensors *self);
guint64 sfu_safetensors_size (SfuSafetensors *self);
/* All tensors, in file order; types we do not compute with are listed with their name alone. */
guint sfu_safetensors_count (SfuSafetensors *self);
const char *sfu_safetensors_name (SfuSafetensors *self, guint i);
/* FALSE where the type is none of F32, F16, BF16, I64, I32. */
gboolean sfu_safetensors_tensor (SfuSafetensors *self, guint i, GpuWeight *weight);
const char *sfu_safetensors_metadata (SfuSafetensors *self, const char *key); /* NULL if absent */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuSafetensors, sfu_safetensors_unref)

G_END_DECLS
