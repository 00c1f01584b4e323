// matmul-shared.comp: the product of matmul.comp in the form for graphics cards without cooperative matrices.
//   A workgroup of 256 makes ROWS x COLS of the output from tiles in shared memory; an invocation makes 4 x 4.
//   dispatch    x: ceil (n / COLS), y, folded: ceil (m / ROWS)
//   precision   ACT and WEIGHT storage, 32-bit sums    test  tests/ops.c
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

layout (constant_id = SPEC_MATMUL_TAPS) const uint TAPS = 1;
layout (constant_id = SPEC_MATMUL_ACT) const uint ACTIVATION = ACT_NONE;

const uint ROWS = 64;
const uint COLS = 64;
const uint DEPTH = 16; // channels a tile
const uint EACH = 4;   // rows and columns an invocation makes, and channels it fetches

#if WEIGHT == f16
#define WEIGHT_BUFFER F16
#define WEIGHT_BYTES 2
#else
#define WEIGHT_BUFFER F32
#define WEIGHT_BYTES 4
#endif

#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

// One more than needed, so that neighbours lie in different banks.
shared float a_tile[DEPTH][ROWS + 1];
shared float w_tile[DEPTH][COLS + 1];

void
main ()
{
  uint id = gl_LocalInvocationID.x;
  uint m0 = row_of_groups () * ROWS, n0 = gl_WorkGroupID.x * COLS;
  // What this invocation fetches: four channels of one row of each tile.
  uint fetch_row = id / (DEPTH / EACH), fetch_k = id % (DEPTH / EACH) * EACH;
  Pixel pixel = pixel_of_row (min (m0 + fetch_row, p.m - 1));
  addr_t column = p.w + addr_t (min (n0 + fetch_row, p.n - 1)) * (TAPS * p.k) * WEIGHT_BYTES;
  // What it makes.
  uint row = id / (COLS / EACH) * EACH, col = id % (COLS / EACH) * EACH;

  float sum[EACH][EACH];
  [[unroll]] for (uint i = 0; i < EACH; i++)
    [[unroll]] for (uint j = 0; j < EACH; j++)
      sum[i][j] = 0.0;

  for (uint tap = 0; tap < TAPS; tap++)
    {
      addr_t source = TAPS == 1 ? p.a + addr_t (min (m0 + fetch_row, p.m - 1)) * p.a_stride * ACT_BYTES : input_address (pixel, tap);
      for (uint k0 = 0; k0 < p.k; k0 += DEPTH)
        {
          bool inside = k0 + fetch_k < p.k;
          [[unroll]] for (uint i = 0; i < EACH; i++)
            {
              a_tile[fetch_k + i][fetch_row] = inside ? float (ACT_BUFFER (source).v[k0 + fetch_k + i]) : 0.0;
              w_tile[fetch_k + i][fetch_row] = inside ? float (WEIGHT_BUFFER (column).v[tap * p.k + k0 + fetch_k + i]) : 0.0;
            }
          barrier ();
          [[unroll]] for (uint k = 0; k < DEPTH; k++)
            [[unroll]] for (uint i = 0; i < EACH; i++)
              [[unroll]] for (uint j = 0; j < EACH; j++)
                sum[i][j] = fma (a_tile[k][row + i], w_tile[k][col + j], sum[i][j]);
          barrier ();
        }
    }

  [[unroll]] for (uint i = 0; i < EACH; i++)
    [[unroll]] for (uint j = 0; j < EACH; j++)
      if (m0 + row + i < p.m && n0 + col + j < p.n)
        store_output (m0 + row + i, n0 + col + j, sum[i][j]);
}
