// pack.comp: a weight from its file becomes what the kernels read: channels innermost, padded with zeros.
//   With PACK_PHASES the nine taps of a 3x3 convolution over a doubled picture become four times four: an output pixel in
//   the first row of a doubled one sees its pixel's upper neighbour through the first row of taps and its pixel through
//   the sum of the other two; one in the second row the other way round; columns likewise.
//   dispatch    x: ceil (taps written * k_stride / LOCAL_SIZE), y, folded: rows
#version 460
#define ACT f32
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/pack.inc"
} p;
layout (constant_id = SPEC_PACK_FROM) const uint FROM = TYPE_F16;
layout (constant_id = SPEC_PACK_TO) const uint TO = TYPE_F16;

layout (buffer_reference, scalar, buffer_reference_align = 2) readonly buffer U16 { uint16_t v[]; };

float
from_file (uint row, uint c, uint tap)
{
  addr_t at = (addr_t (row) * p.c + c) * p.taps + tap;
  if (FROM == TYPE_F32)
    return F32 (p.from + at * 4).v[0];
  if (FROM == TYPE_F16)
    return float (F16 (p.from + at * 2).v[0]);
  return uintBitsToFloat (uint (U16 (p.from + at * 2).v[0]) << 16);
}

// What tap `part` of a phase sums along one side: its first row or column of the 3x3 taps, and how many.
uvec2
taps_of_phase (uint phase, uint part)
{
  return phase == 0 ? (part == 0 ? uvec2 (0, 1) : uvec2 (1, 2)) : (part == 0 ? uvec2 (0, 2) : uvec2 (2, 1));
}

float
from_phases (uint row, uint c, uint tap)
{
  uvec2 ys = taps_of_phase (tap / 8, tap / 2 % 2), xs = taps_of_phase (tap / 4 % 2, tap % 2);
  float sum = 0.0;
  for (uint y = ys.x; y < ys.x + ys.y; y++)
    for (uint x = xs.x; x < xs.x + xs.y; x++)
      sum += from_file (row, c, y * 3 + x);
  return sum;
}

// Where a row of the file goes. The gates, which are its second half, lie behind their values in blocks.
uint
row_written (uint row)
{
  uint all = row + p.first_row, half_ = p.all_rows / 2;
  if ((p.flags & PACK_GEGLU) == 0)
    return row;
  return all % half_ / GEGLU_BLOCK * (2 * GEGLU_BLOCK) + all / half_ * GEGLU_BLOCK + all % GEGLU_BLOCK;
}

void
main ()
{
  uint i = gl_GlobalInvocationID.x, row = row_of_groups ();
  uint taps = (p.flags & PACK_PHASES) != 0 ? 16 : p.taps;
  if (i >= taps * p.k_stride || row >= p.rows)
    return;
  uint tap = i / p.k_stride, c = i % p.k_stride;
  float y = 0.0;
  if (row < p.n && c < p.c)
    y = taps == 16 ? from_phases (row, c, tap) : from_file (row, c, tap);
  addr_t at = addr_t (row_written (row)) * p.row_stride + i;
  if ((p.flags & PACK_ADD) != 0)
    y += F32 (p.to + at * 4).v[0];
  if (TO == TYPE_F32)
    F32 (p.to + at * 4).v[0] = y;
  else
    F16 (p.to + at * 2).v[0] = float16_t (y);
}
