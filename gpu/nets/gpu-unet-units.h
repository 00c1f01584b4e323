/* gpu-unet-units.h: a UNet as the list of its units in the order they run.
 *
 * Every shape of UNet2DConditionModel that we know (SD 1.x, BK-SDM base, small and tiny) is such a list;
 * the rest of the code does not ask which one it has. Source: diffusers
 * models/unets/unet_2d_condition.py and unet_2d_blocks.py. */
#pragma once

#include "gpu-net-config.h"

typedef enum {
  GPU_UNIT_RESNET,
  GPU_UNIT_TRANSFORMER,
  GPU_UNIT_DOWN, /* convolution with stride 2 */
  GPU_UNIT_UP,   /* convolution of the doubled input, to the size of the next skip */
  GPU_UNIT_PUSH, /* the current tensor is kept for the way up */
  GPU_UNIT_POP,  /* the current tensor is joined with the one kept last: [current, kept] */
} GpuUnitKind;

typedef struct {
  GpuUnitKind kind;
  char path[64];  /* scope of its weights, for units that have some */
  guint in, out;  /* channels; of POP: current, and current plus kept */
  guint depth;    /* down levels above it: h and w are those of the latent, halved so often */
  guint n_heads, n_layers; /* of a transformer */
  guint partner;  /* PUSH: index of its POP; POP: index of its PUSH */
} GpuUnit;

/* (element-type GpuUnit) */
GArray *gpu_unet_units (const GpuUnetConfig *config);

/* Branches of DeepCache (Ma et al. 2023): where a step may leave the way down to go on at the same level of the
 * way up. They are numbered as in the authors' package DeepCache (cache_branch_id), by three to a level: at its
 * beginning, after its first layer, after its second. In a level with one layer the last two are the same.
 * Branch 0 runs the least. */
guint gpu_unet_n_branches (const GpuUnetConfig *config);
/* @branch: below gpu_unet_n_branches(). Returns: index of the PUSH where it leaves; the partner is where it goes on. */
guint gpu_unet_branch (const GpuUnetConfig *config, const GArray *units, guint branch);
