// softmax.comp: out = softmax (scale x) along each row.
//   dispatch    x, folded: rows; one workgroup a row
#version 460
#include "include/common.glsl"
#include "include/reduce.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/softmax.inc"
} p;

void
main ()
{
  uint row = gl_WorkGroupID.y * GRID_FOLD + gl_WorkGroupID.x;
  if (row >= p.rows)
    return;
  ACT_BUFFER x = ACT_BUFFER (p.x + addr_t (row) * p.x_stride * ACT_BYTES);
  ACT_BUFFER out_ = ACT_BUFFER (p.out_ + addr_t (row) * p.out_stride * ACT_BYTES);
  float top = -3.4e38, s = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.n; i += LOCAL_SIZE)
    top = max (top, float (x.v[i]) * p.scale);
  top = workgroup_max (top);
  for (uint i = gl_LocalInvocationID.x; i < p.n; i += LOCAL_SIZE)
    s += exp (float (x.v[i]) * p.scale - top);
  s = 1.0 / workgroup_add (s);
  for (uint i = gl_LocalInvocationID.x; i < p.padded; i += LOCAL_SIZE)
    out_.v[i] = to_act (i < p.n ? exp (float (x.v[i]) * p.scale - top) * s : 0.0);
}
