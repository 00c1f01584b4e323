#include "gpu-vk-private.h"

#include <string.h>

static void
free_physical (gpointer data)
{
  gpu_physical_free (data);
}

/* (element-type GpuPhysical) */
static GPtrArray *
list_physical (GpuInstance *instance, GError **error)
{
  g_autoptr (GArray) handles = gpu_instance_devices (instance, error);
  GPtrArray *list;
  if (handles == NULL)
    return NULL;
  list = g_ptr_array_new_with_free_func (free_physical);
  for (guint i = 0; i < handles->len; i++)
    g_ptr_array_add (list, gpu_physical_new (instance->handle, g_array_index (handles, VkPhysicalDevice, i), i));
  return list;
}

void
gpu_device_info_free (GpuDeviceInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->name);
  g_free (info->driver);
  g_free (info->uuid);
  g_free (info->refusal);
  g_free (info);
}

GPtrArray *
gpu_device_list (GError **error)
{
  g_autoptr (GpuInstance) instance = gpu_instance_new (FALSE, error);
  g_autoptr (GPtrArray) physical = NULL;
  GPtrArray *list;
  if (instance == NULL || (physical = list_physical (instance, error)) == NULL)
    return NULL;
  list = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_device_info_free);
  for (guint i = 0; i < physical->len; i++)
    {
      const GpuDeviceInfo *info = &((GpuPhysical *) physical->pdata[i])->info;
      GpuDeviceInfo *copy = g_memdup2 (info, sizeof *info);
      copy->name = g_strdup (info->name);
      copy->driver = g_strdup (info->driver);
      copy->uuid = g_strdup (info->uuid);
      copy->refusal = g_strdup (info->refusal);
      g_ptr_array_add (list, copy);
    }
  return list;
}

/* An index, a UUID with or without dashes, or part of a name. */
static gboolean
is_wanted (const GpuDeviceInfo *info, const char *wanted)
{
  g_autofree char *name = g_utf8_casefold (info->name, -1), *part = g_utf8_casefold (wanted, -1);
  g_auto (GStrv) pieces = g_strsplit (part, "-", -1);
  g_autofree char *uuid = g_strjoinv ("", pieces);
  guint64 index;
  if (g_ascii_string_to_unsigned (wanted, 10, 0, G_MAXUINT, &index, NULL))
    return info->index == index;
  return g_str_equal (uuid, info->uuid) || strstr (name, part) != NULL;
}

static gboolean
is_better (const GpuDeviceInfo *a, const GpuDeviceInfo *b)
{
  return a->kind != b->kind ? a->kind < b->kind : a->memory_bytes > b->memory_bytes;
}

/* Index of the best device that fits @wanted, or -1 and an error that speaks of every device. */
static int
choose (GPtrArray *list, const char *wanted, GError **error)
{
  g_autoptr (GString) reasons = g_string_new (NULL);
  int best = -1;
  for (guint i = 0; i < list->len; i++)
    {
      const GpuDeviceInfo *info = &((GpuPhysical *) list->pdata[i])->info;
      gboolean fits = wanted == NULL || is_wanted (info, wanted);
      if (fits && info->refusal == NULL
          && (best < 0 || is_better (info, &((GpuPhysical *) list->pdata[best])->info)))
        best = i;
      g_string_append_printf (reasons, " Device %u, %s: %s", info->index, info->name,
                              info->refusal != NULL ? info->refusal : "usable, but not what was asked for.");
    }
  if (best >= 0)
    return best;
  if (wanted != NULL)
    g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE, "No usable Vulkan device is called “%s”.%s", wanted, reasons->str);
  else
    g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE, "None of the Vulkan devices can be used.%s", reasons->str);
  return -1;
}

