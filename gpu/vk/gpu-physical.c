#include "gpu-vk-private.h"

#include <string.h>

/* What drivers say of themselves and is not so. */
typedef struct {
  VkDriverId driver;
  guint subgroup_size; /* 0: any */
  gboolean no_coopmat;
  const char *reason;
} Quirk;

static const Quirk quirks[] = {
  { VK_DRIVER_ID_MESA_LLVMPIPE, 16, TRUE,
    "Mesa 26.1's lavapipe crashes on cooperative matrices when it runs vectors of 512 bits" },
};

/* Work a submission may hold so that it takes about 100 ms: a slow device of each kind (perf.md gives
 * 30 Gflop/s for software, about 1 Tflop/s for small integrated GPUs, 5 Tflop/s for old discrete ones). */
static const double submit_flop[] = {
  [GPU_DEVICE_DISCRETE] = 500e9, [GPU_DEVICE_INTEGRATED] = 100e9, [GPU_DEVICE_VIRTUAL] = 100e9, [GPU_DEVICE_SOFTWARE] = 12e9,
};

void
gpu_features_chain (GpuFeatures *features, GpuExtensions with)
{
  *features = (GpuFeatures) {
    .core = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &features->v11 },
    .v11 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &features->v12 },
    .v12 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &features->v13 },
    .v13 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES },
    .coopmat = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR },
    .coopmat2 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV },
    .statistics = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR },
  };
  if (with.coopmat)
    features->v13.pNext = &features->coopmat;
  if (with.coopmat2)
    {
      features->coopmat2.pNext = features->v13.pNext;
      features->v13.pNext = &features->coopmat2;
    }
  if (with.statistics)
    {
      features->statistics.pNext = features->v13.pNext;
      features->v13.pNext = &features->statistics;
    }
}

typedef struct {
  const char *name;
  gsize offset; /* of its VkBool32 in GpuFeatures */
} Required;

#define REQUIRED(member) { #member, G_STRUCT_OFFSET (GpuFeatures, member) }
static const Required required[] = {
  REQUIRED (core.features.shaderInt64),      REQUIRED (core.features.shaderInt16),
  REQUIRED (v11.storageBuffer16BitAccess),   REQUIRED (v12.bufferDeviceAddress),
  REQUIRED (v12.scalarBlockLayout),          REQUIRED (v12.shaderFloat16),
  REQUIRED (v12.timelineSemaphore),          REQUIRED (v13.computeFullSubgroups),
  REQUIRED (v13.maintenance4),               REQUIRED (v13.subgroupSizeControl),
  REQUIRED (v13.synchronization2),
};

/* What matmul-coopmat2.comp uses. Mesa's drivers have the extension without the first and the last of these. */
static const Required of_coopmat2[] = {
  REQUIRED (coopmat2.cooperativeMatrixWorkgroupScope), REQUIRED (coopmat2.cooperativeMatrixFlexibleDimensions),
  REQUIRED (coopmat2.cooperativeMatrixConversions),    REQUIRED (coopmat2.cooperativeMatrixPerElementOperations),
  REQUIRED (coopmat2.cooperativeMatrixTensorAddressing),
};

static void
ask_for (GpuFeatures *features, const Required *wanted, guint n)
{
  for (guint i = 0; i < n; i++)
    G_STRUCT_MEMBER (VkBool32, features, wanted[i].offset) = VK_TRUE;
}

void
gpu_features_require (GpuFeatures *features, GpuExtensions with)
{
  gpu_features_chain (features, with);
  ask_for (features, required, G_N_ELEMENTS (required));
  if (with.coopmat)
    {
      features->coopmat.cooperativeMatrix = VK_TRUE;
      features->v12.vulkanMemoryModel = VK_TRUE;
      features->v12.vulkanMemoryModelDeviceScope = VK_TRUE;
    }
  if (with.coopmat2)
    ask_for (features, of_coopmat2, G_N_ELEMENTS (of_coopmat2));
  features->statistics.pipelineExecutableInfo = with.statistics;
}

static gboolean
has_extension (const VkExtensionProperties *extensions, guint n, const char *name)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (extensions[i].extensionName, name))
      return TRUE;
  return FALSE;
}

static GpuDeviceKind
kind_of (VkPhysicalDeviceType type)
{
  switch (type)
    {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return GPU_DEVICE_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return GPU_DEVICE_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return GPU_DEVICE_SOFTWARE;
    default: return GPU_DEVICE_VIRTUAL;
    }
}

