// group-norm-pool.comp: joins the statistics of a strip's chunks, channel by channel, with those of the strips before
// (Chan et al. 1979).
//   dispatch    x: channels; one workgroup a channel
#version 460
#include "include/common.glsl"
#include "include/reduce.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/group-norm-pool.inc"
} p;

float
pixels_of (uint chunk)
{
  return float (min (NORM_CHUNK, p.pixels - chunk * NORM_CHUNK));
}

void
main ()
{
  uint c = gl_WorkGroupID.x;
  F32 parts = F32 (p.parts);
  float s = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.chunks; i += LOCAL_SIZE)
    s += pixels_of (i) * parts.v[(i * p.channels + c) * 2];
  float mean = workgroup_add (s) / float (p.pixels);
  s = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < p.chunks; i += LOCAL_SIZE)
    {
      float d = parts.v[(i * p.channels + c) * 2] - mean;
      s += parts.v[(i * p.channels + c) * 2 + 1] + pixels_of (i) * d * d;
    }
  float variance = workgroup_add (s) / float (p.pixels);
  if (gl_LocalInvocationID.x != 0)
    return;

  F32 moments = F32 (p.moments + addr_t (c) * 8);
  if (p.before > 0)
    {
      float share = float (p.pixels) / float (p.before + p.pixels), d = mean - moments.v[0];
      mean = moments.v[0] + d * share;
      variance = mix (moments.v[1], variance, share) + d * d * share * (1.0 - share);
    }
  moments.v[0] = mean;
  moments.v[1] = variance;
}
