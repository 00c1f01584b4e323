/* gpu-shader-params.h: the push constants of every shader as C structs, from the lists that GLSL reads too.
 * A name ending in "_" is a word of GLSL otherwise. */
#pragma once

#include <glib.h>

#include "spec.inc"

/* Names as the lists spell types. */
#define addr_t guint64
#define uint guint32

typedef struct {
#include "matmul.inc"
} MatmulParams;

typedef struct {
#include "attention.inc"
} AttentionParams;

typedef struct {
#include "group-norm.inc"
} GroupNormParams;

typedef struct {
#include "group-norm-pool.inc"
} NormPoolParams;

typedef struct {
#include "layer-norm.inc"
} LayerNormParams;

typedef struct {
#include "softmax.inc"
} SoftmaxParams;

typedef struct {
#include "elementwise.inc"
} ElementwiseParams;

typedef struct {
#include "embed-tokens.inc"
} EmbedTokensParams;

typedef struct {
#include "time-embedding.inc"
} TimeEmbeddingParams;

typedef struct {
#include "latent-input.inc"
} LatentInputParams;

typedef struct {
#include "sampler.inc"
} SamplerParams;

typedef struct {
#include "sampler-row.inc"
} SamplerRowParams;

typedef struct {
#include "image.inc"
} ImageParams;

typedef struct {
#include "pack.inc"
} PackParams;

typedef struct {
#include "random.inc"
} RandomParams;

typedef struct {
#include "roof.inc"
} RoofParams;

/* One scheduler call as the GPU reads it, in an array. */
typedef struct {
#include "step-call.inc"
} GpuStepCall;

/* What changes from step to step, shared by host and device. */
typedef struct {
#include "step-state.inc"
} GpuStepState;

#undef addr_t
#undef uint

/* What every device has at least (Vulkan 1.3, required limits). */
G_STATIC_ASSERT (sizeof (MatmulParams) <= 128);
G_STATIC_ASSERT (sizeof (SamplerParams) <= 128);
G_STATIC_ASSERT (sizeof (GroupNormParams) <= 128);
G_STATIC_ASSERT (sizeof (NormPoolParams) <= 128);
