// group-norm-stats.comp: per channel, mean and sum of squared distances over a chunk of pixels.
//   The lanes are channels. Sums are taken around the chunk's first pixel, so large means cost no digits.
//   dispatch    x: ceil (channels / LOCAL_SIZE), y, folded: images * chunks
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/group-norm.inc"
} p;

void
main ()
{
  uint c = gl_GlobalInvocationID.x, chunk = row_of_groups () % p.chunks, image = row_of_groups () / p.chunks;
  if (c >= p.channels || image >= p.images)
    return;
  uint first = chunk * NORM_CHUNK, n = min (NORM_CHUNK, p.pixels - first);
  addr_t x = p.x + (addr_t (image * p.pixels + first) * p.x_stride + c) * ACT_BYTES;
  float pivot = float (ACT_BUFFER (x).v[0]), s1 = 0.0, s2 = 0.0;
  for (uint i = 1; i < n; i++)
    {
      float d = float (ACT_BUFFER (x).v[i * p.x_stride]) - pivot;
      s1 += d;
      s2 += d * d;
    }
  float mean = s1 / float (n);
  F32 parts = F32 (p.parts + addr_t ((image * p.chunks + chunk) * p.parts_stride + c) * 8);
  parts.v[0] = pivot + mean;
  parts.v[1] = max (s2 - s1 * mean, 0.0);
}
