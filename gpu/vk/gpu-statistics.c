#include "gpu-vk-private.h"

#include <math.h>
#include <string.h>

#include "gpu-statistics.h"

/* What Mesa 26.1's drivers call what we count, and how many of ours one of theirs is. */
static const struct {
  VkDriverId driver;
  const char *name;
  GpuStatistic statistic;
  double unit;
} names[] = {
  { VK_DRIVER_ID_MESA_RADV, "VGPRs", GPU_STATISTIC_REGISTERS, 1 },
  { VK_DRIVER_ID_MESA_RADV, "Spilled VGPRs", GPU_STATISTIC_SPILLS, 1 },
  { VK_DRIVER_ID_MESA_RADV, "Spilled SGPRs", GPU_STATISTIC_MOVES, 1 }, /* into lanes of vector registers */
  { VK_DRIVER_ID_MESA_RADV, "Scratch size", GPU_STATISTIC_SCRATCH_BYTES, 1 },
  { VK_DRIVER_ID_MESA_RADV, "LDS size", GPU_STATISTIC_SHARED_BYTES, 1 },
  { VK_DRIVER_ID_MESA_RADV, "Code size", GPU_STATISTIC_CODE_BYTES, 1 },
  { VK_DRIVER_ID_MESA_RADV, "Subgroups per SIMD", GPU_STATISTIC_RESIDENT, 1 },

  { VK_DRIVER_ID_MESA_NVK, "Number of GPRs", GPU_STATISTIC_REGISTERS, 1 },
  { VK_DRIVER_ID_MESA_NVK, "Spills to memory", GPU_STATISTIC_SPILLS, 1 },
  { VK_DRIVER_ID_MESA_NVK, "Spills to reg", GPU_STATISTIC_MOVES, 1 },
  { VK_DRIVER_ID_MESA_NVK, "SLM size", GPU_STATISTIC_SCRATCH_BYTES, 1 },
  { VK_DRIVER_ID_MESA_NVK, "Code size", GPU_STATISTIC_CODE_BYTES, 1 },
  { VK_DRIVER_ID_MESA_NVK, "Max warps/SM", GPU_STATISTIC_RESIDENT, 1 },

  { VK_DRIVER_ID_MESA_TURNIP, "Registers used", GPU_STATISTIC_REGISTERS, 4 }, /* vectors of four */
  { VK_DRIVER_ID_MESA_TURNIP, "STP Count", GPU_STATISTIC_SPILLS, 1 },
  { VK_DRIVER_ID_MESA_TURNIP, "Code size", GPU_STATISTIC_CODE_BYTES, 4 }, /* words */
  { VK_DRIVER_ID_MESA_TURNIP, "Max Waves Per Core", GPU_STATISTIC_RESIDENT, 1 },

  { VK_DRIVER_ID_MESA_HONEYKRISP, "GPRs", GPU_STATISTIC_REGISTERS, 0.5 }, /* halves */
  { VK_DRIVER_ID_MESA_HONEYKRISP, "Spills", GPU_STATISTIC_SPILLS, 1 },
  { VK_DRIVER_ID_MESA_HONEYKRISP, "Scratch", GPU_STATISTIC_SCRATCH_BYTES, 1 },
  { VK_DRIVER_ID_MESA_HONEYKRISP, "Code size", GPU_STATISTIC_CODE_BYTES, 1 },
  { VK_DRIVER_ID_MESA_HONEYKRISP, "Threads", GPU_STATISTIC_RESIDENT, 1 / 32.0 },
};

static const char *const words[GPU_N_STATISTICS] = {
  [GPU_STATISTIC_REGISTERS] = "registers", [GPU_STATISTIC_SPILLS] = "spills", [GPU_STATISTIC_MOVES] = "moves",
  [GPU_STATISTIC_SCRATCH_BYTES] = "scratch", [GPU_STATISTIC_SHARED_BYTES] = "shared", [GPU_STATISTIC_CODE_BYTES] = "code",
  [GPU_STATISTIC_RESIDENT] = "resident",
};

const char *
gpu_statistic_name (GpuStatistic statistic)
{
  return words[statistic];
}

