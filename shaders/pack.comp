// pack.comp: a weight from its file becomes what the kernels read: channels innermost, padded with zeros.
//   dispatch    x: ceil (taps * k_stride / LOCAL_SIZE), y, folded: rows
#version 460
#define ACT f32
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/pack.inc"
} p;
layout (constant_id = SPEC_PACK_FROM) const uint FROM = TYPE_F16;
layout (constant_id = SPEC_PACK_TO) const uint TO = TYPE_F16;

layout (buffer_reference, scalar, buffer_reference_align = 2) readonly buffer U16 { uint16_t v[]; };

void
main ()
{
  uint i = gl_GlobalInvocationID.x, row = row_of_groups ();
  if (i >= p.taps * p.k_stride || row >= p.rows)
    return;
  uint tap = i / p.k_stride, c = i % p.k_stride;
  float y = 0.0;
  if (row < p.n && c < p.c)
    {
      addr_t at = (addr_t (row) * p.c + c) * p.taps + tap;
      if (FROM == TYPE_F32)
        y = F32 (p.from + at * 4).v[0];
      else if (FROM == TYPE_F16)
        y = float (F16 (p.from + at * 2).v[0]);
      else
        y = uintBitsToFloat (uint (U16 (p.from + at * 2).v[0]) << 16);
    }
  addr_t at = addr_t (row) * p.taps * p.k_stride + i;
  if (TO == TYPE_F32)
    F32 (p.to + at * 4).v[0] = y;
  else
    F16 (p.to + at * 2).v[0] = float16_t (y);
}
