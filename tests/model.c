/* model.c: the readers of model files, with good files, other layouts, and a few thousand damaged ones. */
#include <glib/gstdio.h>
#include <string.h>

#include "sfu-model.h"
#include "sfu-name-map.h"
#include "sfu-safetensors.h"
#include "sfu-taesd.h"

static char *folder;

static char *
fixture (const char *name)
{
  return g_build_filename (g_getenv ("SFU_FIXTURES"), name, NULL);
}

/* -- names -- */

static void
test_names (void)
{
  static const struct {
    const char *ldm, *diffusers;
    SfuPart part;
  } names[] = {
    { "model.diffusion_model.input_blocks.0.0.weight", "conv_in.weight", SFU_PART_UNET },
    { "model.diffusion_model.time_embed.2.bias", "time_embedding.linear_2.bias", SFU_PART_UNET },
    { "model.diffusion_model.input_blocks.1.0.in_layers.2.weight", "down_blocks.0.resnets.0.conv1.weight", SFU_PART_UNET },
    { "model.diffusion_model.input_blocks.5.1.transformer_blocks.0.attn2.to_k.weight", "down_blocks.1.attentions.1.transformer_blocks.0.attn2.to_k.weight", SFU_PART_UNET },
    { "model.diffusion_model.input_blocks.6.0.op.weight", "down_blocks.1.downsamplers.0.conv.weight", SFU_PART_UNET },
    { "model.diffusion_model.middle_block.1.proj_in.weight", "mid_block.attentions.0.proj_in.weight", SFU_PART_UNET },
    { "model.diffusion_model.middle_block.2.out_layers.3.bias", "mid_block.resnets.1.conv2.bias", SFU_PART_UNET },
    { "model.diffusion_model.output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight", SFU_PART_UNET },
    { "model.diffusion_model.output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight", SFU_PART_UNET },
    { "model.diffusion_model.output_blocks.11.0.skip_connection.weight", "up_blocks.3.resnets.2.conv_shortcut.weight", SFU_PART_UNET },
    { "model.diffusion_model.out.2.weight", "conv_out.weight", SFU_PART_UNET },
    { "first_stage_model.decoder.up.0.block.2.nin_shortcut.weight", "decoder.up_blocks.3.resnets.2.conv_shortcut.weight", SFU_PART_VAE },
    { "first_stage_model.encoder.down.1.downsample.conv.bias", "encoder.down_blocks.1.downsamplers.0.conv.bias", SFU_PART_VAE },
    { "first_stage_model.decoder.mid.attn_1.proj_out.weight", "decoder.mid_block.attentions.0.to_out.0.weight", SFU_PART_VAE },
    { "first_stage_model.encoder.norm_out.weight", "encoder.conv_norm_out.weight", SFU_PART_VAE },
    { "first_stage_model.quant_conv.weight", "quant_conv.weight", SFU_PART_VAE },
    { "cond_stage_model.transformer.text_model.final_layer_norm.bias", "final_layer_norm.bias", SFU_PART_TEXT },
    { "cond_stage_model.transformer.encoder.layers.0.mlp.fc1.bias", "encoder.layers.0.mlp.fc1.bias", SFU_PART_TEXT },
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      SfuPart part = SFU_N_PARTS;
      g_autofree char *name = sfu_name_map_ldm (names[i].ldm, 2, &part);
      g_assert_cmpstr (name, ==, names[i].diffusers);
      g_assert_cmpint (part, ==, names[i].part);
    }
  SfuPart part;
  g_assert_null (sfu_name_map_ldm ("lora_unet_x.alpha", 2, &part));

  /* BK-SDM with SD's numbers and gaps, and with its own. */
  static const char *const gaps[] = { "model.diffusion_model.input_blocks.3.0.op.weight", "model.diffusion_model.input_blocks.6.0.op.weight" };
  static const char *const dense[] = { "model.diffusion_model.input_blocks.4.0.op.weight", "model.diffusion_model.input_blocks.2.0.op.weight" };
  g_assert_cmpuint (sfu_name_map_layers (gaps, 2), ==, 2);
  g_assert_cmpuint (sfu_name_map_layers (dense, 2), ==, 1);
  g_autofree char *down = sfu_name_map_ldm (dense[0], 1, &part);
  g_assert_cmpstr (down, ==, "down_blocks.1.downsamplers.0.conv.weight");
}

/* -- folders and files -- */

static void
test_fixtures (void)
{
  static const struct {
    const char *name, *family;
  } models[] = { { "model", "Stable Diffusion 1.x" }, { "bk-tiny", "BK-SDM tiny" } };
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *path = fixture (models[i].name);
      g_autoptr (GError) error = NULL;
      g_autoptr (SfuModel) model = sfu_model_open (path, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (sfu_model_family_name (model), ==, models[i].family);
      g_assert_cmpuint (sfu_model_unet_config (model)->norm_groups, ==, 8);
      g_autoptr (JsonObject) json = sfu_model_describe (model);
      g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json, "unused")), ==, 0);
    }
}

