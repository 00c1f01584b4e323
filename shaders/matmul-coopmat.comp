// matmul-coopmat.comp: the product of matmul.comp on cooperative matrices.
//   A workgroup makes ROWS x COLS of the output from tiles of DEPTH channels in shared memory, each subgroup PART_ROWS x
//   PART_COLS of it. The next tile is under way from memory while the present one is multiplied: through registers, and
//   with two STAGES into shared memory of its own. The sums pass through shared memory, a row of matrices at a time, to
//   the epilogue that all forms have; or, where workgroups share the channels (SPLIT), to matmul-reduce.comp.
//   dispatch    x: ceil (n / COLS) * SPLIT, y, folded: ceil (rows of a phase / ROWS) * phases
//   precision   fp16 activations and weights, 32-bit sums    test  tests/ops.c
#version 460
#define WEIGHT f16
#include "include/common.glsl"
#include "include/coopmat.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

#include "include/matmul-constants.glsl"
layout (constant_id = SPEC_MATMUL_DEPTH) const uint DEPTH = 32;
layout (constant_id = SPEC_MATMUL_PART_ROWS) const uint PART_ROWS = 32;
layout (constant_id = SPEC_MATMUL_PART_COLS) const uint PART_COLS = 32;
layout (constant_id = SPEC_MATMUL_STAGES) const uint STAGES = 1;
#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

const uint ACROSS = COLS / PART_COLS;          // subgroups side by side
const uint SUBGROUPS = ROWS / PART_ROWS * ACROSS;
const uint THREADS = LOCAL_SIZE;
const uint VECTORS = DEPTH / 8;                // 16-byte vectors of a tile's row
const uint STRIDE = VECTORS + 1;               // of them in shared memory: one more, so that rows lie in different banks
const uint A_LOADS = (ROWS * VECTORS + THREADS - 1) / THREADS;
const uint W_LOADS = (COLS * VECTORS + THREADS - 1) / THREADS;
const uint SUBGROUP = THREADS / SUBGROUPS;
const uint BAND = 32;                          // columns that pass to the epilogue at a time: pairs of GEGLU stay together
const uint COLS_EACH = (BAND + SUBGROUP - 1) / SUBGROUP; // of them an invocation takes

shared uvec4 a_tile[STAGES * ROWS * STRIDE];
shared uvec4 w_tile[STAGES * COLS * STRIDE];
shared float sums[SUBGROUPS * MATRIX_M * BAND];
#include "include/matmul-walk.glsl"

// One column of a row of matrices, `i`-th of the subgroup's part, which begins at row `m0`; the band begins at column `n0`.
void
finish_column (uint m0, uint i, uint n0, uint e, uint phase, inout Moments moments)
{
  uint c = e * SUBGROUP + gl_SubgroupInvocationID, n = n0 + c, m = m0 + i * MATRIX_M, rows = rows_of_phase ();
  uint at = gl_SubgroupID * MATRIX_M * BAND + c;
  if (c >= (GEGLU == 1 ? GEGLU_BLOCK : BAND) || n >= p.n)
    return;
  float bias = bias_of (n), gate_bias = GEGLU == 1 ? bias_of (n + GEGLU_BLOCK) : 0.0;
  Pixel pixel = pixel_of_row (min (m, rows - 1));
  for (uint r = 0; r < MATRIX_M && m + r < rows; r++, at += BAND)
    {
      uint row = output_row (m + r, pixel, phase);
      if (GEGLU == 1)
        store_output (row, geglu_column (n), finish_geglu (sums[at] + bias, sums[at + GEGLU_BLOCK] + gate_bias));
      else
        {
          float y = store_output (row, n, finish (pixel.image, row, n, sums[at] + bias));
          if (i * MATRIX_M % NORM_CHUNK == 0 && r == 0)
            moments = first_moment (y);
          else
            add_moment (moments, y);
        }
      pixel = next_pixel (pixel);
    }
  if (p.parts != 0 && (i + 1) * MATRIX_M % NORM_CHUNK == 0 && m < rows)
    store_parts (m + MATRIX_M - NORM_CHUNK, phase, n, moments_of (moments, NORM_CHUNK));
}

