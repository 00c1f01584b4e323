// matmul-coopmat.comp: the product of matmul.comp on cooperative matrices.
//   A workgroup of four subgroups makes 64 x 64 of the output from tiles in shared memory; a subgroup makes
//   32 x 32. Sums pass through shared memory to the epilogue that all forms have.
//   dispatch    x: ceil (n / 64), y, folded: ceil (m / 64)
//   precision   fp16 activations and weights, 32-bit sums    test  tests/ops.c
#version 460
#include "include/common.glsl"
#include "include/coopmat.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

layout (constant_id = SPEC_MATMUL_TAPS) const uint TAPS = 1;
layout (constant_id = SPEC_MATMUL_ACT) const uint ACTIVATION = ACT_NONE;

const uint TILE = 64;                // rows and columns of a workgroup
const uint PART = 32;                // of a subgroup
const uint DEPTH = 32;               // channels a tile
const uint STRIDE = DEPTH + 8;       // in shared memory: 16 bytes more, so that rows lie in different banks
const uint MOST = 4;                 // matrices along a side of a subgroup's part, at 8 x 8

#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

shared float16_t a_tile[TILE * STRIDE];
shared float16_t w_tile[TILE * STRIDE];
shared float out_tile[TILE * TILE];
shared addr_t row_source[TILE];

// Eight channels at once; @inside FALSE: zeros.
void
copy8 (bool to_a, uint at, addr_t from, bool inside)
{
  [[unroll]] for (uint i = 0; i < 8; i++)
    {
      float16_t x = inside ? F16 (from).v[i] : float16_t (0.0);
      if (to_a)
        a_tile[at + i] = x;
      else
        w_tile[at + i] = x;
    }
}

void
main ()
{
  uint m0 = row_of_groups () * TILE, n0 = gl_WorkGroupID.x * TILE;
  uint part_row = gl_SubgroupID / 2 * PART, part_col = gl_SubgroupID % 2 * PART;

  MatrixC sum[MOST][MOST];
  [[unroll]] for (uint i = 0; i < PART / MATRIX_M; i++)
    [[unroll]] for (uint j = 0; j < PART / MATRIX_N; j++)
      sum[i][j] = MatrixC (0.0);

  for (uint tap = 0; tap < TAPS; tap++)
    {
      for (uint r = gl_LocalInvocationID.x; r < TILE; r += LOCAL_SIZE)
        {
          uint m = min (m0 + r, p.m - 1);
          row_source[r] = TAPS == 1 ? p.a + addr_t (m) * p.a_stride * ACT_BYTES : input_address (pixel_of_row (m), tap);
        }
      barrier ();
      for (uint k0 = 0; k0 < p.k; k0 += DEPTH)
        {
          for (uint i = gl_LocalInvocationID.x; i < TILE * DEPTH / 8; i += LOCAL_SIZE)
            {
              uint r = i / (DEPTH / 8), k = i % (DEPTH / 8) * 8, n = min (n0 + r, p.n - 1);
              bool inside = k0 + k < p.k;
              copy8 (true, r * STRIDE + k, row_source[r] + (k0 + k) * 2, inside);
              copy8 (false, r * STRIDE + k, p.w + (addr_t (n * TAPS + tap) * p.k + k0 + k) * 2, inside);
            }
          barrier ();
          for (uint k = 0; k < DEPTH; k += MATRIX_K)
            [[unroll]] for (uint i = 0; i < PART / MATRIX_M; i++)
              {
                MatrixA a;
                coopMatLoad (a, a_tile, (part_row + i * MATRIX_M) * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint j = 0; j < PART / MATRIX_N; j++)
                  {
                    MatrixB b;
                    coopMatLoad (b, w_tile, (part_col + j * MATRIX_N) * STRIDE + k, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
                    sum[i][j] = coopMatMulAdd (a, b, sum[i][j]);
                  }
              }
          barrier ();
        }
    }

  [[unroll]] for (uint i = 0; i < PART / MATRIX_M; i++)
    [[unroll]] for (uint j = 0; j < PART / MATRIX_N; j++)
      coopMatStore (sum[i][j], out_tile, (part_row + i * MATRIX_M) * TILE + part_col + j * MATRIX_N, TILE,
                    gl_CooperativeMatrixLayoutRowMajor);
  barrier ();
  for (uint i = gl_LocalInvocationID.x; i < TILE * TILE; i += LOCAL_SIZE)
    if (m0 + i / TILE < p.m && n0 + i % TILE < p.n)
      store_output (m0 + i / TILE, n0 + i % TILE, out_tile[i]);
}
