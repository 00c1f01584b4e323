#include "sfu-expected.h"

#include "gpu-unet-units.h"

static void
expected_clear (gpointer data)
{
  g_free (((SfuExpected *) data)->name);
}

static GArray *
list_new (void)
{
  GArray *list = g_array_new (FALSE, TRUE, sizeof (SfuExpected));
  g_array_set_clear_func (list, expected_clear);
  return list;
}

static void
add (GArray *list, guint n, guint k, guint taps, gboolean optional, const char *scope, const char *name)
{
  SfuExpected expected = { g_strconcat (scope, name, NULL), n, k, taps, optional };
  g_array_append_val (list, expected);
}

/* "name.weight" and, always or perhaps, "name.bias". */
static void
add_matrix (GArray *list, const char *scope, const char *name, guint n, guint k, guint taps, gboolean bias)
{
  g_autofree char *weight = g_strconcat (name, ".weight", NULL), *bias_name = g_strconcat (name, ".bias", NULL);
  add (list, n, k, taps, FALSE, scope, weight);
  add (list, n, 0, 1, !bias, scope, bias_name);
}

static void
add_norm (GArray *list, const char *scope, const char *name, guint c)
{
  add_matrix (list, scope, name, c, 0, 1, TRUE);
}

GArray *
sfu_expected_clip (const GpuClipConfig *config)
{
  static const char *const projections[] = { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj" };
  GArray *list = list_new ();
  guint width = config->width;
  add (list, config->vocab_size, width, 1, FALSE, "", "embeddings.token_embedding.weight");
  add (list, config->max_positions, width, 1, FALSE, "", "embeddings.position_embedding.weight");
  for (guint i = 0; i < config->n_layers; i++)
    {
      g_autofree char *scope = g_strdup_printf ("encoder.layers.%u.", i);
      add_norm (list, scope, "layer_norm1", width);
      add_norm (list, scope, "layer_norm2", width);
      for (guint j = 0; j < G_N_ELEMENTS (projections); j++)
        add_matrix (list, scope, projections[j], width, width, 1, TRUE);
      add_matrix (list, scope, "mlp.fc1", config->hidden_width, width, 1, TRUE);
      add_matrix (list, scope, "mlp.fc2", width, config->hidden_width, 1, TRUE);
    }
  add_norm (list, "", "final_layer_norm", width);
  return list;
}

static void
add_resnet (GArray *list, const char *scope, guint in, guint out, guint time)
{
  add_norm (list, scope, "norm1", in);
  add_matrix (list, scope, "conv1", out, in, 9, TRUE);
  if (time > 0)
    add_matrix (list, scope, "time_emb_proj", out, time, 1, TRUE);
  add_norm (list, scope, "norm2", out);
  add_matrix (list, scope, "conv2", out, out, 9, TRUE);
  if (in != out)
    add_matrix (list, scope, "conv_shortcut", out, in, 1, TRUE);
}

static void
add_transformer (GArray *list, const char *scope, guint c, guint cross, guint n_layers)
{
  add_norm (list, scope, "norm", c);
  add_matrix (list, scope, "proj_in", c, c, 1, TRUE);
  add_matrix (list, scope, "proj_out", c, c, 1, TRUE);
  for (guint i = 0; i < n_layers; i++)
    {
      g_autofree char *block = g_strdup_printf ("%stransformer_blocks.%u.", scope, i);
      for (guint j = 1; j <= 2; j++)
        {
          g_autofree char *attention = g_strdup_printf ("%sattn%u.", block, j);
          add_matrix (list, attention, "to_q", c, c, 1, FALSE);
          add_matrix (list, attention, "to_k", c, j == 1 ? c : cross, 1, FALSE);
          add_matrix (list, attention, "to_v", c, j == 1 ? c : cross, 1, FALSE);
          add_matrix (list, attention, "to_out.0", c, c, 1, TRUE);
        }
      add_matrix (list, block, "ff.net.0.proj", 8 * c, c, 1, TRUE);
      add_matrix (list, block, "ff.net.2", c, 4 * c, 1, TRUE);
      add_norm (list, block, "norm1", c);
      add_norm (list, block, "norm2", c);
      add_norm (list, block, "norm3", c);
    }
}

GArray *
sfu_expected_unet (const GpuUnetConfig *config)
{
  GArray *list = list_new ();
  g_autoptr (GArray) units = gpu_unet_units (config);
  guint first = config->channels[0], time = 4 * first;
  add_matrix (list, "", "conv_in", first, config->in_channels, 9, TRUE);
  add_matrix (list, "", "time_embedding.linear_1", time, first, 1, TRUE);
  add_matrix (list, "", "time_embedding.linear_2", time, time, 1, TRUE);
  for (guint i = 0; i < units->len; i++)
    {
      const GpuUnit *unit = &g_array_index (units, GpuUnit, i);
      g_autofree char *scope = g_strconcat (unit->path, ".", NULL);
      if (unit->kind == GPU_UNIT_RESNET)
        add_resnet (list, scope, unit->in, unit->out, time);
      else if (unit->kind == GPU_UNIT_TRANSFORMER)
        add_transformer (list, scope, unit->out, config->cross_width, unit->n_layers);
      else if (unit->kind == GPU_UNIT_DOWN || unit->kind == GPU_UNIT_UP)
        add_matrix (list, scope, "conv", unit->out, unit->in, 9, TRUE);
    }
  add_norm (list, "", "conv_norm_out", first);
  add_matrix (list, "", "conv_out", config->out_channels, first, 9, TRUE);
  return list;
}

static void
add_vae_middle (GArray *list, const char *side, guint c, gboolean attention)
{
  g_autofree char *first = g_strconcat (side, "mid_block.resnets.0.", NULL);
  g_autofree char *second = g_strconcat (side, "mid_block.resnets.1.", NULL);
  g_autofree char *scope = g_strconcat (side, "mid_block.attentions.0.", NULL);
  add_resnet (list, first, c, c, 0);
  add_resnet (list, second, c, c, 0);
  if (!attention)
    return;
  add_norm (list, scope, "group_norm", c);
  add_matrix (list, scope, "to_q", c, c, 1, TRUE);
  add_matrix (list, scope, "to_k", c, c, 1, TRUE);
  add_matrix (list, scope, "to_v", c, c, 1, TRUE);
  add_matrix (list, scope, "to_out.0", c, c, 1, TRUE);
}

/* The encoder's blocks, or the decoder's, which has one resnet more in each and goes the other way. */
static void
add_vae_side (GArray *list, const GpuVaeConfig *config, gboolean decoder)
{
  const char *side = decoder ? "decoder." : "encoder.";
  guint n = config->n_levels, deepest = config->channels[n - 1], c = decoder ? deepest : config->channels[0];
  add_matrix (list, side, "conv_in", c, decoder ? config->latent_channels : config->in_channels, 9, TRUE);
  for (guint i = 0; i < n; i++)
    {
      guint out = config->channels[decoder ? n - 1 - i : i];
      g_autofree char *block = g_strdup_printf ("%s%s_blocks.%u.", side, decoder ? "up" : "down", i);
      g_autofree char *resample = g_strconcat (block, decoder ? "upsamplers.0." : "downsamplers.0.", NULL);
      for (guint j = 0; j < config->layers_per_block + decoder; j++)
        {
          g_autofree char *scope = g_strdup_printf ("%sresnets.%u.", block, j);
          add_resnet (list, scope, c, out, 0);
          c = out;
        }
      if (i + 1 < n)
        add_matrix (list, resample, "conv", c, c, 9, TRUE);
    }
  add_vae_middle (list, side, deepest, config->mid_attention);
  add_norm (list, side, "conv_norm_out", c);
  add_matrix (list, side, "conv_out", decoder ? config->out_channels : 2 * config->latent_channels, c, 9, TRUE);
}

GArray *
sfu_expected_vae (const GpuVaeConfig *config)
{
  GArray *list = list_new ();
  add_vae_side (list, config, FALSE);
  add_vae_side (list, config, TRUE);
  if (config->quant_conv)
    add_matrix (list, "", "quant_conv", 2 * config->latent_channels, 2 * config->latent_channels, 1, TRUE);
  if (config->post_quant_conv)
    add_matrix (list, "", "post_quant_conv", config->latent_channels, config->latent_channels, 1, TRUE);
  return list;
}

/* Sizes of one after the right ones are a convolution of 1x1 written for a linear layer, or the other way. */
static gboolean
shape_fits (const SfuExpected *expected, const GpuWeight *weight)
{
  guint64 want[4] = { expected->n, expected->k, expected->taps == 9 ? 3 : 1, expected->taps == 9 ? 3 : 1 };
  guint needed = expected->k == 0 ? 1 : expected->taps == 9 ? 4 : 2;
  if (weight->n_dims < needed || weight->n_dims > 4)
    return FALSE;
  for (guint i = 0; i < weight->n_dims; i++)
    if (weight->dims[i] != (expected->k == 0 && i > 0 ? 1 : want[i]))
      return FALSE;
  return TRUE;
}

static char *
shape_text (const GpuWeight *weight)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < weight->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, i > 0 ? ", " : "", weight->dims[i]);
  return g_string_free (g_string_append_c (text, ']'), FALSE);
}

