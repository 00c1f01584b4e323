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

/* -- the decoder -- */

static GpuTensor
up_resnets (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint i)
{
  for (guint j = 0; j < config->layers_per_block + 1; j++)
    {
      gpu_bank_enter (bank, "up_blocks.%u.resnets.%u", i, j);
      x = resnet (ops, bank, config, x, config->channels[config->n_levels - 1 - i]);
      gpu_bank_leave (bank);
    }
  return x;
}

/* The end of block @i. */
static GpuTensor
upsample (GpuOps *ops, GpuBank *bank, GpuTensor x, guint i)
{
  gpu_bank_enter (bank, "up_blocks.%u.upsamplers.0", i);
  x = gpu_block_double (ops, bank, "conv", x, x.c, 2 * x.h, 2 * x.w, &(GpuEpilogue) { .for_norm = TRUE });
  gpu_bank_leave (bank);
  return x;
}

/* The first @n blocks, without the last one's doubling, and what comes before them. */
static GpuTensor
decode_low (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint n)
{
  guint deepest = config->channels[config->n_levels - 1];
  GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", deepest, config->latent_channels, 9);
  x = gpu_conv2d (ops, x, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE });
  x = middle (ops, bank, config, x);
  for (guint i = 0; i < n && !gpu_bank_failed (bank); i++)
    {
      if (i > 0)
        x = upsample (ops, bank, x, i - 1);
      x = up_resnets (ops, bank, config, x, i);
    }
  return gpu_bank_failed (bank) ? (GpuTensor) { 0 } : x;
}

static GpuTensor
norm_out (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  return gpu_block_group_norm (ops, bank, "conv_norm_out", x, config->norm_groups, VAE_EPS, GPU_ACT_SILU);
}

static GpuTensor
decode_out (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x)
{
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", config->out_channels, config->channels[0], 9);
  return gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, NULL);
}

/* The blocks above the low ones and the last norm, for the rows that become the picture's rows @own << levels.
 * @base: what decode_low() gave. @held: (out): the rows of the picture that came of it, with those beside its own. */
static GpuTensor
decode_high (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuNormPool *pool, guint levels, GpuTensor base, GpuRows own,
             GpuRows *held)
{
  guint low = config->n_levels - levels, inner = 2 * (config->layers_per_block + 1);
  GpuRows needs[GPU_MAX_LEVELS];
  GpuTensor x;
  /* From the picture down: what each level must give right to the next. */
  needs[levels] = gpu_rows_widen (gpu_rows_doubled (own, levels), 1, base.h << levels);
  for (guint i = levels; i > 0; i--)
    needs[i - 1] = gpu_rows_before_doubling (gpu_rows_widen (needs[i], inner, base.h << i), base.h << (i - 1));
  x = gpu_tensor_strip (base, needs[0].first, needs[0].count);
  for (guint i = 1; i <= levels && !gpu_bank_failed (bank); i++)
    {
      *held = gpu_rows_doubled (needs[i - 1], 1);
      gpu_norm_pool_set_own_rows (pool, (own.first << i) - held->first, own.count << i);
      x = up_resnets (ops, bank, config, upsample (ops, bank, x, low + i - 2), low + i - 1);
      if (i < levels)
        x = gpu_rows_of (x, *held, needs[i]);
    }
  return norm_out (ops, bank, config, x);
}

static void
decode_in_strips (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor base, const GpuImageSink *sink)
{
  g_autoptr (GpuNormPool) pool = gpu_norm_pool_new ();
  GpuTensor seed = gpu_strips_thin (ops, base, gpu_strips_thinning (strips));
  guint passes = gpu_strips_passes (strips);
  GpuRows held;
  gpu_ops_set_norm_pool (ops, pool);
  gpu_norm_pool_begin_pass (pool, GPU_NORM_PASS_SEED);
  decode_high (ops, bank, config, pool, strips->levels, seed, (GpuRows) { 0, seed.h }, &held);
  for (guint pass = 0; pass <= passes; pass++)
    {
      gpu_norm_pool_begin_pass (pool, pass < passes ? GPU_NORM_PASS_GATHER : GPU_NORM_PASS_USE);
      for (guint i = 0; i < strips->count && !gpu_bank_failed (bank); i++)
        {
          GpuRows own = gpu_rows_nth (base.h, strips->count, i), rows = gpu_rows_doubled (own, strips->levels);
          if (own.count == 0)
            break;
          gpu_norm_pool_begin_strip (pool);
          GpuTensor x = decode_high (ops, bank, config, pool, strips->levels, base, own, &held);
          if (pass == passes)
            gpu_image_output (ops, gpu_rows_of (decode_out (ops, bank, config, x), held, rows), rows.first, sink);
        }
      gpu_norm_pool_end_pass (pool, ops);
    }
  gpu_ops_set_norm_pool (ops, NULL);
}

void
gpu_vae_decode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor latent, const GpuImageSink *sink)
{
  GpuTensor x = latent;
  if (config->post_quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "post_quant_conv", config->latent_channels, config->latent_channels, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  gpu_bank_enter (bank, "decoder");
  x = decode_low (ops, bank, config, x, config->n_levels - strips->levels);
  if (strips->levels > 0)
    decode_in_strips (ops, bank, config, strips, x, sink);
  else
    gpu_image_output (ops, decode_out (ops, bank, config, norm_out (ops, bank, config, x)), 0, sink);
  gpu_bank_leave (bank);
}

/* -- the encoder -- */

static GpuTensor
encode_in (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor image)
{
  GpuMatrix conv_in = gpu_bank_matrix (bank, "conv_in", config->channels[0], config->in_channels, 9);
  return gpu_conv2d (ops, image, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = TRUE });
}

