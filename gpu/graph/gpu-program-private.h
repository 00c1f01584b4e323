/* gpu-program-private.h: a program from inside, for gpu/graph. */
#pragma once

#include "gpu-ops-private.h"
#include "gpu-program.h"

struct _GpuProgram {
  char *name;
  GpuOps *ops;
  GpuArena *arena;
  guint64 arena_bytes;
  guint recorded_generation; /* 0: not recorded */
  GPtrArray *pieces;         /* GpuCommands */
  guint barriers;
};

/* Places everything in the arena as it is now, and records the commands, unless that has been done. */
gboolean gpu_program_record (GpuProgram *self, GError **error);
