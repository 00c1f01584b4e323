/* sfu-cli-bench-table.h: bench's figures for people, on stdout. */
#pragma once

#include <json-glib/json-glib.h>

/* @result: of sfu_bench(). */
void sfu_cli_bench_print (JsonObject *result);
/* @compared: of sfu_cli_compare(). */
void sfu_cli_compare_print (JsonObject *compared);
