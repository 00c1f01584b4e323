#include "gpu-unet-units.h"

#define BRANCHES_A_LEVEL 3

typedef struct {
  const GpuUnetConfig *config;
  GArray *units;
  GArray *pushed; /* guint: indices of PUSH units not popped yet */
  guint channels; /* of the current tensor */
  guint depth;
} Walk;

static GpuUnit *
append (Walk *walk, GpuUnitKind kind, guint out)
{
  GpuUnit unit = { .kind = kind, .in = walk->channels, .out = out, .depth = walk->depth };
  g_array_append_val (walk->units, unit);
  walk->channels = out;
  return &g_array_index (walk->units, GpuUnit, walk->units->len - 1);
}

static void
push (Walk *walk)
{
  guint index = walk->units->len;
  append (walk, GPU_UNIT_PUSH, walk->channels);
  g_array_append_val (walk->pushed, index);
}

static void
pop (Walk *walk)
{
  guint last = walk->pushed->len - 1, index = g_array_index (walk->pushed, guint, last);
  GpuUnit *kept = &g_array_index (walk->units, GpuUnit, index);
  g_array_set_size (walk->pushed, last);
  kept->partner = walk->units->len;
  append (walk, GPU_UNIT_POP, walk->channels + kept->out)->partner = index;
}

static void
resnet (Walk *walk, guint out, const char *block, guint i, guint j)
{
  GpuUnit *unit = append (walk, GPU_UNIT_RESNET, out);
  if (block != NULL)
    g_snprintf (unit->path, sizeof unit->path, "%s.%u.resnets.%u", block, i, j);
  else
    g_snprintf (unit->path, sizeof unit->path, "mid_block.resnets.%u", j);
}

/* @level: the down level whose heads and depth apply. */
static void
transformer (Walk *walk, guint level, const char *block, guint i, guint j)
{
  GpuUnit *unit = append (walk, GPU_UNIT_TRANSFORMER, walk->channels);
  unit->n_heads = walk->config->n_heads[level];
  unit->n_layers = walk->config->transformer_depth[level];
  if (block != NULL)
    g_snprintf (unit->path, sizeof unit->path, "%s.%u.attentions.%u", block, i, j);
  else
    g_snprintf (unit->path, sizeof unit->path, "mid_block.attentions.%u", j);
}

static void
resample (Walk *walk, GpuUnitKind kind, const char *block, guint i, const char *sampler)
{
  if (kind == GPU_UNIT_DOWN)
    walk->depth++;
  else
    walk->depth--;
  GpuUnit *unit = append (walk, kind, walk->channels);
  g_snprintf (unit->path, sizeof unit->path, "%s.%u.%s.0", block, i, sampler);
}

static void
walk_down (Walk *walk)
{
  const GpuUnetConfig *config = walk->config;
  push (walk); /* conv_in's output */
  for (guint i = 0; i < config->n_levels; i++)
    {
      for (guint j = 0; j < config->layers_per_block; j++)
        {
          resnet (walk, config->channels[i], "down_blocks", i, j);
          if (config->down_attention[i])
            transformer (walk, i, "down_blocks", i, j);
          push (walk);
        }
      if (i + 1 < config->n_levels)
        {
          resample (walk, GPU_UNIT_DOWN, "down_blocks", i, "downsamplers");
          push (walk);
        }
    }
}

static void
walk_up (Walk *walk)
{
  const GpuUnetConfig *config = walk->config;
  for (guint i = 0; i < config->n_levels; i++)
    {
      guint level = config->n_levels - 1 - i;
      for (guint j = 0; j < config->layers_per_block + 1; j++)
        {
          pop (walk);
          resnet (walk, config->channels[level], "up_blocks", i, j);
          if (config->up_attention[i])
            transformer (walk, level, "up_blocks", i, j);
        }
      if (level > 0)
        resample (walk, GPU_UNIT_UP, "up_blocks", i, "upsamplers");
    }
}

GArray *
gpu_unet_units (const GpuUnetConfig *config)
{
  Walk walk = {
    .config = config,
    .units = g_array_new (FALSE, TRUE, sizeof (GpuUnit)),
    .pushed = g_array_new (FALSE, FALSE, sizeof (guint)),
    .channels = config->channels[0],
  };
  walk_down (&walk);
  if (config->has_mid_block)
    {
      guint level = config->n_levels - 1;
      resnet (&walk, walk.channels, NULL, 0, 0);
      transformer (&walk, level, NULL, 0, 0);
      resnet (&walk, walk.channels, NULL, 0, 1);
    }
  walk_up (&walk);
  g_array_unref (walk.pushed);
  return walk.units;
}

guint
gpu_unet_n_branches (const GpuUnetConfig *config)
{
  guint deepest = BRANCHES_A_LEVEL * (config->n_levels - 1);
  /* Without a middle block there is nothing to leave out after the last layer. */
  return deepest + (config->has_mid_block ? BRANCHES_A_LEVEL : MIN (config->layers_per_block, BRANCHES_A_LEVEL));
}

guint
gpu_unet_branch (const GpuUnetConfig *config, const GArray *units, guint branch)
{
  /* Pushes: that of conv_in, then one a layer, and one for the way down to the next level. */
  guint layer = MIN (branch % BRANCHES_A_LEVEL, config->layers_per_block), i = 0;
  guint n = branch / BRANCHES_A_LEVEL * (config->layers_per_block + 1) + layer;
  for (;; i++)
    if (g_array_index (units, GpuUnit, i).kind == GPU_UNIT_PUSH && n-- == 0)
      return i;
}
