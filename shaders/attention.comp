// attention.comp: softmax (scale Q K^T) V for one head, in tiles, so that no (tq, tk) matrix is stored.
//   Scalar form for devices that run a subgroup as one vector: the lanes are queries, each of which keeps its row of Q and
//   its output, and every key and value is a uniform load. Nothing crosses lanes. A workgroup is one subgroup.
//   dispatch    x: ceil (tq / (VECTORS * subgroup)), y: heads, z: images
//   precision   ACT storage, 32-bit arithmetic     test  tests/ops.c
//   source      Dao et al. 2022 (FlashAttention), algorithm 1, forward only
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_ROWS) const uint VECTORS = 2; // of queries
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;

const uint KEYS = 8; // a trip round the loop
const float UNSEEN = -1e30;

// The online softmax of a vector of queries: scores become probabilities. Returns how much what came before counts now.
float
update (inout float top, inout float total, inout float s[KEYS])
{
  float now = top;
  [[unroll]] for (uint i = 0; i < KEYS; i++)
    now = max (now, s[i]);
  float keep = exp (top - now);
  total *= keep;
  [[unroll]] for (uint i = 0; i < KEYS; i++)
    {
      s[i] = exp (s[i] - now);
      total += s[i];
    }
  top = now;
  return keep;
}

void
main ()
{
  uint t0 = gl_WorkGroupID.x * VECTORS * LOCAL_SIZE, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;
  float q[VECTORS][HEAD], sum[VECTORS][HEAD], top[VECTORS], total[VECTORS];
  [[unroll]] for (uint v = 0; v < VECTORS; v++)
    {
      uint t = image * p.tq + min (t0 + v * LOCAL_SIZE + gl_SubgroupInvocationID, p.tq - 1);
      addr_t from = p.q + (addr_t (t) * p.q_stride + head) * ACT_BYTES;
      [[unroll]] for (uint d = 0; d < HEAD; d++)
        {
          q[v][d] = float (ACT_BUFFER (from).v[d]) * p.scale;
          sum[v][d] = 0.0;
        }
      top[v] = UNSEEN;
      total[v] = 0.0;
    }

  uint last = CAUSAL == 1 ? min (p.tk, t0 + VECTORS * LOCAL_SIZE) : p.tk;
  [[dont_unroll]] for (uint j0 = 0; j0 < last; j0 += KEYS)
    {
      addr_t at[KEYS];
      [[unroll]] for (uint i = 0; i < KEYS; i++)
        at[i] = (addr_t (kv_image * p.tk + min (j0 + i, p.tk - 1)) * p.kv_stride + head) * ACT_BYTES;

      float s[VECTORS][KEYS], keep[VECTORS];
      [[unroll]] for (uint v = 0; v < VECTORS; v++)
        [[unroll]] for (uint i = 0; i < KEYS; i++)
          s[v][i] = 0.0;
      [[unroll]] for (uint d = 0; d < HEAD; d++)
        [[unroll]] for (uint i = 0; i < KEYS; i++)
          {
            float k = float (ACT_BUFFER (p.k + at[i]).v[d]);
            [[unroll]] for (uint v = 0; v < VECTORS; v++)
              s[v][i] += q[v][d] * k;
          }
      [[unroll]] for (uint v = 0; v < VECTORS; v++)
        {
          uint t = t0 + v * LOCAL_SIZE + gl_SubgroupInvocationID;
          [[unroll]] for (uint i = 0; i < KEYS; i++)
            if (j0 + i >= p.tk || (CAUSAL == 1 && j0 + i > t))
              s[v][i] = UNSEEN;
          keep[v] = update (top[v], total[v], s[v]);
        }
      [[unroll]] for (uint d = 0; d < HEAD; d++)
        {
          [[unroll]] for (uint v = 0; v < VECTORS; v++)
            sum[v][d] *= keep[v];
          [[unroll]] for (uint i = 0; i < KEYS; i++)
            {
              float x = float (ACT_BUFFER (p.v + at[i]).v[d]);
              [[unroll]] for (uint v = 0; v < VECTORS; v++)
                sum[v][d] += s[v][i] * x;
            }
        }
    }

  [[unroll]] for (uint v = 0; v < VECTORS; v++)
    {
      uint t = t0 + v * LOCAL_SIZE + gl_SubgroupInvocationID;
      addr_t out_ = p.out_ + (addr_t (image * p.tq + t) * p.out_stride + head) * ACT_BYTES;
      if (t < p.tq)
        [[unroll]] for (uint d = 0; d < HEAD; d++)
          ACT_BUFFER (out_).v[d] = to_act (sum[v][d] / total[v]);
    }
}
