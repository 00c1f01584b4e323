#include "gpu-vk-private.h"

struct _GpuCommands {
  GpuDevice *device;
  char *label;
  VkCommandPool pool[GPU_MAX_QUEUES]; /* a pool and a list for each family the list may be submitted to */
  VkCommandBuffer handle[GPU_MAX_QUEUES];
  guint n_handles;
  VkQueryPool queries;
  guint n_queries, next_query;
  GPtrArray *kept;                    /* GpuBuffer */
  GpuPoint last;
};

/* The list is recorded once for each queue family of the device: usually one. */
#define FOR_EACH_HANDLE(self, command) \
  for (guint i_ = 0; i_ < (self)->n_handles; i_++) \
    { \
      VkCommandBuffer command = (self)->handle[i_];

#define END_FOR_EACH_HANDLE }

static gboolean
create_handle (GpuCommands *self, guint i, GError **error)
{
  GpuDevice *device = self->device;
  VkCommandPoolCreateInfo pool = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                   .queueFamilyIndex = device->physical->queue_family[i] };
  if (!gpu_device_ok (device, vkCreateCommandPool (device->handle, &pool, NULL, &self->pool[i]), "vkCreateCommandPool", error))
    return FALSE;
  VkCommandBufferAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = self->pool[i],
                                       .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 1 };
  if (!gpu_device_ok (device, vkAllocateCommandBuffers (device->handle, &info, &self->handle[i]), "vkAllocateCommandBuffers", error))
    return FALSE;
  gpu_device_label (device, VK_OBJECT_TYPE_COMMAND_BUFFER, (guint64) (guintptr) self->handle[i], self->label);
  self->n_handles = i + 1;
  return TRUE;
}

GpuCommands *
gpu_commands_new (GpuDevice *device, const char *label, GError **error)
{
  g_autoptr (GpuCommands) self = g_new0 (GpuCommands, 1);
  const GpuPhysical *physical = device->physical;
  self->device = gpu_device_ref (device);
  self->label = g_strdup (label);
  self->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_buffer_unref);
  if (!create_handle (self, 0, error))
    return NULL;
  if (physical->n_queues == 2 && physical->queue_family[0] != physical->queue_family[1] && !create_handle (self, 1, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
gpu_commands_free (GpuCommands *self)
{
  if (self == NULL)
    return;
  gpu_device_wait (self->device, self->last, NULL);
  for (guint i = 0; i < GPU_MAX_QUEUES; i++)
    vkDestroyCommandPool (self->device->handle, self->pool[i], NULL);
  vkDestroyQueryPool (self->device->handle, self->queries, NULL);
  g_ptr_array_unref (self->kept);
  g_free (self->label);
  gpu_device_unref (self->device);
  g_free (self);
}

gboolean
gpu_commands_begin (GpuCommands *self, GError **error)
{
  VkCommandBufferBeginInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                    .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT };
  GpuDevice *device = self->device;
  if (!gpu_device_wait (device, self->last, error))
    return FALSE;
  g_ptr_array_set_size (self->kept, 0);
  for (guint i = 0; i < self->n_handles; i++)
    if (!gpu_device_ok (device, vkResetCommandPool (device->handle, self->pool[i], 0), "vkResetCommandPool", error)
        || !gpu_device_ok (device, vkBeginCommandBuffer (self->handle[i], &info), "vkBeginCommandBuffer", error))
      return FALSE;
  return TRUE;
}

gboolean
gpu_commands_end (GpuCommands *self, GError **error)
{
  for (guint i = 0; i < self->n_handles; i++)
    if (!gpu_device_ok (self->device, vkEndCommandBuffer (self->handle[i]), "vkEndCommandBuffer", error))
      return FALSE;
  return TRUE;
}

void
gpu_commands_dispatch (GpuCommands *self, GpuPipeline *pipeline, gconstpointer push, guint push_bytes, const guint base[3],
                       const guint groups[3])
{
  VkPipelineLayout layout;
  VkPipeline handle = gpu_pipeline_handle (pipeline, &layout);
  FOR_EACH_HANDLE (self, commands)
    vkCmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, handle);
    vkCmdPushConstants (commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes, push);
    vkCmdDispatchBase (commands, base[0], base[1], base[2], groups[0], groups[1], groups[2]);
  END_FOR_EACH_HANDLE
}

static void
record_barrier (GpuCommands *self, VkPipelineStageFlags2 to_stage, VkAccessFlags2 to_access)
{
  VkMemoryBarrier2 barrier = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
    .srcStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
    .srcAccessMask = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT
                     | VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT,
    .dstStageMask = to_stage, .dstAccessMask = to_access,
  };
  VkDependencyInfo info = { .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &barrier };
  FOR_EACH_HANDLE (self, commands)
    vkCmdPipelineBarrier2 (commands, &info);
  END_FOR_EACH_HANDLE
}

