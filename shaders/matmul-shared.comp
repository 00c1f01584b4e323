// matmul-shared.comp: the product of matmul.comp in the form for graphics cards without cooperative matrices.
//   A workgroup of 16 x 16 makes ROWS x COLS of the output from tiles in shared memory. An invocation makes every
//   sixteenth row and column of it, so that its gates lie beside its values and neighbours read neighbouring banks.
//   dispatch    x: ceil (n / COLS), y, folded: ceil (rows of a phase / ROWS) * phases
//   precision   ACT and WEIGHT storage, 32-bit sums    test  tests/ops.c
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

#include "include/matmul-constants.glsl"
#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

const uint SIDE = 16;                         // invocations along each side of the tile
const uint DEPTH = 16;                        // channels a tile
const uint EACH_ROWS = ROWS / SIDE, EACH_COLS = COLS / SIDE;
const uint A_EACH = 16 / ACT_BYTES;           // activations and weights of a 16-byte load
const uint W_EACH = 16 / WEIGHT_BYTES;
const uint A_LOADS = (ROWS * DEPTH / A_EACH + SIDE * SIDE - 1) / (SIDE * SIDE);
const uint W_LOADS = (COLS * DEPTH / W_EACH + SIDE * SIDE - 1) / (SIDE * SIDE);

// A row of channels after the other, one float longer than needed for the banks.
shared float a_tile[DEPTH * (ROWS + 1)];
shared float w_tile[DEPTH * (COLS + 1)];

// The i-th of the values in 16 bytes.
#define UNPACK(type, bits, i) ((type) == f16 ? unpackHalf2x16 (bits[(i) / 2])[(i) % 2] : uintBitsToFloat (bits[(i) % 4]))

void
main ()
{
  uint id = gl_LocalInvocationID.x, rows = rows_of_phase (), tiles = (rows + ROWS - 1) / ROWS;
  uint phase = TAPS == 4 ? row_of_groups () / tiles : 0;
  uint m0 = (row_of_groups () - phase * tiles) * ROWS, n0 = gl_WorkGroupID.x * COLS;
  uint own_row = id / SIDE, own_col = id % SIDE;
  if (m0 >= rows || phase >= 4)
    return;

  float sum[EACH_ROWS][EACH_COLS];
  [[unroll]] for (uint j = 0; j < EACH_COLS; j++)
    {
      float bias = bias_of (min (n0 + own_col + j * SIDE, p.n - 1));
      [[unroll]] for (uint i = 0; i < EACH_ROWS; i++)
        sum[i][j] = bias;
    }

  for (uint s = 0; s < n_sources (); s++)
    {
      uint end = channels_of_source (s);
      addr_t a_from[A_LOADS], w_from[W_LOADS];
      [[unroll]] for (uint i = 0; i < A_LOADS; i++)
        {
          uint m = min (m0 + (id + i * SIDE * SIDE) / (DEPTH / A_EACH), rows - 1);
          a_from[i] = source_address (m, pixel_of_row (m), s, phase);
        }
      [[unroll]] for (uint i = 0; i < W_LOADS; i++)
        {
          uint n = min (n0 + (id + i * SIDE * SIDE) / (DEPTH / W_EACH), p.n - 1);
          w_from[i] = p.w + (addr_t (n) * (weights_of_taps () + p.k2) + phase * TAPS * p.k + s * p.k) * WEIGHT_BYTES;
        }
      for (uint k0 = 0; k0 < end; k0 += DEPTH)
        {
          [[unroll]] for (uint i = 0; i < A_LOADS; i++)
            {
              uint at = id + i * SIDE * SIDE, r = at / (DEPTH / A_EACH), k = at % (DEPTH / A_EACH) * A_EACH;
              uvec4 bits = k0 + k < end ? U32x4 (a_from[i] + (k0 + k) * ACT_BYTES).v[0] : uvec4 (0);
              if (r < ROWS)
                [[unroll]] for (uint j = 0; j < A_EACH; j++)
                  a_tile[(k + j) * (ROWS + 1) + r] = UNPACK (ACT, bits, j);
            }
          [[unroll]] for (uint i = 0; i < W_LOADS; i++)
            {
              uint at = id + i * SIDE * SIDE, n = at / (DEPTH / W_EACH), k = at % (DEPTH / W_EACH) * W_EACH;
              uvec4 bits = k0 + k < end ? U32x4 (w_from[i] + (k0 + k) * WEIGHT_BYTES).v[0] : uvec4 (0);
              if (n < COLS)
                [[unroll]] for (uint j = 0; j < W_EACH; j++)
                  w_tile[(k + j) * (COLS + 1) + n] = UNPACK (WEIGHT, bits, j);
            }
          barrier ();
          for (uint k = 0; k < DEPTH; k++)
            {
              float a[EACH_ROWS], w[EACH_COLS];
              [[unroll]] for (uint i = 0; i < EACH_ROWS; i++)
                a[i] = a_tile[k * (ROWS + 1) + own_row + i * SIDE];
              [[unroll]] for (uint j = 0; j < EACH_COLS; j++)
                w[j] = w_tile[k * (COLS + 1) + own_col + j * SIDE];
              [[unroll]] for (uint i = 0; i < EACH_ROWS; i++)
                [[unroll]] for (uint j = 0; j < EACH_COLS; j++)
                  sum[i][j] = fma (a[i], w[j], sum[i][j]);
            }
          barrier ();
        }
    }

  [[unroll]] for (uint i = 0; i < EACH_ROWS; i++)
    {
      uint m = m0 + own_row + i * SIDE;
      if (m >= rows)
        break;
      Pixel pixel = pixel_of_row (m);
      uint row = output_row (m, pixel, phase);
      [[unroll]] for (uint j = 0; j < EACH_COLS; j += 1 + GEGLU)
        {
          uint n = n0 + own_col + j * SIDE;
          if (n >= p.n)
            continue;
          if (GEGLU == 1)
            store_output (row, geglu_column (n), finish_geglu (sum[i][j], sum[i][j + GEGLU]));
          else
            sum[i][j] = store_output (row, n, finish (pixel.image, row, n, sum[i][j]));
        }
    }
  if (p.parts == 0)
    return;
  // The tiles have been read: they take the values of NORM_CHUNK rows at a time, column by column.
  [[unroll]] for (uint first = 0; first < ROWS; first += NORM_CHUNK)
    [[unroll]] for (uint j = 0; j < EACH_COLS; j++)
      {
        [[unroll]] for (uint i = 0; i < NORM_CHUNK / SIDE; i++)
          a_tile[(own_row + i * SIDE) * SIDE + own_col] = sum[first / SIDE + i][j];
        barrier ();
        uint n = n0 + id + j * SIDE;
        if (id < SIDE && m0 + first < rows && n < p.n)
          {
            Moments moments = first_moment (a_tile[id]);
            for (uint r = 1; r < NORM_CHUNK; r++)
              add_moment (moments, a_tile[r * SIDE + id]);
            store_parts (m0 + first, phase, n, moments_of (moments, NORM_CHUNK));
          }
        barrier ();
      }
}
