/* sfu-bench.h: how fast a model runs on a device, and where the time goes. Blocks; any thread that owns no engine. */
#pragma once

#include <json-glib/json-glib.h>

#include "sfu-engine.h"

/* The names that sfu_bench() takes for @arch, NULL-terminated. */
const char *const *sfu_bench_archs (void);

/**
 * sfu_bench:
 * @arch: (nullable): a family, with random weights made on the device and no file; NULL: the request's model
 * @tune: measure the kernels' candidates first, all anew, and keep the winners for whatever runs later. Otherwise those are
 *   taken that are known
 * @request: model, precision, size (0: 512, or the model's own), steps to time, batch (images a step; 1 guided image)
 * @progress: (nullable): called with a word for each phase
 *
 * Returns: (transfer full): device, driver, precision, variant, size, load_ms, encode_ms, step_ms, it_per_s, decode_ms,
 * preview_ms, tuned (shapes that have the kernel that was measured to be the fastest), peak_device_bytes, peak_host_bytes, dispatches, barriers, submissions, arena_bytes, gflop, gflops and
 * kernels (name, calls, ms, gflops, gbytes_per_s); times are {median, min, max}.
 * Errors: SFU_MODEL_ERROR, GPU_ERROR; %SFU_REQUEST_ERROR_INVALID where the device is one that is never tuned.
 */
JsonObject *sfu_bench (const SfuEngineOptions *options, const char *arch, gboolean tune, const SfuRequest *request,
                       void (*progress) (const char *what, gpointer data), gpointer data, GError **error);
