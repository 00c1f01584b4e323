// time-embedding.comp: sines and cosines of timesteps (Vaswani et al. 2017, 3.5), of STEP_WINDOW calls: those among which
// the due one is.
// Drivers promise few digits of sin and cos for large arguments, so these are our own.
//   dispatch    x: ceil (padded / LOCAL_SIZE), y: STEP_WINDOW
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/time-embedding.inc"
} p;

// sin and cos for |x| < 8000 to about 1e-7: reduction by pi/2 in three parts (Cody and Waite 1980), then
// the minimax polynomials of Cephes' sinf and cosf (Moshier).
vec2
sin_cos (float x)
{
  float q = round (x * 0.63661977);
  float r = ((x - q * 1.5703125) - q * 4.8375129699707031e-4) - q * 7.5497899548918821e-8;
  float z = r * r;
  float s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  float c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  int quadrant = int (q) & 3;
  vec2 sc = (quadrant & 1) == 1 ? vec2 (c, s) : vec2 (s, c);
  if (quadrant >= 2)
    sc.x = -sc.x;
  if (quadrant == 1 || quadrant == 2)
    sc.y = -sc.y;
  return sc;
}

void
main ()
{
  uint i = gl_GlobalInvocationID.x, row = gl_WorkGroupID.y;
  addr_t out_ = p.out_ + addr_t (row) * p.padded * ACT_BYTES;
  if (i >= 2 * p.half_ && i < p.padded)
    ACT_BUFFER (out_).v[i] = to_act (0.0);
  if (i >= p.half_)
    return;
  float t = Calls (p.calls).v[State (p.state).step / STEP_WINDOW * STEP_WINDOW + row].timestep;
  vec2 sc = sin_cos (t * F32 (p.frequencies).v[i]);
  ACT_BUFFER (out_).v[i + (p.flip == 1 ? p.half_ : 0)] = to_act (sc.x);
  ACT_BUFFER (out_).v[i + (p.flip == 1 ? 0 : p.half_)] = to_act (sc.y);
}
