#include "sfu-bench.h"
#include "sfu-cli-bench-table.h"
#include "sfu-cli-compare.h"
#include "sfu-cli-options.h"
#include "sfu-cli-progress.h"
#include "sfu-cli.h"

static void
progress_cb (const char *what, gpointer data)
{
  sfu_cli_progress_phase (data, what);
}

static JsonObject *
run (SfuCliOptions *options, GError **error)
{
  g_autoptr (SfuCliProgress) progress = sfu_cli_progress_new ();
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "sfumato", NULL);
  SfuEngineOptions engine = { .device = options->device, .budget_bytes = options->budget_bytes, .cache_folder = cache,
                              .validate = options->validate, .kernels = options->kernels };
  SfuBenchOptions bench = { .arch = options->arch, .detail = options->detail, .untimed = options->untimed, .tune = options->tune,
                            .progress = progress_cb, .data = progress };
  return sfu_bench (&engine, &bench, options->request, error);
}

static void
print (JsonObject *result, JsonObject *compared, gboolean json)
{
  if (json)
    {
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), result);
      g_autofree char *text = NULL;
      if (compared != NULL)
        json_object_set_object_member (result, "compared", json_object_ref (compared));
      text = json_to_string (node, TRUE);
      g_print ("%s\n", text);
      return;
    }
  sfu_cli_bench_print (result);
  if (compared != NULL)
    sfu_cli_compare_print (compared);
}

int
sfu_cli_bench (char **arguments)
{
  const SfuCliTakes takes = SFU_CLI_BENCH | SFU_CLI_DEVICE;
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuCliOptions) options = sfu_cli_options_parse (arguments, takes, &error);
  g_autoptr (JsonObject) result = NULL, old = NULL, compared = NULL;
  if (options == NULL)
    return sfu_cli_fail (error);
  if (options->help)
    {
      g_print ("Usage: sfumato-cli bench (--model PATH | --arch NAME) [OPTIONS]\n\n");
      sfu_cli_options_print_help (takes);
      return SFU_EXIT_DONE;
    }
  if (options->list_kernels)
    {
      for (const char *const *name = gpu_kernels_names (); *name != NULL; name++)
        g_print ("%s\n", *name);
      return SFU_EXIT_DONE;
    }
  if (options->arch != NULL)
    g_set_str (&options->request->model, options->arch);
  if (!sfu_request_check (options->request, &error)
      || (options->compare != NULL && (old = sfu_cli_compare_read (options->compare, &error)) == NULL)
      || (result = run (options, &error)) == NULL)
    return sfu_cli_fail (error);
  if (old != NULL)
    compared = sfu_cli_compare (options->compare, old, result);
  print (result, compared, options->json);
  return SFU_EXIT_DONE;
}
