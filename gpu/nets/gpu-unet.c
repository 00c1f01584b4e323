#include "gpu-unet.h"

#include <math.h>

#include "gpu-blocks.h"
#include "gpu-shader-params.h"
#include "gpu-unet-units.h"

/* Transformer2DModel and BasicTransformerBlock have fixed epsilons (diffusers models/transformers/
 * transformer_2d.py, models/attention.py). */
#define TRANSFORMER_GROUP_EPS 1e-6f
#define TRANSFORMER_LAYER_EPS 1e-5f

struct _GpuUnet {
  GpuDevice *device;
  GpuBank *bank;
  GpuUnetConfig config;
  GpuDtype dtype;
  guint images, n_tokens;
  GArray *units;       /* GpuUnit */
  GPtrArray *contexts; /* GpuStorage: [keys, values] of each cross-attention, in the order they run */
  guint branch;        /* the PUSH where cached steps leave */
  GpuStorage *kept[3];     /* the memory of `state` */
  GpuSamplerState state;   /* its table has what the resnets add, one behind the other */
  GpuStorage *cache;   /* the joined tensor of its partner, from one step to the next; NULL: there are no cached steps */
};

/* One pass over the units. */
typedef struct {
  GpuUnet *unet;
  GpuOps *ops;
  guint h, w;          /* of the latent */
  guint left, joins;   /* units from the one on, up to the other, are left out */
  guint time_at;       /* where the next resnet's channels begin */
  guint context_at;    /* the next cross-attention */
  GpuTensor *joined;   /* for each unit that is a POP: [current, kept] */
} Pass;

static guint
halved (guint size, guint times)
{
  for (guint i = 0; i < times; i++)
    size = (size + 1) / 2;
  return size;
}

/* A tensor that stays from one step to the next. */
static gboolean
keep_tensor (GpuUnet *self, guint i, GpuTensor *tensor, guint n, guint h, guint w, guint c, GError **error)
{
  self->kept[i] = gpu_storage_new (self->device, (guint64) n * h * w * GPU_PADDED (c) * gpu_dtype_bytes (self->dtype), GPU_MEMORY_DEVICE,
                                   "sampler state", error);
  if (self->kept[i] == NULL)
    return FALSE;
  *tensor = gpu_tensor_over (self->kept[i], self->dtype, n, h, w, c);
  return TRUE;
}

GpuUnet *
gpu_unet_new (GpuDevice *device, GpuBank *bank, const GpuUnetConfig *config, GpuDtype dtype, guint images,
              guint h, guint w, guint n_tokens, GError **error)
{
  g_autoptr (GpuUnet) self = g_new0 (GpuUnet, 1);
  guint time_channels = 0;
  self->device = gpu_device_ref (device);
  self->bank = bank;
  self->config = *config;
  self->dtype = dtype;
  self->images = images;
  self->n_tokens = n_tokens;
  self->units = gpu_unet_units (config);
  self->contexts = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_storage_unref);
  for (guint i = 0; i < self->units->len; i++)
    {
      const GpuUnit *unit = &g_array_index (self->units, GpuUnit, i);
      guint64 bytes = (guint64) images * n_tokens * GPU_PADDED (2 * GPU_PADDED (unit->out)) * gpu_dtype_bytes (dtype);
      for (guint j = 0; unit->kind == GPU_UNIT_TRANSFORMER && j < unit->n_layers; j++)
        {
          GpuStorage *storage = gpu_storage_new (device, bytes, GPU_MEMORY_DEVICE, "keys and values", error);
          if (storage == NULL)
            return NULL;
          g_ptr_array_add (self->contexts, storage);
        }
      time_channels += unit->kind == GPU_UNIT_RESNET ? unit->out : 0;
    }
  return keep_tensor (self, 0, &self->state.input, images, h, w, config->in_channels, error)
         && keep_tensor (self, 1, &self->state.table, 1, 1, STEP_WINDOW, time_channels, error)
         && keep_tensor (self, 2, &self->state.row, 1, 1, 1, time_channels, error) ? g_steal_pointer (&self) : NULL;
}

void
gpu_unet_free (GpuUnet *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->units);
  g_ptr_array_unref (self->contexts);
  g_clear_pointer (&self->cache, gpu_storage_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->kept); i++)
    g_clear_pointer (&self->kept[i], gpu_storage_unref);
  gpu_device_unref (self->device);
  g_free (self);
}

/* [current, kept] of the unit, a POP. */
static GpuTensor
cache_tensor (GpuUnet *self, const GpuUnit *joint, guint h, guint w)
{
  return gpu_tensor_over (self->cache, self->dtype, self->images, halved (h, joint->depth), halved (w, joint->depth), joint->out);
}

