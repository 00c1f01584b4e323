// sampler.glsl: the calls of a scheduler and the number of the one that is due.
struct StepCall {
#include "params/step-call.inc"
};
layout (buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Calls { StepCall v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer State {
#include "params/step-state.inc"
};

bool
is_finite (float x)
{
  return (floatBitsToUint (x) & 0x7f800000u) != 0x7f800000u;
}
