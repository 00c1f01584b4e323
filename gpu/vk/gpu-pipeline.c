#include "gpu-vk-private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "spec.inc"

#define SHADER_FOLDER "/app/sfumato/shaders/"
#define SHADER_PATH SHADER_FOLDER "%s.spv"

struct _GpuPipeline {
  GpuDevice *device; /* borrowed: the device owns its pipelines */
  char *name;
  guint threads; /* of a workgroup */
  VkPipelineLayout layout;
  VkPipeline handle;
};

void
gpu_pipeline_free (GpuPipeline *self)
{
  if (self == NULL)
    return;
  vkDestroyPipeline (self->device->handle, self->handle, NULL);
  vkDestroyPipelineLayout (self->device->handle, self->layout, NULL);
  g_free (self->name);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuPipeline, gpu_pipeline_free)

static gboolean
create_layout (GpuPipeline *self, guint push_bytes, GError **error)
{
  VkPushConstantRange push = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = push_bytes };
  VkPipelineLayoutCreateInfo info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                      .pushConstantRangeCount = 1, .pPushConstantRanges = &push };
  return gpu_device_ok (self->device, vkCreatePipelineLayout (self->device->handle, &info, NULL, &self->layout),
                        "vkCreatePipelineLayout", error);
}

static gboolean
create_pipeline (GpuPipeline *self, GBytes *code, const GpuSpec *spec, GError **error)
{
  const GpuLimits *limits = &self->device->physical->limits;
  VkSpecializationMapEntry entries[GPU_MAX_SPEC];
  VkSpecializationInfo constants = { .mapEntryCount = spec->n, .pMapEntries = entries, .dataSize = spec->n * sizeof (guint32),
                                     .pData = spec->value };
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
    .requiredSubgroupSize = limits->subgroup_size,
  };
  VkShaderModuleCreateInfo module = { .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                      .codeSize = g_bytes_get_size (code), .pCode = g_bytes_get_data (code, NULL) };
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO, .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT,
    .layout = self->layout,
    .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .pNext = self->device->physical->pins_subgroup ? &subgroup : NULL,
               .flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT, .stage = VK_SHADER_STAGE_COMPUTE_BIT,
               .pName = "main", .pSpecializationInfo = &constants },
  };
  if (self->device->statistics)
    info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
  for (guint i = 0; i < spec->n; i++)
    entries[i] = (VkSpecializationMapEntry) { i, i * sizeof (guint32), sizeof (guint32) };
  if (!gpu_device_ok (self->device, vkCreateShaderModule (self->device->handle, &module, NULL, &info.stage.module),
                      "vkCreateShaderModule", error))
    return FALSE;
  VkResult result = vkCreateComputePipelines (self->device->handle, self->device->pipeline_cache, 1, &info, NULL, &self->handle);
  vkDestroyShaderModule (self->device->handle, info.stage.module, NULL);
  if (result != VK_SUCCESS && result != VK_ERROR_OUT_OF_HOST_MEMORY && result != VK_ERROR_OUT_OF_DEVICE_MEMORY
      && result != VK_ERROR_DEVICE_LOST)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The driver of %s refused the kernel %s (VkResult %d). A newer "
                   "driver may help.", self->device->physical->info.name, self->name, (int) result);
      return FALSE;
    }
  return gpu_device_ok (self->device, result, "vkCreateComputePipelines", error);
}

static char *
key_of (const char *shader, const GpuSpec *spec)
{
  GString *key = g_string_new (shader);
  for (guint i = 0; i < spec->n; i++)
    g_string_append_printf (key, "/%u", spec->value[i]);
  return g_string_free (key, FALSE);
}

