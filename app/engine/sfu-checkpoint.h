/* sfu-checkpoint.h: a model that is loaded: its files, its nets on the device, its tokenizer, the programs for
 * the last picture size, and the prompts it has encoded. Stays between jobs. Engine thread. */
#pragma once

#include "sfu-conditioning.h"
#include "sfu-model.h"
#include "sfu-programs.h"
#include "sfu-request.h"
#include "sfu-taesd.h"

G_BEGIN_DECLS

typedef struct _SfuCheckpoint SfuCheckpoint;

/* How far loading has come, 0..1, between any two uploads. FALSE: stop it. */
typedef gboolean (*SfuLoadProgress) (double fraction, gpointer data);

/**
 * sfu_checkpoint_new:
 * @tuning: (nullable): borrowed; which kernels to take
 * @folders: (array zero-terminated=1) (nullable): where preview decoders may lie
 *
 * Reads headers and configs; weights go to the device when they are first used.
 * Errors: SFU_MODEL_ERROR, SFU_TEXT_ERROR, GPU_ERROR.
 */
SfuCheckpoint *sfu_checkpoint_new (GpuDevice *device, GpuKernels kernels, GpuTuning *tuning, const SfuRequest *request,
                                   const char *const *folders, GError **error);
void sfu_checkpoint_free (SfuCheckpoint *self);

/**
 * sfu_checkpoint_load:
 *
 * Brings everything to the device that @request needs: weights, programs for its size, and the encoded negative
 * prompt, which most requests share. Errors: GPU_ERROR; %GPU_ERROR_CANCELLED where @progress said so. After an
 * error the checkpoint is good for sfu_checkpoint_copy_nets() only, unless it is whole.
 */
gboolean sfu_checkpoint_load (SfuCheckpoint *self, const SfuRequest *request, SfuLoadProgress progress, gpointer data,
                              GCancellable *cancellable, GError **error);
/* TRUE when it has been loaded and no upload has failed since. */
gboolean sfu_checkpoint_is_whole (SfuCheckpoint *self);
/* What loading read from the model's files; 0 before. */
guint64 sfu_checkpoint_file_bytes (SfuCheckpoint *self);
/* Device memory of its weights. */
guint64 sfu_checkpoint_device_bytes (SfuCheckpoint *self);
/* Lets go of the memory for pictures, and keeps the weights. */
void sfu_checkpoint_release_programs (SfuCheckpoint *self);
/* And of what was computed with them: the prompts that are encoded. */
void sfu_checkpoint_forget_results (SfuCheckpoint *self);

/* The same nets with nothing on the device yet. @nets: (out caller-allocates). */
gboolean sfu_checkpoint_copy_nets (SfuCheckpoint *self, SfuNets *nets, GError **error);
void sfu_nets_clear (SfuNets *nets);

/* What to compute in. Without a wish: 32 bits where a device computes in them anyway, as software does, else 16. */
GpuDtype sfu_choose_dtype (GpuDevice *device, SfuPrecision precision);

/* The branch for what @request wants of DeepCache, or SFU_NO_BRANCH where it wants none.
 * Errors: SFU_REQUEST_ERROR_INVALID: such a UNet has no such branch. */
gboolean sfu_choose_branch (const GpuUnetConfig *unet, const SfuRequest *request, int *branch, GError **error);

/* TRUE if @request can be carried out with what is loaded. */
gboolean sfu_checkpoint_serves (SfuCheckpoint *self, const SfuRequest *request);

SfuModel *sfu_checkpoint_model (SfuCheckpoint *self);
const SfuNets *sfu_checkpoint_nets (SfuCheckpoint *self);
GpuDtype sfu_checkpoint_dtype (SfuCheckpoint *self);
/* The preview decoder's file, or NULL: previews are estimated linearly. */
const char *sfu_checkpoint_taesd_path (SfuCheckpoint *self);

/* Width or height that the model was made for, in pixels. */
guint sfu_checkpoint_native_side (SfuCheckpoint *self);

/* @n_tokens: of the context; 0: it and @branch make no difference. What does not depend on what has changed stays. */
SfuPrograms *sfu_checkpoint_programs (SfuCheckpoint *self, guint width, guint height, guint halves, guint n_tokens, int branch,
                                      GError **error);

/* Encoded before or now. Owned by the checkpoint, until the next call.
 * Errors: GPU_ERROR; SFU_REQUEST_ERROR_INVALID if the prompt is longer than SFU_MAX_CHUNKS. */
const SfuConditioning *sfu_checkpoint_condition (SfuCheckpoint *self, SfuEmphasis rule, const char *prompt,
                                                 GCancellable *cancellable, GError **error);
/**
 * sfu_checkpoint_fill_context:
 * @n_tokens: as many as @prompt has, or more whole chunks
 * @states: (n_tokens, width), written
 * @ids: (nullable): n_tokens, written
 *
 * A prompt with chunks of the empty prompt behind it: as A1111 makes two prompts equally long (modules/
 * sd_samplers_cfg_denoiser.py, pad_cond_uncond).
 */
gboolean sfu_checkpoint_fill_context (SfuCheckpoint *self, SfuEmphasis rule, const char *prompt, guint n_tokens, float *states,
                                      gint32 *ids, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuCheckpoint, sfu_checkpoint_free)

G_END_DECLS