static char *
wanted_text (const SfuExpected *expected)
{
  if (expected->k == 0)
    return g_strdup_printf ("[%u]", expected->n);
  return g_strdup_printf (expected->taps == 9 ? "[%u, %u, 3, 3]" : "[%u, %u]", expected->n, expected->k);
}

gboolean
sfu_expected_check (GArray *expected, GpuWeights *weights, const char *what, GError **error)
{
  g_autoptr (GPtrArray) missing = sfu_expected_missing (expected, weights);
  if (missing->len > 0)
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                   "The %s lacks %u of %u tensors, the first one is %s. The model is incomplete or of another kind: fetch it again, "
                   "or choose another.", what, missing->len, expected->len, (const char *) missing->pdata[0]);
      return FALSE;
    }
  for (guint i = 0; i < expected->len; i++)
    {
      const SfuExpected *e = &g_array_index (expected, SfuExpected, i);
      const GpuWeight *weight = gpu_weights_find (weights, e->name);
      if (weight == NULL)
        continue;
      g_autofree char *has = shape_text (weight), *needs = wanted_text (e);
      if (!shape_fits (e, weight))
        {
          g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                       "In the %s the tensor %s has the shape %s where the configuration needs %s. Choose another model.", what,
                       e->name, has, needs);
          return FALSE;
        }
      if (weight->dtype == GPU_DTYPE_I64 || weight->dtype == GPU_DTYPE_I32)
        {
          g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
                       "In the %s the tensor %s holds whole numbers (%s), not weights. Choose another model.", what, e->name,
                       gpu_dtype_name (weight->dtype));
          return FALSE;
        }
    }
  return TRUE;
}

GPtrArray *
sfu_expected_missing (GArray *expected, GpuWeights *weights)
{
  GPtrArray *missing = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < expected->len; i++)
    {
      const SfuExpected *e = &g_array_index (expected, SfuExpected, i);
      if (!e->optional && gpu_weights_find (weights, e->name) == NULL)
        g_ptr_array_add (missing, g_strdup (e->name));
    }
  return missing;
}

GPtrArray *
sfu_expected_unused (GArray *expected, GpuWeights *weights)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *unused = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < expected->len; i++)
    g_hash_table_add (names, g_array_index (expected, SfuExpected, i).name);
  for (guint i = 0; i < gpu_weights_count (weights); i++)
    {
      const char *name = gpu_weights_nth (weights, i)->name;
      if (!g_hash_table_contains (names, name) && !g_str_has_suffix (name, "position_ids"))
        g_ptr_array_add (unused, g_strdup (name));
    }
  return unused;
}
