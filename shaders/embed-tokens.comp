// embed-tokens.comp: token embedding plus position embedding. The lanes are channels.
//   dispatch    x: ceil (channels / LOCAL_SIZE), y, folded: rows
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/embed-tokens.inc"
} p;
layout (constant_id = SPEC_EMBED_TABLE) const uint TABLE = TYPE_F16;

float
value (addr_t table, bool is_f32, uint row, uint c)
{
  uint i = row * p.table_stride + c;
  return is_f32 ? F32 (table).v[i] : float (F16 (table).v[i]);
}

void
main ()
{
  uint c = gl_GlobalInvocationID.x, row = row_of_groups ();
  if (c >= p.channels || row >= p.rows)
    return;
  uint token = min (U32 (p.tokens).v[row], p.vocabulary - 1);
  float y = value (p.table, TABLE == TYPE_F32, token, c) + value (p.positions, p.positions_f32 == 1, row % p.n_positions, c);
  ACT_BUFFER (p.out_).v[row * p.out_stride + c] = to_act (y);
}
