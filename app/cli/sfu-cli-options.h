/* sfu-cli-options.h: what is written behind the command. */
#pragma once

#include "sfu-engine.h"

#define SFU_CLI_ERROR (sfu_cli_error_quark ())
GQuark sfu_cli_error_quark (void);
typedef enum { SFU_CLI_ERROR_USAGE } SfuCliError;

/* Everything of a run that is not part of the request. */
typedef struct {
  SfuRequest *request;
  char *arch;         /* bench: a family's sizes without a file */
  char *compare;      /* bench: an earlier run's JSON */
  GpuKernels kernels; /* bench */
  char *output, *preview_dir, *dump, *device, *cache;
  guint preview_every;
  guint64 budget_bytes;
  gboolean json, validate, tune, help;
  gboolean detail, untimed, list_kernels; /* bench */
  char *positional;   /* inspect: the model */
} SfuCliOptions;

/* Which options a command takes: a set of these. */
typedef enum {
  SFU_CLI_REQUEST = 1, /* what makes a picture */
  SFU_CLI_OUTPUT = 2,  /* where pictures and dumps go */
  SFU_CLI_DEVICE = 4,  /* where it runs */
  SFU_CLI_BENCH = 8,
  SFU_CLI_PATH = 16,   /* one argument without a name */
} SfuCliTakes;

/* NULL with SFU_CLI_ERROR_USAGE and one sentence. @arguments: behind the command, NULL-terminated. */
SfuCliOptions *sfu_cli_options_parse (char **arguments, SfuCliTakes takes, GError **error);
void sfu_cli_options_free (SfuCliOptions *self);
/* The options as --help lists them. */
void sfu_cli_options_print_help (SfuCliTakes takes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuCliOptions, sfu_cli_options_free)
