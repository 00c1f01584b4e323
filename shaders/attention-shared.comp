// attention-shared.comp: attention.comp in the form for graphics cards without cooperative matrices.
//   A workgroup of 128 answers 16 queries of one head, 32 keys at a time; scores go through shared memory, and
//   in P V an invocation makes columns of the head for all queries.
//   dispatch    x: ceil (tq / 16), y: heads, z: images
//   precision   ACT storage, 32-bit arithmetic     test  tests/ops.c
//   source      Dao et al. 2022 (FlashAttention), algorithm 1, forward only
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;

const uint ROWS = 16;
const uint KEYS = 32;
const uint DEPTH = 32;  // of the head at a time
const uint THREADS = 128;
const uint COLUMNS = (HEAD + THREADS - 1) / THREADS; // of the head an invocation makes
const uint SCORES = ROWS * KEYS / THREADS;           // and scores

shared float q_tile[ROWS][DEPTH + 1];
shared float k_tile[KEYS][DEPTH + 1];
shared float score[ROWS][KEYS];
shared float top[ROWS], total[ROWS], keep[ROWS];

void
main ()
{
  uint id = gl_LocalInvocationID.x, t0 = gl_WorkGroupID.x * ROWS, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;
  addr_t q = p.q + (addr_t (image * p.tq) * p.q_stride + head) * ACT_BYTES;
  addr_t k = p.k + (addr_t (kv_image * p.tk) * p.kv_stride + head) * ACT_BYTES;
  addr_t v = p.v + (addr_t (kv_image * p.tk) * p.kv_stride + head) * ACT_BYTES;

  float sum[ROWS][COLUMNS];
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    [[unroll]] for (uint c = 0; c < COLUMNS; c++)
      sum[r][c] = 0.0;
  if (id < ROWS)
    {
      top[id] = -1e30;
      total[id] = 0.0;
    }

  uint last = CAUSAL == 1 ? min (p.tk, t0 + ROWS) : p.tk;
  for (uint j0 = 0; j0 < last; j0 += KEYS)
    {
      float s[SCORES];
      [[unroll]] for (uint i = 0; i < SCORES; i++)
        s[i] = 0.0;
      for (uint d0 = 0; d0 < HEAD; d0 += DEPTH)
        {
          barrier ();
          for (uint i = id; i < ROWS * DEPTH; i += THREADS)
            {
              uint r = i / DEPTH, d = d0 + i % DEPTH;
              q_tile[r][i % DEPTH] = d < HEAD ? float (ACT_BUFFER (q).v[min (t0 + r, p.tq - 1) * p.q_stride + d]) : 0.0;
            }
          for (uint i = id; i < KEYS * DEPTH; i += THREADS)
            {
              uint j = i / DEPTH, d = d0 + i % DEPTH;
              k_tile[j][i % DEPTH] = d < HEAD ? float (ACT_BUFFER (k).v[min (j0 + j, p.tk - 1) * p.kv_stride + d]) : 0.0;
            }
          barrier ();
          [[unroll]] for (uint i = 0; i < SCORES; i++)
            for (uint d = 0; d < DEPTH; d++)
              s[i] += q_tile[(id + i * THREADS) / KEYS][d] * k_tile[(id + i * THREADS) % KEYS][d];
        }
      [[unroll]] for (uint i = 0; i < SCORES; i++)
        {
          uint r = (id + i * THREADS) / KEYS, j = (id + i * THREADS) % KEYS;
          bool seen = j0 + j < p.tk && (CAUSAL == 0 || j0 + j <= t0 + r);
          score[r][j] = seen ? s[i] * p.scale : -1e30;
        }
      barrier ();
      if (id < ROWS)
        {
          float now = top[id], add = 0.0;
          for (uint j = 0; j < KEYS; j++)
            now = max (now, score[id][j]);
          for (uint j = 0; j < KEYS; j++)
            {
              score[id][j] = score[id][j] > -1e29 ? exp (score[id][j] - now) : 0.0;
              add += score[id][j];
            }
          keep[id] = exp (top[id] - now);
          total[id] = total[id] * keep[id] + add;
          top[id] = now;
        }
      barrier ();
      [[unroll]] for (uint c = 0; c < COLUMNS; c++)
        [[unroll]] for (uint r = 0; r < ROWS; r++)
          sum[r][c] *= keep[r];
      // Columns inside keys: a loop that is unrolled around one that is not leaves the sums in memory on NVK.
      for (uint j = 0; j < KEYS && j0 + j < p.tk; j++)
        [[unroll]] for (uint c = 0; c < COLUMNS; c++)
          {
            float x = float (ACT_BUFFER (v).v[(j0 + j) * p.kv_stride + min (id + c * THREADS, HEAD - 1)]);
            [[unroll]] for (uint r = 0; r < ROWS; r++)
              sum[r][c] += score[r][j] * x;
          }
    }
  barrier ();

  [[unroll]] for (uint c = 0; c < COLUMNS; c++)
    [[unroll]] for (uint r = 0; r < ROWS; r++)
      if (t0 + r < p.tq && id + c * THREADS < HEAD)
        ACT_BUFFER (p.out_).v[(image * p.tq + t0 + r) * p.out_stride + head + id + c * THREADS] = to_act (sum[r][c] / total[r]);
}