/* The same weights under LDM's names give the same tables. Needs the reference models. */
static void
test_single_file (void)
{
  const char *reference = g_getenv ("SFU_REFERENCE");
  g_autoptr (GError) error = NULL;
  if (reference == NULL)
    {
      g_test_skip ("the reference models are not here");
      return;
    }
  g_autofree char *file = g_build_filename (reference, "models", "sd1.safetensors", NULL), *dir = g_build_filename (reference, "models", "sd1", NULL);
  g_autoptr (SfuModel) a = sfu_model_open (file, &error), b = sfu_model_open (dir, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sfu_model_unet_config (a), sizeof (GpuUnetConfig), sfu_model_unet_config (b), sizeof (GpuUnetConfig));
  g_assert_cmpmem (sfu_model_clip_config (a), sizeof (GpuClipConfig), sfu_model_clip_config (b), sizeof (GpuClipConfig));
  for (guint part = 0; part < SFU_N_PARTS; part++)
    for (guint i = 0; i < gpu_weights_count (sfu_model_weights (b, part)); i++)
      {
        const GpuWeight *want = gpu_weights_nth (sfu_model_weights (b, part), i);
        const GpuWeight *got = gpu_weights_find (sfu_model_weights (a, part), want->name);
        gsize bytes = gpu_dtype_bytes (want->dtype);
        if (g_str_has_suffix (want->name, "position_ids"))
          continue;
        if (got == NULL)
          g_error ("%s is not in the file", want->name);
        for (guint j = 0; j < want->n_dims; j++)
          bytes *= want->dims[j];
        g_assert_cmpmem (got->data, bytes, want->data, bytes);
      }
}

static void
test_taesd (void)
{
  g_autofree char *path = fixture ("taesd_decoder.safetensors"), *model = fixture ("model"), *other = fixture ("model/vae/diffusion_pytorch_model.safetensors");
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuTaesd) taesd = sfu_taesd_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sfu_taesd_config (taesd)->n_levels, ==, 4);
  g_assert_cmpuint (sfu_taesd_config (taesd)->n_blocks[0], ==, 3);
  g_assert_cmpuint (sfu_taesd_config (taesd)->n_blocks[3], ==, 1);
  g_assert_nonnull (gpu_weights_find (sfu_taesd_weights (taesd), "decoder.layers.0.weight"));
  /* It lies beside the model. */
  g_autofree char *found = sfu_taesd_find (model, NULL), *slash = g_strconcat (model, "/", NULL), *found_too = sfu_taesd_find (slash, NULL);
  g_assert_cmpstr (found, ==, path);
  g_assert_cmpstr (found_too, ==, path);
  g_assert_null (sfu_taesd_open (other, &error));
  g_assert_true (error->domain == SFU_MODEL_ERROR);
}

/* -- damage -- */

static char *
write_file (const char *data, gsize size)
{
  char *path = g_build_filename (folder, "x.safetensors", NULL);
  g_file_set_contents (path, data, size, NULL);
  return path;
}

static GByteArray *
make_file (const char *header, gsize data_bytes)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE (strlen (header));
  g_autofree char *data = g_malloc0 (data_bytes + 1);
  g_byte_array_append (file, (guint8 *) &length, 8);
  g_byte_array_append (file, (const guint8 *) header, strlen (header));
  g_byte_array_append (file, (guint8 *) data, data_bytes);
  return file;
}

static const char good_header[]
  = "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
    "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[12,20]},\"c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[20,20]}}";

static void
test_good (void)
{
  g_autoptr (GByteArray) file = make_file (good_header, 20);
  g_autofree char *path = write_file ((char *) file->data, file->len);
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuSafetensors) opened = sfu_safetensors_open (path, &error);
  GpuWeight weight;
  g_assert_no_error (error);
  g_assert_cmpuint (sfu_safetensors_count (opened), ==, 3);
  g_assert_cmpstr (sfu_safetensors_metadata (opened, "format"), ==, "pt");
  g_assert_true (sfu_safetensors_tensor (opened, 0, &weight));
  g_assert_cmpuint (weight.n_dims, ==, 2);
  g_assert_cmpuint (weight.dims[1], ==, 3);
}

/* Every byte changed in several ways, and every length: a model, or an error with a sentence. */
static void
test_mutations (void)
{
  g_autoptr (GByteArray) file = make_file (good_header, 20);
  for (guint i = 0; i < file->len * 9; i++)
    {
      g_autofree char *copy = g_memdup2 (file->data, file->len);
      guint at = i % file->len, kind = i / file->len;
      gsize size = file->len;
      g_autoptr (GError) error = NULL;
      if (kind == 8)
        size = at;
      else
        copy[at] = kind == 0 ? 0 : kind == 1 ? '9' : kind == 2 ? '-' : copy[at] ^ (1 << kind);
      g_autofree char *path = write_file (copy, size);
      g_autoptr (SfuSafetensors) opened = sfu_safetensors_open (path, &error);
      g_assert_true ((opened == NULL) == (error != NULL));
      if (error != NULL)
        g_assert_true (error->domain == SFU_MODEL_ERROR && g_str_has_suffix (error->message, "."));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("sfumato-model-XXXXXX", NULL);
  g_test_add_func ("/model/names", test_names);
  g_test_add_func ("/model/fixtures", test_fixtures);
  g_test_add_func ("/model/single-file", test_single_file);
  g_test_add_func ("/model/taesd", test_taesd);
  g_test_add_func ("/model/good", test_good);
  g_test_add_func ("/model/mutations", test_mutations);
  int status = g_test_run ();
  g_autofree char *left = g_build_filename (folder, "x.safetensors", NULL);
  g_unlink (left);
  g_rmdir (folder);
  g_free (folder);
  return status;
}
