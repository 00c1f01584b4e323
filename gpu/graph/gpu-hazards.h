/* gpu-hazards.h: which dispatches need a barrier between them. */
#pragma once

#include "gpu-ops-private.h"

/* Spans of memory used since the last barrier. */
typedef struct _GpuHazards GpuHazards;

GpuHazards *gpu_hazards_new (void);
void gpu_hazards_free (GpuHazards *self);
/* TRUE if @dispatch reads what was written, or writes what was read or written, since the last barrier;
 * then everything before is forgotten. Its own uses are remembered either way. */
gboolean gpu_hazards_add (GpuHazards *self, const GpuDispatch *dispatch);
void gpu_hazards_clear (GpuHazards *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuHazards, gpu_hazards_free)
