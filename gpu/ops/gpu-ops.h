/* gpu-ops.h: the operations that nets are made of.
 *
 * An op computes nothing by itself: it appends dispatches to a list, with what each reads and writes. A
 * program (gpu/graph) then plans memory for the list and records it. Outputs are new planned tensors
 * unless the caller gives one. All tensors of activations have the list's type; biases and norm
 * parameters are f32; sums are 32 bit in every kernel.
 *
 * Errors stick to the list: after the first one ops return empty tensors, and making a program of the
 * list reports it. Threads: the device's. Tests: tests/ops.c, every op against a loop in doubles. */
#pragma once

#include "gpu-activation.h"
#include "gpu-bank.h"
#include "gpu-tensor.h"

G_BEGIN_DECLS

typedef struct _GpuOps GpuOps;
typedef struct _GpuTuning GpuTuning; /* see gpu-tuning.h */

/* Which kernels may be chosen; the table is in gpu-kernels.c. */
typedef enum {
  GPU_KERNELS_BEST,    /* whatever suits device and shape */
  GPU_KERNELS_VECTOR,  /* one subgroup as one vector: for software devices */
  GPU_KERNELS_SHARED,  /* tiles in shared memory */
  GPU_KERNELS_COOPMAT, /* cooperative matrices */
  GPU_KERNELS_COOPMAT2, /* those of whole workgroups (VK_NV_cooperative_matrix2) where they suit, else the ones before */
} GpuKernels;

/* "best", "vector", "shared", "coopmat", "coopmat2"; and all of them, NULL-terminated, in the order of GpuKernels. */
const char *gpu_kernels_name (GpuKernels kernels);
const char *const *gpu_kernels_names (void);
gboolean gpu_kernels_from_name (const char *name, GpuKernels *kernels);

/* The form that large products get on @device of what @allowed allows. */
GpuKernels gpu_kernels_form (GpuDevice *device, GpuDtype dtype, GpuKernels allowed);

/* @dtype: F16 or F32, what activations are stored as. */
GpuOps *gpu_ops_new (GpuDevice *device, GpuDtype dtype, GpuKernels kernels, GError **error);
void gpu_ops_free (GpuOps *self);
/* Which kernels were measured to be the fastest: ops that are added from now on take those. @tuning: (nullable): must
 * live until the last op is added. */
void gpu_ops_set_tuning (GpuOps *self, GpuTuning *tuning);
GpuDtype gpu_ops_dtype (GpuOps *self);
GpuDevice *gpu_ops_device (GpuOps *self);
/* Lets a net's error stop the list. */
void gpu_ops_fail (GpuOps *self, const GError *error);

/* A new planned tensor (n, h, w, c) of activations. */
GpuTensor gpu_ops_tensor (GpuOps *self, guint n, guint h, guint w, guint c);

typedef struct {
  GpuActivation act;
  gboolean act_last;    /* act (x + residual) instead of act (x) + residual */
  GpuTensor image_bias; /* (1 or n, 1, 1, channels): added to every pixel of an image, before the activation */
  GpuTensor residual;   /* of the output's shape */
  GpuTensor second;     /* of the output's pixels: the input of a weight's second matrix (gpu_bank_joined()) */
  GpuStorage *check;    /* a GpuStepState whose flag is set where a value is not finite; or NULL */
  gboolean for_norm;    /* group norm comes next: take its statistics along */
  GpuTensor out;        /* where to write, perhaps a view; else new */
} GpuEpilogue;

/* out (n, h, w, weight.n) = x W^T + bias, then the epilogue (NULL: none). x: (n, h, w, weight.k).
 * With weights of gpu_bank_geglu() out is (n, h, w, weight.n / 2), value * gelu (gate), and the epilogue's only field
 * is `out` (Shazeer 2020, "GLU variants improve transformer"). */
GpuTensor gpu_linear (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, const GpuEpilogue *epilogue);

typedef enum {
  GPU_CONV_SAME,      /* 3x3, one row and column of zeros around */
  GPU_CONV_DOWN,      /* stride 2, zeros around: (h - 1) / 2 + 1 rows */
  GPU_CONV_DOWN_LATE, /* stride 2, zeros after the last row and column only (the VAE encoder): h / 2 rows */
  GPU_CONV_UP,        /* of the input doubled (nearest); see @h and @w of gpu_conv2d_up() */
} GpuConvKind;

/* 3x3 convolution (@weight has 9 taps; with 1 tap this is gpu_linear()). */
GpuTensor gpu_conv2d (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, GpuConvKind kind, const GpuEpilogue *epilogue);
/* Of the input doubled to (h, w) by nearest neighbours; h is 2 x.h or one less, w likewise. @weight has 9 taps, or comes
 * from gpu_bank_doubling(): less than half the work, for exactly the double size only. */
GpuTensor gpu_conv2d_up (GpuOps *ops, GpuTensor x, const GpuMatrix *weight, guint h, guint w, const GpuEpilogue *epilogue);

/**
 * gpu_attention:
 * @q: (n, h, w, heads * width)    @k, @v: (n or 1, ..., heads * width), rows are tokens
 * @scale: multiplies q.k before the softmax, normally 1 / sqrt (width)
 * @causal: a token sees itself and what comes before
 *
 * softmax (scale q k^T) v for each head, without ever storing the matrix of probabilities.
 * Source: Dao et al. 2022 (FlashAttention), algorithm 1, forward only.
 */
