#include "gpu-strips.h"

GpuRows
gpu_rows_nth (guint height, guint n, guint i)
{
  guint each = (height + n - 1) / n, first = MIN (i * each, height);
  return (GpuRows) { first, MIN (each, height - first) };
}

GpuRows
gpu_rows_widen (GpuRows self, guint halo, guint height)
{
  guint first = self.first - MIN (halo, self.first), end = MIN (self.first + self.count + halo, height);
  return (GpuRows) { first, end - first };
}

GpuRows
gpu_rows_doubled (GpuRows self, guint levels)
{
  return (GpuRows) { self.first << levels, self.count << levels };
}

GpuRows
gpu_rows_before_doubling (GpuRows self, guint height)
{
  GpuRows read = gpu_rows_widen (self, 1, 2 * height);
  guint first = read.first / 2, end = (read.first + read.count + 1) / 2;
  return (GpuRows) { first, end - first };
}

GpuTensor
gpu_rows_of (GpuTensor x, GpuRows held, GpuRows self)
{
  return gpu_tensor_strip (x, self.first - held.first, self.count);
}

GpuTensor
gpu_strips_thin (GpuOps *ops, GpuTensor x, guint step)
{
  guint h = x.h / step, w = x.w / step;
  if (x.storage == NULL)
    return x;
  /* Every @step-th row is copied as if it were one wide pixel; in the copy every @step-th pixel is a matter of the stride. */
  GpuTensor rows = x;
  rows.h = h;
  rows.w = 1;
  rows.c = w * step * x.stride;
  rows.stride = step * x.w * x.stride;
  rows = gpu_add (ops, rows, (GpuTensor) { 0 }, GPU_ACT_NONE, (GpuTensor) { 0 });
  return (GpuTensor) { .storage = rows.storage, .dtype = x.dtype, .n = 1, .h = h, .w = w, .c = x.c, .stride = step * x.stride };
}

guint
gpu_strips_thinning (const GpuStrips *self)
{
  guint step = 1;
  while (step * step < self->count)
    step++;
  return step;
}

guint
gpu_strips_passes (const GpuStrips *self)
{
  return (self->levels * self->levels + 1) / 2 + (gpu_strips_thinning (self) > 2 ? 1 : 0);
}
