#include "gpu-vk-private.h"

/* Spans are cut from blocks of this size. What is larger than a part of it gets a block of its own unless there is a gap for it: a
 * few of its like would fill a block badly. */
#define DEVICE_BLOCK_BYTES (16u << 20)
#define HOST_BLOCK_BYTES (4u << 20)
#define BLOCK_PART 4
/* Vulkan asks for at most 256 of any buffer offset (required limits, minStorageBufferOffsetAlignment). */
#define SPAN_ALIGNMENT 256

typedef struct {
  guint64 offset, size;
} Gap;

struct _GpuBlock {
  GpuDevice *device; /* borrowed: the pool's */
  GpuMemory memory;
  VkBuffer buffer;
  VkDeviceMemory handle;
  guint64 size, address;
  void *map;
  GArray *gaps;      /* Gap, by offset, never touching each other */
  gboolean rehearsed; /* has a size only */
};

struct _GpuMemoryPool {
  GpuDevice *device; /* borrowed: the pool is the device's */
  GpuMemory memory;
  GPtrArray *blocks; /* GpuBlock */
};

/* A pool of sizes without memory. */
struct _GpuRehearsal {
  GpuMemoryPool *pool;
  guint64 limit;       /* all that can be had */
  guint64 bytes, peak; /* of blocks now, and the most there were */
  gboolean too_large;  /* a block was, for the driver */
};

static void
block_free (GpuBlock *self)
{
  if (self == NULL)
    return;
  if (self->rehearsed)
    self->device->rehearsal->bytes -= self->size;
  vkDestroyBuffer (self->device->handle, self->buffer, NULL);
  vkFreeMemory (self->device->handle, self->handle, NULL);
  if (self->handle != VK_NULL_HANDLE && self->memory == GPU_MEMORY_DEVICE)
    self->device->bytes -= self->size;
  g_clear_pointer (&self->gaps, g_array_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuBlock, block_free)

/* The memory type that has all of `needed` and as many of `liked` as any. -1 if none. */
static int
find_type (GpuDevice *device, guint32 allowed, VkMemoryPropertyFlags needed, VkMemoryPropertyFlags liked)
{
  VkPhysicalDeviceMemoryProperties memory;
  int best = -1, best_score = -1;
  vkGetPhysicalDeviceMemoryProperties (device->physical->handle, &memory);
  for (guint i = 0; i < memory.memoryTypeCount; i++)
    {
      VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
      int score = __builtin_popcount (flags & liked);
      if ((allowed & (1u << i)) && (flags & needed) == needed && score > best_score)
        {
          best = i;
          best_score = score;
        }
    }
  return best;
}

static int
type_for (GpuDevice *device, GpuMemory memory, guint32 allowed)
{
  const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  switch (memory)
    {
    case GPU_MEMORY_UPLOAD: return find_type (device, allowed, host, 0);
    case GPU_MEMORY_DOWNLOAD: return find_type (device, allowed, host, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    case GPU_MEMORY_DEVICE: break;
    }
  return find_type (device, allowed, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
}

static void
set_out_of_memory (GpuDevice *device, guint64 size, const char *label, GError **error)
{
  g_autofree char *wanted = g_format_size (size), *held = g_format_size (device->bytes);
  g_autofree char *free_ = g_format_size (gpu_device_available_bytes (device));
  g_clear_error (error);
  g_set_error (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY,
               "Not enough memory on %s: %s more are needed (%s), %s are in use and %s are left. A smaller picture or "
               "model may fit.", device->physical->info.name, wanted, label, held, free_);
}

static gboolean
create_buffer (GpuBlock *self, GError **error)
{
  const GpuPhysical *physical = self->device->physical;
  gboolean two = physical->n_queues == 2 && physical->queue_family[0] != physical->queue_family[1];
  VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = self->size,
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT
             | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT,
    .sharingMode = two ? VK_SHARING_MODE_CONCURRENT : VK_SHARING_MODE_EXCLUSIVE,
    .queueFamilyIndexCount = two ? 2 : 0, .pQueueFamilyIndices = physical->queue_family,
  };
  return gpu_device_ok (self->device, vkCreateBuffer (self->device->handle, &info, NULL, &self->buffer), "vkCreateBuffer", error);
}

static gboolean
allocate (GpuBlock *self, GError **error)
{
  VkMemoryRequirements needs;
  VkMemoryAllocateFlagsInfo flags = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                      .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT };
  VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &flags };
  VkDevice device = self->device->handle;
  vkGetBufferMemoryRequirements (device, self->buffer, &needs);
  int type = type_for (self->device, self->memory, needs.memoryTypeBits);
  if (type < 0)
    {
      g_set_error_literal (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "The device has no memory of the kind that is needed.");
      return FALSE;
    }
  info.allocationSize = needs.size;
  info.memoryTypeIndex = type;
  if (!gpu_device_ok (self->device, vkAllocateMemory (device, &info, NULL, &self->handle), "vkAllocateMemory", error))
    return FALSE;
  if (self->memory == GPU_MEMORY_DEVICE)
    {
      self->device->bytes += self->size;
      self->device->peak_bytes = MAX (self->device->peak_bytes, self->device->bytes);
    }
  if (!gpu_device_ok (self->device, vkBindBufferMemory (device, self->buffer, self->handle, 0), "vkBindBufferMemory", error))
    return FALSE;
  return self->memory == GPU_MEMORY_DEVICE
         || gpu_device_ok (self->device, vkMapMemory (device, self->handle, 0, VK_WHOLE_SIZE, 0, &self->map), "vkMapMemory", error);
}

