/* sfu-programs.h: what runs on the device for one picture size: the sampler's memory, and the programs that
 * encode a prompt's context, take a step, decode a latent and draw a preview. Made once a size, run as often
 * as wanted. Engine thread. */
#pragma once

#include <gpu-nets.h>
#include <gpu-tuning.h>

G_BEGIN_DECLS

/* The nets of one model on the device. Owned by the checkpoint. */
typedef struct {
  GpuDevice *device;
  GpuKernels kernels;
  GpuTuning *tuning; /* borrowed; NULL: kernels are chosen by estimate */
  const GpuClipConfig *clip;
  const GpuUnetConfig *unet;
  const GpuVaeConfig *vae;
  const GpuTaesdConfig *taesd; /* NULL: no preview decoder */
  GpuBank *clip_bank, *unet_bank, *vae_bank, *taesd_bank;
  GpuArena *arena;         /* of everything but previews */
  GpuArena *preview_arena; /* previews run beside the next step */
} SfuNets;

/* The parts that depend on the type of activations: made again in F32 when 16 bits overflow. */
typedef struct {
  GpuUnet *unet;
  GpuStorage *context_storage;
  GpuTensor context;        /* (halves, 1, tokens, width) */
  GpuProgram *context_program;
  GpuProgram *schedule_program; /* gpu_unet_schedule(): before the first step, and where a window of calls begins */
  GpuProgram *step_program;
  GpuProgram *cached_program; /* a step by the branch's layers alone; NULL without a branch */
  GpuProgram *decode_program;
} SfuPass;

typedef struct {
  const SfuNets *nets;      /* borrowed */
  guint width, height;      /* of the picture */
  guint halves, n_tokens;
  int branch;               /* of gpu_unet_keep(), or SFU_NO_BRANCH */
  GpuDtype dtype;
  guint64 latent_floats;    /* channels * h * w */
  GpuSampler sampler;       /* its storages are owned here */
  GpuStorage *decode_state; /* flags of the decoder */
  GpuStorage *pixels;       /* f32 (height, width, 3), readable by the host */
  GpuStorage *preview_state;
  GpuStorage *preview_pixels;
  GpuProgram *preview_program; /* NULL without a preview decoder */
  SfuPass pass, exact_pass;    /* exact: F32, empty until needed */
  guint64 step_bytes;          /* of the arena, for the usual pass's step: the measure of what else may take (sfu-budget.h) */
} SfuPrograms;

#define SFU_MAX_CALLS (33 * STEP_WINDOW) /* whole windows; Heun at 1000 steps makes 1999 */
#define SFU_NO_BRANCH (-1)

/* Errors: GPU_ERROR; a missing or misshapen tensor is GPU_ERROR_BAD_WEIGHTS. */
SfuPrograms *sfu_programs_new (const SfuNets *nets, GpuDtype dtype, guint width, guint height, guint halves,
                               guint n_tokens, int branch, GError **error);
void sfu_programs_free (SfuPrograms *self);
/* Another length of the prompt or another branch: the UNet's programs are made again when they are next asked for;
 * the rest stays. */
void sfu_programs_set_unet (SfuPrograms *self, guint n_tokens, int branch);

/* Takes the memory of everything that painting needs at once, so that what will not fit fails before the first step
 * and not after the last. Previews get what is left, or are let go. */
gboolean sfu_programs_reserve (SfuPrograms *self, GError **error);
/* Previews are estimated from now on. */
void sfu_programs_drop_preview (SfuPrograms *self);

/* The pass to use: the usual one, or the exact one, which is made on its first use. */
SfuPass *sfu_programs_pass (SfuPrograms *self, gboolean exact, GError **error);
/* The decoder is built when it is first needed: in strips where it would take more than the step. */
GpuProgram *sfu_programs_decoder (SfuPrograms *self, gboolean exact, GError **error);

/* The program that encodes prompts of @n_ids tokens, with new storages for token ids and states. */
GpuProgram *sfu_nets_text_program (const SfuNets *nets, GpuDtype dtype, guint n_ids, GpuStorage **tokens,
                                   GpuStorage **states, GError **error);
/* The program that encodes images, with new storages for pixels and moments: in strips where it would take more than @budget. */
GpuProgram *sfu_nets_image_program (const SfuNets *nets, GpuDtype dtype, guint width, guint height, guint64 budget,
                                    GpuStorage **pixels, GpuStorage **moments, GError **error);

/* Prompt states (n_chunks * n_ids, width) from token ids, each chunk of n_ids by itself, computed as F32 floats. */
float *sfu_nets_encode_prompt (const SfuNets *nets, GpuDtype dtype, const gint32 *ids, guint n_ids, guint n_chunks,
                               GCancellable *cancellable, GError **error);
/* Means and logarithms of variances, (h / 8, w / 8, 2 latent channels), of an image f32 (height, width, 3). */
float *sfu_nets_encode_image (const SfuNets *nets, GpuDtype dtype, const float *pixels, guint width, guint height,
                              guint64 budget, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuPrograms, sfu_programs_free)

G_END_DECLS