/* Reads name, limits and versions. */
static void
read_properties (GpuPhysical *self)
{
  VkPhysicalDeviceVulkan13Properties v13 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES };
  VkPhysicalDeviceVulkan12Properties v12 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES, .pNext = &v13 };
  VkPhysicalDeviceVulkan11Properties v11 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, .pNext = &v12 };
  VkPhysicalDeviceProperties2 all = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &v11 };
  VkPhysicalDeviceMemoryProperties memory;
  g_autoptr (GString) uuid = g_string_new (NULL);

  vkGetPhysicalDeviceProperties2 (self->handle, &all);
  vkGetPhysicalDeviceMemoryProperties (self->handle, &memory);
  const VkPhysicalDeviceLimits *limits = &all.properties.limits;
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (uuid, "%02x", v11.deviceUUID[i]);
  self->properties = all.properties;
  self->driver_id = v12.driverID;
  self->driver_version = all.properties.driverVersion;
  self->info.name = g_strdup (all.properties.deviceName);
  self->info.driver = g_strdup_printf ("%s %s", v12.driverName, v12.driverInfo);
  self->info.uuid = g_strdup (uuid->str);
  self->info.kind = kind_of (all.properties.deviceType);
  self->info.api_major = VK_API_VERSION_MAJOR (all.properties.apiVersion);
  self->info.api_minor = VK_API_VERSION_MINOR (all.properties.apiVersion);
  self->info.subgroup_size = v11.subgroupSize;
  self->subgroup_operations = v11.subgroupSupportedOperations;
  self->pins_subgroup = (v13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
  for (guint i = 0; i < memory.memoryHeapCount; i++)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      self->info.memory_bytes = MAX (self->info.memory_bytes, memory.memoryHeaps[i].size);

  self->limits.subgroup_size = v11.subgroupSize;
  self->limits.shared_bytes = limits->maxComputeSharedMemorySize;
  self->limits.max_group_threads = limits->maxComputeWorkGroupInvocations;
  self->limits.max_allocation_bytes = MIN (v11.maxMemoryAllocationSize, v13.maxBufferSize);
  self->limits.submit_flop = submit_flop[self->info.kind];
  self->limits.timestamp_ns = limits->timestampComputeAndGraphics ? limits->timestampPeriod : 0;
  for (guint i = 0; i < 3; i++)
    self->limits.max_group_count[i] = limits->maxComputeWorkGroupCount[i];
}

/* One queue for the work, and a second one for previews where the device has it. */
static void
find_queues (GpuPhysical *self)
{
  guint32 n = 0;
  g_autofree VkQueueFamilyProperties *families = NULL;
  vkGetPhysicalDeviceQueueFamilyProperties (self->handle, &n, NULL);
  families = g_new0 (VkQueueFamilyProperties, MAX (n, 1));
  vkGetPhysicalDeviceQueueFamilyProperties (self->handle, &n, families);
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < families[i].queueCount && self->n_queues < GPU_MAX_QUEUES; j++)
      if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
        {
          self->queue_family[self->n_queues] = i;
          self->queue_index[self->n_queues++] = j;
        }
}

/* Multiprocessors or compute units: only vendors' extensions tell. */
static void
read_cores (GpuPhysical *self, const VkExtensionProperties *extensions, guint n)
{
  static const guint guesses[] = {
    [GPU_DEVICE_DISCRETE] = 32, [GPU_DEVICE_INTEGRATED] = 8, [GPU_DEVICE_VIRTUAL] = 16, [GPU_DEVICE_SOFTWARE] = 4,
  };
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nv = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV };
  VkPhysicalDeviceShaderCorePropertiesAMD amd = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD };
  VkPhysicalDeviceProperties2 all = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
  if (has_extension (extensions, n, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME))
    all.pNext = &nv;
  else if (has_extension (extensions, n, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME))
    all.pNext = &amd;
  vkGetPhysicalDeviceProperties2 (self->handle, &all);
  self->limits.n_cores = nv.shaderSMCount + amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray;
  if (self->limits.n_cores == 0)
    self->limits.n_cores = guesses[self->info.kind];
}

static gboolean
is_f16_product (const VkCooperativeMatrixPropertiesKHR *shape, VkComponentTypeKHR sums)
{
  return shape->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && shape->BType == VK_COMPONENT_TYPE_FLOAT16_KHR && shape->CType == sums
         && shape->ResultType == sums && shape->scope == VK_SCOPE_SUBGROUP_KHR;
}

