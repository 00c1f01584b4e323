/* gpu-commands.h: a list of GPU commands, recorded once and submitted as often as wanted.
 * Owner: the caller. A list may be freed or recorded anew only when its last submission is done.
 *
 * Work is ordered by the device's timelines: a submission returns a point, and a point is reached when
 * it and all submitted before it on that queue are done. */
#pragma once

#include "gpu-buffer.h"
#include "gpu-pipeline.h"

G_BEGIN_DECLS

typedef struct _GpuCommands GpuCommands;

/* A moment on a queue's timeline. The zero point is always reached. */
typedef struct {
  guint queue;
  guint64 value;
} GpuPoint;

GpuCommands *gpu_commands_new (GpuDevice *device, const char *label, GError **error);
void gpu_commands_free (GpuCommands *self); /* waits for its last submission */

gboolean gpu_commands_begin (GpuCommands *self, GError **error); /* forgets what was recorded */
gboolean gpu_commands_end (GpuCommands *self, GError **error);

/* Records. @push holds the pipeline's push constants; @base is the first workgroup, so that a large
 * dispatch can be cut into several (the shader sees the same workgroup ids either way). Base plus groups
 * is at most 65535 in each direction, which every device can do: larger grids are folded, see GRID_FOLD. */
void gpu_commands_dispatch (GpuCommands *self, GpuPipeline *pipeline, gconstpointer push,
                            guint push_bytes, const guint base[3], const guint groups[3]);
/* All earlier commands' writes become visible to all later ones (shader and transfer). */
void gpu_commands_barrier (GpuCommands *self);
void gpu_commands_copy (GpuCommands *self, GpuBuffer *to, guint64 to_offset, GpuBuffer *from,
                        guint64 from_offset, guint64 size);
void gpu_commands_fill (GpuCommands *self, GpuBuffer *buffer, guint64 offset, guint64 size,
                        guint32 word); /* offset and size multiples of 4 */
/* Makes what shaders and copies wrote visible to the host once the submission is done. */
void gpu_commands_host_barrier (GpuCommands *self);
/* Holds a reference to @buffer until the list is recorded anew or freed. */
void gpu_commands_keep (GpuCommands *self, GpuBuffer *buffer);

/* Timestamps: at most gpu_commands_begin_timestamps()'s @n a list, written in order. */
gboolean gpu_commands_begin_timestamps (GpuCommands *self, guint n, GError **error);
void gpu_commands_timestamp (GpuCommands *self);
gboolean gpu_commands_read_timestamps (GpuCommands *self, guint64 *ticks, guint n, GError **error);

/* Queues of the device: 1, or 2 where a second compute queue exists (for previews). */
guint gpu_device_n_queues (GpuDevice *device);

/**
 * gpu_commands_submit:
 * @queue: 0, or 1 where the device has two
 * @after: also wait for this point of the other queue; NULL for none
 * @point: (out) (optional): when the list is done
 *
 * Errors: %GPU_ERROR_DEVICE_LOST, %GPU_ERROR_OUT_OF_MEMORY.
 */
gboolean gpu_commands_submit (GpuCommands *self, guint queue, const GpuPoint *after, GpuPoint *point,
                              GError **error);

gboolean gpu_device_reached (GpuDevice *device, GpuPoint point);
/* Blocks until @point is reached. Errors: %GPU_ERROR_DEVICE_LOST, also after 60 s without progress. */
gboolean gpu_device_wait (GpuDevice *device, GpuPoint point, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuCommands, gpu_commands_free)

G_END_DECLS
