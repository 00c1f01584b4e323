// group-norm-final.comp: joins the chunks' statistics of a group's channels (Chan et al. 1979) and turns
// them into a mean and a factor for each channel.
//   dispatch    x: groups, y: images; one workgroup a group
#version 460
#include "include/common.glsl"
#include "include/reduce.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/group-norm.inc"
} p;

void
main ()
{
  uint first = gl_WorkGroupID.x * p.group, image = gl_WorkGroupID.y;
  uint n_parts = p.chunks * p.group;
  F32 parts = F32 (p.parts + (addr_t (image) * p.chunks * p.parts_stride + first) * 8);
  // Sums are taken around one of the means, so that a large mean costs no digits.
  float s = 0.0, pivot = parts.v[0];
  for (uint i = gl_LocalInvocationID.x; i < n_parts; i += LOCAL_SIZE)
    {
      uint chunk = i / p.group, c = i % p.group;
      float n = float (min (NORM_CHUNK, p.pixels - chunk * NORM_CHUNK));
      s += n * (parts.v[(chunk * p.parts_stride + c) * 2] - pivot);
    }
  float count = float (p.pixels) * float (p.group);
  float mean = pivot + workgroup_add (s) / count;
  s = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < n_parts; i += LOCAL_SIZE)
    {
      uint chunk = i / p.group, c = i % p.group;
      float n = float (min (NORM_CHUNK, p.pixels - chunk * NORM_CHUNK));
      float d = parts.v[(chunk * p.parts_stride + c) * 2] - mean;
      s += parts.v[(chunk * p.parts_stride + c) * 2 + 1] + n * d * d;
    }
  // inversesqrt() has 12 bits on some drivers.
  float scale = 1.0 / sqrt (workgroup_add (s) / count + p.eps);
  for (uint i = gl_LocalInvocationID.x; i < p.group; i += LOCAL_SIZE)
    {
      uint c = first + i;
      F32 factors = F32 (p.factors + addr_t (image * p.channels + c) * 8);
      factors.v[0] = mean;
      factors.v[1] = scale * F32 (p.gamma).v[c];
    }
}
