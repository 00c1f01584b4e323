// attention-wide.comp: attention.comp for heads so wide that a query's own numbers do not fit beside the code.
//   In Q K^T the lanes are keys, in P V they are columns of the head; probabilities cross over by broadcast. A workgroup
//   is one subgroup.
//   dispatch    x: ceil (tq / ROWS), y: heads, z: images
//   precision   ACT storage, 32-bit arithmetic     test  tests/ops.c
//   source      Dao et al. 2022 (FlashAttention), algorithm 1, forward only
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_ROWS) const uint ROWS = 4;
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;

const uint VECTORS = (HEAD + LOCAL_SIZE - 1) / LOCAL_SIZE; // vectors of lanes that hold one output row

// Four consecutive values at `at`, which is a multiple of four values.
vec4
load4 (addr_t at)
{
#if ACT == f16
  uvec2 bits = unpack32 (U64 (at).v[0]);
  return vec4 (unpackHalf2x16 (bits.x), unpackHalf2x16 (bits.y));
#else
  return vec4 (F32 (at).v[0], F32 (at).v[1], F32 (at).v[2], F32 (at).v[3]);
#endif
}

void
main ()
{
  uint lane = gl_SubgroupInvocationID;
  uint t0 = gl_WorkGroupID.x * ROWS, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;

  addr_t q[ROWS];
  float top[ROWS], total[ROWS], sum[ROWS][VECTORS];
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    {
      uint t = image * p.tq + min (t0 + r, p.tq - 1);
      q[r] = p.q + (addr_t (t) * p.q_stride + head) * ACT_BYTES;
      top[r] = -1e30;
      total[r] = 0.0;
      [[unroll]] for (uint c = 0; c < VECTORS; c++)
        sum[r][c] = 0.0;
    }

  uint last = CAUSAL == 1 ? min (p.tk, t0 + ROWS) : p.tk;
  [[dont_unroll]] for (uint j0 = 0; j0 < last; j0 += LOCAL_SIZE)
    {
      uint j = j0 + lane;
      addr_t key = p.k + (addr_t (kv_image * p.tk + min (j, p.tk - 1)) * p.kv_stride + head) * ACT_BYTES;
      float s[ROWS];
      [[unroll]] for (uint r = 0; r < ROWS; r++)
        s[r] = 0.0;
      if (HEAD % 4 == 0)
        {
          [[dont_unroll]] for (uint d = 0; d < HEAD; d += 4)
            {
              vec4 kd = load4 (key + d * ACT_BYTES);
              [[unroll]] for (uint r = 0; r < ROWS; r++)
                [[unroll]] for (uint i = 0; i < 4; i++)
                  s[r] += float (ACT_BUFFER (q[r] + d * ACT_BYTES).v[i]) * kd[i];
            }
        }
      else
        {
          [[dont_unroll]] for (uint d = 0; d < HEAD; d++)
            {
              float kd = float (ACT_BUFFER (key).v[d]);
              [[unroll]] for (uint r = 0; r < ROWS; r++)
                s[r] += float (ACT_BUFFER (q[r]).v[d]) * kd;
            }
        }

      [[unroll]] for (uint r = 0; r < ROWS; r++)
        {
          bool seen = j < p.tk && (CAUSAL == 0 || j <= t0 + r);
          float x = seen ? s[r] * p.scale : -1e30;
          float now = max (top[r], subgroupMax (x));
          float keep = exp (top[r] - now);
          s[r] = seen ? exp (x - now) : 0.0;
          total[r] = total[r] * keep + subgroupAdd (s[r]);
          top[r] = now;
          [[unroll]] for (uint c = 0; c < VECTORS; c++)
            sum[r][c] *= keep;
        }

      addr_t value = p.v + (addr_t (kv_image * p.tk + j0) * p.kv_stride + head) * ACT_BYTES;
      [[unroll]] for (uint i = 0; i < LOCAL_SIZE; i++)
        {
          if (j0 + i >= p.tk)
            break;
          [[unroll]] for (uint c = 0; c < VECTORS; c++)
            {
              float v = float (ACT_BUFFER (value + i * p.kv_stride * ACT_BYTES).v[min (c * LOCAL_SIZE + lane, HEAD - 1)]);
              [[unroll]] for (uint r = 0; r < ROWS; r++)
                sum[r][c] += subgroupBroadcast (s[r], i) * v;
            }
        }
    }

  [[unroll]] for (uint r = 0; r < ROWS; r++)
    {
      if (t0 + r >= p.tq)
        break;
      addr_t out_ = p.out_ + (addr_t (image * p.tq + t0 + r) * p.out_stride + head) * ACT_BYTES;
      [[unroll]] for (uint c = 0; c < VECTORS; c++)
        if (c * LOCAL_SIZE + lane < HEAD)
          ACT_BUFFER (out_).v[c * LOCAL_SIZE + lane] = to_act (sum[r][c] / total[r]);
    }
}
