/* sfu-cli-compare.h: a run of bench beside an earlier one. */
#pragma once

#include <json-glib/json-glib.h>

/* An earlier run's --json output. Errors: %SFU_CLI_ERROR_USAGE where there is none or it is something else. */
JsonObject *sfu_cli_compare_read (const char *file, GError **error);

/**
 * sfu_cli_compare:
 *
 * Returns: (transfer full): {file, differs: [{name, old, new}] of what makes it no comparison, figures: [{name, old, new,
 * ratio}], kernels: [{name, old, new, ratio}] by milliseconds}. The ratio is new / old; null where one is not known.
 */
JsonObject *sfu_cli_compare (const char *file, JsonObject *old, JsonObject *now);
