/* sfu-model-error.h: what can be wrong with a model, by what the user can do. */
#pragma once

#include <glib.h>

#define SFU_MODEL_ERROR (sfu_model_error_quark ())
GQuark sfu_model_error_quark (void);

typedef enum {
  SFU_MODEL_ERROR_NOT_FOUND,      /* no such file or folder */
  SFU_MODEL_ERROR_UNREADABLE,     /* permissions, input/output error */
  SFU_MODEL_ERROR_DAMAGED,        /* truncated, or breaks the format's rules: fetch it again */
  SFU_MODEL_ERROR_INCOMPLETE,     /* a part or a tensor is missing, or has the wrong shape or type */
  SFU_MODEL_ERROR_UNKNOWN_FAMILY, /* a sound file that is not a model we know */
  SFU_MODEL_ERROR_UNSUPPORTED,    /* a family or a file type that we know but cannot run */
} SfuModelError;
