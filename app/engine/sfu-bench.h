/* sfu-bench.h: how fast a model runs on a device, and where the time goes. Blocks; any thread that owns no engine. */
#pragma once

#include <json-glib/json-glib.h>

#include "sfu-engine.h"

typedef struct {
  const char *arch;        /* a family with random weights made on the device and no file: see sfu-random-nets.h;
                            * NULL: the request's model */
  gboolean detail;         /* kernels by shape too */
  gboolean tune;           /* first measure which kernels are the fastest, all anew, and keep that; else what is known is used */
  gboolean untimed;        /* no times of single kernels, as on devices without timestamps */
  void (*progress) (const char *what, gpointer data); /* (nullable): called with a word for each phase */
  gpointer data;
} SfuBenchOptions;

/**
 * sfu_bench:
 * @request: model, precision, size (0: 512, or the model's own), DeepCache, steps to time
 *
 * Returns: (transfer full): an object of
 * - model, device, driver, precision, variant (the form of kernels that large products get), width, height, steps;
 * - step_ms, encode_ms, preview_ms, decode_ms, load_ms: {median, min, max} of several runs. load_ms is everything
 *   from nothing on the device to programs that could start; first_load_ms the first of them, in which kernels are
 *   compiled or fetched from the cache; weights_from: "file", or "device" where random ones are made there;
 * - it_per_s and preview_share: previews' time as a share of a step's;
 * - with DeepCache cached_step_ms and deepcache: {interval, branch, cached_gflop, flop_ratio, time_ratio (how much faster it
 *   makes a run, by its FLOP and by the clock)};
 * - gflop, gflops, dispatches, barriers, submissions, arena_bytes of a step, and programs: the same of each program;
 * - tuned: how many shapes have the kernel that was measured to be the fastest;
 * - peak_device_bytes, peak_host_bytes;
 * - roofs: what the device can do at most (gpu-roofs.h): multiply_gflops, coopmat_gflops (where it has them), memory
 *   ({bytes, gbytes_per_s}, the last larger than caches), dispatch_us, submission_us;
 * - kernels: {name, calls, ms, share (of the time of all), gflops, gbytes_per_s, roof_ms (the least time for the same),
 *   roof_share (roof_ms / ms), bound ("arithmetic", "memory", "dispatch")}; null where they cannot be timed; and
 *   with @detail shapes: the same with kernel, m, n, k;
 * - limits: of a step kernels_ms, roof_ms and its parts arithmetic_ms, memory_ms, dispatch_ms; and conclusion: a sentence
 *   on where the time goes and what the next limit is.
 * Errors: %SFU_REQUEST_ERROR_INVALID, also where a device shall be tuned that never is; SFU_MODEL_ERROR, GPU_ERROR (%GPU_ERROR_UNSUPPORTED where the device cannot run the
 * kernels that @options ask for).
 */
JsonObject *sfu_bench (const SfuEngineOptions *options, const SfuBenchOptions *bench, const SfuRequest *request,
                       GError **error);