static gboolean
create_device (GpuDevice *self, GError **error)
{
  static const float priorities[GPU_MAX_QUEUES] = { 1.0f, 0.5f };
  const GpuPhysical *physical = self->physical;
  VkDeviceQueueCreateInfo queues[GPU_MAX_QUEUES];
  const GpuExtensions with = { physical->limits.n_coopmat > 0, physical->limits.n_coopmat2 > 0, self->statistics };
  const char *extensions[4];
  GpuFeatures features;
  gboolean one_family = physical->n_queues == 2 && physical->queue_family[0] == physical->queue_family[1];
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &features.core, .pQueueCreateInfos = queues,
    .queueCreateInfoCount = one_family ? 1 : physical->n_queues, .ppEnabledExtensionNames = extensions,
  };
  for (guint i = 0; i < info.queueCreateInfoCount; i++)
    queues[i] = (VkDeviceQueueCreateInfo) {
      .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = physical->queue_family[i],
      .queueCount = one_family ? 2 : 1, .pQueuePriorities = priorities + i,
    };
  if (with.coopmat)
    extensions[info.enabledExtensionCount++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
  if (with.coopmat2)
    extensions[info.enabledExtensionCount++] = VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME;
  if (physical->has_memory_budget)
    extensions[info.enabledExtensionCount++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
  if (with.statistics)
    extensions[info.enabledExtensionCount++] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  gpu_features_require (&features, with);
  return gpu_vk_ok (vkCreateDevice (physical->handle, &info, NULL, &self->handle), "vkCreateDevice", error);
}

static gboolean
create_queues (GpuDevice *self, GError **error)
{
  VkSemaphoreTypeCreateInfo type = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                     .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE };
  VkSemaphoreCreateInfo info = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type };
  const GpuPhysical *physical = self->physical;
  for (guint i = 0; i < physical->n_queues; i++)
    {
      gboolean shared = i > 0 && physical->queue_family[i] == physical->queue_family[0];
      vkGetDeviceQueue (self->handle, physical->queue_family[i], shared ? i : 0, &self->queues[i].handle);
      if (!gpu_vk_ok (vkCreateSemaphore (self->handle, &info, NULL, &self->queues[i].timeline), "vkCreateSemaphore", error))
        return FALSE;
    }
  return TRUE;
}

GpuDevice *
gpu_device_new (const GpuDeviceOptions *options, GError **error)
{
  g_autoptr (GpuDevice) self = g_new0 (GpuDevice, 1);
  g_autoptr (GPtrArray) list = NULL;
  int index;

  g_atomic_ref_count_init (&self->refs);
  self->budget_bytes = options->budget_bytes;
  self->labels = options->validate;
  self->instance = gpu_instance_new (options->validate, error);
  if (self->instance == NULL || (list = list_physical (self->instance, error)) == NULL
      || (index = choose (list, options->wanted, error)) < 0)
    return NULL;
  self->physical = g_steal_pointer (&list->pdata[index]);
  if (options->no_coopmat)
    self->physical->limits.n_coopmat = self->physical->limits.n_coopmat2 = 0;
  if (options->no_timestamps)
    self->physical->limits.timestamp_ns = 0;
  self->statistics = options->statistics && self->physical->has_statistics;
  if (!create_device (self, error) || !create_queues (self, error))
    return NULL;
  if (self->instance->messenger != VK_NULL_HANDLE)
    self->set_name = (PFN_vkSetDebugUtilsObjectNameEXT) vkGetDeviceProcAddr (self->handle, "vkSetDebugUtilsObjectNameEXT");
  for (guint i = 0; i < G_N_ELEMENTS (self->pools); i++)
    self->pools[i] = gpu_memory_pool_new (self, i);
  self->pipelines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) gpu_pipeline_free);
  if (options->cache_folder != NULL)
    self->cache_file = g_strdup_printf ("%s/pipelines-%s-%" G_GINT64_MODIFIER "x.bin", options->cache_folder,
                                        self->physical->info.uuid, self->physical->driver_version);
  gpu_pipeline_cache_load (self);
  return g_steal_pointer (&self);
}

GpuDevice *
gpu_device_ref (GpuDevice *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gpu_device_unref (GpuDevice *self)
{
  if (self == NULL || (!g_atomic_ref_count_dec (&self->refs)))
    return;
  if (self->handle != VK_NULL_HANDLE)
    vkDeviceWaitIdle (self->handle);
  g_clear_pointer (&self->pipelines, g_hash_table_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->pools); i++)
    gpu_memory_pool_free (self->pools[i]);
  if (self->handle != VK_NULL_HANDLE)
    {
      vkDestroyPipelineCache (self->handle, self->pipeline_cache, NULL);
      for (guint i = 0; i < GPU_MAX_QUEUES; i++)
        vkDestroySemaphore (self->handle, self->queues[i].timeline, NULL);
      vkDestroyDevice (self->handle, NULL);
    }
  gpu_physical_free (self->physical);
  gpu_instance_free (self->instance);
  g_free (self->cache_file);
  g_free (self);
}

