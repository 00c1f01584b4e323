// matmul-rows.glsl: which input pixel a row of the product reads. Needs `p` (params/matmul.inc) and TAPS.

// An output pixel of a convolution.
struct Pixel {
  uint image, y, x;
};

Pixel
pixel_of_row (uint m)
{
  uint pixels = p.out_h * p.out_w;
  return Pixel (m / pixels, m % pixels / p.out_w, m % p.out_w);
}

// The one after it, without a division.
Pixel
next_pixel (Pixel at)
{
  at.x++;
  if (at.x == p.out_w)
    {
      at.x = 0;
      at.y++;
    }
  if (at.y == p.out_h)
    {
      at.y = 0;
      at.image++;
    }
  return at;
}

// Address of the input pixel that an output pixel reads for `tap`; the zeros where it lies outside.
addr_t
input_address (Pixel at, uint tap)
{
  uint stride = (p.flags & MATMUL_STRIDE_2) != 0 ? 2 : 1, pad = (p.flags & MATMUL_PAD) != 0 ? 1 : 0;
  uint halve = (p.flags & MATMUL_UPSAMPLE) != 0 ? 1 : 0;
  // Of the doubled input only as much exists as the output has: an odd size (7 from 4) leaves its end out.
  uint h = halve == 1 ? p.out_h : p.in_h, w = halve == 1 ? p.out_w : p.in_w;
  uint y = at.y * stride + tap / 3 - pad, x = at.x * stride + tap % 3 - pad;
  // Less than nothing wraps round to a large number.
  if (y >= h || x >= w)
    return p.zeros;
  return p.a + addr_t ((at.image * p.in_h + (y >> halve)) * p.in_w + (x >> halve)) * p.a_stride * ACT_BYTES;
}
