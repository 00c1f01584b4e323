#include "gpu-vae.h"

#include <math.h>

#include "gpu-blocks.h"

/* Fixed in diffusers models/autoencoders/vae.py. */
#define VAE_EPS 1e-6f

static GpuTensor
resnet (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint out)
{
  return gpu_block_resnet (ops, bank, x, out, config->norm_groups, VAE_EPS, (GpuTensor) { 0 }, (GpuTensor) { 0 });
}

/* Self-attention over all pixels with one head as wide as the channels. */
static GpuTensor
attention (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  static const char *const names[] = { "to_q", "to_k", "to_v" };
  guint c = x.c, rows[] = { c, c, c };
  GpuMatrix qkv = gpu_bank_matrices (bank, names, 3, rows, c);
  GpuMatrix out = gpu_bank_matrix (bank, "to_out.0", c, c, 1);
  GpuTensor h = gpu_block_group_norm (ops, bank, "group_norm", x, config->norm_groups, VAE_EPS, GPU_ACT_NONE);
  GpuTensor states = gpu_linear (ops, h, &qkv, NULL);
  h = gpu_attention (ops, gpu_tensor_channels (states, 0, c), gpu_tensor_channels (states, c, c),
                     gpu_tensor_channels (states, 2 * c, c), 1, 1 / sqrtf (c), FALSE);
  return gpu_linear (ops, h, &out, &(GpuEpilogue) { .residual = x, .for_norm = TRUE });
}

static GpuTensor
middle (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  gpu_bank_enter (bank, "mid_block.resnets.0");
  x = resnet (ops, bank, config, x, x.c);
  gpu_bank_leave (bank);
  if (config->mid_attention)
    {
      gpu_bank_enter (bank, "mid_block.attentions.0");
      x = attention (ops, bank, config, x);
      gpu_bank_leave (bank);
    }
  gpu_bank_enter (bank, "mid_block.resnets.1");
  x = resnet (ops, bank, config, x, x.c);
  gpu_bank_leave (bank);
  return x;
}

/* Some resnets of a level, with what leads to the level and out of it where they are its first and last. */
typedef struct {
  guint level; /* block of the encoder or decoder */
  guint first, end;
  gboolean enters, leaves;
} Part;

/* The parts of a level of @n_resnets: one, or one a resnet. @i: which. FALSE if there are less. */
static gboolean
nth_part (guint level, guint n_resnets, gboolean fine, guint i, Part *part)
{
  guint n = fine ? n_resnets : 1;
  if (i >= n)
    return FALSE;
  *part = (Part) { .level = level, .first = fine ? i : 0, .end = fine ? i + 1 : n_resnets, .enters = i == 0, .leaves = i + 1 == n };
  return TRUE;
}

/* Rows that the part's convolutions of the level's own size look at beside those they make. */
static guint
halo (const Part *part)
{
  return 2 * (part->end - part->first);
}

static void
copy_rows (GpuOps *ops, GpuTensor x, GpuTensor out)
{
  gpu_add (ops, x, (GpuTensor) { 0 }, GPU_ACT_NONE, out);
}

/* -- the decoder -- */

static GpuTensor
up_resnets (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const Part *part, GpuTensor x)
{
  for (guint i = part->first; i < part->end; i++)
    {
      gpu_bank_enter (bank, "up_blocks.%u.resnets.%u", part->level, i);
      x = resnet (ops, bank, config, x, config->channels[config->n_levels - 1 - part->level]);
      gpu_bank_leave (bank);
    }
  return x;
}

/* The way into block @level, which is the end of the one before. */
static GpuTensor
upsample (GpuOps *ops, GpuBank *bank, guint level, GpuTensor x)
{
  gpu_bank_enter (bank, "up_blocks.%u.upsamplers.0", level - 1);
  x = gpu_block_double (ops, bank, "conv", x, x.c, 2 * x.h, 2 * x.w, &(GpuEpilogue) { .for_norm = TRUE });
  gpu_bank_leave (bank);
  return x;
}

static GpuTensor
norm_out (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  return gpu_block_group_norm (ops, bank, "conv_norm_out", x, config->norm_groups, VAE_EPS, GPU_ACT_SILU);
}

static GpuTensor
picture_out (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", config->out_channels, config->channels[0], 9);
  return gpu_conv2d (ops, norm_out (ops, bank, config, x), &conv_out, GPU_CONV_SAME, NULL);
}

/* A part in strips. Returns: what it makes; nothing where that is the picture, which has gone to @sink. */
static GpuTensor
decode_part (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const Part *part, guint n_strips, GpuTensor x, const GpuImageSink *sink)
{
  gboolean last = part->leaves && part->level + 1 == config->n_levels;
  guint height = part->enters ? 2 * x.h : x.h, width = part->enters ? 2 * x.w : x.w;
  GpuTensor out = last ? (GpuTensor) { 0 } : gpu_ops_tensor (ops, 1, height, width, config->channels[config->n_levels - 1 - part->level]);
  gpu_ops_begin_strips (ops);
  do
    for (guint i = 0; i < n_strips; i++)
      {
        GpuRows own = gpu_rows_nth (height, n_strips, i), held = gpu_rows_widen (own, halo (part) + (last ? 1 : 0), height), reads = held;
        if (own.count == 0)
          break;
        if (part->enters)
          {
            reads = gpu_rows_before_doubling (held, x.h);
            held = gpu_rows_doubled (reads, 1);
          }
        gpu_ops_begin_strip (ops, own.first - held.first, own.count);
        GpuTensor y = gpu_tensor_strip (x, reads.first, reads.count);
        y = up_resnets (ops, bank, config, part, part->enters ? upsample (ops, bank, part->level, y) : y);
        if (last)
          gpu_image_output (ops, gpu_rows_of (picture_out (ops, bank, config, y), held, own), own.first, sink);
        else
          copy_rows (ops, gpu_rows_of (y, held, own), gpu_tensor_strip (out, own.first, own.count));
      }
  while (gpu_ops_end_strips (ops));
  return out;
}