/* An extension's functions: the loader exports them only by name. */
typedef struct {
  PFN_vkGetPipelineExecutablePropertiesKHR get_properties;
  PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
} Functions;

static double
value_of (const VkPipelineExecutableStatisticKHR *statistic)
{
  switch (statistic->format)
    {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR: return statistic->value.b32;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: return statistic->value.i64;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR: return statistic->value.u64;
    default: return statistic->value.f64;
    }
}

static void
count (VkDriverId driver, const VkPipelineExecutableStatisticKHR *statistic, gint64 *values)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].driver == driver && g_str_equal (names[i].name, statistic->name))
      values[names[i].statistic] = ceil (value_of (statistic) * names[i].unit);
}

/* A pipeline without graphics consists of one executable, the first. */
static gboolean
read_statistics (GpuDevice *device, const Functions *functions, GpuPipeline *pipeline, GpuPipelineStatistics *result, GError **error)
{
  VkPipelineLayout layout;
  VkPipelineInfoKHR info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, .pipeline = gpu_pipeline_handle (pipeline, &layout) };
  VkPipelineExecutableInfoKHR executable = { .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = info.pipeline };
  VkPipelineExecutablePropertiesKHR properties = { .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR };
  g_autofree VkPipelineExecutableStatisticKHR *statistics = NULL;
  guint32 n = 1, n_statistics = 0;

  *result = (GpuPipelineStatistics) { .name = gpu_pipeline_name (pipeline), .threads = gpu_pipeline_threads (pipeline) };
  memset (result->values, -1, sizeof result->values);
  VkResult status = functions->get_properties (device->handle, &info, &n, &properties);
  if (!gpu_device_ok (device, status == VK_INCOMPLETE ? VK_SUCCESS : status, "vkGetPipelineExecutablePropertiesKHR", error))
    return FALSE;
  if (n == 0)
    return TRUE;
  result->subgroup_size = properties.subgroupSize;
  if (!gpu_device_ok (device, functions->get_statistics (device->handle, &executable, &n_statistics, NULL),
                      "vkGetPipelineExecutableStatisticsKHR", error))
    return FALSE;
  statistics = g_new0 (VkPipelineExecutableStatisticKHR, MAX (n_statistics, 1));
  for (guint i = 0; i < n_statistics; i++)
    statistics[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  if (!gpu_device_ok (device, functions->get_statistics (device->handle, &executable, &n_statistics, statistics),
                      "vkGetPipelineExecutableStatisticsKHR", error))
    return FALSE;
  for (guint i = 0; i < n_statistics; i++)
    count (device->physical->driver_id, &statistics[i], result->values);
  return TRUE;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (gpu_pipeline_name (*(GpuPipeline *const *) a), gpu_pipeline_name (*(GpuPipeline *const *) b));
}

GArray *
gpu_device_statistics (GpuDevice *device, GError **error)
{
  g_autoptr (GArray) result = g_array_new (FALSE, FALSE, sizeof (GpuPipelineStatistics));
  g_autoptr (GPtrArray) pipelines = g_hash_table_get_values_as_ptr_array (device->pipelines);
  Functions functions = {
    (PFN_vkGetPipelineExecutablePropertiesKHR) vkGetDeviceProcAddr (device->handle, "vkGetPipelineExecutablePropertiesKHR"),
    (PFN_vkGetPipelineExecutableStatisticsKHR) vkGetDeviceProcAddr (device->handle, "vkGetPipelineExecutableStatisticsKHR"),
  };
  if (!device->statistics || functions.get_properties == NULL || functions.get_statistics == NULL)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The driver of %s does not say what it made of the kernels.",
                   device->physical->info.name);
      return NULL;
    }
  g_ptr_array_sort (pipelines, by_name);
  for (guint i = 0; i < pipelines->len; i++)
    {
      GpuPipelineStatistics statistics;
      if (!read_statistics (device, &functions, pipelines->pdata[i], &statistics, error))
        return NULL;
      g_array_append_val (result, statistics);
    }
  return g_steal_pointer (&result);
}
