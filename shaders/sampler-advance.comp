// sampler-advance.comp: the next call is due, unless this one went wrong.
//   dispatch    one workgroup
#version 460
#define ACT f32
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/sampler.inc"
} p;

void
main ()
{
  State state = State (p.state);
  if (gl_LocalInvocationID.x == 0 && state.flags == 0)
    state.step++;
}
