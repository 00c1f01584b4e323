// matmul-rows.glsl: which pixels a row of the product reads and writes. Needs `p` (params/matmul.inc) and TAPS.
//
// A row is an output pixel. Of a picture that is doubled (TAPS 4) it is an input pixel, and one of four phases: of the
// four output pixels that lie over it. Each of them sees 2 x 2 input pixels through sums of the 3 x 3 weights.

uint
rows_of_phase ()
{
  return TAPS == 4 ? p.m / 4 : p.m;
}

uint
pixels_of_phase ()
{
  return TAPS == 4 ? p.in_h * p.in_w : p.out_h * p.out_w;
}

// Weights of a column before the last k2.
uint
weights_of_taps ()
{
  return (TAPS == 4 ? 16 : TAPS) * p.k;
}

// A pixel as rows are counted.
struct Pixel {
  uint image, y, x;
};

Pixel
pixel_of_row (uint m)
{
  uint w = TAPS == 4 ? p.in_w : p.out_w, pixels = pixels_of_phase ();
  return Pixel (m / pixels, m % pixels / w, m % w);
}

// The one after it, without a division.
Pixel
next_pixel (Pixel at)
{
  at.x++;
  if (at.x == (TAPS == 4 ? p.in_w : p.out_w))
    {
      at.x = 0;
      at.y++;
    }
  if (at.y == (TAPS == 4 ? p.in_h : p.out_h))
    {
      at.y = 0;
      at.image++;
    }
  return at;
}

// Address of the input pixel that `tap` of a pixel reads; the zeros where it lies outside.
addr_t
input_address (Pixel at, uint tap, uint phase)
{
  uint stride = (p.flags & MATMUL_STRIDE_2) != 0 ? 2 : 1, pad = (p.flags & MATMUL_PAD) != 0 ? 1 : 0;
  uint halve = (p.flags & MATMUL_UPSAMPLE) != 0 ? 1 : 0;
  // Of the doubled input only as much exists as the output has: an odd size (7 from 4) leaves its end out.
  uint h = halve == 1 ? p.out_h : p.in_h, w = halve == 1 ? p.out_w : p.in_w;
  // Less than nothing wraps round to a large number.
  uint y = TAPS == 4 ? at.y + tap / 2 - 1 + phase / 2 : at.y * stride + tap / 3 - pad;
  uint x = TAPS == 4 ? at.x + tap % 2 - 1 + phase % 2 : at.x * stride + tap % 3 - pad;
  if (y >= h || x >= w)
    return p.zeros;
  return p.a + addr_t ((at.image * p.in_h + (y >> halve)) * p.in_w + (x >> halve)) * p.a_stride * ACT_BYTES;
}

// Of row `m`, which is the pixel `at`, what it reads from source `s`: a tap, or after the taps the second input.
addr_t
source_address (uint m, Pixel at, uint s, uint phase)
{
  if (s == TAPS)
    return p.residual + addr_t (m) * p.residual_stride * ACT_BYTES;
  if (TAPS == 1)
    return p.a + addr_t (m) * p.a_stride * ACT_BYTES;
  return input_address (at, s, phase);
}

uint
n_sources ()
{
  return p.k2 > 0 ? TAPS + 1 : TAPS;
}

uint
channels_of_source (uint s)
{
  return s == TAPS ? p.k2 : p.k;
}

// The output's row.
uint
output_row (uint m, Pixel at, uint phase)
{
  return TAPS == 4 ? (at.image * p.out_h + 2 * at.y + phase / 2) * p.out_w + 2 * at.x + phase % 2 : m;
}