gboolean
gpu_unet_keep (GpuUnet *self, guint branch, guint h, guint w, GError **error)
{
  self->branch = gpu_unet_branch (&self->config, self->units, branch);
  const GpuUnit *joint = &g_array_index (self->units, GpuUnit, g_array_index (self->units, GpuUnit, self->branch).partner);
  guint64 pixels = (guint64) halved (h, joint->depth) * halved (w, joint->depth);
  self->cache = gpu_storage_new (self->device, self->images * pixels * GPU_PADDED (joint->out) * gpu_dtype_bytes (self->dtype),
                                 GPU_MEMORY_DEVICE, "deep layers", error);
  return self->cache != NULL;
}

static GpuTensor
context_tensor (GpuUnet *self, guint index, guint channels)
{
  return gpu_tensor_over (self->contexts->pdata[index], self->dtype, self->images, 1, self->n_tokens, 2 * channels);
}

void
gpu_unet_context (GpuUnet *self, GpuOps *ops, GpuTensor context)
{
  static const char *const names[] = { "attn2.to_k", "attn2.to_v" };
  guint index = 0;
  for (guint i = 0; i < self->units->len; i++)
    {
      const GpuUnit *unit = &g_array_index (self->units, GpuUnit, i);
      const guint rows[] = { unit->out, unit->out };
      for (guint j = 0; unit->kind == GPU_UNIT_TRANSFORMER && j < unit->n_layers; j++)
        {
          gpu_bank_enter (self->bank, "%s.transformer_blocks.%u", unit->path, j);
          GpuMatrix matrix = gpu_bank_matrices (self->bank, names, 2, rows, self->config.cross_width);
          gpu_bank_leave (self->bank);
          gpu_linear (ops, context, &matrix, &(GpuEpilogue) { .out = context_tensor (self, index++, unit->out) });
        }
    }
}

const GpuSamplerState *
gpu_unet_state (GpuUnet *self)
{
  return &self->state;
}

void
gpu_unet_schedule (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler)
{
  guint width = self->config.channels[0], hidden = 4 * width, half = width / 2;
  g_autofree float *frequencies = g_new (float, half);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (guint));

  /* In single precision, as diffusers models/embeddings.py get_timestep_embedding() has it. */
  for (guint i = 0; i < half; i++)
    frequencies[i] = expf (-logf (10000.0f) * (float) i / ((float) half - self->config.freq_shift));
  for (guint i = 0; i < self->units->len; i++)
    {
      const GpuUnit *unit = &g_array_index (self->units, GpuUnit, i);
      if (unit->kind != GPU_UNIT_RESNET)
        continue;
      g_ptr_array_add (names, g_strconcat (unit->path, ".time_emb_proj", NULL));
      g_array_append_val (rows, unit->out);
    }
  GpuMatrix linear1 = gpu_bank_matrix (self->bank, "time_embedding.linear_1", hidden, width, 1);
  GpuMatrix linear2 = gpu_bank_matrix (self->bank, "time_embedding.linear_2", hidden, hidden, 1);
  GpuMatrix project = gpu_bank_matrices (self->bank, (const char *const *) names->pdata, names->len,
                                         (const guint *) rows->data, hidden);
  GpuTensor table = gpu_bank_constants (self->bank, "time frequencies", frequencies, half);

  GpuTensor t = gpu_time_embedding (ops, sampler, table, self->config.flip_sin_to_cos);
  t = gpu_linear (ops, t, &linear1, &(GpuEpilogue) { .act = GPU_ACT_SILU });
  /* Every resnet applies SiLU to the embedding before its projection: once is enough. */
  t = gpu_linear (ops, t, &linear2, &(GpuEpilogue) { .act = GPU_ACT_SILU });
  gpu_linear (ops, t, &project, &(GpuEpilogue) { .out = self->state.table });
  gpu_sampler_begin (ops, sampler, &self->state);
}

static GpuTensor
self_attention (GpuOps *ops, GpuBank *bank, GpuTensor x, GpuTensor h, guint n_heads)
{
  static const char *const names[] = { "attn1.to_q", "attn1.to_k", "attn1.to_v" };
  guint c = x.c, rows[] = { c, c, c };
  GpuMatrix qkv = gpu_bank_matrices (bank, names, 3, rows, c);
  GpuMatrix out = gpu_bank_matrix (bank, "attn1.to_out.0", c, c, 1);
  GpuTensor states = gpu_linear (ops, h, &qkv, NULL);
  h = gpu_attention (ops, gpu_tensor_channels (states, 0, c), gpu_tensor_channels (states, c, c),
                     gpu_tensor_channels (states, 2 * c, c), n_heads, 1 / sqrtf ((float) c / n_heads), FALSE);
  return gpu_linear (ops, h, &out, &(GpuEpilogue) { .residual = x });
}

