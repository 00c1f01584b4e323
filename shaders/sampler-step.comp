// sampler-step.comp: one call of any scheduler, and all that the next needs of it.
//   guidance   output = uncond + guidance (cond - uncond) (Ho and Salimans 2022)
//   the call   the x0 estimate, then every slot as a mix of output, x0, noise and the old slots
//   the next   the UNet's input, and its row of the table of time projections
//   The last workgroup makes the next call the due one. Nothing changes where the UNet's output was not finite.
//   dispatch    x: ceil (channels * pixels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/sampler.inc"
} p;

float
guided (State state, uint channel, uint pixel)
{
  ACT_BUFFER model = ACT_BUFFER (p.model);
  float e = float (model.v[pixel * p.model_stride + channel]);
  if (p.halves == 2)
    e += state.guidance * (float (model.v[(p.pixels + pixel) * p.model_stride + channel]) - e);
  return e;
}

void
take_call (State state, uint s, uint i)
{
  Calls calls = Calls (p.calls);
  uint n = p.channels * p.pixels, channel = i / p.pixels, pixel = i % p.pixels;
  float in_[STEP_INPUTS], clamp_ = calls.v[s].x0_clamp;
  [[unroll]] for (uint j = 0; j < STEP_SLOTS; j++)
    in_[3 + j] = j < state.n_slots ? F32 (p.slots).v[j * n + i] : 0.0;
  in_[0] = guided (state, channel, pixel);
  in_[1] = clamp (calls.v[s].x0_sample * in_[3] + calls.v[s].x0_model * in_[0], -clamp_, clamp_);
  in_[2] = F32 (p.noise).v[i];
  F32 (p.x0).v[i] = in_[1];

  for (uint slot = 0; slot < state.n_slots; slot++)
    {
      float y = 0.0;
      [[unroll]] for (uint j = 0; j < STEP_INPUTS; j++)
        y += calls.v[s].mix[slot * STEP_INPUTS + j] * in_[j];
      F32 (p.slots).v[slot * n + i] = y;
      if (slot == 0)
        for (uint half_ = 0; half_ < p.halves; half_++)
          ACT_BUFFER (p.input_).v[(half_ * p.pixels + pixel) * p.input_stride + channel] = to_act (y * calls.v[s + 1].input_scale);
    }
}

void
main ()
{
  State state = State (p.state);
  if (state.flags != 0)
    return;
  uint s = state.step, i = flat_invocation (), groups = p.invocations / LOCAL_SIZE;
  if (i < p.channels * p.pixels)
    take_call (state, s, i);
  for (uint j = i; j < p.row_channels; j += p.invocations)
    ACT_BUFFER (p.row).v[j] = ACT_BUFFER (p.table).v[(s + 1) % STEP_WINDOW * p.row_channels + j];

  // A workgroup is one subgroup: when it arrives, all of it has read which call is due.
  subgroupBarrier ();
  if (subgroupElect () && atomicAdd (state.arrived, 1) == groups - 1)
    {
      state.arrived = 0;
      state.step = s + 1;
    }
}
