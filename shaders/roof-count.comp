// roof-count.comp: adds one to a number: the least that a dispatch which needs the one before can do.
//   dispatch    1 workgroup
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
  if (gl_LocalInvocationID.x == 0)
    U32 (p.to).v[0]++;
}
