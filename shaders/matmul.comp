// matmul.comp: out = act (A W^T + bias + image_bias) + residual, and 3x3 convolution as the same product.
//   Scalar form for devices that run a subgroup as one vector (software Vulkan): the lanes are output
//   columns, every activation is a uniform load, every weight one gather shared by all rows of the tile.
//   A    activations NHWC; a row of the product is an output pixel, for each tap one input pixel
//   W    (n, taps, k_stride) with k innermost
//   dispatch    x: ceil (n / (COLS * subgroup)), y, folded: ceil (m / ROWS); a workgroup is one subgroup
//   precision   ACT and WEIGHT storage, 32-bit sums    test  tests/ops.c
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

layout (constant_id = SPEC_MATMUL_TAPS) const uint TAPS = 1;
layout (constant_id = SPEC_MATMUL_ACT) const uint ACTIVATION = ACT_NONE;
layout (constant_id = SPEC_MATMUL_ROWS) const uint ROWS = 32;
layout (constant_id = SPEC_MATMUL_COLS) const uint COLS = 2;

const uint GROUP = 8;   // rows whose sums advance together, enough to hide the latency of an addition
const uint KBLOCK = 8;  // channels a trip round the loop

#if WEIGHT == f16
#define WEIGHT_BYTES 2
#else
#define WEIGHT_BYTES 4
#endif

#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

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

// Eight consecutive activations of a row.
void
load_activations (addr_t at, out float a[KBLOCK])
{
#if ACT == f16
  [[unroll]] for (uint i = 0; i < KBLOCK; i += 4)
    {
      uvec2 bits = unpack32 (U64 (at).v[i / 4]);
      vec2 lo = unpackHalf2x16 (bits.x), hi = unpackHalf2x16 (bits.y);
      a[i] = lo.x;
      a[i + 1] = lo.y;
      a[i + 2] = hi.x;
      a[i + 3] = hi.y;
    }
#else
  [[unroll]] for (uint i = 0; i < KBLOCK; i++)
    a[i] = F32 (at).v[i];
#endif
}

void
main ()
{
  uint lane = gl_SubgroupInvocationID;
  uint m0 = row_of_groups () * ROWS, n0 = gl_WorkGroupID.x * COLS * LOCAL_SIZE;

  if (m0 >= p.m)
    return;

  addr_t column[COLS];
  [[unroll]] for (uint c = 0; c < COLS; c++)
    column[c] = p.w + addr_t (min (n0 + c * LOCAL_SIZE + lane, p.n - 1)) * (TAPS * p.k * WEIGHT_BYTES);

  float sum[ROWS][COLS];
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    [[unroll]] for (uint c = 0; c < COLS; c++)
      sum[r][c] = 0.0;

  [[dont_unroll]] for (uint tap = 0; tap < TAPS; tap++)
    {
      addr_t row[ROWS];
      Pixel pixel = pixel_of_row (m0);
      [[unroll]] for (uint r = 0; r < ROWS; r++)
        {
          // Rows past the end read the last one again, and are not stored.
          if (TAPS == 1)
            row[r] = p.a + addr_t (min (m0 + r, p.m - 1)) * p.a_stride * ACT_BYTES;
          else
            row[r] = input_address (pixel, tap);
          if (m0 + r + 1 < p.m)
            pixel = next_pixel (pixel);
        }

      [[dont_unroll]] for (uint k = 0; k < p.k; k += KBLOCK)
        {
          float w[COLS][KBLOCK];
          [[unroll]] for (uint c = 0; c < COLS; c++)
            load_weights (column[c] + (tap * p.k + k) * WEIGHT_BYTES, w[c]);
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

  [[unroll]] for (uint r = 0; r < ROWS; r++)
    {
      uint m = m0 + r;
      if (m >= p.m)
        break;
      [[unroll]] for (uint c = 0; c < COLS; c++)
        {
          uint n = n0 + c * LOCAL_SIZE + lane;
          if (n >= p.n)
            continue;
          store_output (m, n, sum[r][c]);
        }
    }
}
