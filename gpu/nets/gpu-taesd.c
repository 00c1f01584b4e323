#include "gpu-taesd.h"

#include "gpu-blocks.h"

/* AutoencoderTinyBlock: relu (conv relu conv relu conv (x) + x). */
static GpuTensor
block (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x)
{
  GpuEpilogue relu = { .act = GPU_ACT_RELU }, last = { .act = GPU_ACT_RELU, .act_last = TRUE, .residual = x };
  gpu_bank_enter (bank, "layers.%u", layer);
  GpuMatrix conv0 = gpu_bank_matrix (bank, "conv.0", x.c, x.c, 9);
  GpuMatrix conv1 = gpu_bank_matrix (bank, "conv.2", x.c, x.c, 9);
  GpuMatrix conv2 = gpu_bank_matrix (bank, "conv.4", x.c, x.c, 9);
  gpu_bank_leave (bank);
  GpuTensor h = gpu_conv2d (ops, x, &conv0, GPU_CONV_SAME, &relu);
  h = gpu_conv2d (ops, h, &conv1, GPU_CONV_SAME, &relu);
  return gpu_conv2d (ops, h, &conv2, GPU_CONV_SAME, &last);
}

static GpuTensor
numbered_conv (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x, guint n, GpuActivation act)
{
  g_autofree char *name = g_strdup_printf ("layers.%u", layer);
  GpuMatrix conv = gpu_bank_matrix (bank, name, n, x.c, 9);
  return gpu_conv2d (ops, x, &conv, GPU_CONV_SAME, &(GpuEpilogue) { .act = act });
}

static GpuTensor
numbered_double (GpuOps *ops, GpuBank *bank, guint layer, GpuTensor x, guint n)
{
  g_autofree char *name = g_strdup_printf ("layers.%u", layer);
  return gpu_block_double (ops, bank, name, x, n, 2 * x.h, 2 * x.w, NULL);
}

/* The number of a level's first block. Before it come the first convolution and its activation, and for each level its
 * blocks, a doubling and a convolution. */
static guint
first_block (const GpuTaesdConfig *config, guint level)
{
  guint layer = 2;
  for (guint i = 0; i < level; i++)
    layer += config->n_blocks[i] + 2;
  return layer;
}

/* A level's blocks, and above the first the doubling that leads to them. */
static GpuTensor
run_level (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, guint i, GpuTensor x)
{
  guint layer = first_block (config, i);
  if (i > 0)
    x = numbered_double (ops, bank, layer - 1, x, config->channels[i - 1]);
  for (guint j = 0; j < config->n_blocks[i]; j++)
    x = block (ops, bank, layer + j, x);
  return x;
}

/* The levels above the low ones, for the rows that become the picture's rows @own << levels. */
static void
decode_strip (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, guint levels, GpuTensor base, GpuRows own, const GpuImageSink *sink)
{
  guint low = config->n_levels - levels;
  GpuRows needs[GPU_MAX_LEVELS], rows = gpu_rows_doubled (own, levels);
  /* From the picture down: what each level must give right to the next. */
  needs[levels] = gpu_rows_widen (rows, 1, base.h << levels);
  for (guint i = levels; i > 0; i--)
    needs[i - 1] = gpu_rows_before_doubling (gpu_rows_widen (needs[i], 3 * config->n_blocks[low + i - 1], base.h << i), base.h << (i - 1));
  GpuTensor x = gpu_tensor_strip (base, needs[0].first, needs[0].count);
  for (guint i = 1; i <= levels && !gpu_bank_failed (bank); i++)
    x = gpu_rows_of (run_level (ops, bank, config, low + i - 1, x), gpu_rows_doubled (needs[i - 1], 1), needs[i]);
  x = numbered_conv (ops, bank, first_block (config, config->n_levels) - 2, x, config->out_channels, GPU_ACT_NONE);
  gpu_image_output (ops, gpu_rows_of (x, needs[levels], rows), rows.first, sink);
}

void
gpu_taesd_decode (GpuOps *ops, GpuBank *bank, const GpuTaesdConfig *config, const GpuStrips *strips, GpuTensor latent,
                  const GpuImageSink *sink)
{
  gpu_bank_enter (bank, "decoder");
  GpuTensor x = numbered_conv (ops, bank, 0, latent, config->channels[0], GPU_ACT_RELU);
  for (guint i = 0; i < config->n_levels - strips->levels && !gpu_bank_failed (bank); i++)
    x = run_level (ops, bank, config, i, x);
  for (guint i = 0; i < strips->count && !gpu_bank_failed (bank); i++)
    {
      GpuRows own = gpu_rows_nth (x.h, strips->count, i);
      if (own.count > 0)
        decode_strip (ops, bank, config, strips->levels, x, own, sink);
    }
  gpu_bank_leave (bank);
}
