/* gpu-strips.h: how a picture that is too large to be made at once is cut into strips of rows.
 *
 * The levels of an autoencoder nearest to the picture take nearly all of its memory. They are run strip by strip, each with as
 * many of its neighbours' rows as its convolutions look at, so that no strip's own rows know of the cut; the levels below
 * are run whole. Rows of an image are one span of memory: strips cost no copy. */
#pragma once

#include "gpu-ops.h"

G_BEGIN_DECLS

typedef struct {
  guint levels; /* how many are run in strips; 0: everything whole */
  guint count;  /* of strips, at least 2 then */
} GpuStrips;

typedef struct {
  guint first, count;
} GpuRows;

/* The @i-th of @n strips of @height rows, all equal but for the last. No rows: the ones before have them all. */
GpuRows gpu_rows_nth (guint height, guint n, guint i);
/* With @halo more on both sides, as far as the picture goes. */
GpuRows gpu_rows_widen (GpuRows self, guint halo, guint height);
/* The rows that @self becomes where the picture is 2^@levels times as high. */
GpuRows gpu_rows_doubled (GpuRows self, guint levels);
/* The rows that a 3x3 convolution of the doubled picture reads to make @self. */
GpuRows gpu_rows_before_doubling (GpuRows self, guint height);
/* The part of @x, which holds the rows @held, that is the rows @self. */
GpuTensor gpu_rows_of (GpuTensor x, GpuRows held, GpuRows self);

/* Every @step-th pixel of @x (1, h, w, c) in both directions. For natural pictures it has nearly the same statistics in every layer
 * of a net, which a mean over pixels, being smoother, has not. */
GpuTensor gpu_strips_thin (GpuOps *ops, GpuTensor x, guint step);
/* How far to thin, so that the picture is no larger than a strip. */
guint gpu_strips_thinning (const GpuStrips *self);
/* Passes that better the statistics before they are used: 1, 2, 5 for one to three levels, and one more from a seed of less than a
 * quarter. Each brings about 10 dB; a deeper cut has more norms, of which each builds on those before. Tried with tests/strips.c. */
guint gpu_strips_passes (const GpuStrips *self);

G_END_DECLS
