// sampler-row.comp: of a table with a row for each call of a window, the due call's.
//   dispatch    x: ceil (channels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"
#include "include/sampler.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/sampler-row.inc"
} p;

void
main ()
{
  uint i = flat_invocation ();
  if (i < p.channels)
    ACT_BUFFER (p.out_).v[i] = ACT_BUFFER (p.table).v[State (p.state).step % STEP_WINDOW * p.channels + i];
}
