#include <gpu-error.h>
#include <locale.h>
#include <string.h>

#include "sfu-cli-options.h"
#include "sfu-cli.h"
#include "sfu-config.h"
#include "sfu-model-error.h"
#include "sfu-png.h"
#include "sfu-scheduler.h"
#include "../sfu-startup.h"
#include "sfu-tokenizer.h"

static const struct {
  const char *name, *help;
  int (*run) (char **arguments);
} commands[] = {
  { "generate", "make pictures from a prompt", sfu_cli_generate },
  { "devices", "list the Vulkan devices", sfu_cli_devices },
  { "inspect", "tell what a model is", sfu_cli_inspect },
  { "bench", "measure how fast a model runs", sfu_cli_bench },
};

static SfuExit
gpu_status (int code)
{
  switch (code)
    {
    case GPU_ERROR_NO_DEVICE:
    case GPU_ERROR_UNSUPPORTED: return SFU_EXIT_NO_DEVICE;
    case GPU_ERROR_OUT_OF_MEMORY: return SFU_EXIT_MEMORY;
    case GPU_ERROR_DEVICE_LOST: return SFU_EXIT_LOST;
    case GPU_ERROR_BAD_WEIGHTS: return SFU_EXIT_MODEL;
    case GPU_ERROR_CANCELLED: return SFU_EXIT_STOPPED;
    default: return SFU_EXIT_FAILED;
    }
}

SfuExit
sfu_cli_exit_status (const GError *error)
{
  if (error->domain == GPU_ERROR)
    return gpu_status (error->code);
  if (error->domain == SFU_MODEL_ERROR || error->domain == SFU_TEXT_ERROR)
    return SFU_EXIT_MODEL;
  if (error->domain == SFU_CLI_ERROR || error->domain == SFU_REQUEST_ERROR || error->domain == SFU_SCHEDULER_ERROR)
    return SFU_EXIT_USAGE;
  if (error->domain == SFU_IMAGE_ERROR && error->code != SFU_IMAGE_ERROR_WRITE)
    return SFU_EXIT_USAGE;
  return SFU_EXIT_FAILED;
}

int
sfu_cli_fail (const GError *error)
{
  g_printerr ("sfumato-cli: %s\n", error->message);
  return sfu_cli_exit_status (error);
}

static int
print_help (void)
{
  g_print ("Usage: sfumato-cli COMMAND [OPTIONS]\n\nPictures from words, on any Vulkan device.\n\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-10s %s\n", commands[i].name, commands[i].help);
  g_print ("\nsfumato-cli COMMAND --help lists a command's options; the manual is sfumato-cli(1).\n");
  return SFU_EXIT_DONE;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  sfu_use_wide_vectors ();
  if (argc < 2)
    {
      print_help ();
      return SFU_EXIT_USAGE;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    return print_help ();
  if (g_str_equal (argv[1], "--version"))
    {
      g_print ("sfumato-cli %s\n", SFU_VERSION);
      return SFU_EXIT_DONE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      return commands[i].run (argv + 2);
  g_printerr ("sfumato-cli: There is no command “%s”. The commands are generate, devices, inspect and bench.\n", argv[1]);
  return SFU_EXIT_USAGE;
}
