// group-norm-apply.comp: out = act ((x - mean) * factor + beta), channel by channel; the lanes are channels.
//   dispatch    x: ceil (padded / LOCAL_SIZE), y, folded: images * ceil (pixels / POINTWISE_ROWS)
#version 460
#include "include/common.glsl"
#include "include/activation.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/group-norm.inc"
} p;
layout (constant_id = SPEC_NORM_ACT) const uint ACTIVATION = 0;

void
main ()
{
  uint c = gl_GlobalInvocationID.x, tiles = (p.pixels + POINTWISE_ROWS - 1) / POINTWISE_ROWS;
  uint image = row_of_groups () / tiles;
  if (c >= p.padded || image >= p.images)
    return;
  float mean = 0.0, factor = 0.0, beta = 0.0;
  if (c < p.channels)
    {
      F32 factors = F32 (p.factors + addr_t (image * p.channels + c) * 8);
      mean = factors.v[0];
      factor = factors.v[1];
      beta = F32 (p.beta).v[c];
    }
  uint first = row_of_groups () % tiles * POINTWISE_ROWS, end = min (first + POINTWISE_ROWS, p.pixels);
  addr_t x = p.x + (addr_t (image * p.pixels) * p.x_stride + c) * ACT_BYTES;
  addr_t out_ = p.out_ + (addr_t (image * p.pixels) * p.out_stride + c) * ACT_BYTES;
  for (uint i = first; i < end; i++)
    {
      float y = activate (ACTIVATION, (float (ACT_BUFFER (x).v[i * p.x_stride]) - mean) * factor + beta);
      ACT_BUFFER (out_).v[i * p.out_stride] = to_act (y);
    }
}