GpuTensor gpu_attention (GpuOps *ops, GpuTensor q, GpuTensor k, GpuTensor v, guint n_heads, float scale, gboolean causal);

/* (x - mean) / sqrt (var + eps) over pixels and channels of a group, times gamma plus beta (f32), then act. */
GpuTensor gpu_group_norm (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, guint groups, float eps,
                          GpuActivation act);

/* A part of a net that is run over a picture in strips of rows, because the whole of what it makes would take too much memory.
 * The statistics of its group norms are those of the whole picture all the same: each norm costs a pass over all strips, which
 * ends there and gathers them, before the pass that goes on to the next. The caller builds the part again and again:
 *
 *   gpu_ops_begin_strips (ops);
 *   do
 *     for each strip
 *       gpu_ops_begin_strip (ops, ...), then all ops of the part, with what becomes of their result
 *   while (gpu_ops_end_strips (ops));
 *
 * Ops behind the norm that a pass ends with are not recorded. */
void gpu_ops_begin_strips (GpuOps *self);
/* @first, @count: the rows of every norm's input that are the strip's own, and not there for its neighbours' sake as well. */
void gpu_ops_begin_strip (GpuOps *self, guint first, guint count);
/* FALSE: that was the last pass. */
gboolean gpu_ops_end_strips (GpuOps *self);

/* The same over the channels of each row. */
GpuTensor gpu_layer_norm (GpuOps *ops, GpuTensor x, GpuTensor gamma, GpuTensor beta, float eps);
/* softmax (scale x) over the channels of each row. */
GpuTensor gpu_softmax (GpuOps *ops, GpuTensor x, float scale);

/* act (a + b), or act (a) where @b is no tensor; @out as in GpuEpilogue. */
GpuTensor gpu_add (GpuOps *ops, GpuTensor a, GpuTensor b, GpuActivation act, GpuTensor out);

/* Token plus position embedding: @tokens I32 (n, 1, length, 1) with stride 1; tables from gpu_bank_table(). */
GpuTensor gpu_embed_tokens (GpuOps *ops, GpuTensor tokens, GpuTensor table, GpuTensor positions);

/* What a scheduler keeps on the device, f32 as it holds it: (channels, pixels) planes. Storages are owned
 * by the sampler's maker. */
typedef struct {
  GpuStorage *calls;  /* GpuStepCall[n_calls] (gpu-shader-params.h) */
  GpuStorage *state;  /* GpuStepState: which call is due, guidance, what went wrong */
  GpuStorage *slots;  /* STEP_SLOTS planes; slot 0 is the latent */
  GpuStorage *noise;  /* what the next call needs */
  GpuStorage *x0;     /* the last call's estimate of the finished latent */
  guint channels, h, w;
} GpuSampler;

/* (1, 1, STEP_WINDOW, 2 n): sines and cosines of the timesteps of the calls STEP_WINDOW i ..., among which the due one is;
 * @frequencies f32 (n). */
GpuTensor gpu_time_embedding (GpuOps *ops, const GpuSampler *sampler, GpuTensor frequencies, gboolean cosines_first);
/* What a call finds, and leaves for the next. Kept by whoever runs the UNet. */
typedef struct {
  GpuTensor input; /* (1 or 2 halves, h, w, channels): the latent times the due call's input scale */
  GpuTensor table; /* (1, 1, STEP_WINDOW, channels): what the UNet wants to know of calls, from gpu_time_embedding() */
  GpuTensor row;   /* (1, 1, 1, channels): the due call's row of it */
} GpuSamplerState;

/* Fills in @state's input and row for the due call. */
void gpu_sampler_begin (GpuOps *ops, const GpuSampler *sampler, const GpuSamplerState *state);
/* Guidance over the UNet's @output (1 or 2 halves, unconditional first), the due call's update, and @state for the next
 * call. Where @output was not finite, which its producer's `check` says in the sampler's state, nothing changes. */
void gpu_sampler_step (GpuOps *ops, const GpuSampler *sampler, GpuTensor output, const GpuSamplerState *state);

/* (1, h, w, channels): f32 planes times @factor, soft-clamped 3 tanh (x / 3) for TAESD. */
GpuTensor gpu_latent_input (GpuOps *ops, GpuStorage *planes, guint channels, guint h, guint w, float factor,
                            gboolean soft_clamp);
/* Pixels f32 (h, w, 3) in 0..1 to (1, h, w, 3) in -1..1. */
GpuTensor gpu_image_input (GpuOps *ops, GpuStorage *pixels, guint h, guint w);

/* Where a decoder's picture goes: clamp (factor x + addend, 0, 1) as f32 (h, w, 3). */
typedef struct {
  GpuStorage *pixels;
  GpuStorage *state; /* GpuStepState: a value that is not finite sets its flag */
  float factor, addend;
} GpuImageSink;

/* @x: (1, rows, w, 3), the rows of the picture from @first_row on. */
void gpu_image_output (GpuOps *ops, GpuTensor x, guint first_row, const GpuImageSink *sink);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuOps, gpu_ops_free)

G_END_DECLS
