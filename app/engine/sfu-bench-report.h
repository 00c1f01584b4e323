/* sfu-bench-report.h: costs and roofs as JSON, and what follows from them. */
#pragma once

#include <gpu-roofs.h>
#include <json-glib/json-glib.h>

/* (element-type double), sorted by this: {median, min, max}. */
JsonObject *sfu_report_times (GArray *times);
/* {name, arena_bytes, dispatches, barriers, submissions, gflop} */
JsonObject *sfu_report_program (const char *name, const GpuProgramCost *cost);
JsonObject *sfu_report_roofs (const GpuRoofs *roofs);

/**
 * sfu_report_kernels:
 * @result: has step_ms; gets kernels, limits, conclusion, and shapes with @detail
 * @half: products are of 16-bit numbers
 */
void sfu_report_kernels (JsonObject *result, const GpuProgramCost *cost, const GpuRoofs *roofs, gboolean half, gboolean detail);
