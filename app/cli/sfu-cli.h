/* sfu-cli.h: the commands of sfumato-cli. Each returns the program's exit status. */
#pragma once

#include <glib.h>

/* The contract with scripts: they decide by these. */
typedef enum {
  SFU_EXIT_DONE = 0,
  SFU_EXIT_FAILED = 1,    /* something else: a full disk, a driver's error */
  SFU_EXIT_USAGE = 2,     /* wrong arguments, or a file or folder named by them that cannot be used */
  SFU_EXIT_MODEL = 3,     /* the model is missing, unreadable or unknown */
  SFU_EXIT_NO_DEVICE = 4,
  SFU_EXIT_MEMORY = 5,
  SFU_EXIT_LOST = 6,
  SFU_EXIT_STOPPED = 130,
} SfuExit;

int sfu_cli_generate (char **arguments);
int sfu_cli_devices (char **arguments);
int sfu_cli_inspect (char **arguments);
int sfu_cli_bench (char **arguments);

/* Which of the above an error means. */
SfuExit sfu_cli_exit_status (const GError *error);
/* "sfumato-cli: MESSAGE" on stderr, and the status to leave with. */
int sfu_cli_fail (const GError *error);
