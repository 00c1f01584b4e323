// random.comp: fills a weight with small random numbers, for benchmarks without a model file.
//   Hash: Jarzynski and Olano 2020, "Hash functions for GPU rendering" (pcg).
//   dispatch    x: ceil (count / LOCAL_SIZE)
#version 460
#define ACT f32
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/random.inc"
} p;
layout (constant_id = SPEC_PACK_TO) const uint TO = TYPE_F16;

void
main ()
{
  uint i = flat_invocation ();
  if (i >= p.count)
    return;
  uint h = (i ^ p.seed * 0x9e3779b9u) * 747796405u + 2891336453u;
  h = ((h >> ((h >> 28) + 4)) ^ h) * 277803737u;
  h = (h >> 22) ^ h;
  float y = (float (h >> 8) / 8388608.0 - 1.0) * p.scale + p.offset_;
  if (TO == TYPE_F32)
    F32 (p.to).v[i] = y;
  else
    F16 (p.to).v[i] = float16_t (y);
}
