/* gpu-plan.h: where in one arena each tensor lies, so that tensors share memory when they are not needed at
 * the same time. Pure: knows spans of time and sizes only. */
#pragma once

#include <glib.h>

typedef struct {
  guint64 bytes;
  guint first, last; /* the dispatches that write it first and use it last */
  guint64 offset;    /* (out) a multiple of 256 */
} GpuLifetime;

/* Sets every offset and returns the arena's size. Largest first, each at the lowest place that is free
 * during its whole life ("greedy by size", Pisarchyk and Lee 2020, arXiv 2001.03288). */
guint64 gpu_plan_offsets (GpuLifetime *lives, guint n);
