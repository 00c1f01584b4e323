// guidance.comp: joins the halves of classifier-free guidance (Ho and Salimans 2022) and looks for numbers
// that are not finite.  output = uncond + guidance (cond - uncond)
//   dispatch    x: ceil (channels * pixels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/sampler.inc"
} p;

void
main ()
{
  uint i = flat_invocation ();
  if (i >= p.channels * p.pixels)
    return;
  uint at = i % p.pixels * p.model_stride + i / p.pixels;
  float e = float (ACT_BUFFER (p.model).v[at]);
  if (p.halves == 2)
    e += State (p.state).guidance * (float (ACT_BUFFER (p.model).v[at + p.pixels * p.model_stride]) - e);
  F32 (p.output_).v[i] = e;
  if (!is_finite (e))
    State (p.state).flags = FLAG_NOT_FINITE;
}