void
gpu_vae_decode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor latent, const GpuImageSink *sink)
{
  guint deepest = config->channels[config->n_levels - 1], n_resnets = config->layers_per_block + 1, n_whole = config->n_levels - strips->levels;
  GpuTensor x = latent;
  if (config->post_quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "post_quant_conv", config->latent_channels, config->latent_channels, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  gpu_bank_enter (bank, "decoder");
  GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", deepest, config->latent_channels, 9);
  x = middle (ops, bank, config, gpu_conv2d (ops, x, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE }));
  for (guint level = 0; level < config->n_levels && !gpu_bank_failed (bank); level++)
    {
      Part part;
      for (guint i = 0; nth_part (level, n_resnets, level < n_whole + strips->fine, i, &part) && !gpu_bank_failed (bank); i++)
        if (level < n_whole)
          x = up_resnets (ops, bank, config, &part, part.enters && level > 0 ? upsample (ops, bank, level, x) : x);
        else
          x = decode_part (ops, bank, config, &part, strips->count, x, sink);
    }
  if (gpu_bank_failed (bank))
    x = (GpuTensor) { 0 };
  if (strips->levels == 0)
    gpu_image_output (ops, picture_out (ops, bank, config, x), 0, sink);
  gpu_bank_leave (bank);
}

/* -- the encoder -- */

/* The part's resnets, after the encoder's first convolution where they are its first. */
static GpuTensor
down_resnets (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const Part *part, GpuTensor x)
{
  if (part->enters && part->level == 0)
    {
      GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", config->channels[0], config->in_channels, 9);
      x = gpu_conv2d (ops, x, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE });
    }
  for (guint i = part->first; i < part->end; i++)
    {
      gpu_bank_enter (bank, "down_blocks.%u.resnets.%u", part->level, i);
      x = resnet (ops, bank, config, x, config->channels[part->level]);
      gpu_bank_leave (bank);
    }
  return x;
}

/* The end of block @level. @out: where to, or no tensor. */
static GpuTensor
downsample (GpuOps *ops, GpuBank *bank, guint level, GpuTensor x, GpuTensor out)
{
  gpu_bank_enter (bank, "down_blocks.%u.downsamplers.0", level);
  GpuMatrix conv = gpu_bank_matrix (bank, "conv", x.c, x.c, 9);
  gpu_bank_leave (bank);
  return gpu_conv2d (ops, x, &conv, GPU_CONV_DOWN_LATE, &(GpuEpilogue) { .out = out, .for_norm = out.storage == NULL });
}

/* A part in strips. Returns: what it makes. */
static GpuTensor
encode_part (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const Part *part, guint n_strips, GpuTensor x)
{
  guint halving = part->leaves ? 1 : 0, height = x.h >> halving;
  GpuTensor out = gpu_ops_tensor (ops, 1, height, x.w >> halving, config->channels[part->level]);
  gpu_ops_begin_strips (ops);
  do
    for (guint i = 0; i < n_strips; i++)
      {
        GpuRows rows = gpu_rows_nth (height, n_strips, i), own = gpu_rows_doubled (rows, halving);
        GpuRows needs = part->leaves ? gpu_rows_before_halving (rows, x.h) : rows;
        GpuRows held = gpu_rows_widen (needs, halo (part) + (part->enters && part->level == 0 ? 1 : 0), x.h);
        GpuTensor to = gpu_tensor_strip (out, rows.first, rows.count);
        if (rows.count == 0)
          break;
        gpu_ops_begin_strip (ops, own.first - held.first, own.count);
        GpuTensor y = gpu_rows_of (down_resnets (ops, bank, config, part, gpu_tensor_strip (x, held.first, held.count)), held, needs);
        if (part->leaves)
          downsample (ops, bank, part->level, y, to);
        else
          copy_rows (ops, y, to);
      }
  while (gpu_ops_end_strips (ops));
  return out;
}

GpuTensor
gpu_vae_encode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor image)
{
  guint deepest = config->channels[config->n_levels - 1], moments = 2 * config->latent_channels;
  GpuTensor x = image;
  gpu_bank_enter (bank, "encoder");
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", moments, deepest, 9);
  for (guint level = 0; level < config->n_levels && !gpu_bank_failed (bank); level++)
    {
      gboolean fine = level + strips->fine >= strips->levels;
      Part part;
      for (guint i = 0; nth_part (level, config->layers_per_block, fine, i, &part) && !gpu_bank_failed (bank); i++)
        if (level < strips->levels)
          x = encode_part (ops, bank, config, &part, strips->count, x);
        else
          x = down_resnets (ops, bank, config, &part, x);
      if (level >= strips->levels && level + 1 < config->n_levels)
        x = downsample (ops, bank, level, x, (GpuTensor) { 0 });
    }
  if (gpu_bank_failed (bank))
    x = (GpuTensor) { 0 };
  x = norm_out (ops, bank, config, middle (ops, bank, config, x));
  x = gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, NULL);
  gpu_bank_leave (bank);
  if (config->quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "quant_conv", moments, moments, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  return x;
}
