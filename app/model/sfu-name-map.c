#include "sfu-name-map.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  const char *from, *to;
} Pair;

#define SD1_LAYERS 2

static const Pair unet_starts[] = {
  { "time_embed.0.", "time_embedding.linear_1." }, { "time_embed.2.", "time_embedding.linear_2." },
  { "input_blocks.0.0.", "conv_in." },             { "out.0.", "conv_norm_out." },
  { "out.2.", "conv_out." },                       { "middle_block.0.", "mid_block.resnets.0." },
  { "middle_block.1.", "mid_block.attentions.0." }, { "middle_block.2.", "mid_block.resnets.1." },
};

static const Pair resnet_parts[] = {
  { "in_layers.0.", "norm1." },  { "in_layers.2.", "conv1." },          { "emb_layers.1.", "time_emb_proj." },
  { "out_layers.0.", "norm2." }, { "out_layers.3.", "conv2." },         { "skip_connection.", "conv_shortcut." },
};

static const Pair vae_parts[] = {
  { ".norm_out.", ".conv_norm_out." },       { ".nin_shortcut.", ".conv_shortcut." },
  { ".mid.block_1.", ".mid_block.resnets.0." }, { ".mid.block_2.", ".mid_block.resnets.1." },
  { ".mid.attn_1.", ".mid_block.attentions.0." },
};

static const Pair vae_attention[] = {
  { ".attentions.0.norm.", ".attentions.0.group_norm." },  { ".attentions.0.q.", ".attentions.0.to_q." },
  { ".attentions.0.k.", ".attentions.0.to_k." },           { ".attentions.0.v.", ".attentions.0.to_v." },
  { ".attentions.0.proj_out.", ".attentions.0.to_out.0." }, { ".attentions.0.query.", ".attentions.0.to_q." },
  { ".attentions.0.key.", ".attentions.0.to_k." },         { ".attentions.0.value.", ".attentions.0.to_v." },
  { ".attentions.0.proj_attn.", ".attentions.0.to_out.0." },
};

/* @name with the first pair that its beginning fits replaced, or NULL. */
static char *
replace_start (const char *name, const Pair *pairs, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix (name, pairs[i].from))
      return g_strconcat (pairs[i].to, name + strlen (pairs[i].from), NULL);
  return NULL;
}

/* @name with the first pair that occurs in it replaced, or a copy. */
static char *
replace_part (const char *name, const Pair *pairs, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      const char *at = strstr (name, pairs[i].from);
      if (at != NULL)
        return g_strdup_printf ("%.*s%s%s", (int) (at - name), name, pairs[i].to, at + strlen (pairs[i].from));
    }
  return g_strdup (name);
}

static char *
map_resnet (const char *rest)
{
  char *mapped = replace_start (rest, resnet_parts, G_N_ELEMENTS (resnet_parts));
  return mapped != NULL ? mapped : g_strdup (rest);
}

/* "input_blocks.N.J.rest" and "output_blocks.N.J.rest": block and place follow from N. */
static char *
map_block (const char *name, guint layers)
{
  guint n, j;
  int length = 0;
  if (sscanf (name, "input_blocks.%u.%u.%n", &n, &j, &length) == 2 && length > 0 && n > 0)
    {
      guint block = (n - 1) / (layers + 1), place = (n - 1) % (layers + 1);
      const char *rest = name + length;
      if (g_str_has_prefix (rest, "op."))
        return g_strdup_printf ("down_blocks.%u.downsamplers.0.conv.%s", block, rest + 3);
      if (j == 1)
        return g_strdup_printf ("down_blocks.%u.attentions.%u.%s", block, place, rest);
      g_autofree char *part = map_resnet (rest);
      return g_strdup_printf ("down_blocks.%u.resnets.%u.%s", block, place, part);
    }
  length = 0;
  if (sscanf (name, "output_blocks.%u.%u.%n", &n, &j, &length) == 2 && length > 0)
    {
      guint block = n / (layers + 1), place = n % (layers + 1);
      const char *rest = name + length;
      if (j > 0 && g_str_has_prefix (rest, "conv."))
        return g_strdup_printf ("up_blocks.%u.upsamplers.0.%s", block, rest);
      if (j == 1)
        return g_strdup_printf ("up_blocks.%u.attentions.%u.%s", block, place, rest);
      g_autofree char *part = map_resnet (rest);
      return g_strdup_printf ("up_blocks.%u.resnets.%u.%s", block, place, part);
    }
  return g_strdup (name);
}

