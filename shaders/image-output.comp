// image-output.comp: a decoder's output becomes a picture of floats in 0..1; what is not finite is reported.
//   dispatch    x: ceil (pixels * channels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/image.inc"
} p;

void
main ()
{
  uint i = flat_invocation ();
  if (i >= p.pixels * p.channels)
    return;
  float y = float (ACT_BUFFER (p.x).v[i / p.channels * p.x_stride + i % p.channels]);
  if (!is_finite (y))
    State (p.state).flags = FLAG_NOT_FINITE;
  F32 (p.out_).v[i] = clamp (y * p.factor + p.addend, 0.0, 1.0);
}