/* In a rehearsal everything is given. */
static void
rehearse (GpuBlock *self)
{
  GpuRehearsal *rehearsal = self->device->rehearsal;
  self->rehearsed = TRUE;
  rehearsal->bytes += self->size;
  rehearsal->peak = MAX (rehearsal->peak, rehearsal->bytes);
  rehearsal->too_large |= self->size > self->device->physical->limits.max_allocation_bytes;
}

/* TRUE where a block of @size would not be given, but less might. */
static gboolean
is_over_limit (GpuDevice *device, guint64 size)
{
  return device->rehearsal != NULL && device->rehearsal->bytes + size > device->rehearsal->limit;
}

static GpuBlock *
block_new (GpuDevice *device, GpuMemory memory, guint64 size, const char *label, GError **error)
{
  g_autoptr (GpuBlock) self = g_new0 (GpuBlock, 1);
  Gap all = { 0, size };
  self->device = device;
  self->memory = memory;
  self->size = size;
  self->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
  g_array_append_val (self->gaps, all);
  if (device->rehearsal != NULL)
    {
      rehearse (self);
      return g_steal_pointer (&self);
    }
  if (size > device->physical->limits.max_allocation_bytes
      || (memory == GPU_MEMORY_DEVICE && device->budget_bytes > 0 && device->bytes + size > device->budget_bytes))
    {
      set_out_of_memory (device, size, label, error);
      return NULL;
    }
  if (!create_buffer (self, error) || !allocate (self, error))
    {
      if (g_error_matches (*error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY))
        set_out_of_memory (device, size, label, error);
      return NULL;
    }
  VkBufferDeviceAddressInfo address = { .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = self->buffer };
  self->address = vkGetBufferDeviceAddress (device->handle, &address);
  gpu_device_label (device, VK_OBJECT_TYPE_BUFFER, (guint64) self->buffer, label);
  return g_steal_pointer (&self);
}

VkBuffer
gpu_block_buffer (GpuBlock *self)
{
  return self->buffer;
}

guint64
gpu_block_address (GpuBlock *self)
{
  return self->address;
}

void *
gpu_block_map (GpuBlock *self)
{
  return self->map;
}

GpuMemoryPool *
gpu_memory_pool_new (GpuDevice *device, GpuMemory memory)
{
  GpuMemoryPool *self = g_new0 (GpuMemoryPool, 1);
  self->device = device;
  self->memory = memory;
  self->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) block_free);
  return self;
}

void
gpu_memory_pool_free (GpuMemoryPool *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->blocks);
  g_free (self);
}

