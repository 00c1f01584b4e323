/* gpu-strips.h: how a picture that is too large to be made at once is cut into strips of rows.
 *
 * The levels of an autoencoder nearest to the picture take nearly all of its memory. They are run in strips, each with as many
 * of its neighbours' rows as its convolutions look at, so what comes out is what comes of the whole. Between two parts that are
 * run in strips the whole picture is there once, at the size and width it has there: between all blocks of a level, or only
 * between levels, which takes less memory and more passes (gpu_ops_begin_strips()). Rows of an image are one span of memory:
 * strips are no copies. */
#pragma once

#include "gpu-ops.h"

G_BEGIN_DECLS

typedef struct {
  guint levels; /* how many are run in strips, counted from the picture; 0: everything whole */
  guint fine;   /* how many of those, counted from the latent, are whole between their blocks */
  guint count;  /* of strips; 1 where everything is whole */
} GpuStrips;

typedef struct {
  guint first, count;
} GpuRows;

/* The @i-th of @n strips of @height rows, all equal but for the last ones, which may have less or no rows. */
GpuRows gpu_rows_nth (guint height, guint n, guint i);
/* With @halo more on both sides, as far as the picture goes. */
GpuRows gpu_rows_widen (GpuRows self, guint halo, guint height);
/* The rows that @self becomes where the picture is 2^@levels times as high. */
GpuRows gpu_rows_doubled (GpuRows self, guint levels);
/* The rows that a 3x3 convolution of the doubled picture reads to make @self; @height: of the picture that is doubled. */
GpuRows gpu_rows_before_doubling (GpuRows self, guint height);
/* The rows that a halving 3x3 convolution (GPU_CONV_DOWN_LATE) reads to make @self; @height: of the picture that is halved. */
GpuRows gpu_rows_before_halving (GpuRows self, guint height);
/* The rows @self of @x, which holds the rows @held. */
GpuTensor gpu_rows_of (GpuTensor x, GpuRows held, GpuRows self);

G_END_DECLS
