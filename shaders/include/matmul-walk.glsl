// matmul-walk.glsl: the walk of a workgroup through the channels of a product, tile by tile: from memory into registers,
// and from there into a_tile and w_tile. Needs what matmul-coopmat.comp declares before it.

// Where the walk through the sources (taps, second input) and their channels stands, and what it fetched last.
struct Walk {
  uint source, k, phase;
  uint m[A_LOADS];
  Pixel pixel[A_LOADS];
  addr_t a[A_LOADS], w[W_LOADS];
  uvec4 a_bits[A_LOADS], w_bits[W_LOADS];
};

void
locate (inout Walk self, uint n0)
{
  uint id = gl_LocalInvocationID.x;
  [[unroll]] for (uint i = 0; i < A_LOADS; i++)
    self.a[i] = source_address (self.m[i], self.pixel[i], self.source, self.phase) + (id + i * THREADS) % VECTORS * 16;
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    {
      uint at = id + i * THREADS, n = min (n0 + at / VECTORS, p.n - 1);
      self.w[i] = p.w + (addr_t (n) * (weights_of_taps () + p.k2) + (self.phase * TAPS + self.source) * p.k + at % VECTORS * 8) * 2;
    }
}

void
fetch (inout Walk self)
{
  uint end = channels_of_source (self.source);
  [[unroll]] for (uint i = 0; i < A_LOADS; i++)
    {
      bool inside = self.k + (gl_LocalInvocationID.x + i * THREADS) % VECTORS * 8 < end;
      self.a_bits[i] = inside ? U32x4 (self.a[i] + self.k * 2).v[0] : uvec4 (0);
    }
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    {
      bool inside = self.k + (gl_LocalInvocationID.x + i * THREADS) % VECTORS * 8 < end;
      self.w_bits[i] = inside ? U32x4 (self.w[i] + self.k * 2).v[0] : uvec4 (0);
    }
}

void
advance (inout Walk self, uint n0)
{
  self.k += DEPTH;
  if (self.k < channels_of_source (self.source))
    return;
  self.k = 0;
  self.source++;
  locate (self, n0);
}

void
put (Walk self, uint stage)
{
  uint id = gl_LocalInvocationID.x;
  [[unroll]] for (uint i = 0; i < A_LOADS; i++)
    if (id + i * THREADS < ROWS * VECTORS)
      a_tile[stage * ROWS * STRIDE + (id + i * THREADS) / VECTORS * STRIDE + id % VECTORS] = self.a_bits[i];
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    if (id + i * THREADS < COLS * VECTORS)
      w_tile[stage * COLS * STRIDE + (id + i * THREADS) / VECTORS * STRIDE + id % VECTORS] = self.w_bits[i];
}
