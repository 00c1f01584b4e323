// sampler-step.comp: one call of any scheduler: the x0 estimate, then every slot as a mix of the model's
// output, x0, noise and the old slots. Nothing changes when the model's output was not finite.
//   dispatch    x: ceil (channels * pixels / LOCAL_SIZE)
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
  uint i = flat_invocation (), n = p.channels * p.pixels;
  State state = State (p.state);
  if (i >= n || state.flags != 0)
    return;
  Calls calls = Calls (p.calls);
  uint s = state.step;

  float in_[STEP_INPUTS];
  [[unroll]] for (uint j = 0; j < STEP_SLOTS; j++)
    in_[3 + j] = j < state.n_slots ? F32 (p.slots).v[j * n + i] : 0.0;
  in_[0] = F32 (p.output_).v[i];
  float clamp_ = calls.v[s].x0_clamp;
  in_[1] = clamp (calls.v[s].x0_sample * in_[3] + calls.v[s].x0_model * in_[0], -clamp_, clamp_);
  in_[2] = F32 (p.noise).v[i];
  F32 (p.x0).v[i] = in_[1];

  for (uint slot = 0; slot < state.n_slots; slot++)
    {
      float y = 0.0;
      [[unroll]] for (uint j = 0; j < STEP_INPUTS; j++)
        y += calls.v[s].mix[slot * STEP_INPUTS + j] * in_[j];
      F32 (p.slots).v[slot * n + i] = y;
    }
}