GpuPipeline *
gpu_pipeline_get (GpuDevice *device, const char *shader, const GpuSpec *spec, guint push_bytes, GError **error)
{
  g_autofree char *key = key_of (shader, spec), *path = g_strdup_printf (SHADER_PATH, shader);
  g_autoptr (GpuPipeline) self = NULL;
  g_autoptr (GBytes) code = NULL;
  GpuPipeline *known = g_hash_table_lookup (device->pipelines, key);
  if (known != NULL)
    return known;

  code = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  if (code == NULL)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The program was built without the kernel %s.", shader);
      return NULL;
    }
  self = g_new0 (GpuPipeline, 1);
  self->device = device;
  self->name = g_strdup (key);
  self->threads = spec->value[SPEC_LOCAL_SIZE];
  if (!create_layout (self, push_bytes, error) || !create_pipeline (self, code, spec, error))
    return NULL;
  gpu_device_label (device, VK_OBJECT_TYPE_PIPELINE, (guint64) self->handle, key);
  g_hash_table_insert (device->pipelines, g_steal_pointer (&key), self);
  return g_steal_pointer (&self);
}

const char *
gpu_pipeline_name (GpuPipeline *self)
{
  return self->name;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char *
gpu_shaders_hash (void)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_auto (GStrv) names = g_resources_enumerate_children (SHADER_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  guint n = names != NULL ? g_strv_length (names) : 0;
  qsort (names, n, sizeof *names, by_name);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strconcat (SHADER_FOLDER, names[i], NULL);
      g_autoptr (GBytes) code = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      g_checksum_update (sum, (const guchar *) names[i], strlen (names[i]) + 1);
      g_checksum_update (sum, g_bytes_get_data (code, NULL), g_bytes_get_size (code));
    }
  return g_strdup (g_checksum_get_string (sum));
}

guint
gpu_pipeline_threads (GpuPipeline *self)
{
  return self->threads;
}

VkPipeline
gpu_pipeline_handle (GpuPipeline *self, VkPipelineLayout *layout)
{
  *layout = self->layout;
  return self->handle;
}

/* Drivers check the header of their own data, but not all of them with care: this is what the specification
 * lays down for it (VkPipelineCacheHeaderVersionOne). */
static gboolean
cache_fits (GpuDevice *device, const char *data, gsize size)
{
  VkPipelineCacheHeaderVersionOne header;
  const VkPhysicalDeviceProperties *properties = &device->physical->properties;
  if (size < sizeof header)
    return FALSE;
  memcpy (&header, data, sizeof header);
  return header.headerSize >= sizeof header && header.headerSize <= size
         && header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && header.vendorID == properties->vendorID
         && header.deviceID == properties->deviceID
         && memcmp (header.pipelineCacheUUID, properties->pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

void
gpu_pipeline_cache_load (GpuDevice *device)
{
  g_autofree char *data = NULL;
  gsize size = 0;
  VkPipelineCacheCreateInfo info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO };
  if (device->cache_file != NULL && g_file_get_contents (device->cache_file, &data, &size, NULL)
      && cache_fits (device, data, size))
    {
      info.initialDataSize = size;
      info.pInitialData = data;
    }
  /* Without a cache everything works, only slower: a null handle is allowed wherever it is used. */
  if (vkCreatePipelineCache (device->handle, &info, NULL, &device->pipeline_cache) != VK_SUCCESS)
    device->pipeline_cache = VK_NULL_HANDLE;
}

void
gpu_device_save_cache (GpuDevice *device)
{
  g_autofree char *data = NULL, *folder = NULL;
  g_autoptr (GError) error = NULL;
  size_t size = 0;
  if (device->cache_file == NULL || device->pipeline_cache == VK_NULL_HANDLE || device->lost
      || vkGetPipelineCacheData (device->handle, device->pipeline_cache, &size, NULL) != VK_SUCCESS)
    return;
  data = g_malloc (MAX (size, 1));
  if (vkGetPipelineCacheData (device->handle, device->pipeline_cache, &size, data) != VK_SUCCESS)
    return;
  folder = g_path_get_dirname (device->cache_file);
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents (device->cache_file, data, size, &error))
    g_debug ("The pipeline cache was not written: %s", error->message);
}