static GpuTensor
down_resnets (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint i)
{
  for (guint j = 0; j < config->layers_per_block; j++)
    {
      gpu_bank_enter (bank, "down_blocks.%u.resnets.%u", i, j);
      x = resnet (ops, bank, config, x, config->channels[i]);
      gpu_bank_leave (bank);
    }
  return x;
}

/* The end of block @i. @out: where to, or no tensor. */
static GpuTensor
downsample (GpuOps *ops, GpuBank *bank, GpuTensor x, guint i, GpuTensor out)
{
  gpu_bank_enter (bank, "down_blocks.%u.downsamplers.0", i);
  GpuMatrix conv = gpu_bank_matrix (bank, "conv", x.c, x.c, 9);
  gpu_bank_leave (bank);
  return gpu_conv2d (ops, x, &conv, GPU_CONV_DOWN_LATE, &(GpuEpilogue) { .out = out, .for_norm = out.storage == NULL });
}

/* The first @levels blocks, for the rows @own of what they give, which go to @out; without @out only as far as the last norm. */
static void
encode_high (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuNormPool *pool, guint levels, GpuTensor image, GpuRows own,
             GpuTensor out)
{
  guint inner = 2 * config->layers_per_block;
  GpuRows reads[GPU_MAX_LEVELS], held[GPU_MAX_LEVELS], rows = own;
  GpuTensor x;
  /* From the last block up: the rows that a halving reads, which end one after twice its own, and those that these need. */
  for (guint i = levels; i > 0; i--)
    {
      guint height = image.h >> (i - 1);
      reads[i - 1] = gpu_rows_doubled (rows, 1);
      reads[i - 1].count = MIN (reads[i - 1].count + 1, height - reads[i - 1].first);
      rows = held[i - 1] = gpu_rows_widen (reads[i - 1], i == 1 ? inner + 1 : inner, height);
    }
  x = encode_in (ops, bank, config, gpu_tensor_strip (image, rows.first, rows.count));
  for (guint i = 0; i < levels && !gpu_bank_failed (bank); i++)
    {
      guint scale = levels - i;
      gpu_norm_pool_set_own_rows (pool, (own.first << scale) - held[i].first, own.count << scale);
      x = down_resnets (ops, bank, config, x, i);
      if (i + 1 < levels)
        x = downsample (ops, bank, gpu_rows_of (x, held[i], reads[i]), i, (GpuTensor) { 0 });
      else if (out.storage != NULL)
        downsample (ops, bank, gpu_rows_of (x, held[i], reads[i]), i, gpu_tensor_strip (out, own.first, own.count));
    }
}

static GpuTensor
encode_in_strips (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor image)
{
  g_autoptr (GpuNormPool) pool = gpu_norm_pool_new ();
  guint height = image.h >> strips->levels, step = gpu_strips_thinning (strips) << strips->levels;
  GpuTensor base = gpu_ops_tensor (ops, 1, height, image.w >> strips->levels, config->channels[strips->levels - 1]), seed;
  guint passes = gpu_strips_passes (strips);
  /* What the seed is halved to must be whole. */
  seed = gpu_strips_thin (ops, gpu_tensor_strip (image, 0, image.h / step * step), gpu_strips_thinning (strips));
  gpu_ops_set_norm_pool (ops, pool);
  gpu_norm_pool_begin_pass (pool, GPU_NORM_PASS_SEED);
  encode_high (ops, bank, config, pool, strips->levels, seed, (GpuRows) { 0, seed.h >> strips->levels }, (GpuTensor) { 0 });
  for (guint pass = 0; pass <= passes; pass++)
    {
      gpu_norm_pool_begin_pass (pool, pass < passes ? GPU_NORM_PASS_GATHER : GPU_NORM_PASS_USE);
      for (guint i = 0; i < strips->count && !gpu_bank_failed (bank); i++)
        {
          GpuRows own = gpu_rows_nth (height, strips->count, i);
          if (own.count == 0)
            break;
          gpu_norm_pool_begin_strip (pool);
          encode_high (ops, bank, config, pool, strips->levels, image, own, pass == passes ? base : (GpuTensor) { 0 });
        }
      gpu_norm_pool_end_pass (pool, ops);
    }
  gpu_ops_set_norm_pool (ops, NULL);
  return base;
}

/* The blocks from @first on and what comes after them. */
static GpuTensor
encode_low (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, GpuTensor x, guint first)
{
  guint deepest = config->channels[config->n_levels - 1], moments = 2 * config->latent_channels;
  GpuMatrix conv_out = gpu_bank_matrix (bank, "conv_out", moments, deepest, 9);
  for (guint i = first; i < config->n_levels && !gpu_bank_failed (bank); i++)
    {
      x = down_resnets (ops, bank, config, x, i);
      if (i + 1 < config->n_levels)
        x = downsample (ops, bank, x, i, (GpuTensor) { 0 });
    }
  if (gpu_bank_failed (bank))
    x = (GpuTensor) { 0 };
  x = norm_out (ops, bank, config, middle (ops, bank, config, x));
  return gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, NULL);
}

GpuTensor
gpu_vae_encode (GpuOps *ops, GpuBank *bank, const GpuVaeConfig *config, const GpuStrips *strips, GpuTensor image)
{
  guint moments = 2 * config->latent_channels;
  GpuTensor x;
  gpu_bank_enter (bank, "encoder");
  x = strips->levels > 0 ? encode_in_strips (ops, bank, config, strips, image) : encode_in (ops, bank, config, image);
  x = encode_low (ops, bank, config, x, strips->levels);
  gpu_bank_leave (bank);
  if (config->quant_conv)
    {
      GpuMatrix conv = gpu_bank_matrix (bank, "quant_conv", moments, moments, 1);
      x = gpu_linear (ops, x, &conv, NULL);
    }
  return x;
}
