// matmul-reduce.comp: joins the sums of a product whose channels were split among workgroups; then its epilogue.
//   The lanes are columns of NORM_CHUNK rows.
//   a    f32 (SPLIT, phases, k, a_stride): k rows of a phase and a_stride columns, both in whole tiles
//   dispatch    x: ceil (columns of the output / LOCAL_SIZE), y, folded: ceil (rows of a phase / NORM_CHUNK) * phases
//   precision   32-bit sums    test  tests/ops.c
#version 460
#define WEIGHT f16
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

#include "include/matmul-constants.glsl"
#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

float
joined (uint row, uint n)
{
  addr_t at = p.a + (addr_t (row) * p.a_stride + n) * 4, next = addr_t (TAPS == 4 ? 4 : 1) * p.k * p.a_stride * 4;
  float y = bias_of (n);
  [[unroll]] for (uint i = 0; i < SPLIT; i++)
    y += F32 (at + i * next).v[0];
  return y;
}

void
main ()
{
  uint rows = rows_of_phase (), tiles = (rows + NORM_CHUNK - 1) / NORM_CHUNK;
  uint phase = TAPS == 4 ? row_of_groups () / tiles : 0;
  uint m0 = (row_of_groups () - phase * tiles) * NORM_CHUNK, n = gl_GlobalInvocationID.x;
  if (GEGLU == 1)
    n = n / GEGLU_BLOCK * (2 * GEGLU_BLOCK) + n % GEGLU_BLOCK;
  if (m0 >= rows || phase >= 4 || n >= p.n)
    return;

  Pixel pixel = pixel_of_row (m0);
  Moments moments;
  for (uint m = m0; m < min (m0 + NORM_CHUNK, rows); m++)
    {
      uint row = output_row (m, pixel, phase);
      float y = joined (phase * p.k + m, n);
      if (GEGLU == 1)
        store_output (row, geglu_column (n), finish_geglu (y, joined (phase * p.k + m, n + GEGLU_BLOCK)));
      else
        {
          y = store_output (row, n, finish (pixel.image, row, n, y));
          if (m == m0)
            moments = first_moment (y);
          else
            add_moment (moments, y);
        }
      pixel = next_pixel (pixel);
    }
  if (p.parts != 0)
    store_parts (m0, phase, n, moments_of (moments, NORM_CHUNK));
}
