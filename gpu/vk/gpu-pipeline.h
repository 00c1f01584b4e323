/* gpu-pipeline.h: a compute shader with its constants set.
 * Owner: the device, which makes each (shader, constants) pair once and keeps it. */
#pragma once

#include "gpu-device.h"

G_BEGIN_DECLS

typedef struct _GpuPipeline GpuPipeline;

#define GPU_MAX_SPEC 16

/* Values for the shader's specialisation constants 0, 1, 2, ... (shaders/params/spec.inc names them). */
typedef struct {
  guint32 value[GPU_MAX_SPEC];
  guint n;
} GpuSpec;

/**
 * gpu_pipeline_get:
 * @shader: name of the SPIR-V in the shader resource, without ".spv"
 * @push_bytes: size of its push constants, at most 128
 *
 * Shaders take no descriptors: all memory is reached by address from the push constants. The whole
 * subgroup size of the device is requested (VK_EXT_subgroup_size_control, full subgroups where the
 * x size allows).
 *
 * Returns: (transfer none): the pipeline, compiled on the first call.
 * Errors: %GPU_ERROR_UNSUPPORTED when the driver refuses the shader; %GPU_ERROR_OUT_OF_MEMORY.
 */
GpuPipeline *gpu_pipeline_get (GpuDevice *device, const char *shader, const GpuSpec *spec,
                               guint push_bytes, GError **error);

const char *gpu_pipeline_name (GpuPipeline *self);

/* (transfer full): a hash of all SPIR-V modules that the program has, in hexadecimal digits. */
char *gpu_shaders_hash (void);

G_END_DECLS