const GpuDeviceInfo *
gpu_device_info (GpuDevice *self)
{
  return &self->physical->info;
}

const GpuLimits *
gpu_device_limits (GpuDevice *self)
{
  return &self->physical->limits;
}

guint64
gpu_device_bytes (GpuDevice *self)
{
  return self->bytes;
}

guint64
gpu_device_peak_bytes (GpuDevice *self)
{
  return self->peak_bytes;
}

void
gpu_device_reset_peak (GpuDevice *self)
{
  self->peak_bytes = self->bytes;
}

guint64
gpu_device_available_bytes (GpuDevice *self)
{
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT };
  VkPhysicalDeviceMemoryProperties2 memory = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                               .pNext = self->physical->has_memory_budget ? &budget : NULL };
  guint64 available = 0;
  vkGetPhysicalDeviceMemoryProperties2 (self->physical->handle, &memory);
  for (guint i = 0; i < memory.memoryProperties.memoryHeapCount; i++)
    {
      guint64 size = memory.memoryProperties.memoryHeaps[i].size;
      if (!(memory.memoryProperties.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT))
        continue;
      if (self->physical->has_memory_budget)
        size = budget.heapBudget[i] > budget.heapUsage[i] ? budget.heapBudget[i] - budget.heapUsage[i] : 0;
      else
        size = size > self->bytes ? size - self->bytes : 0;
      available = MAX (available, size);
    }
  if (self->budget_bytes > 0)
    available = MIN (available, self->budget_bytes > self->bytes ? self->budget_bytes - self->bytes : 0);
  return available;
}

gboolean
gpu_device_is_lost (GpuDevice *self)
{
  return self->lost;
}

gboolean
gpu_device_ok (GpuDevice *self, VkResult result, const char *call, GError **error)
{
  if (result == VK_ERROR_DEVICE_LOST)
    self->lost = TRUE;
  return gpu_vk_ok (result, call, error);
}

void
gpu_device_label (GpuDevice *self, VkObjectType type, guint64 handle, const char *label)
{
  VkDebugUtilsObjectNameInfoEXT info = { .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                                         .objectType = type, .objectHandle = handle, .pObjectName = label };
  if (self->set_name != NULL)
    self->set_name (self->handle, &info);
}

guint
gpu_device_n_queues (GpuDevice *self)
{
  return self->physical->n_queues;
}

gboolean
gpu_device_reached (GpuDevice *self, GpuPoint point)
{
  guint64 value = 0;
  if (point.value == 0)
    return TRUE;
  return vkGetSemaphoreCounterValue (self->handle, self->queues[point.queue].timeline, &value) == VK_SUCCESS
         && value >= point.value;
}

gboolean
gpu_device_wait (GpuDevice *self, GpuPoint point, GError **error)
{
  VkSemaphoreWaitInfo info = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, .semaphoreCount = 1,
                               .pSemaphores = &self->queues[point.queue].timeline, .pValues = &point.value };
  VkResult result = VK_TIMEOUT;
  if (point.value == 0)
    return TRUE;
  /* In slices, so that a device that died without saying so is noticed. */
  for (guint i = 0; i < 60 && result == VK_TIMEOUT; i++)
    result = vkWaitSemaphores (self->handle, &info, G_USEC_PER_SEC * G_GUINT64_CONSTANT (1000));
  if (result == VK_TIMEOUT)
    {
      self->lost = TRUE;
      g_set_error (error, GPU_ERROR, GPU_ERROR_DEVICE_LOST, "%s has not answered for a minute. Try a smaller picture, or "
                   "another device.", self->physical->info.name);
      return FALSE;
    }
  return gpu_device_ok (self, result, "vkWaitSemaphores", error);
}
