// layer-norm.comp: each row normalised over its channels, times gamma plus beta.
//   dispatch    x, folded: rows; one workgroup a row
#version 460
#include "include/common.glsl"
#include "include/reduce.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/layer-norm.inc"
} p;

void
main ()
{
  uint row = gl_WorkGroupID.y * GRID_FOLD + gl_WorkGroupID.x;
  if (row >= p.rows)
    return;
  ACT_BUFFER x = ACT_BUFFER (p.x + addr_t (row) * p.x_stride * ACT_BYTES);
  ACT_BUFFER out_ = ACT_BUFFER (p.out_ + addr_t (row) * p.out_stride * ACT_BYTES);
  float s = 0.0;
  for (uint c = gl_LocalInvocationID.x; c < p.channels; c += LOCAL_SIZE)
    s += float (x.v[c]);
  float mean = workgroup_add (s) / float (p.channels);
  s = 0.0;
  for (uint c = gl_LocalInvocationID.x; c < p.channels; c += LOCAL_SIZE)
    {
      float d = float (x.v[c]) - mean;
      s += d * d;
    }
  float scale = 1.0 / sqrt (workgroup_add (s) / float (p.channels) + p.eps);
  for (uint c = gl_LocalInvocationID.x; c < p.padded; c += LOCAL_SIZE)
    {
      float y = 0.0;
      if (c < p.channels)
        y = (float (x.v[c]) - mean) * scale * F32 (p.gamma).v[c] + F32 (p.beta).v[c];
      out_.v[c] = to_act (y);
    }
}
