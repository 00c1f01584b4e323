// roof-copy.comp: copies slices of memory: how many bytes a second a device moves to and from what is as large.
//   A workgroup takes another slice each time round, so that it finds little in what is its alone. Several may copy
//   the same slice: they write the same.
//   dispatch    x: any number; each workgroup copies `loops` slices of ROOF_SLICE vectors
//   test        tests/graph.c
#version 460
#define ACT f32
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/roof.inc"
} p;

void
main ()
{
  for (uint loop = 0; loop < p.loops; loop++)
    {
      uint slice = (gl_WorkGroupID.x + loop * (gl_NumWorkGroups.x + 61)) % p.slices;
      addr_t at = addr_t (slice) * ROOF_SLICE * 16;
      for (uint i = gl_LocalInvocationID.x; i < ROOF_SLICE; i += 4 * LOCAL_SIZE)
        {
          uvec4 v[4];
          [[unroll]] for (uint j = 0; j < 4; j++)
            v[j] = U32x4 (p.from + at).v[i + j * LOCAL_SIZE];
          [[unroll]] for (uint j = 0; j < 4; j++)
            U32x4 (p.to + at).v[i + j * LOCAL_SIZE] = v[j];
        }
    }
}
