// selftest.comp: out[i] = i + addend for the invocations of the grid: tests of the Vulkan layer use it.
//   dispatch    x: ceil (n / LOCAL_SIZE)
#version 460
#define ACT f32
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
  addr_t out_;
  uint n;
  uint addend;
} p;

void
main ()
{
  if (gl_GlobalInvocationID.x < p.n)
    U32 (p.out_).v[gl_GlobalInvocationID.x] = gl_GlobalInvocationID.x + p.addend;
}
