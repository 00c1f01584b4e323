/* gpu-program.h: a list of ops made static: memory planned, commands recorded once, run as often as wanted.
 *
 * Programs that never run at the same time share an arena for what lives only inside them. Inputs and
 * outputs are storages of their own, so a program's results stay until it runs again.
 * Owner: the caller. Threads: the device's. */
#pragma once

#include <gio/gio.h>

#include "gpu-ops.h"

G_BEGIN_DECLS

typedef struct _GpuArena GpuArena;
typedef struct _GpuProgram GpuProgram;

GpuArena *gpu_arena_new (GpuDevice *device);
GpuArena *gpu_arena_ref (GpuArena *self);
void gpu_arena_unref (GpuArena *self);
guint64 gpu_arena_bytes (GpuArena *self);
/* Takes the memory that programs will need before the first of them runs. Nothing may be running. */
gboolean gpu_arena_reserve (GpuArena *self, guint64 bytes, GError **error);
/* Gives the memory back; programs get it again when they next run. Nothing may be running. */
void gpu_arena_release (GpuArena *self);

/**
 * gpu_program_new:
 * @name: for labels and profiles; copied
 * @ops: (transfer full): what to run
 *
 * Plans memory; commands are recorded when the program first runs.
 * Errors: the list's first error.
 */
GpuProgram *gpu_program_new (const char *name, GpuOps *ops, GpuArena *arena, GError **error);
void gpu_program_free (GpuProgram *self);
/* (element-type GpuGuess): what the tuner could find faster kernels for. Borrowed. */
const GArray *gpu_program_guesses (GpuProgram *self);
/* How much of its arena it needs. */
guint64 gpu_program_arena_bytes (GpuProgram *self);

/**
 * gpu_program_run:
 * @queue: 0, or 1 where the device has two
 * @after: (nullable): what must be done first on the other queue
 * @cancellable: (nullable): looked at between any two submissions
 * @done: (out): when the program will be done
 *
 * Submits the program in pieces that each take about 100 ms at most on a slow device. On software and
 * other slow devices at most two pieces are under way, so a cancelled program ends soon; a program that
 * fits one piece returns at once.
 * Errors: %GPU_ERROR_CANCELLED (what was submitted is done by then), %GPU_ERROR_OUT_OF_MEMORY,
 * %GPU_ERROR_DEVICE_LOST.
 */
gboolean gpu_program_run (GpuProgram *self, guint queue, const GpuPoint *after, GCancellable *cancellable,
                          GpuPoint *done, GError **error);

/* As run, and waits for the end. */
gboolean gpu_program_run_wait (GpuProgram *self, GCancellable *cancellable, GError **error);

/* What the calls of an op cost in one run, or those of an op with one kernel and shape. */
typedef struct {
  const char *op;     /* static */
  const char *kernel; /* of a shape: its pipeline, owned by the device; else NULL */
  guint m, n, k;      /* of a shape: rows and columns of what a call makes; what each value is a sum over, or 0 */
  guint calls;
  double ms;          /* 0 unless timed */
  double flop, bytes; /* operations; what must be read and written once */
} GpuKernelCost;

typedef struct {
  guint dispatches, barriers, submissions;
  guint64 arena_bytes;
  double flop, bytes;
  gboolean timed;
  GArray *kernels; /* GpuKernelCost, one an op, the costliest first */
  GArray *shapes;  /* GpuKernelCost, one an op, kernel and shape, likewise */
} GpuProgramCost;

/* Without running anything. Barriers and submissions are those of its last run. Free with gpu_program_cost_free(). */
GpuProgramCost *gpu_program_cost (GpuProgram *self);
/* Runs @runs times with a timestamp and a barrier after every dispatch; a dispatch's time is the median of them.
 * Errors: %GPU_ERROR_UNSUPPORTED without timestamps; as gpu_program_run(). */
GpuProgramCost *gpu_program_profile (GpuProgram *self, guint runs, GError **error);
void gpu_program_cost_free (GpuProgramCost *cost);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuArena, gpu_arena_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuProgram, gpu_program_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuProgramCost, gpu_program_cost_free)

G_END_DECLS
