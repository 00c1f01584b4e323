#include "gpu-vk-private.h"

G_DEFINE_QUARK (gpu-error-quark, gpu_error)

static const char *
result_name (VkResult result)
{
  switch (result)
    {
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "VK_ERROR_OUT_OF_HOST_MEMORY";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
    case VK_ERROR_INITIALIZATION_FAILED: return "VK_ERROR_INITIALIZATION_FAILED";
    case VK_ERROR_DEVICE_LOST: return "VK_ERROR_DEVICE_LOST";
    case VK_ERROR_MEMORY_MAP_FAILED: return "VK_ERROR_MEMORY_MAP_FAILED";
    case VK_ERROR_LAYER_NOT_PRESENT: return "VK_ERROR_LAYER_NOT_PRESENT";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "VK_ERROR_EXTENSION_NOT_PRESENT";
    case VK_ERROR_FEATURE_NOT_PRESENT: return "VK_ERROR_FEATURE_NOT_PRESENT";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "VK_ERROR_INCOMPATIBLE_DRIVER";
    case VK_ERROR_TOO_MANY_OBJECTS: return "VK_ERROR_TOO_MANY_OBJECTS";
    case VK_ERROR_INVALID_SHADER_NV: return "VK_ERROR_INVALID_SHADER_NV";
    case VK_TIMEOUT: return "VK_TIMEOUT";
    default: return NULL;
    }
}

gboolean
gpu_vk_ok (VkResult result, const char *call, GError **error)
{
  const char *name = result_name (result);
  g_autofree char *number = NULL;
  if (result == VK_SUCCESS)
    return TRUE;
  if (name == NULL)
    name = number = g_strdup_printf ("VkResult %d", (int) result);
  switch (result)
    {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      g_set_error (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY,
                   "The device ran out of memory (%s: %s). A smaller picture or model may fit.", call, name);
      break;
    case VK_ERROR_DEVICE_LOST:
      g_set_error (error, GPU_ERROR, GPU_ERROR_DEVICE_LOST,
                   "The graphics device stopped responding (%s: %s). Try again; if it happens often, try a smaller "
                   "picture or a newer driver.", call, name);
      break;
    case VK_ERROR_INCOMPATIBLE_DRIVER:
    case VK_ERROR_INITIALIZATION_FAILED:
      g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE,
                   "Vulkan could not be started (%s: %s). Install your graphics card's Vulkan driver "
                   "(mesa-vulkan-drivers for AMD, Intel and software rendering).", call, name);
      break;
    default:
      g_set_error (error, GPU_ERROR, GPU_ERROR_FAILED, "The graphics driver reported an error (%s: %s).", call, name);
      break;
    }
  return FALSE;
}
