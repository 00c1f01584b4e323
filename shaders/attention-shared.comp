// attention-shared.comp: attention.comp in the form for graphics cards without cooperative matrices.
//   Tiles of queries, keys and values lie in shared memory as they are stored; an invocation makes a tile of the
//   scores in registers, and from the probabilities of all one of the output, which it keeps until the end. What
//   a row is relative to is raised only when a score is LAG above it. A head that is too wide for the tiles goes
//   through them in slices of DEPTH columns, and its values in fewer rows.
//   dispatch    x: ceil (tq / ROWS), y: heads, z: images
//   precision   ACT storage, 32-bit arithmetic     test  tests/ops.c
//   needs       heads and rows in multiples of 16 bytes; gpu/ops/gpu-attention-kernels.c knows what else
//   source      Dao 2023 (FlashAttention-2), algorithm 1, forward only
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_ROWS) const uint ROWS = 64;
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;
layout (constant_id = SPEC_ATTENTION_KEYS) const uint KEYS = 32;
layout (constant_id = SPEC_ATTENTION_DEPTH) const uint DEPTH = 40;
layout (constant_id = SPEC_ATTENTION_GROUPS) const uint ACROSS = 4;

#if ACT == f16
#define Four uvec2 // values as they are stored
#define FOURS 2    // of them in 16 bytes
vec4 widen (uvec2 x) { return vec4 (unpackHalf2x16 (x.x), unpackHalf2x16 (x.y)); }
#else
#define Four vec4
#define FOURS 1
vec4 widen (vec4 x) { return x; }
#endif

const uint SLICES = HEAD / DEPTH;
const uint STRIDE = DEPTH / 4 + 1;                     // of a row of queries or keys: one more, for the banks
const uint P_STRIDE = KEYS / 4 + 1;
const uint VALUES = SLICES == 1 ? KEYS : 8;            // rows of values at a time
const uint KV = ROWS * STRIDE;                         // where keys and values begin
const uint S_ACROSS = 8;                               // invocations side by side in the scores, ACROSS in the output
const uint S_ROWS = ROWS * S_ACROSS / LOCAL_SIZE;      // an invocation's rows,
const uint S_KEYS = KEYS / S_ACROSS;                   // keys,
const uint O_ROWS = ROWS * ACROSS / LOCAL_SIZE;        // rows of the output
const uint O_FOURS = (HEAD / 4 + ACROSS - 1) / ACROSS; // and columns in fours

shared Four tile[KV + (KEYS * STRIDE > VALUES * HEAD / 4 ? KEYS * STRIDE : VALUES * HEAD / 4)];
shared vec4 probability[ROWS * P_STRIDE];
shared float row_part[ROWS * S_ACROSS];

uint id = gl_LocalInvocationID.x;
float s[S_ROWS][S_KEYS], total[S_ROWS];
vec4 o[O_ROWS][O_FOURS];

// @n rows of @width values to tile[to], where rows are @to_stride apart; a row too many repeats the last.
void
fetch (uint to, uint to_stride, addr_t from, uint stride, uint first, uint rows, uint n, uint width)
{
  uint loads = width / 4 / FOURS;
  for (uint i = id; i < n * loads; i += LOCAL_SIZE)
    {
      uint r = i / loads, c = i % loads * FOURS;
      addr_t at = from + (min (first + r, rows - 1) * stride + c * 4) * ACT_BYTES;
#if ACT == f16
      uvec4 x = U32x4 (at).v[0];
      tile[to + r * to_stride + c] = x.xy;
      tile[to + r * to_stride + c + 1] = x.zw;
#else
      tile[to + r * to_stride + c] = F32x4 (at).v[0];
#endif
    }
}

void
add_scores ()
{
  uint row = id / S_ACROSS * S_ROWS, key = id % S_ACROSS * S_KEYS;
  for (uint d = 0; d < DEPTH / 4; d++)
    {
      vec4 a[S_ROWS];
      [[unroll]] for (uint r = 0; r < S_ROWS; r++)
        a[r] = widen (tile[(row + r) * STRIDE + d]);
      [[unroll]] for (uint j = 0; j < S_KEYS; j++)
        {
          vec4 b = widen (tile[KV + (key + j) * STRIDE + d]);
          [[unroll]] for (uint r = 0; r < S_ROWS; r++)
            s[r][j] += dot (a[r], b);
        }
    }
}

