// matmul.comp: out = act (A W^T + bias + image_bias) + residual, and 3x3 convolution as the same product.
//   Scalar form for devices that run a subgroup as one vector (software Vulkan): the lanes are output
//   columns, every activation is a uniform load, every weight one gather shared by all rows of the tile.
//   A    activations NHWC; a row of the product is an output pixel, for each tap one input pixel
//   W    (n, taps, k) with k innermost; see params/matmul.inc
//   dispatch    x: ceil (n / (COLS * subgroup)), y, folded: ceil (rows of a phase / ROWS) * phases; a workgroup is
//               one subgroup
//   precision   ACT and WEIGHT storage, 32-bit sums    test  tests/ops.c
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

#include "include/matmul-constants.glsl"
#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

const uint GROUP = 8;   // rows whose sums advance together, enough to hide the latency of an addition
const uint KBLOCK = 8;  // channels a trip round the loop

// Eight consecutive weights of a lane's column.
void
load_weights (addr_t at, out float w[KBLOCK])
{
#if WEIGHT == f16
  [[unroll]] for (uint i = 0; i < KBLOCK; i += 4)
    {
      uvec2 bits = unpack32 (U64 (at).v[i / 4]);
      vec2 lo = unpackHalf2x16 (bits.x), hi = unpackHalf2x16 (bits.y);
      w[i] = lo.x;
      w[i + 1] = lo.y;
      w[i + 2] = hi.x;
      w[i + 3] = hi.y;
    }
#else
  [[unroll]] for (uint i = 0; i < KBLOCK; i++)
    w[i] = F32 (at).v[i];
#endif
}

// Column `c` of this lane, from the workgroup's first: such that the gate of a value is the lane's own.
uint
lane_column (uint c)
{
  uint lane = gl_SubgroupInvocationID;
  if (COLS == 1 || LOCAL_SIZE <= GEGLU_BLOCK)
    return c * LOCAL_SIZE + lane;
  return lane / GEGLU_BLOCK * (GEGLU_BLOCK * COLS) + c * GEGLU_BLOCK + lane % GEGLU_BLOCK;
}

void
main ()
{
  uint rows = rows_of_phase (), tiles = (rows + ROWS - 1) / ROWS;
  uint phase = TAPS == 4 ? row_of_groups () / tiles : 0;
  uint m0 = (row_of_groups () - phase * tiles) * ROWS, n0 = gl_WorkGroupID.x * COLS * LOCAL_SIZE;
  if (m0 >= rows || phase >= 4)
    return;

  addr_t column[COLS];
  [[unroll]] for (uint c = 0; c < COLS; c++)
    column[c] = p.w + (addr_t (min (n0 + lane_column (c), p.n - 1)) * (weights_of_taps () + p.k2) + phase * TAPS * p.k) * WEIGHT_BYTES;

  float sum[ROWS][COLS];
  [[unroll]] for (uint c = 0; c < COLS; c++)
    {
      float bias = bias_of (min (n0 + lane_column (c), p.n - 1));
      [[unroll]] for (uint r = 0; r < ROWS; r++)
        sum[r][c] = bias;
    }

  Pixel corner = pixel_of_row (m0);
  [[dont_unroll]] for (uint s = 0; s < n_sources (); s++)
    {
      // Rows past the end read the last one again, and are not stored.
      addr_t row[ROWS];
      Pixel pixel = corner;
      [[unroll]] for (uint r = 0; r < ROWS; r++)
        {
          row[r] = source_address (min (m0 + r, rows - 1), pixel, s, phase);
          if (m0 + r + 1 < rows)
            pixel = next_pixel (pixel);
        }

      [[dont_unroll]] for (uint k = 0; k < channels_of_source (s); k += KBLOCK)
        {
          float w[COLS][KBLOCK];
          [[unroll]] for (uint c = 0; c < COLS; c++)
            load_weights (column[c] + (s * p.k + k) * WEIGHT_BYTES, w[c]);
          [[unroll]] for (uint g = 0; g < ROWS; g += GROUP)
            [[unroll]] for (uint i = 0; i < KBLOCK; i++)
              [[unroll]] for (uint r = g; r < min (g + GROUP, ROWS); r++)
                {
                  float a = float (ACT_BUFFER (row[r] + k * ACT_BYTES).v[i]);
                  [[unroll]] for (uint c = 0; c < COLS; c++)
                    sum[r][c] += a * w[c][i];
                }
        }
    }

  Pixel pixel = corner;
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    {
      if (m0 + r >= rows)
        break;
      uint row = output_row (m0 + r, pixel, phase);
      [[unroll]] for (uint c = 0; c < COLS / (1 + GEGLU); c++)
        {
          uint n = n0 + lane_column (c);
          if (n >= p.n)
            continue;
          if (GEGLU == 1)
            store_output (row, geglu_column (n), finish_geglu (sum[r][c], sum[r][c + COLS / 2]));
          else
            sum[r][c] = store_output (row, n, finish (pixel.image, row, n, sum[r][c]));
        }
      pixel = next_pixel (pixel);
    }
  if (p.parts != 0)
    [[unroll]] for (uint c = 0; c < COLS; c++)
      [[unroll]] for (uint first = 0; first < ROWS; first += NORM_CHUNK)
        {
          Moments moments = first_moment (sum[first][c]);
          [[unroll]] for (uint r = 1; r < min (NORM_CHUNK, ROWS); r++)
            add_moment (moments, sum[first + r][c]);
          if (n0 + lane_column (c) < p.n && m0 + first < rows)
            store_parts (m0 + first, phase, n0 + lane_column (c), moments_of (moments, NORM_CHUNK));
        }
}
