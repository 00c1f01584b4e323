#include <gpu-device.h>
#include <json-glib/json-glib.h>

#include "sfu-cli-options.h"
#include "sfu-cli.h"
#include "sfu-model.h"

static void
print_json (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, TRUE);
  g_print ("%s\n", text);
}

static const char *const kinds[] = {
  [GPU_DEVICE_DISCRETE] = "discrete", [GPU_DEVICE_INTEGRATED] = "integrated", [GPU_DEVICE_VIRTUAL] = "virtual",
  [GPU_DEVICE_SOFTWARE] = "software",
};

static JsonNode *
device_node (const GpuDeviceInfo *info)
{
  JsonObject *object = json_object_new ();
  g_autofree char *api = g_strdup_printf ("%u.%u", info->api_major, info->api_minor);
  json_object_set_int_member (object, "index", info->index);
  json_object_set_string_member (object, "name", info->name);
  json_object_set_string_member (object, "driver", info->driver);
  json_object_set_string_member (object, "uuid", info->uuid);
  json_object_set_string_member (object, "kind", kinds[info->kind]);
  json_object_set_string_member (object, "vulkan", api);
  json_object_set_int_member (object, "memory_bytes", info->memory_bytes);
  json_object_set_int_member (object, "subgroup_size", info->subgroup_size);
  json_object_set_boolean_member (object, "cooperative_matrix", info->has_coopmat);
  json_object_set_boolean_member (object, "usable", info->refusal == NULL);
  if (info->refusal != NULL)
    json_object_set_string_member (object, "refusal", info->refusal);
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  return node;
}

int
sfu_cli_devices (char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuCliOptions) options = sfu_cli_options_parse (arguments, SFU_CLI_DEVICE, &error);
  g_autoptr (GPtrArray) devices = NULL;
  if (options == NULL)
    return sfu_cli_fail (error);
  if (options->help)
    {
      g_print ("Usage: sfumato-cli devices [--json]\n\nLists the Vulkan devices, and why one cannot be used.\n");
      return SFU_EXIT_DONE;
    }
  devices = gpu_device_list (&error);
  if (devices == NULL)
    return sfu_cli_fail (error);
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_take_array (node, json_array_new ());
      for (guint i = 0; i < devices->len; i++)
        json_array_add_element (json_node_get_array (node), device_node (devices->pdata[i]));
      print_json (node);
      return SFU_EXIT_DONE;
    }
  for (guint i = 0; i < devices->len; i++)
    {
      const GpuDeviceInfo *info = devices->pdata[i];
      g_autofree char *memory = g_format_size_full (info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
      g_print ("%u  %s\n   %s, %s, Vulkan %u.%u, %s%s\n   UUID %s\n", info->index, info->name, kinds[info->kind], memory,
               info->api_major, info->api_minor, info->driver, info->has_coopmat ? ", cooperative matrices" : "", info->uuid);
      if (info->refusal != NULL)
        g_print ("   Cannot be used: %s\n", info->refusal);
    }
  return SFU_EXIT_DONE;
}

static void
print_model (JsonObject *model)
{
  static const char *const keys[] = { "text_encoder", "unet", "vae" };
  JsonObject *parts = json_object_get_object_member (model, "parts");
  JsonArray *unused = json_object_get_array_member (model, "unused");
  g_autofree char *size = g_format_size (json_object_get_int_member (model, "size"));
  g_print ("%s\n  family      %s\n  layout      %s\n  precision   %s\n  prediction  %s\n  size        %s\n",
           json_object_get_string_member (model, "path"), json_object_get_string_member (model, "family"),
           json_object_get_string_member (model, "layout"), json_object_get_string_member (model, "precision"),
           json_object_get_string_member (model, "prediction_type"), size);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      JsonObject *part = json_object_get_object_member (parts, keys[i]);
      g_print ("  %-11s %.1f million parameters in %d tensors\n", keys[i],
               json_object_get_int_member (part, "parameters") / 1e6, (int) json_object_get_int_member (part, "tensors"));
    }
  if (json_array_get_length (unused) > 0)
    g_print ("  unused keys\n");
  for (guint i = 0; i < json_array_get_length (unused); i++)
    g_print ("    %s\n", json_array_get_string_element (unused, i));
}

int
sfu_cli_inspect (char **arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuCliOptions) options = sfu_cli_options_parse (arguments, SFU_CLI_PATH, &error);
  g_autoptr (JsonObject) model = NULL;
  if (options == NULL)
    return sfu_cli_fail (error);
  if (options->help)
    {
      g_print ("Usage: sfumato-cli inspect MODEL [--json]\n\nTells what a model is, and what is missing or unused in it.\n");
      return SFU_EXIT_DONE;
    }
  if (options->positional == NULL)
    {
      g_set_error_literal (&error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "Name the model: sfumato-cli inspect MODEL.");
      return sfu_cli_fail (error);
    }
  model = sfu_model_describe_path (options->positional, &error);
  if (model == NULL)
    return sfu_cli_fail (error);
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), model);
      print_json (node);
    }
  else
    print_model (model);
  return SFU_EXIT_DONE;
}
