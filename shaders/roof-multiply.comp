// roof-multiply.comp: multiply-adds on registers alone: the most arithmetic that a device can do in 32 bits.
//   Sixteen independent sums hide the latency of one; a device without fused multiply-adds multiplies and adds.
//   dispatch    x: any number; each invocation does ROOF_MULTIPLIES * loops multiply-adds
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
  // Sums that stay near one, of factors that no compiler knows.
  float factor = 1.0 - float (gl_LocalInvocationID.x + 1) * 1e-5, addend = 1.0 - factor, total = 0.0, sum[16];
  [[unroll]] for (uint i = 0; i < 16; i++)
    sum[i] = float (i) * 0.1;
  [[dont_unroll]] for (uint loop = 0; loop < p.loops; loop++)
    [[unroll]] for (uint i = 0; i < ROOF_MULTIPLIES / 16; i++)
      [[unroll]] for (uint j = 0; j < 16; j++)
        sum[j] = sum[j] * factor + addend;
  [[unroll]] for (uint i = 0; i < 16; i++)
    total += sum[i];
  if (total < -1.0)
    F32 (p.to).v[0] = total;
}
