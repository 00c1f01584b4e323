/* gpu-net-config.h: the sizes and shapes of the nets, as a model's config.json gives them.
 * Field comments name the key of the diffusers or transformers config. Plain values, no ownership. */
#pragma once

#include <glib.h>

#include "gpu-activation.h"

#define GPU_MAX_LEVELS 8

/* CLIP's text transformer (transformers: CLIPTextConfig). */
typedef struct {
  guint vocab_size;
  guint max_positions; /* max_position_embeddings, 77 */
  guint width;         /* hidden_size */
  guint n_layers;      /* num_hidden_layers */
  guint n_heads;       /* num_attention_heads */
  guint hidden_width;  /* intermediate_size */
  GpuActivation act;   /* hidden_act */
  float norm_eps;      /* layer_norm_eps */
} GpuClipConfig;

/* The noise predictor (diffusers: UNet2DConditionModel). */
typedef struct {
  guint in_channels, out_channels;
  guint n_levels;                         /* length of block_out_channels */
  guint channels[GPU_MAX_LEVELS];         /* block_out_channels */
  gboolean down_attention[GPU_MAX_LEVELS]; /* down_block_types[i] is CrossAttnDownBlock2D, not DownBlock2D */
  gboolean up_attention[GPU_MAX_LEVELS];  /* up_block_types[i], in the order they run (deepest first) */
  guint layers_per_block;                 /* resnets of a down block; an up block has one more */
  guint n_heads[GPU_MAX_LEVELS];          /* num_attention_heads, else attention_head_dim, which means the
                                             same (diffusers keeps the misnomer): heads, one a down level */
  guint transformer_depth[GPU_MAX_LEVELS]; /* transformer_layers_per_block, one a down level */
  guint cross_width;                      /* cross_attention_dim */
  guint norm_groups;                      /* norm_num_groups */
  float norm_eps;                         /* norm_eps */
  gboolean has_mid_block;                 /* mid_block_type is not null */
  gboolean linear_projection;             /* use_linear_projection */
  gboolean flip_sin_to_cos;               /* flip_sin_to_cos */
  float freq_shift;                       /* freq_shift */
} GpuUnetConfig;

/* The autoencoder (diffusers: AutoencoderKL). */
typedef struct {
  guint in_channels, out_channels, latent_channels;
  guint n_levels;
  guint channels[GPU_MAX_LEVELS]; /* block_out_channels */
  guint layers_per_block;
  guint norm_groups;              /* norm_num_groups */
  gboolean mid_attention;         /* mid_block_add_attention */
  gboolean quant_conv;            /* use_quant_conv */
  gboolean post_quant_conv;       /* use_post_quant_conv */
  float scaling_factor;           /* scaling_factor: latent = scaling_factor * (mean - shift) */
  float shift_factor;             /* shift_factor, 0 where null */
} GpuVaeConfig;

/* The tiny autoencoder (diffusers: AutoencoderTiny; TAESD's own files have fixed sizes). */
typedef struct {
  guint latent_channels, out_channels;
  guint n_levels;                       /* length of num_decoder_blocks */
  guint n_blocks[GPU_MAX_LEVELS];       /* num_decoder_blocks, in the order they run: 3, 3, 3, 1 */
  guint channels[GPU_MAX_LEVELS];       /* decoder_block_out_channels, 64 everywhere */
  float scaling_factor;                 /* 1 */
} GpuTaesdConfig;