static GpuTensor
cross_attention (Pass *pass, GpuTensor x, GpuTensor h, guint n_heads)
{
  GpuBank *bank = pass->unet->bank;
  guint c = x.c;
  GpuMatrix to_q = gpu_bank_matrix (bank, "attn2.to_q", c, c, 1);
  GpuMatrix out = gpu_bank_matrix (bank, "attn2.to_out.0", c, c, 1);
  GpuTensor context = context_tensor (pass->unet, pass->context_at++, c);
  GpuTensor q = gpu_linear (pass->ops, h, &to_q, NULL);
  h = gpu_attention (pass->ops, q, gpu_tensor_channels (context, 0, c), gpu_tensor_channels (context, c, c), n_heads,
                     1 / sqrtf ((float) c / n_heads), FALSE);
  return gpu_linear (pass->ops, h, &out, &(GpuEpilogue) { .residual = x });
}

static GpuTensor
feed_forward (GpuOps *ops, GpuBank *bank, GpuTensor x, GpuTensor h)
{
  GpuMatrix up = gpu_bank_geglu (bank, "ff.net.0.proj", 8 * x.c, x.c);
  GpuMatrix down = gpu_bank_matrix (bank, "ff.net.2", x.c, 4 * x.c, 1);
  h = gpu_linear (ops, h, &up, NULL);
  return gpu_linear (ops, h, &down, &(GpuEpilogue) { .residual = x });
}

static GpuTensor
transformer (Pass *pass, const GpuUnit *unit, GpuTensor x, GpuTensor out)
{
  GpuOps *ops = pass->ops;
  GpuBank *bank = pass->unet->bank;
  /* A 1x1 convolution in SD 1.x, a linear layer where use_linear_projection is set: the same product. */
  GpuMatrix proj_in = gpu_bank_matrix (bank, "proj_in", unit->out, unit->out, 1);
  GpuMatrix proj_out = gpu_bank_matrix (bank, "proj_out", unit->out, unit->out, 1);

  GpuTensor h = gpu_block_group_norm (ops, bank, "norm", x, pass->unet->config.norm_groups, TRANSFORMER_GROUP_EPS, GPU_ACT_NONE);
  h = gpu_linear (ops, h, &proj_in, NULL);
  for (guint i = 0; i < unit->n_layers; i++)
    {
      gpu_bank_enter (bank, "transformer_blocks.%u", i);
      h = self_attention (ops, bank, h, gpu_block_layer_norm (ops, bank, "norm1", h, TRANSFORMER_LAYER_EPS), unit->n_heads);
      h = cross_attention (pass, h, gpu_block_layer_norm (ops, bank, "norm2", h, TRANSFORMER_LAYER_EPS), unit->n_heads);
      h = feed_forward (ops, bank, h, gpu_block_layer_norm (ops, bank, "norm3", h, TRANSFORMER_LAYER_EPS));
      gpu_bank_leave (bank);
    }
  return gpu_linear (ops, h, &proj_out, &(GpuEpilogue) { .residual = x, .out = out, .for_norm = TRUE });
}

/* Where the tensor that is current before unit @next should be written: its place in a joined tensor when
 * @next is a PUSH or a POP, so that joining costs nothing; else anywhere. */
static GpuTensor
place_before (Pass *pass, guint next, guint channels)
{
  const GArray *units = pass->unet->units;
  const GpuUnit *unit = next < units->len ? &g_array_index (units, GpuUnit, next) : NULL;
  if (unit == NULL || (unit->kind != GPU_UNIT_PUSH && unit->kind != GPU_UNIT_POP))
    return (GpuTensor) { 0 };

  guint pop = unit->kind == GPU_UNIT_PUSH ? unit->partner : next;
  const GpuUnit *joint = &g_array_index (units, GpuUnit, pop);
  if (joint->in % 8 != 0)
    return (GpuTensor) { 0 };
  if (pass->joined[pop].storage == NULL)
    pass->joined[pop] = gpu_ops_tensor (pass->ops, pass->unet->images, halved (pass->h, joint->depth),
                                        halved (pass->w, joint->depth), joint->out);
  return gpu_tensor_channels (pass->joined[pop], unit->kind == GPU_UNIT_PUSH ? joint->in : 0, channels);
}

/* [x, kept]: both are in place already, unless x was kept itself just before (no middle block). */
static GpuTensor
join (Pass *pass, guint index, GpuTensor x)
{
  const GpuUnit *unit = &g_array_index (pass->unet->units, GpuUnit, index);
  GpuTensor left = place_before (pass, index, unit->in);
  if (x.storage != left.storage || x.offset != left.offset)
    gpu_add (pass->ops, x, (GpuTensor) { 0 }, GPU_ACT_NONE, left);
  return pass->joined[index];
}

