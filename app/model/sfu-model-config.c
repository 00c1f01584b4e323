#include "sfu-model-config.h"

#include <string.h>

#define MAX_JSON_BYTES (8u << 20)
#define MAX_CHANNELS 16384
#define MAX_LAYERS 128
#define MIN_POSITIONS 3 /* of a text: start, a word, end */

static gboolean
nests_too_deep (const char *json, gsize length)
{
  gint depth = 0, most = 0;
  for (gsize i = 0; i < length; i++)
    {
      depth += (json[i] == '{' || json[i] == '[') - (json[i] == '}' || json[i] == ']');
      most = MAX (most, depth);
    }
  return most > 64;
}

JsonObject *
sfu_json_read (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) local = NULL;
  g_autofree char *data = NULL;
  gsize size = 0;
  JsonNode *root = NULL;

  if (!g_file_get_contents (path, &data, &size, &local))
    {
      g_set_error (error, SFU_MODEL_ERROR,
                   g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? SFU_MODEL_ERROR_INCOMPLETE : SFU_MODEL_ERROR_UNREADABLE,
                   "%s cannot be read: %s. The model folder is incomplete.", path, local->message);
      return NULL;
    }
  if (size <= MAX_JSON_BYTES && g_utf8_validate_len (data, size, NULL) && !nests_too_deep (data, size)
      && json_parser_load_from_data (parser, data, size, NULL))
    root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED, "%s is not the JSON that it must be. Fetch it again.", path);
      return NULL;
    }
  return json_object_ref (json_node_get_object (root));
}

/* -- reading fields; one missing or of a wrong type has its default -- */

static JsonNode *
field (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);
  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static double
number (JsonObject *json, const char *name, double otherwise)
{
  JsonNode *node = field (json, name);
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_INT64 && json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return otherwise;
  return json_node_get_double (node);
}

static gboolean
flag (JsonObject *json, const char *name, gboolean otherwise)
{
  JsonNode *node = field (json, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN
           ? json_node_get_boolean (node) : otherwise;
}

static const char *
text (JsonObject *json, const char *name, const char *otherwise)
{
  JsonNode *node = field (json, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node) : otherwise;
}

static gboolean
impossible (const char *name, GError **error)
{
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_DAMAGED, "The model's configuration has an impossible “%s”. Fetch it again.", name);
  return FALSE;
}

static gboolean
unsupported (GError **error, const char *name, const char *what)
{
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_UNSUPPORTED,
               "This model cannot be run: its configuration sets “%s”%s%s. Stable Diffusion 1.x and BK-SDM models can.", name,
               what != NULL ? ": " : "", what != NULL ? what : "");
  return FALSE;
}

/* A whole number in 1..most. */
static gboolean
count (JsonObject *json, const char *name, guint otherwise, guint most, guint *value, GError **error)
{
  double x = number (json, name, otherwise);
  if (!(x >= 1 && x <= most) || x != (guint) x)
    return impossible (name, error);
  *value = x;
  return TRUE;
}

/* One number for all levels, or a list with one a level. */
static gboolean
counts (JsonObject *json, const char *name, guint otherwise, guint most, guint *values, guint n, GError **error)
{
  JsonNode *node = field (json, name);
  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      if (json_array_get_length (array) != n)
        return impossible (name, error);
      for (guint i = 0; i < n; i++)
        {
          JsonNode *element = json_array_get_element (array, i);
          gint64 x = JSON_NODE_HOLDS_VALUE (element) ? json_node_get_int (element) : 0;
          if (x < 1 || x > most)
            return impossible (name, error);
          values[i] = x;
        }
      return TRUE;
    }
  guint one;
  if (!count (json, name, otherwise, most, &one, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    values[i] = one;
  return TRUE;
}

/* block_out_channels */
static gboolean
levels (JsonObject *json, guint *n, guint *channels, guint groups, GError **error)
{
  JsonNode *node = field (json, "block_out_channels");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  *n = array != NULL ? json_array_get_length (array) : 0;
  if (*n < 1 || *n > GPU_MAX_LEVELS)
    return impossible ("block_out_channels", error);
  if (!counts (json, "block_out_channels", 0, MAX_CHANNELS, channels, *n, error))
    return FALSE;
  for (guint i = 0; i < *n; i++)
    if (channels[i] % groups != 0 || channels[i] % 8 != 0)
      return impossible ("block_out_channels", error);
  return TRUE;
}

static gboolean
activation (const char *name, GpuActivation *act, GError **error)
{
  static const struct {
    const char *name;
    GpuActivation act;
  } known[] = { { "quick_gelu", GPU_ACT_QUICK_GELU }, { "gelu", GPU_ACT_GELU }, { "silu", GPU_ACT_SILU }, { "swish", GPU_ACT_SILU } };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].name, name))
      {
        *act = known[i].act;
        return TRUE;
      }
  return unsupported (error, "hidden_act", name);
}

