// latent-input.comp: a latent as the sampler holds it becomes a net's input. The lanes are pixels.
//   dispatch    x: ceil (pixels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/latent-input.inc"
} p;
layout (constant_id = SPEC_LATENT_TANH) const uint TANH = 0;

void
main ()
{
  uint pixel = flat_invocation ();
  if (pixel >= p.pixels)
    return;
  float factor = p.factor;
  if (p.calls != 0)
    factor *= Calls (p.calls).v[State (p.state).step].input_scale;
  for (uint c = 0; c < p.padded; c++)
    {
      float y = c < p.channels ? F32 (p.x).v[c * p.pixels + pixel] * factor : 0.0;
      if (TANH == 1)
        y = 3.0 * tanh (y / 3.0);
      for (uint copy = 0; copy < p.copies; copy++)
        ACT_BUFFER (p.out_).v[(copy * p.pixels + pixel) * p.out_stride + c] = to_act (y);
    }
}
