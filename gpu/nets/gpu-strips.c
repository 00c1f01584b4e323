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

GpuRows
gpu_rows_before_halving (GpuRows self, guint height)
{
  guint first = 2 * self.first, end = MIN (2 * (self.first + self.count) + 1, height);
  return (GpuRows) { first, end - first };
}

GpuTensor
gpu_rows_of (GpuTensor x, GpuRows held, GpuRows self)
{
  return gpu_tensor_strip (x, self.first - held.first, self.count);
}
