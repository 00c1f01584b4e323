#include "sfu-cli.h"
int sfu_cli_bench (char **arguments) { return SFU_EXIT_USAGE; }