static GpuTensor
run_unit (Pass *pass, guint index, GpuTensor x)
{
  GpuUnet *self = pass->unet;
  const GpuUnit *unit = &g_array_index (self->units, GpuUnit, index);
  GpuEpilogue into = { .out = place_before (pass, index + 1, unit->out), .for_norm = TRUE };
  GpuMatrix conv;

  switch (unit->kind)
    {
    case GPU_UNIT_RESNET:
      {
        GpuTensor time = gpu_tensor_channels (self->state.row, pass->time_at, unit->out);
        pass->time_at += unit->out;
        return gpu_block_resnet (pass->ops, self->bank, x, unit->out, self->config.norm_groups, self->config.norm_eps,
                                 time, into.out);
      }
    case GPU_UNIT_TRANSFORMER:
      return transformer (pass, unit, x, into.out);
    case GPU_UNIT_DOWN:
      conv = gpu_bank_matrix (self->bank, "conv", unit->out, unit->in, 9);
      return gpu_conv2d (pass->ops, x, &conv, GPU_CONV_DOWN, &into);
    case GPU_UNIT_UP:
      return gpu_block_double (pass->ops, self->bank, "conv", x, unit->out, halved (pass->h, unit->depth), halved (pass->w, unit->depth), &into);
    case GPU_UNIT_PUSH:
      return x;
    case GPU_UNIT_POP:
      return join (pass, index, x);
    }
  g_assert_not_reached ();
}

/* Only the counters go on. */
static void
leave_out (Pass *pass, const GpuUnit *unit)
{
  if (unit->kind == GPU_UNIT_RESNET)
    pass->time_at += unit->out;
  else if (unit->kind == GPU_UNIT_TRANSFORMER)
    pass->context_at += unit->n_layers;
}

/* All units but those from @left on, up to @joins, which is a POP with its current tensor in place already; both 0: all. */
static GpuTensor
run_units (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler, guint left, guint joins)
{
  const GpuUnetConfig *config = &self->config;
  guint joint = self->cache != NULL ? g_array_index (self->units, GpuUnit, self->branch).partner : 0;
  g_autofree GpuTensor *joined = g_new0 (GpuTensor, self->units->len);
  Pass pass = { .unet = self, .ops = ops, .h = sampler->h, .w = sampler->w, .left = left, .joins = joins, .joined = joined };
  if (self->cache != NULL)
    joined[joint] = cache_tensor (self, &g_array_index (self->units, GpuUnit, joint), sampler->h, sampler->w);

  GpuMatrix conv_in = gpu_bank_matrix (self->bank, "conv_in", config->channels[0], config->in_channels, 9);
  GpuMatrix conv_out = gpu_bank_matrix (self->bank, "conv_out", config->out_channels, config->channels[0], 9);
  if (gpu_bank_failed (self->bank))
    return (GpuTensor) { 0 };

  GpuTensor x = gpu_conv2d (ops, self->state.input, &conv_in, GPU_CONV_SAME, &(GpuEpilogue) { .out = place_before (&pass, 0, config->channels[0]), .for_norm = TRUE });
  for (guint i = 0; i < self->units->len && !gpu_bank_failed (self->bank); i++)
    {
      const GpuUnit *unit = &g_array_index (self->units, GpuUnit, i);
      if (i >= left && i < joins)
        {
          leave_out (&pass, unit);
          continue;
        }
      if (i == joins && i > 0)
        x = place_before (&pass, i, unit->in);
      gpu_bank_enter (self->bank, "%s", unit->path);
      x = run_unit (&pass, i, x);
      gpu_bank_leave (self->bank);
    }
  if (gpu_bank_failed (self->bank))
    return (GpuTensor) { 0 };
  x = gpu_block_group_norm (ops, self->bank, "conv_norm_out", x, config->norm_groups, config->norm_eps, GPU_ACT_SILU);
  return gpu_conv2d (ops, x, &conv_out, GPU_CONV_SAME, &(GpuEpilogue) { .check = sampler->state });
}

GpuTensor
gpu_unet_step (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler)
{
  return run_units (self, ops, sampler, 0, 0);
}

GpuTensor
gpu_unet_cached_step (GpuUnet *self, GpuOps *ops, const GpuSampler *sampler)
{
  g_return_val_if_fail (self->cache != NULL, (GpuTensor) { 0 });
  return run_units (self, ops, sampler, self->branch + 1, g_array_index (self->units, GpuUnit, self->branch).partner);
}
