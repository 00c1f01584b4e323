// attention-coopmat-tiles.glsl: how attention-coopmat.comp moves tiles of keys and values, queries and output, 16 bytes at
// a time. A tile has KEYS rows of DEPTH columns; there are two places for tiles, and queries and output use both.

shared uvec4 tile[2 * KEYS * STRIDE];
shared uvec4 q_tile[SLICES == 1 ? 1 : ROWS * Q_STRIDE]; // of wide heads, which do not fit registers

uvec4 next[LOADS];

// A row too many is worked on with the last one's values, and then masked or thrown away.
uvec4
load_chunk (addr_t from, uint stride, uint row, uint rows, uint d)
{
  return HEAD % DEPTH == 0 || d < HEAD ? U32x4 (from + (min (row, rows - 1) * stride + d) * 2).v[0] : uvec4 (0);
}

// Starts to read a tile of keys or values, which put() then writes to its place.
void
fetch (addr_t from, uint first, uint slice)
{
  UNROLL for (uint i = 0; i < LOADS; i++)
    {
      uint at = i * LOCAL_SIZE + gl_LocalInvocationID.x;
      next[i] = load_chunk (from, p.kv_stride, first + at / CHUNKS, p.tk, slice * DEPTH + at % CHUNKS * 8);
    }
}

void
put (uint place)
{
  UNROLL for (uint i = 0; i < LOADS; i++)
    {
      uint at = i * LOCAL_SIZE + gl_LocalInvocationID.x;
      if (KEYS * CHUNKS % LOCAL_SIZE == 0 || at < KEYS * CHUNKS)
        tile[(place * KEYS + at / CHUNKS) * STRIDE + at % CHUNKS] = next[i];
    }
}

void
load_queries (addr_t from, uint t0)
{
  for (uint at = gl_LocalInvocationID.x; at < ROWS * SLICES * CHUNKS; at += LOCAL_SIZE)
    {
      uint r = at / (SLICES * CHUNKS), c = at % (SLICES * CHUNKS);
      uvec4 chunk = load_chunk (from, p.q_stride, t0 + r, p.tq, c * 8);
      if (SLICES == 1)
        tile[r * STRIDE + c] = chunk;
      else
        q_tile[r * Q_STRIDE + c] = chunk;
    }
  barrier ();
  if (SLICES == 1)
    {
      UNROLL for (uint t = 0; t < TILES; t++)
        UNROLL for (uint d = 0; d < Q_TILES; d++)
          coopMatLoad (q[t * Q_TILES + d], tile, (first_row + t * MATRIX_M) * STRIDE + d * MATRIX_K / 8, STRIDE, ROW_MAJOR);
      barrier ();
    }
}

// One slice of the output, which lies in `tile`.
void
store_output (addr_t to, uint t0, uint slice)
{
  for (uint at = gl_LocalInvocationID.x; at < ROWS * CHUNKS; at += LOCAL_SIZE)
    {
      uint r = at / CHUNKS, c = at % CHUNKS, d = slice * DEPTH + c * 8;
      if (t0 + r < p.tq && d < HEAD)
        U32x4 (to + ((t0 + r) * p.out_stride + d) * 2).v[0] = tile[r * STRIDE + c];
    }
}
