/* gpu-statistics.h: what a driver's compiler made of each pipeline, in words that are the same for every driver.
 * Only for devices that were opened with GpuDeviceOptions.statistics: keeping it makes compiling slower.
 * Threads: the device's. */
#pragma once

#include "gpu-pipeline.h"

G_BEGIN_DECLS

typedef enum {
  GPU_STATISTIC_REGISTERS,     /* of 32 bits, a thread */
  GPU_STATISTIC_SPILLS,        /* registers, or stores of them, that went to memory for want of room */
  GPU_STATISTIC_MOVES,         /* the same to registers of another kind, which costs little */
  GPU_STATISTIC_SCRATCH_BYTES, /* of memory for spills and for arrays with computed indices, a thread or subgroup */
  GPU_STATISTIC_SHARED_BYTES,  /* a workgroup */
  GPU_STATISTIC_CODE_BYTES,
  GPU_STATISTIC_RESIDENT,      /* subgroups that a core has registers for at once; a SIMD unit on RADV */
  GPU_N_STATISTICS,
} GpuStatistic;

typedef struct {
  const char *name;    /* the shader and its constants, "softmax-f32/64"; borrowed from the device */
  guint threads;       /* of a workgroup */
  guint subgroup_size; /* that it was compiled for; 0: the driver does not say */
  gint64 values[GPU_N_STATISTICS]; /* -1: the driver does not say */
} GpuPipelineStatistics;

/* "registers", "spills", ... */
const char *gpu_statistic_name (GpuStatistic statistic);

/**
 * gpu_device_statistics:
 *
 * Returns: (transfer full) (element-type GpuPipelineStatistics): one for every pipeline of the device, by name.
 * Errors: %GPU_ERROR_UNSUPPORTED where the driver lacks VK_KHR_pipeline_executable_properties or the device was
 * opened without statistics.
 */
GArray *gpu_device_statistics (GpuDevice *device, GError **error);

G_END_DECLS
