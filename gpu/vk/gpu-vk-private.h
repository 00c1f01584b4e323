/* gpu-vk-private.h: the Vulkan side of gpu/vk. vulkan.h goes no further than this folder. */
#pragma once

#include <vulkan/vulkan.h>

#include "gpu-commands.h"

#define GPU_MAX_QUEUES 2

typedef struct _GpuInstance GpuInstance;
typedef struct _GpuMemoryPool GpuMemoryPool;
typedef struct _GpuRehearsal GpuRehearsal;

/* -- gpu-error.c -- */

/* TRUE for VK_SUCCESS; else sets @error by what the caller can do about it. @call: "vkCreateBuffer". */
gboolean gpu_vk_ok (VkResult result, const char *call, GError **error);

/* -- gpu-instance.c -- */

struct _GpuInstance {
  VkInstance handle;
  VkDebugUtilsMessengerEXT messenger;
};

GpuInstance *gpu_instance_new (gboolean validate, GError **error);
void gpu_instance_free (GpuInstance *self);
/* (element-type VkPhysicalDevice), in the driver's order. */
GArray *gpu_instance_devices (GpuInstance *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuInstance, gpu_instance_free)

/* -- gpu-physical.c -- */

/* What there is to know of a device before it is opened. */
typedef struct {
  VkInstance instance; /* borrowed */
  VkPhysicalDevice handle;
  GpuDeviceInfo info;
  GpuLimits limits;
  gboolean has_memory_budget;
  gboolean has_statistics; /* VK_KHR_pipeline_executable_properties */
  gboolean pins_subgroup; /* takes a required subgroup size */
  VkSubgroupFeatureFlags subgroup_operations;
  VkPhysicalDeviceProperties properties;
  VkDriverId driver_id;
  guint64 driver_version;
  guint n_queues;
  guint queue_family[GPU_MAX_QUEUES], queue_index[GPU_MAX_QUEUES];
} GpuPhysical;

GpuPhysical *gpu_physical_new (VkInstance instance, VkPhysicalDevice handle, guint index);
void gpu_physical_free (GpuPhysical *self);

/* Every feature that kernels or the layers above rely on, chained and switched on for vkCreateDevice. */
typedef struct {
  VkPhysicalDeviceFeatures2 core;
  VkPhysicalDeviceVulkan11Features v11;
  VkPhysicalDeviceVulkan12Features v12;
  VkPhysicalDeviceVulkan13Features v13;
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR coopmat;
  VkPhysicalDeviceCooperativeMatrix2FeaturesNV coopmat2;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics;
} GpuFeatures;

/* Extensions that not every device has. */
typedef struct {
  gboolean coopmat, coopmat2, statistics;
} GpuExtensions;

/* Structures of extensions that the device lacks must stay out of the chain. */
void gpu_features_chain (GpuFeatures *features, GpuExtensions with);
void gpu_features_require (GpuFeatures *features, GpuExtensions with);

/* -- gpu-device.c -- */

typedef struct {
  VkQueue handle;
  VkSemaphore timeline;
  guint64 submitted;
} GpuQueue;

struct _GpuDevice {
  gatomicrefcount refs;
  GpuInstance *instance;
  GpuPhysical *physical;
  VkDevice handle;
  VkPipelineCache pipeline_cache;
  GHashTable *pipelines; /* char* -> GpuPipeline, owned */
  GpuMemoryPool *pools[GPU_MEMORY_DOWNLOAD + 1];
  GpuQueue queues[GPU_MAX_QUEUES];
  guint64 budget_bytes;
  guint64 bytes, peak_bytes;
  GpuRehearsal *rehearsal; /* NULL: memory is really taken */
  char *cache_file;
  gboolean labels;
  gboolean statistics; /* pipelines are made with them */
  gboolean lost;
  PFN_vkSetDebugUtilsObjectNameEXT set_name;
};

/* As gpu_vk_ok(), and remembers a lost device. */
gboolean gpu_device_ok (GpuDevice *self, VkResult result, const char *call, GError **error);
void gpu_device_label (GpuDevice *self, VkObjectType type, guint64 handle, const char *label);

/* -- gpu-memory.c -- */

typedef struct _GpuBlock GpuBlock;

/* A span cut from a block. */
typedef struct {
  GpuBlock *block;
  guint64 offset, size;
} GpuSpan;

GpuMemoryPool *gpu_memory_pool_new (GpuDevice *device, GpuMemory memory);
void gpu_memory_pool_free (GpuMemoryPool *self);
gboolean gpu_memory_pool_take (GpuMemoryPool *self, guint64 size, const char *label, GpuSpan *span, GError **error);
void gpu_memory_pool_give (GpuMemoryPool *self, GpuSpan span);

/* Where buffers of a kind come from: in a rehearsal a pool of sizes only, or NULL for memory that is not the device's. */
GpuMemoryPool *gpu_device_pool (GpuDevice *self, GpuMemory memory);

VkBuffer gpu_block_buffer (GpuBlock *self);
guint64 gpu_block_address (GpuBlock *self);
void *gpu_block_map (GpuBlock *self);

/* -- gpu-buffer.c -- */

VkBuffer gpu_buffer_handle (GpuBuffer *self, guint64 *offset);

/* -- gpu-pipeline.c -- */

VkPipeline gpu_pipeline_handle (GpuPipeline *self, VkPipelineLayout *layout);
guint gpu_pipeline_threads (GpuPipeline *self);
void gpu_pipeline_free (GpuPipeline *self);
void gpu_pipeline_cache_load (GpuDevice *device);