gboolean
sfu_config_read_clip (JsonObject *json, GpuClipConfig *config, GError **error)
{
  *config = (GpuClipConfig) { .norm_eps = number (json, "layer_norm_eps", 1e-5) };
  return count (json, "vocab_size", 49408, 1 << 20, &config->vocab_size, error)
         && count (json, "max_position_embeddings", 77, 4096, &config->max_positions, error)
         && count (json, "hidden_size", 512, MAX_CHANNELS, &config->width, error)
         && count (json, "num_hidden_layers", 12, MAX_LAYERS, &config->n_layers, error)
         && count (json, "num_attention_heads", 8, 256, &config->n_heads, error)
         && count (json, "intermediate_size", 2048, 4 * MAX_CHANNELS, &config->hidden_width, error)
         && activation (text (json, "hidden_act", "quick_gelu"), &config->act, error)
         && (config->max_positions >= MIN_POSITIONS ? TRUE : impossible ("max_position_embeddings", error))
         && (config->width % config->n_heads == 0 && config->width % 8 == 0 ? TRUE : impossible ("hidden_size", error));
}

/* Which of a list of block types attend, with `plain` and `crossed` the two known types. */
static gboolean
block_types (JsonObject *json, const char *name, const char *plain, const char *crossed, guint n, gboolean *attention, GError **error)
{
  JsonNode *node = field (json, name);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) != n)
    return impossible (name, error);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      const char *type = JSON_NODE_HOLDS_VALUE (element) ? json_node_get_string (element) : NULL;
      attention[i] = g_strcmp0 (type, crossed) == 0;
      if (!attention[i] && g_strcmp0 (type, plain) != 0)
        return unsupported (error, name, type != NULL ? type : "no text");
    }
  return TRUE;
}

/* Options of UNet2DConditionModel that other families use. */
static gboolean
refuse_unet_options (JsonObject *json, GError **error)
{
  static const char *const set[] = { "class_embed_type", "addition_embed_type", "num_class_embeds", "encoder_hid_dim",
                                     "encoder_hid_dim_type", "time_cond_proj_dim", "cross_attention_norm",
                                     "projection_class_embeddings_input_dim", "timestep_post_act", "time_embedding_act_fn",
                                     "time_embedding_dim", "reverse_transformer_layers_per_block" };
  static const char *const on[] = { "dual_cross_attention", "only_cross_attention", "class_embeddings_concat",
                                    "resnet_skip_time_act", "center_input_sample", "mid_block_only_cross_attention" };
  static const struct {
    const char *name, *value;
  } texts[] = { { "resnet_time_scale_shift", "default" }, { "time_embedding_type", "positional" }, { "attention_type", "default" } };
  static const struct {
    const char *name;
    double value;
  } numbers[] = { { "conv_in_kernel", 3 }, { "conv_out_kernel", 3 }, { "downsample_padding", 1 }, { "resnet_out_scale_factor", 1 },
                  { "mid_block_scale_factor", 1 } };
  for (guint i = 0; i < G_N_ELEMENTS (set); i++)
    if (field (json, set[i]) != NULL)
      return unsupported (error, set[i], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (on); i++)
    if (flag (json, on[i], FALSE))
      return unsupported (error, on[i], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!g_str_equal (text (json, texts[i].name, texts[i].value), texts[i].value))
      return unsupported (error, texts[i].name, text (json, texts[i].name, ""));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (number (json, numbers[i].name, numbers[i].value) != numbers[i].value)
      return unsupported (error, numbers[i].name, NULL);
  if (!g_str_equal (text (json, "act_fn", "silu"), "silu") && !g_str_equal (text (json, "act_fn", "silu"), "swish"))
    return unsupported (error, "act_fn", text (json, "act_fn", ""));
  return TRUE;
}

static gboolean
refuse_channels (guint in_channels, GError **error)
{
  const char *what = in_channels == 9 ? "it is an inpainting model, which needs a mask"
                     : in_channels == 8 ? "it is an instruct-pix2pix model" : NULL;
  if (in_channels == 4)
    return TRUE;
  return unsupported (error, "in_channels", what != NULL ? what : "a number of latent channels that is not known");
}