#include "include/attention-shared-softmax.glsl"

void
add_output (uint j0)
{
  uint row = id / ACROSS * O_ROWS;
  for (uint j = 0; j < VALUES / 4; j++)
    {
      vec4 w[O_ROWS];
      [[unroll]] for (uint r = 0; r < O_ROWS; r++)
        w[r] = probability[(row + r) * P_STRIDE + j0 / 4 + j];
      [[unroll]] for (uint i = 0; i < 4; i++)
        [[unroll]] for (uint c = 0; c < O_FOURS; c++)
          {
            vec4 x = widen (tile[KV + (j * 4 + i) * (HEAD / 4) + min (c * ACROSS + id % ACROSS, HEAD / 4 - 1)]);
            [[unroll]] for (uint r = 0; r < O_ROWS; r++)
              o[r][c] += w[r][i] * x;
          }
    }
}

void
store_output (addr_t to, uint t0)
{
  uint row = id / ACROSS * O_ROWS;
  [[unroll]] for (uint r = 0; r < S_ROWS; r++)
    row_part[(id / S_ACROSS * S_ROWS + r) * S_ACROSS + id % S_ACROSS] = total[r];
  barrier ();
  [[unroll]] for (uint r = 0; r < O_ROWS; r++)
    {
      float sum = 0.0;
      [[unroll]] for (uint i = 0; i < S_ACROSS; i++)
        sum += row_part[(row + r) * S_ACROSS + i];
      [[unroll]] for (uint c = 0; c < O_FOURS; c++)
        {
          uint d = (c * ACROSS + id % ACROSS) * 4;
          if (t0 + row + r < p.tq && d < HEAD)
            [[unroll]] for (uint i = 0; i < 4; i++)
              ACT_BUFFER (to + ((t0 + row + r) * p.out_stride + d) * ACT_BYTES).v[i] = to_act (o[r][c][i] / sum);
        }
    }
}

void
main ()
{
  uint t0 = gl_WorkGroupID.x * ROWS, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;
  addr_t q = p.q + (addr_t (image * p.tq) * p.q_stride + head) * ACT_BYTES;
  addr_t k = p.k + (addr_t (kv_image * p.tk) * p.kv_stride + head) * ACT_BYTES;
  addr_t v = p.v + (addr_t (kv_image * p.tk) * p.kv_stride + head) * ACT_BYTES;
  if (id == 0)
    grown = 0;
  if (SLICES == 1)
    fetch (0, STRIDE, q, p.q_stride, t0, p.tq, ROWS, DEPTH);

  uint last = CAUSAL == 1 ? min (p.tk, t0 + ROWS) : p.tk;
  [[dont_unroll]] for (uint j0 = 0; j0 < last; j0 += KEYS)
    {
      [[unroll]] for (uint r = 0; r < S_ROWS; r++)
        [[unroll]] for (uint j = 0; j < S_KEYS; j++)
          s[r][j] = 0.0;
      [[dont_unroll]] for (uint d = 0; d < HEAD; d += DEPTH)
        {
          if (d > 0)
            barrier ();
          if (SLICES > 1)
            fetch (0, STRIDE, q + d * ACT_BYTES, p.q_stride, t0, p.tq, ROWS, DEPTH);
          fetch (KV, STRIDE, k + d * ACT_BYTES, p.kv_stride, j0, p.tk, KEYS, DEPTH);
          barrier ();
          add_scores ();
        }
      make_probabilities (t0, j0);
      [[dont_unroll]] for (uint j = 0; j < KEYS; j += VALUES)
        {
          if (j > 0)
            barrier ();
          fetch (KV, HEAD / 4, v, p.kv_stride, j0 + j, p.tk, VALUES, HEAD);
          barrier ();
          add_output (j);
        }
      barrier ();
    }
  store_output (p.out_ + (addr_t (image * p.tq) * p.out_stride + head) * ACT_BYTES, t0);
}
