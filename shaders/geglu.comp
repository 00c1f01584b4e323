// geglu.comp: out = value * gelu (gate) (Shazeer 2020, "GLU variants improve transformer").
//   dispatch    x: ceil (padded / LOCAL_SIZE), y, folded: ceil (rows / POINTWISE_ROWS)
#version 460
#include "include/common.glsl"
#include "include/activation.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/geglu.inc"
} p;

void
main ()
{
  uint c = gl_GlobalInvocationID.x;
  if (c >= p.padded)
    return;
  uint first = row_of_groups () * POINTWISE_ROWS, end = min (first + POINTWISE_ROWS, p.rows);
  for (uint r = first; r < end; r++)
    {
      float y = 0.0;
      if (c < p.channels)
        y = float (ACT_BUFFER (p.x).v[r * p.x_stride + c])
            * activate (ACT_GELU, float (ACT_BUFFER (p.x).v[r * p.x_stride + p.channels + c]));
      ACT_BUFFER (p.out_).v[r * p.out_stride + c] = to_act (y);
    }
}