gboolean
sfu_config_read_unet (JsonObject *json, GpuUnetConfig *config, GError **error)
{
  *config = (GpuUnetConfig) {
    .norm_eps = number (json, "norm_eps", 1e-5), .linear_projection = flag (json, "use_linear_projection", FALSE),
    .flip_sin_to_cos = flag (json, "flip_sin_to_cos", TRUE), .freq_shift = number (json, "freq_shift", 0),
  };
  /* An absent key is the class's default, null means that there is none. */
  const char *middle = json_object_has_member (json, "mid_block_type") ? text (json, "mid_block_type", NULL) : "UNetMidBlock2DCrossAttn";
  const char *heads = field (json, "num_attention_heads") != NULL ? "num_attention_heads" : "attention_head_dim";
  config->has_mid_block = middle != NULL;
  if (middle != NULL && !g_str_equal (middle, "UNetMidBlock2DCrossAttn"))
    return unsupported (error, "mid_block_type", middle);
  if (!refuse_unet_options (json, error) || !count (json, "norm_num_groups", 32, 256, &config->norm_groups, error)
      || !levels (json, &config->n_levels, config->channels, config->norm_groups, error)
      || !count (json, "in_channels", 4, 64, &config->in_channels, error) || !refuse_channels (config->in_channels, error)
      || !count (json, "out_channels", 4, 64, &config->out_channels, error)
      || !count (json, "layers_per_block", 2, 16, &config->layers_per_block, error)
      || !count (json, "cross_attention_dim", 1280, MAX_CHANNELS, &config->cross_width, error)
      || !counts (json, heads, 8, 256, config->n_heads, config->n_levels, error)
      || !counts (json, "transformer_layers_per_block", 1, 64, config->transformer_depth, config->n_levels, error)
      || !block_types (json, "down_block_types", "DownBlock2D", "CrossAttnDownBlock2D", config->n_levels, config->down_attention, error)
      || !block_types (json, "up_block_types", "UpBlock2D", "CrossAttnUpBlock2D", config->n_levels, config->up_attention, error))
    return FALSE;
  for (guint i = 0; i < config->n_levels; i++)
    if (config->channels[i] % config->n_heads[i] != 0)
      return impossible (heads, error);
  return config->out_channels == 4 ? TRUE : unsupported (error, "out_channels", NULL);
}

gboolean
sfu_config_read_vae (JsonObject *json, GpuVaeConfig *config, GError **error)
{
  *config = (GpuVaeConfig) {
    .scaling_factor = number (json, "scaling_factor", 0.18215), .shift_factor = number (json, "shift_factor", 0),
    .mid_attention = flag (json, "mid_block_add_attention", TRUE), .quant_conv = flag (json, "use_quant_conv", TRUE),
    .post_quant_conv = flag (json, "use_post_quant_conv", TRUE),
  };
  if (config->shift_factor != 0 || field (json, "latents_mean") != NULL || field (json, "latents_std") != NULL)
    return unsupported (error, "shift_factor", "its latents are shifted");
  return count (json, "norm_num_groups", 32, 256, &config->norm_groups, error)
         && levels (json, &config->n_levels, config->channels, config->norm_groups, error)
         && count (json, "in_channels", 3, 3, &config->in_channels, error)
         && count (json, "out_channels", 3, 3, &config->out_channels, error)
         && count (json, "latent_channels", 4, 64, &config->latent_channels, error)
         && count (json, "layers_per_block", 1, 16, &config->layers_per_block, error)
         && (config->scaling_factor > 0 ? TRUE : impossible ("scaling_factor", error));
}

/* -- single files: no configuration, but shapes -- */

static const GpuWeight *
find (GpuWeights *weights, const char *format, ...) G_GNUC_PRINTF (2, 3);

static const GpuWeight *
find (GpuWeights *weights, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list args;
  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  return gpu_weights_find (weights, name);
}

static guint
size_of (const GpuWeight *weight, guint dim)
{
  return weight != NULL && dim < weight->n_dims ? MIN (weight->dims[dim], MAX_CHANNELS * 8) : 0;
}

static gboolean
cannot_guess (const char *part, GError **error)
{
  g_set_error (error, SFU_MODEL_ERROR, SFU_MODEL_ERROR_INCOMPLETE,
               "The %s in this file is incomplete, or of a kind that is not known. Choose another model.", part);
  return FALSE;
}

