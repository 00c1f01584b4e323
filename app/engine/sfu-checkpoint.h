/* sfu-checkpoint.h: a model that is loaded: its files, its nets on the device, its tokenizer, the programs for
 * the last picture size, and the prompts it has encoded. Stays between jobs. Engine thread. */
#pragma once

#include "sfu-model.h"
#include "sfu-programs.h"
#include "sfu-request.h"
#include "sfu-taesd.h"
#include "sfu-tokenizer.h"

G_BEGIN_DECLS

typedef struct _SfuCheckpoint SfuCheckpoint;

/* A prompt, encoded. */
typedef struct {
  SfuTokens *tokens;
  float *states; /* (n_ids, width) */
} SfuConditioning;

/**
 * sfu_checkpoint_new:
 * @folders: (array zero-terminated=1) (nullable): where preview decoders may lie
 *
 * Reads headers and configs; weights go to the device when they are first used.
 * Errors: SFU_MODEL_ERROR, SFU_TEXT_ERROR, GPU_ERROR.
 */
SfuCheckpoint *sfu_checkpoint_new (GpuDevice *device, GpuKernels kernels, const SfuRequest *request,
                                   const char *const *folders, GError **error);
void sfu_checkpoint_free (SfuCheckpoint *self);

/* What to compute in. Without a wish: 32 bits where a device computes in them anyway, as software does, else 16. */
GpuDtype sfu_choose_dtype (GpuDevice *device, SfuPrecision precision);

/* TRUE if @request can be carried out with what is loaded. */
gboolean sfu_checkpoint_serves (SfuCheckpoint *self, const SfuRequest *request);

SfuModel *sfu_checkpoint_model (SfuCheckpoint *self);
const SfuNets *sfu_checkpoint_nets (SfuCheckpoint *self);
GpuDtype sfu_checkpoint_dtype (SfuCheckpoint *self);
/* The preview decoder's file, or NULL: previews are estimated linearly. */
const char *sfu_checkpoint_taesd_path (SfuCheckpoint *self);

/* Width or height that the model was made for, in pixels. */
guint sfu_checkpoint_native_side (SfuCheckpoint *self);

SfuPrograms *sfu_checkpoint_programs (SfuCheckpoint *self, guint width, guint height, guint halves, GError **error);
/* Encoded before or now. Owned by the checkpoint, until 32 other prompts have come by. */
const SfuConditioning *sfu_checkpoint_condition (SfuCheckpoint *self, const char *prompt, GCancellable *cancellable,
                                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuCheckpoint, sfu_checkpoint_free)

G_END_DECLS
