/* sfu-bench.h: how fast a model runs on a device, and where the time goes. Blocks; any thread that owns no engine. */
#pragma once

#include <json-glib/json-glib.h>

#include "sfu-engine.h"

/**
 * sfu_bench:
 * @arch: (nullable): a family as sfu_random_nets_init() takes it, with random weights made on the device and no file; NULL: the request's model
 * @request: model, precision, size (0: 512, or the model's own), steps to time, batch (images a step; 1 guided image)
 * @progress: (nullable): called with a word for each phase
 *
 * Returns: (transfer full): device, driver, precision, variant, size, load_ms, encode_ms, step_ms, it_per_s, decode_ms,
 * preview_ms, peak_device_bytes, peak_host_bytes, dispatches, barriers, submissions, arena_bytes, gflop, gflops and
 * kernels (name, calls, ms, gflops, gbytes_per_s); times are {median, min, max}.
 */
JsonObject *sfu_bench (const SfuEngineOptions *options, const char *arch, const SfuRequest *request,
                       void (*progress) (const char *what, gpointer data), gpointer data, GError **error);