static char *
map_unet (const char *name, guint layers)
{
  char *mapped = replace_start (name, unet_starts, G_N_ELEMENTS (unet_starts));
  if (mapped == NULL)
    return map_block (name, layers);
  const char *at = strstr (mapped, ".resnets.");
  if (at == NULL)
    return mapped;
  /* "mid_block.resnets.0." with the resnet's own names behind it. */
  gsize head = at - mapped + strlen (".resnets.0.");
  g_autofree char *part = map_resnet (mapped + head);
  char *result = g_strdup_printf ("%.*s%s", (int) head, mapped, part);
  g_free (mapped);
  return result;
}

/* Four levels, and the decoder counts them from the other end. */
static char *
map_vae (const char *name)
{
  char side[8];
  guint level, n;
  int length = 0;
  g_autofree char *plain = replace_part (name, vae_parts, G_N_ELEMENTS (vae_parts));
  if (sscanf (plain, "%7[a-z].down.%u.block.%u.%n", side, &level, &n, &length) == 3 && length > 0)
    return g_strdup_printf ("%s.down_blocks.%u.resnets.%u.%s", side, level, n, plain + length);
  length = 0;
  if (sscanf (plain, "%7[a-z].down.%u.downsample.%n", side, &level, &length) == 2 && length > 0)
    return g_strdup_printf ("%s.down_blocks.%u.downsamplers.0.%s", side, level, plain + length);
  length = 0;
  if (sscanf (plain, "%7[a-z].up.%u.block.%u.%n", side, &level, &n, &length) == 3 && length > 0 && level < 4)
    return g_strdup_printf ("%s.up_blocks.%u.resnets.%u.%s", side, 3 - level, n, plain + length);
  length = 0;
  if (sscanf (plain, "%7[a-z].up.%u.upsample.%n", side, &level, &length) == 2 && length > 0 && level < 4)
    return g_strdup_printf ("%s.up_blocks.%u.upsamplers.0.%s", side, 3 - level, plain + length);
  return replace_part (plain, vae_attention, G_N_ELEMENTS (vae_attention));
}

char *
sfu_name_map_folder (const char *name, SfuPart part)
{
  if (part == SFU_PART_TEXT)
    return g_strdup (g_str_has_prefix (name, "text_model.") ? name + strlen ("text_model.") : name);
  if (part == SFU_PART_VAE)
    return replace_part (name, vae_attention, G_N_ELEMENTS (vae_attention));
  return g_strdup (name);
}

guint
sfu_name_map_layers (const char *const *names, guint n)
{
  guint first = G_MAXUINT, at;
  int length;
  for (guint i = 0; i < n; i++)
    {
      length = 0;
      if (sscanf (names[i], "model.diffusion_model.input_blocks.%u.0.op.%n", &at, &length) == 1 && length > 0)
        first = MIN (first, at);
    }
  return first >= 2 && first < 16 ? first - 1 : SD1_LAYERS;
}

char *
sfu_name_map_ldm (const char *name, guint layers, SfuPart *part)
{
  static const struct {
    const char *prefix;
    SfuPart part;
  } prefixes[] = {
    { "model.diffusion_model.", SFU_PART_UNET }, { "first_stage_model.", SFU_PART_VAE },
    { "cond_stage_model.transformer.", SFU_PART_TEXT },
  };
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      const char *rest = name + strlen (prefixes[i].prefix);
      if (!g_str_has_prefix (name, prefixes[i].prefix))
        continue;
      *part = prefixes[i].part;
      switch (prefixes[i].part)
        {
        case SFU_PART_UNET: return map_unet (rest, layers);
        case SFU_PART_VAE: return map_vae (rest);
        default: return sfu_name_map_folder (rest, SFU_PART_TEXT);
        }
    }
  return NULL;
}

gboolean
sfu_name_is_harmless (const char *name)
{
  static const char *const starts[] = { "model_ema.", "betas", "alphas_cumprod", "sqrt_", "log_one_minus", "posterior_",
                                        "logvar", "scale_factor", "cond_stage_model.logit_scale", "global_step", "epoch",
                                        "denoiser.", "first_stage_model.loss." };
  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    if (g_str_has_prefix (name, starts[i]))
      return TRUE;
  return g_str_has_suffix (name, "position_ids");
}