/* Best fit among all blocks. */
static gboolean
take_gap (GpuMemoryPool *self, guint64 size, GpuSpan *span)
{
  GpuBlock *best_block = NULL;
  guint best = 0;
  for (guint i = 0; i < self->blocks->len; i++)
    {
      GpuBlock *block = self->blocks->pdata[i];
      for (guint j = 0; j < block->gaps->len; j++)
        {
          const Gap *gap = &g_array_index (block->gaps, Gap, j);
          if (gap->size >= size
              && (best_block == NULL || gap->size < g_array_index (best_block->gaps, Gap, best).size))
            {
              best_block = block;
              best = j;
            }
        }
    }
  if (best_block == NULL)
    return FALSE;
  Gap *gap = &g_array_index (best_block->gaps, Gap, best);
  *span = (GpuSpan) { best_block, gap->offset, size };
  gap->offset += size;
  gap->size -= size;
  if (gap->size == 0)
    g_array_remove_index (best_block->gaps, best);
  return TRUE;
}

gboolean
gpu_memory_pool_take (GpuMemoryPool *self, guint64 size, const char *label, GpuSpan *span, GError **error)
{
  guint64 usual = self->memory == GPU_MEMORY_DEVICE ? DEVICE_BLOCK_BYTES : HOST_BLOCK_BYTES;
  g_autoptr (GError) local = NULL;
  GpuBlock *block;

  size = (size + SPAN_ALIGNMENT - 1) / SPAN_ALIGNMENT * SPAN_ALIGNMENT;
  if (take_gap (self, size, span))
    return TRUE;
  /* Where a whole block does not fit any more, what was asked for may. */
  block = block_new (self->device, self->memory, size > usual / BLOCK_PART || is_over_limit (self->device, usual) ? size : usual, label, &local);
  if (block == NULL && size < usual && g_error_matches (local, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY))
    {
      g_clear_error (&local);
      block = block_new (self->device, self->memory, size, label, &local);
    }
  if (block == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_ptr_array_add (self->blocks, block);
  return take_gap (self, size, span);
}

void
gpu_memory_pool_give (GpuMemoryPool *self, GpuSpan span)
{
  GArray *gaps = span.block->gaps;
  guint i = 0;
  while (i < gaps->len && g_array_index (gaps, Gap, i).offset < span.offset)
    i++;
  Gap gap = { span.offset, span.size };
  g_array_insert_val (gaps, i, gap);
  if (i + 1 < gaps->len && gap.offset + gap.size == g_array_index (gaps, Gap, i + 1).offset)
    {
      g_array_index (gaps, Gap, i).size += g_array_index (gaps, Gap, i + 1).size;
      g_array_remove_index (gaps, i + 1);
    }
  if (i > 0 && g_array_index (gaps, Gap, i - 1).offset + g_array_index (gaps, Gap, i - 1).size == gap.offset)
    {
      g_array_index (gaps, Gap, i - 1).size += g_array_index (gaps, Gap, i).size;
      g_array_remove_index (gaps, i);
    }
  if (gaps->len == 1 && g_array_index (gaps, Gap, 0).size == span.block->size)
    g_ptr_array_remove_fast (self->blocks, span.block);
}

/* -- rehearsals: sizes without memory -- */

void
gpu_device_begin_rehearsal (GpuDevice *self)
{
  g_return_if_fail (self->rehearsal == NULL);
  self->rehearsal = g_new0 (GpuRehearsal, 1);
  self->rehearsal->limit = self->bytes + gpu_device_available_bytes (self);
  self->rehearsal->pool = gpu_memory_pool_new (self, GPU_MEMORY_DEVICE);
}

guint64
gpu_device_end_rehearsal (GpuDevice *self)
{
  guint64 bytes = self->rehearsal->too_large ? G_MAXUINT64 : self->rehearsal->peak;
  gpu_memory_pool_free (self->rehearsal->pool);
  g_clear_pointer (&self->rehearsal, g_free);
  return bytes;
}

gboolean
gpu_device_is_rehearsing (GpuDevice *self)
{
  return self->rehearsal != NULL;
}

GpuMemoryPool *
gpu_device_pool (GpuDevice *self, GpuMemory memory)
{
  if (self->rehearsal == NULL)
    return self->pools[memory];
  return memory == GPU_MEMORY_DEVICE ? self->rehearsal->pool : NULL;
}