gboolean
sfu_config_guess_clip (GpuWeights *weights, GpuClipConfig *config, GError **error)
{
  const GpuWeight *tokens = find (weights, "embeddings.token_embedding.weight");
  *config = (GpuClipConfig) {
    .vocab_size = size_of (tokens, 0), .width = size_of (tokens, 1), .act = GPU_ACT_QUICK_GELU, .norm_eps = 1e-5f,
    .max_positions = size_of (find (weights, "embeddings.position_embedding.weight"), 0),
    .hidden_width = size_of (find (weights, "encoder.layers.0.mlp.fc1.weight"), 0),
  };
  while (config->n_layers < MAX_LAYERS && find (weights, "encoder.layers.%u.layer_norm1.weight", config->n_layers) != NULL)
    config->n_layers++;
  /* CLIP-L has heads of 64; narrower encoders in tests of 32 and less (transformers' CLIPTextConfig of each). */
  config->n_heads = config->width >= 512 ? config->width / 64 : MAX (2, config->width / 32);
  if (config->width == 0 || config->width % 8 != 0 || config->width % config->n_heads != 0 || config->max_positions < MIN_POSITIONS
      || config->n_layers == 0 || config->hidden_width == 0)
    return cannot_guess ("text encoder", error);
  return TRUE;
}

gboolean
sfu_config_guess_unet (GpuWeights *weights, GpuUnetConfig *config, GError **error)
{
  *config = (GpuUnetConfig) { .norm_groups = 32, .norm_eps = 1e-5f, .flip_sin_to_cos = TRUE };
  config->in_channels = size_of (find (weights, "conv_in.weight"), 1);
  config->out_channels = size_of (find (weights, "conv_out.weight"), 0);
  config->has_mid_block = find (weights, "mid_block.resnets.0.conv1.weight") != NULL;
  while (config->layers_per_block < 16 && find (weights, "down_blocks.0.resnets.%u.conv1.weight", config->layers_per_block) != NULL)
    config->layers_per_block++;
  for (guint i = 0; i < GPU_MAX_LEVELS; i++)
    {
      const GpuWeight *conv = find (weights, "down_blocks.%u.resnets.0.conv1.weight", i);
      const GpuWeight *cross = find (weights, "down_blocks.%u.attentions.0.transformer_blocks.0.attn2.to_k.weight", i);
      if (conv == NULL)
        break;
      config->n_levels = i + 1;
      config->channels[i] = size_of (conv, 0);
      config->down_attention[i] = cross != NULL;
      config->transformer_depth[i] = 1;
      /* A file does not say: SD 1.x has eight heads everywhere, and narrow test models one for 16 channels. */
      config->n_heads[i] = CLAMP (config->channels[0] / 16, 1, 8);
      if (cross != NULL)
        config->cross_width = size_of (cross, 1);
    }
  for (guint i = 0; i < config->n_levels; i++)
    config->up_attention[i] = find (weights, "up_blocks.%u.attentions.0.norm.weight", i) != NULL;
  const GpuWeight *projection = find (weights, "down_blocks.0.attentions.0.proj_in.weight");
  config->linear_projection = projection != NULL && projection->n_dims == 2;
  if (config->n_levels == 0 || config->layers_per_block == 0 || config->cross_width == 0 || config->out_channels == 0)
    return cannot_guess ("UNet", error);
  for (guint i = 0; i < config->n_levels; i++)
    if (config->channels[i] == 0 || config->channels[i] % 32 != 0)
      return cannot_guess ("UNet", error);
  if (config->cross_width == 1024 && config->linear_projection)
    return unsupported (error, "cross_attention_dim", "it is Stable Diffusion 2.x in a single file; as a diffusers folder it can be opened");
  return refuse_channels (config->in_channels, error);
}

gboolean
sfu_config_guess_vae (GpuWeights *weights, GpuVaeConfig *config, GError **error)
{
  *config = (GpuVaeConfig) { .norm_groups = 32, .in_channels = 3, .out_channels = 3, .scaling_factor = 0.18215f };
  config->latent_channels = size_of (find (weights, "decoder.conv_in.weight"), 1);
  config->mid_attention = find (weights, "decoder.mid_block.attentions.0.to_q.weight") != NULL;
  config->quant_conv = find (weights, "quant_conv.weight") != NULL;
  config->post_quant_conv = find (weights, "post_quant_conv.weight") != NULL;
  while (config->layers_per_block < 16 && find (weights, "encoder.down_blocks.0.resnets.%u.conv1.weight", config->layers_per_block) != NULL)
    config->layers_per_block++;
  for (guint i = 0; i < GPU_MAX_LEVELS; i++)
    {
      const GpuWeight *conv = find (weights, "encoder.down_blocks.%u.resnets.0.conv1.weight", i);
      if (conv == NULL)
        break;
      config->n_levels = i + 1;
      config->channels[i] = size_of (conv, 0);
      if (config->channels[i] == 0 || config->channels[i] % 32 != 0)
        return cannot_guess ("VAE", error);
    }
  if (config->n_levels == 0 || config->layers_per_block == 0 || config->latent_channels == 0 || config->latent_channels > 64)
    return cannot_guess ("VAE", error);
  return TRUE;
}
