/* sfu-model-state.h: how it stands with a model, in words: for its row in the settings and in the popover.
 * All of it is derived; nothing is kept here. Main thread. */
#pragma once

#include "sfu-library.h"
#include "sfu-loader.h"

G_BEGIN_DECLS

typedef enum {
  SFU_MODEL_STATE_ON_DISK,
  SFU_MODEL_STATE_LOADING,
  SFU_MODEL_STATE_READY,
  SFU_MODEL_STATE_TOO_LARGE, /* for the device, as far as is known: a warning */
  SFU_MODEL_STATE_FAILED,    /* to load; it can be tried again */
  SFU_MODEL_STATE_GONE,
  SFU_MODEL_STATE_UNUSABLE,  /* it is not a model that can be run */
} SfuModelState;

SfuModelState sfu_model_state_of (SfuLibraryModel *model, SfuLoader *loader);
/* One line: "Ready · 2.0 GB on the graphics card". */
char *sfu_model_state_text (SfuLibraryModel *model, SfuLoader *loader);
/* "40 %", with its direction kept. */
char *sfu_percent_text (double fraction);
/* NULL: nothing worth an icon. */
const char *sfu_model_state_icon (SfuModelState state);
gboolean sfu_model_state_is_problem (SfuModelState state);
/* Why no picture can be made with it, as a sentence; NULL: one can. */
char *sfu_model_state_obstacle (SfuLibraryModel *model);

G_END_DECLS