void
main ()
{
  uint rows = rows_of_phase (), tiles = (rows + ROWS - 1) / ROWS;
  uint phase = TAPS == 4 ? row_of_groups () / tiles : 0;
  uint m0 = (row_of_groups () - phase * tiles) * ROWS, n0 = gl_WorkGroupID.x / SPLIT * COLS, split = gl_WorkGroupID.x % SPLIT;
  uint part_row = gl_SubgroupID / ACROSS * PART_ROWS, part_col = gl_SubgroupID % ACROSS * PART_COLS;
  if (m0 >= rows || phase >= 4)
    return;

  // This workgroup's share of the steps.
  uint of_tap = (p.k + DEPTH - 1) / DEPTH, steps = TAPS * of_tap + (p.k2 + DEPTH - 1) / DEPTH;
  uint share = (steps + SPLIT - 1) / SPLIT, step = split * share, end = min (step + share, steps);

  Walk walk;
  walk.source = min (step / of_tap, TAPS);
  walk.k = (step - walk.source * of_tap) * DEPTH;
  walk.phase = phase;
  [[unroll]] for (uint i = 0; i < A_LOADS; i++)
    {
      walk.m[i] = min (m0 + (gl_LocalInvocationID.x + i * THREADS) / VECTORS, rows - 1);
      walk.pixel[i] = pixel_of_row (walk.m[i]);
    }

  MatrixC sum[PART_ROWS / MATRIX_M][PART_COLS / MATRIX_N];
  [[unroll]] for (uint i = 0; i < PART_ROWS / MATRIX_M; i++)
    [[unroll]] for (uint j = 0; j < PART_COLS / MATRIX_N; j++)
      sum[i][j] = MatrixC (0.0);

  if (step < end)
    {
      locate (walk, n0);
      fetch (walk);
      put (walk, 0);
    }
  barrier ();
  for (uint stage = 0; step < end; step++)
    {
      bool more = step + 1 < end;
      if (more)
        {
          advance (walk, n0);
          fetch (walk);
        }
      for (uint k = 0; k < DEPTH; k += MATRIX_K)
        {
          MatrixA a[PART_ROWS / MATRIX_M];
          [[unroll]] for (uint i = 0; i < PART_ROWS / MATRIX_M; i++)
            coopMatLoad (a[i], a_tile, (stage * ROWS + part_row + i * MATRIX_M) * STRIDE + k / 8, STRIDE,
                         gl_CooperativeMatrixLayoutRowMajor);
          [[unroll]] for (uint j = 0; j < PART_COLS / MATRIX_N; j++)
            {
              MatrixB b;
              coopMatLoad (b, w_tile, (stage * COLS + part_col + j * MATRIX_N) * STRIDE + k / 8, STRIDE,
                           gl_CooperativeMatrixLayoutColumnMajor);
              [[unroll]] for (uint i = 0; i < PART_ROWS / MATRIX_M; i++)
                sum[i][j] = coopMatMulAdd (a[i], b, sum[i][j]);
            }
        }
      stage = STAGES == 2 ? 1 - stage : 0;
      if (STAGES == 1)
        barrier ();
      if (more)
        put (walk, stage);
      barrier ();
    }

  if (SPLIT > 1)
    {
      // (SPLIT, rows of all phases in whole tiles, columns in whole tiles). A dispatch may have been cut, so the grid
      // does not tell.
      uint width = (p.n + COLS - 1) / COLS * COLS, height = (TAPS == 4 ? 4 : 1) * tiles * ROWS;
      addr_t to = p.out_ + ((addr_t (split) * height + phase * tiles * ROWS + m0 + part_row) * width + n0 + part_col) * 4;
      [[unroll]] for (uint i = 0; i < PART_ROWS / MATRIX_M; i++)
        [[unroll]] for (uint j = 0; j < PART_COLS / MATRIX_N; j++)
          coopMatStore (sum[i][j], F32 (to).v, i * MATRIX_M * width + j * MATRIX_N, width, gl_CooperativeMatrixLayoutRowMajor);
      return;
    }

  for (uint band = 0; band < PART_COLS; band += BAND)
    {
      Moments moments[COLS_EACH];
      for (uint i = 0; i < PART_ROWS / MATRIX_M; i++)
        {
          // Which matrices are due is asked of each, because an index that is not a constant would put all of them into memory.
          [[unroll]] for (uint r = 0; r < PART_ROWS / MATRIX_M; r++)
            [[unroll]] for (uint j = 0; j < PART_COLS / MATRIX_N; j++)
              if (r == i && j * MATRIX_N / BAND * BAND == band)
                coopMatStore (sum[r][j], sums, gl_SubgroupID * MATRIX_M * BAND + j * MATRIX_N % BAND, BAND,
                              gl_CooperativeMatrixLayoutRowMajor);
          subgroupBarrier ();
          [[unroll]] for (uint e = 0; e < COLS_EACH; e++)
            finish_column (m0 + part_row, i, n0 + part_col + band, e, phase, moments[e]);
          subgroupBarrier ();
        }
    }
}
