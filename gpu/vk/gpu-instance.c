#include "gpu-vk-private.h"

#include <string.h>

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"

/* Messages that say nothing about our use of Vulkan. A line needs a reason. */
static const char *const harmless[] = {
  /* The loader's own remark when a driver file does not fit the machine. */
  "Loader Message",
};

static VKAPI_ATTR VkBool32 VKAPI_CALL
message_cb (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
            const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (harmless); i++)
    if (g_strcmp0 (data->pMessageIdName, harmless[i]) == 0)
      return VK_FALSE;
  g_critical ("Vulkan validation: %s", data->pMessage);
  return VK_FALSE;
}

static gboolean
layer_installed (const char *name)
{
  guint32 n = 0;
  g_autofree VkLayerProperties *layers = NULL;
  vkEnumerateInstanceLayerProperties (&n, NULL);
  layers = g_new0 (VkLayerProperties, MAX (n, 1));
  vkEnumerateInstanceLayerProperties (&n, layers);
  for (guint i = 0; i < n; i++)
    if (g_str_equal (layers[i].layerName, name))
      return TRUE;
  return FALSE;
}

GpuInstance *
gpu_instance_new (gboolean validate, GError **error)
{
  static const char *const layers[] = { VALIDATION_LAYER };
  static const char *const extensions[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME };
  static const VkValidationFeatureEnableEXT enables[] = { VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT };
  VkDebugUtilsMessengerCreateInfoEXT messenger = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
    .pfnUserCallback = message_cb,
  };
  VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT, .pNext = &messenger,
    .enabledValidationFeatureCount = G_N_ELEMENTS (enables), .pEnabledValidationFeatures = enables,
  };
  VkApplicationInfo app = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "Sfumato", .apiVersion = VK_API_VERSION_1_3,
  };
  VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
  g_autoptr (GpuInstance) self = g_new0 (GpuInstance, 1);

  if (validate && !layer_installed (VALIDATION_LAYER))
    {
      g_warning ("The Vulkan validation layer is not installed: nothing is validated.");
      validate = FALSE;
    }
  if (validate)
    {
      info.pNext = &features;
      info.enabledLayerCount = G_N_ELEMENTS (layers);
      info.ppEnabledLayerNames = layers;
      info.enabledExtensionCount = G_N_ELEMENTS (extensions);
      info.ppEnabledExtensionNames = extensions;
    }
  if (!gpu_vk_ok (vkCreateInstance (&info, NULL, &self->handle), "vkCreateInstance", error))
    return NULL;
  if (validate)
    {
      PFN_vkCreateDebugUtilsMessengerEXT create
        = (PFN_vkCreateDebugUtilsMessengerEXT) vkGetInstanceProcAddr (self->handle, "vkCreateDebugUtilsMessengerEXT");
      if (!gpu_vk_ok (create (self->handle, &messenger, NULL, &self->messenger), "vkCreateDebugUtilsMessengerEXT", error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

void
gpu_instance_free (GpuInstance *self)
{
  if (self == NULL)
    return;
  if (self->messenger != VK_NULL_HANDLE)
    {
      PFN_vkDestroyDebugUtilsMessengerEXT destroy
        = (PFN_vkDestroyDebugUtilsMessengerEXT) vkGetInstanceProcAddr (self->handle, "vkDestroyDebugUtilsMessengerEXT");
      destroy (self->handle, self->messenger, NULL);
    }
  if (self->handle != VK_NULL_HANDLE)
    vkDestroyInstance (self->handle, NULL);
  g_free (self);
}

GArray *
gpu_instance_devices (GpuInstance *self, GError **error)
{
  g_autoptr (GArray) devices = g_array_new (FALSE, TRUE, sizeof (VkPhysicalDevice));
  guint32 n = 0;
  VkResult result = vkEnumeratePhysicalDevices (self->handle, &n, NULL);
  if (!gpu_vk_ok (result, "vkEnumeratePhysicalDevices", error))
    return NULL;
  if (n == 0)
    {
      g_set_error_literal (error, GPU_ERROR, GPU_ERROR_NO_DEVICE,
                           "No Vulkan device was found. Install your graphics card's Vulkan driver "
                           "(mesa-vulkan-drivers for AMD, Intel and software rendering).");
      return NULL;
    }
  g_array_set_size (devices, n);
  result = vkEnumeratePhysicalDevices (self->handle, &n, (VkPhysicalDevice *) devices->data);
  if (!gpu_vk_ok (result == VK_INCOMPLETE ? VK_SUCCESS : result, "vkEnumeratePhysicalDevices", error))
    return NULL;
  g_array_set_size (devices, n);
  return g_steal_pointer (&devices);
}
