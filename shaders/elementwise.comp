// elementwise.comp: out = act (a + b); without b a copy with activation. The lanes are channels.
//   dispatch    x: ceil (channels / LOCAL_SIZE), y, folded: ceil (rows / POINTWISE_ROWS)
#version 460
#include "include/common.glsl"
#include "include/activation.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/elementwise.inc"
} p;
layout (constant_id = SPEC_POINTWISE_ACT) const uint ACTIVATION = 0;

void
main ()
{
  uint c = gl_GlobalInvocationID.x;
  if (c >= p.channels)
    return;
  uint first = row_of_groups () * POINTWISE_ROWS, end = min (first + POINTWISE_ROWS, p.rows);
  for (uint r = first; r < end; r++)
    {
      float y = float (ACT_BUFFER (p.a).v[r * p.a_stride + c]);
      if (p.b != 0)
        y += float (ACT_BUFFER (p.b).v[r * p.b_stride + c]);
      ACT_BUFFER (p.out_).v[r * p.out_stride + c] = to_act (activate (ACTIVATION, y));
    }
}