static gboolean
has_f16_sums (const VkCooperativeMatrixPropertiesKHR *shapes, guint n, const VkCooperativeMatrixPropertiesKHR *like)
{
  for (guint i = 0; i < n; i++)
    if (is_f16_product (&shapes[i], VK_COMPONENT_TYPE_FLOAT16_KHR) && shapes[i].MSize == like->MSize
        && shapes[i].NSize == like->NSize && shapes[i].KSize == like->KSize)
      return TRUE;
  return FALSE;
}

static void
read_coopmat_shapes (GpuPhysical *self)
{
  guint32 n = 0;
  g_autofree VkCooperativeMatrixPropertiesKHR *shapes = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (quirks); i++)
    if (quirks[i].driver == self->driver_id && quirks[i].no_coopmat
        && (quirks[i].subgroup_size == 0 || quirks[i].subgroup_size == self->limits.subgroup_size))
      {
        g_debug ("No cooperative matrices on %s: %s.", self->info.name, quirks[i].reason);
        return;
      }
  /* An extension's function: the loader exports it only by name. */
  PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get = (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)
    vkGetInstanceProcAddr (self->instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  if (get == NULL || get (self->handle, &n, NULL) != VK_SUCCESS)
    return;
  shapes = g_new0 (VkCooperativeMatrixPropertiesKHR, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    shapes[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (get (self->handle, &n, shapes) < 0)
    return;
  for (guint i = 0; i < n && self->limits.n_coopmat < G_N_ELEMENTS (self->limits.coopmat); i++)
    if (is_f16_product (&shapes[i], VK_COMPONENT_TYPE_FLOAT32_KHR))
      self->limits.coopmat[self->limits.n_coopmat++]
        = (GpuCoopmatShape) { shapes[i].MSize, shapes[i].NSize, shapes[i].KSize, has_f16_sums (shapes, n, &shapes[i]) };
}

static int
larger_shape_first (gconstpointer a, gconstpointer b)
{
  const GpuCoopmatShape *x = a, *y = b;
  return (int) (y->m * y->n * y->k) - (int) (x->m * x->n * x->k);
}

static gboolean
is_f16_grain (const VkCooperativeMatrixFlexibleDimensionsPropertiesNV *grain, VkComponentTypeKHR sums)
{
  return grain->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && grain->BType == VK_COMPONENT_TYPE_FLOAT16_KHR && grain->CType == sums
         && grain->ResultType == sums && !grain->saturatingAccumulation && grain->scope == VK_SCOPE_WORKGROUP_KHR;
}

/* Whether sums of 32 bits in this grain can become as large a matrix of 16, which is what is stored. */
static gboolean
converts_to_f16 (const VkCooperativeMatrixFlexibleDimensionsPropertiesNV *grains, guint n, const VkCooperativeMatrixFlexibleDimensionsPropertiesNV *from)
{
  for (guint i = 0; i < n; i++)
    if (is_f16_grain (&grains[i], VK_COMPONENT_TYPE_FLOAT16_KHR) && grains[i].workgroupInvocations == from->workgroupInvocations
        && from->MGranularity % grains[i].MGranularity == 0 && from->NGranularity % grains[i].NGranularity == 0)
      return TRUE;
  return FALSE;
}

/* Matrices of workgroups; none where the driver takes more shared memory for them than there is. */
static void
read_coopmat_grains (GpuPhysical *self)
{
  VkPhysicalDeviceCooperativeMatrix2PropertiesNV most = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_PROPERTIES_NV };
  VkPhysicalDeviceProperties2 all = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &most };
  PFN_vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV get
    = (PFN_vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV) vkGetInstanceProcAddr (
      self->instance, "vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV");
  g_autofree VkCooperativeMatrixFlexibleDimensionsPropertiesNV *grains = NULL;
  GpuLimits *limits = &self->limits;
  guint32 n = 0;
  vkGetPhysicalDeviceProperties2 (self->handle, &all);
  limits->coopmat2_max_side = most.cooperativeMatrixFlexibleDimensionsMaxDimension;
  limits->coopmat2_shared_bytes = most.cooperativeMatrixWorkgroupScopeReservedSharedMemory;
  if (get == NULL || limits->coopmat2_shared_bytes > limits->shared_bytes || get (self->handle, &n, NULL) != VK_SUCCESS)
    return;
  grains = g_new0 (VkCooperativeMatrixFlexibleDimensionsPropertiesNV, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    grains[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FLEXIBLE_DIMENSIONS_PROPERTIES_NV;
  if (get (self->handle, &n, grains) < 0)
    return;
  for (guint i = 0; i < n && limits->n_coopmat2 < G_N_ELEMENTS (limits->coopmat2); i++)
    if (is_f16_grain (&grains[i], VK_COMPONENT_TYPE_FLOAT32_KHR) && converts_to_f16 (grains, n, &grains[i])
        && grains[i].workgroupInvocations <= most.cooperativeMatrixWorkgroupScopeMaxWorkgroupSize)
      limits->coopmat2[limits->n_coopmat2++] = (GpuCoopmatGrain) {
        grains[i].MGranularity, grains[i].NGranularity, grains[i].KGranularity, grains[i].workgroupInvocations,
      };
}

/* The first of @wanted from *@at on that is not there, and *@at behind it; NULL: there is none. */
static const char *
next_missing (const GpuFeatures *features, const Required *wanted, guint n, guint *at)
{
  while (*at < n)
    {
      const Required *one = &wanted[(*at)++];
      if (!G_STRUCT_MEMBER (VkBool32, features, one->offset))
        return strrchr (one->name, '.') + 1;
    }
  return NULL;
}

/* Why this device cannot be used, or NULL. */
static char *
find_refusal (GpuPhysical *self, const GpuFeatures *features)
{
  const VkSubgroupFeatureFlags needed = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_BALLOT_BIT;
  g_autoptr (GString) missing = g_string_new (NULL);
  const char *name;
  if (self->properties.apiVersion < VK_API_VERSION_1_3)
    return g_strdup_printf ("It knows Vulkan %u.%u, and 1.3 is needed: a newer driver may help.", self->info.api_major,
                            self->info.api_minor);
  if (self->n_queues == 0)
    return g_strdup ("It cannot compute: it has no compute queue.");
  if ((self->subgroup_operations & needed) != needed)
    g_string_append (missing, "subgroup arithmetic and ballot");
  for (guint at = 0; (name = next_missing (features, required, G_N_ELEMENTS (required), &at)) != NULL;)
    g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", name);
  if (missing->len > 0)
    return g_strdup_printf ("It lacks what the kernels need (%s): a newer driver may help.", missing->str);
  return NULL;
}

GpuPhysical *
gpu_physical_new (VkInstance instance, VkPhysicalDevice handle, guint index)
{
  GpuPhysical *self = g_new0 (GpuPhysical, 1);
  GpuFeatures features;
  guint32 n = 0;
  g_autofree VkExtensionProperties *extensions = NULL;

  self->instance = instance;
  self->handle = handle;
  self->info.index = index;
  read_properties (self);
  find_queues (self);
  vkEnumerateDeviceExtensionProperties (handle, NULL, &n, NULL);
  extensions = g_new0 (VkExtensionProperties, MAX (n, 1));
  vkEnumerateDeviceExtensionProperties (handle, NULL, &n, extensions);
  read_cores (self, extensions, n);
  self->has_memory_budget = has_extension (extensions, n, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  const GpuExtensions has = {
    .coopmat = has_extension (extensions, n, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME),
    .coopmat2 = has_extension (extensions, n, VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME),
    .statistics = has_extension (extensions, n, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME),
  };
  gpu_features_chain (&features, has);
  if (self->properties.apiVersion >= VK_API_VERSION_1_3)
    vkGetPhysicalDeviceFeatures2 (handle, &features.core);
  self->has_statistics = has.statistics && features.statistics.pipelineExecutableInfo;
  self->info.refusal = find_refusal (self, &features);
  if (self->info.refusal == NULL && has.coopmat && features.coopmat.cooperativeMatrix && features.v12.vulkanMemoryModel
      && features.v12.vulkanMemoryModelDeviceScope)
    read_coopmat_shapes (self);
  if (self->limits.n_coopmat > 0 && has.coopmat2 && next_missing (&features, of_coopmat2, G_N_ELEMENTS (of_coopmat2), &(guint) { 0 }) == NULL)
    read_coopmat_grains (self);
  qsort (self->limits.coopmat, self->limits.n_coopmat, sizeof (GpuCoopmatShape), larger_shape_first);
  self->info.has_coopmat = self->limits.n_coopmat > 0;
  return self;
}

void
gpu_physical_free (GpuPhysical *self)
{
  if (self == NULL)
    return;
  g_free (self->info.name);
  g_free (self->info.driver);
  g_free (self->info.uuid);
  g_free (self->info.refusal);
  g_free (self);
}
