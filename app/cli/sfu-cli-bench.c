#include "sfu-bench.h"
#include "sfu-cli-options.h"
#include "sfu-cli-progress.h"
#include "sfu-cli.h"

static void
progress_cb (const char *what, gpointer data)
{
  sfu_cli_progress_phase (data, what);
}

static void
print_times (JsonObject *result, const char *key, const char *title)
{
  if (!json_object_has_member (result, key))
    return;
  JsonObject *times = json_object_get_object_member (result, key);
  g_print ("  %-14s %10.1f ms   (%.1f to %.1f)\n", title, json_object_get_double_member (times, "median"),
           json_object_get_double_member (times, "min"), json_object_get_double_member (times, "max"));
}

static void
print_deepcache (JsonObject *result)
{
  JsonObject *gain = json_object_has_member (result, "deepcache") ? json_object_get_object_member (result, "deepcache") : NULL;
  if (gain != NULL)
    g_print ("  DeepCache, every %d-th step full, branch %d: a cached step has %.1f Gflop; a run is %.2f times as fast, %.2f by its flop\n",
             (int) json_object_get_int_member (gain, "interval"), (int) json_object_get_int_member (gain, "branch"),
             json_object_get_double_member (gain, "cached_gflop"), json_object_get_double_member (gain, "time_ratio"),
             json_object_get_double_member (gain, "flop_ratio"));
}

static void
print_table (JsonObject *result)
{
  JsonArray *kernels = json_object_get_array_member (result, "kernels");
  g_autofree char *device = g_format_size_full (json_object_get_int_member (result, "peak_device_bytes"), G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *host = g_format_size_full (json_object_get_int_member (result, "peak_host_bytes"), G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *arena = g_format_size_full (json_object_get_int_member (result, "arena_bytes"), G_FORMAT_SIZE_IEC_UNITS);
  g_print ("%s, %d x %d with guidance, %s, %s kernels\n%s\n\n", json_object_get_string_member (result, "model"),
           (int) json_object_get_int_member (result, "width"), (int) json_object_get_int_member (result, "height"),
           json_object_get_string_member (result, "precision"), json_object_get_string_member (result, "variant"),
           json_object_get_string_member (result, "device"));
  print_times (result, "step_ms", "step");
  print_times (result, "cached_step_ms", "cached step");
  print_times (result, "encode_ms", "text encoder");
  print_times (result, "preview_ms", "preview");
  print_times (result, "decode_ms", "decoder");
  g_print ("  %-14s %10.1f ms\n\n", "loading", json_object_get_double_member (result, "load_ms"));
  g_print ("  a step: %.2f it/s, %.1f Gflop at %.1f Gflop/s; %d dispatches, %d barriers, %d submissions\n",
           json_object_get_double_member (result, "it_per_s"), json_object_get_double_member (result, "gflop"),
           json_object_get_double_member (result, "gflops"), (int) json_object_get_int_member (result, "dispatches"),
           (int) json_object_get_int_member (result, "barriers"), (int) json_object_get_int_member (result, "submissions"));
  print_deepcache (result);
  g_print ("  memory: %s on the device at most, %s of it for activations; %s of the program\n\n", device, arena, host);
  g_print ("  %-16s %6s %10s %10s %10s\n", "kernel", "calls", "ms", "Gflop/s", "GB/s");
  for (guint i = 0; i < json_array_get_length (kernels); i++)
    {
      JsonObject *kernel = json_array_get_object_element (kernels, i);
      g_print ("  %-16s %6d %10.2f %10.1f %10.1f\n", json_object_get_string_member (kernel, "name"),
               (int) json_object_get_int_member (kernel, "calls"), json_object_get_double_member (kernel, "ms"),
               json_object_get_double_member (kernel, "gflops"), json_object_get_double_member (kernel, "gbytes_per_s"));
    }
}

int
sfu_cli_bench (char **arguments)
{
  const SfuCliTakes takes = SFU_CLI_BENCH | SFU_CLI_DEVICE;
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuCliOptions) options = sfu_cli_options_parse (arguments, takes, &error);
  g_autoptr (SfuCliProgress) progress = sfu_cli_progress_new ();
  g_autoptr (JsonObject) result = NULL;
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "sfumato", NULL);
  SfuEngineOptions engine = { .cache_folder = cache };
  if (options == NULL)
    return sfu_cli_fail (error);
  if (options->help)
    {
      g_print ("Usage: sfumato-cli bench (--model PATH | --arch NAME) [OPTIONS]\n\n");
      sfu_cli_options_print_help (takes);
      return SFU_EXIT_DONE;
    }
  if (options->arch != NULL)
    g_set_str (&options->request->model, options->arch);
  if (!sfu_request_check (options->request, &error))
    return sfu_cli_fail (error);
  engine.device = options->device;
  engine.budget_bytes = options->budget_bytes;
  engine.validate = options->validate;
  result = sfu_bench (&engine, options->arch, options->request, progress_cb, progress, &error);
  g_clear_pointer (&progress, sfu_cli_progress_free);
  if (result == NULL)
    return sfu_cli_fail (error);
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), result);
      g_autofree char *text = json_to_string (node, TRUE);
      g_print ("%s\n", text);
    }
  else
    print_table (result);
  return SFU_EXIT_DONE;
}