void
gpu_commands_barrier (GpuCommands *self)
{
  record_barrier (self, VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                  VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT
                  | VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT);
}

void
gpu_commands_host_barrier (GpuCommands *self)
{
  record_barrier (self, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
}

void
gpu_commands_copy (GpuCommands *self, GpuBuffer *to, guint64 to_offset, GpuBuffer *from, guint64 from_offset, guint64 size)
{
  VkBuffer to_handle = gpu_buffer_handle (to, &to_offset), from_handle = gpu_buffer_handle (from, &from_offset);
  VkBufferCopy region = { .srcOffset = from_offset, .dstOffset = to_offset, .size = size };
  FOR_EACH_HANDLE (self, commands)
    vkCmdCopyBuffer (commands, from_handle, to_handle, 1, &region);
  END_FOR_EACH_HANDLE
}

void
gpu_commands_fill (GpuCommands *self, GpuBuffer *buffer, guint64 offset, guint64 size, guint32 word)
{
  VkBuffer handle = gpu_buffer_handle (buffer, &offset);
  FOR_EACH_HANDLE (self, commands)
    vkCmdFillBuffer (commands, handle, offset, size, word);
  END_FOR_EACH_HANDLE
}

void
gpu_commands_keep (GpuCommands *self, GpuBuffer *buffer)
{
  g_ptr_array_add (self->kept, gpu_buffer_ref (buffer));
}

gboolean
gpu_commands_begin_timestamps (GpuCommands *self, guint n, GError **error)
{
  VkQueryPoolCreateInfo info = { .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                 .queryCount = n };
  if (self->device->physical->limits.timestamp_ns == 0)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED, "%s has no timestamps, so kernels cannot be timed.",
                   self->device->physical->info.name);
      return FALSE;
    }
  if (n > self->n_queries)
    {
      vkDestroyQueryPool (self->device->handle, g_steal_pointer (&self->queries), NULL);
      self->n_queries = 0;
      if (!gpu_device_ok (self->device, vkCreateQueryPool (self->device->handle, &info, NULL, &self->queries), "vkCreateQueryPool", error))
        return FALSE;
      self->n_queries = n;
    }
  self->next_query = 0;
  FOR_EACH_HANDLE (self, commands)
    vkCmdResetQueryPool (commands, self->queries, 0, self->n_queries);
  END_FOR_EACH_HANDLE
  return TRUE;
}

void
gpu_commands_timestamp (GpuCommands *self)
{
  g_return_if_fail (self->next_query < self->n_queries);
  FOR_EACH_HANDLE (self, commands)
    vkCmdWriteTimestamp2 (commands, VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT, self->queries, self->next_query);
  END_FOR_EACH_HANDLE
  self->next_query++;
}

gboolean
gpu_commands_read_timestamps (GpuCommands *self, guint64 *ticks, guint n, GError **error)
{
  return gpu_device_ok (self->device,
                        vkGetQueryPoolResults (self->device->handle, self->queries, 0, n, n * sizeof (guint64), ticks,
                                               sizeof (guint64), VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
                        "vkGetQueryPoolResults", error);
}

gboolean
gpu_commands_submit (GpuCommands *self, guint queue, const GpuPoint *after, GpuPoint *point, GError **error)
{
  GpuDevice *device = self->device;
  GpuQueue *target = &device->queues[queue];
  VkCommandBufferSubmitInfo commands = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                         .commandBuffer = self->handle[MIN (queue, self->n_handles - 1)] };
  VkSemaphoreSubmitInfo signal = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO, .semaphore = target->timeline,
                                   .value = target->submitted + 1, .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT };
  VkSemaphoreSubmitInfo wait = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
                                 .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT };
  VkSubmitInfo2 info = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2, .commandBufferInfoCount = 1, .pCommandBufferInfos = &commands,
                         .signalSemaphoreInfoCount = 1, .pSignalSemaphoreInfos = &signal };
  if (after != NULL && after->value > 0)
    {
      wait.semaphore = device->queues[after->queue].timeline;
      wait.value = after->value;
      info.waitSemaphoreInfoCount = 1;
      info.pWaitSemaphoreInfos = &wait;
    }
  if (!gpu_device_ok (device, vkQueueSubmit2 (target->handle, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit2", error))
    return FALSE;
  target->submitted++;
  self->last = (GpuPoint) { queue, target->submitted };
  if (point != NULL)
    *point = self->last;
  return TRUE;
}
