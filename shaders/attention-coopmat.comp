// attention-coopmat.comp: attention.comp on cooperative matrices, for heads up to 160 wide.
//   A workgroup of four subgroups answers 16 queries of one head, 32 keys at a time. Both products are made of
//   matrices; scores, probabilities and the growing output lie in shared memory between them.
//   dispatch    x: ceil (tq / 16), y: heads, z: images
//   precision   fp16 storage and probabilities, 32-bit sums and softmax    test  tests/ops.c
//   source      Dao et al. 2022 (FlashAttention), algorithm 1, forward only
#version 460
#include "include/common.glsl"
#include "include/coopmat.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;

const uint ROWS = 16;
const uint KEYS = 32;
const uint WIDTH = (HEAD + 15) / 16 * 16; // the head in whole matrices; zeros behind it
const uint STRIDE = WIDTH + 8;            // of a row in shared memory: 16 bytes more, for the banks
const uint SCORE_STRIDE = KEYS + 8;

shared float16_t q_tile[ROWS * STRIDE];
shared float16_t kv_tile[KEYS * STRIDE];  // keys, then values
shared float16_t probability[ROWS * SCORE_STRIDE];
shared float score[ROWS * SCORE_STRIDE];
shared float result[ROWS * STRIDE];
shared float top[ROWS], total[ROWS], keep[ROWS];

void
fetch_rows (bool queries, addr_t from, uint stride, uint first, uint count, uint n)
{
  for (uint i = gl_LocalInvocationID.x; i < n * WIDTH; i += LOCAL_SIZE)
    {
      uint r = i / WIDTH, d = i % WIDTH;
      float16_t x = d < HEAD && first + r < count ? F16 (from).v[(first + r) * stride + d] : float16_t (0.0);
      if (queries)
        q_tile[r * STRIDE + d] = x;
      else
        kv_tile[r * STRIDE + d] = x;
    }
}

// score = Q K^T, matrix by matrix among the subgroups.
void
make_scores ()
{
  uint across = KEYS / MATRIX_N;
  for (uint i = gl_SubgroupID; i < ROWS / MATRIX_M * across; i += gl_NumSubgroups)
    {
      uint r = i / across * MATRIX_M, j = i % across * MATRIX_N;
      MatrixC sum = MatrixC (0.0);
      for (uint d = 0; d < WIDTH; d += MATRIX_K)
        {
          MatrixA a;
          MatrixB b;
          coopMatLoad (a, q_tile, r * STRIDE + d, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
          coopMatLoad (b, kv_tile, j * STRIDE + d, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
          sum = coopMatMulAdd (a, b, sum);
        }
      coopMatStore (sum, score, r * SCORE_STRIDE + j, SCORE_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
    }
}

// The online softmax of one query: what came before counts `keep` times as much now.
void
update_row (uint r, uint t, uint j0)
{
  float now = top[r], add = 0.0;
  for (uint j = 0; j < KEYS; j++)
    if (j0 + j < p.tk && (CAUSAL == 0 || j0 + j <= t))
      now = max (now, score[r * SCORE_STRIDE + j] * p.scale);
  for (uint j = 0; j < KEYS; j++)
    {
      bool seen = j0 + j < p.tk && (CAUSAL == 0 || j0 + j <= t);
      float16_t x = seen ? float16_t (exp (score[r * SCORE_STRIDE + j] * p.scale - now)) : float16_t (0.0);
      probability[r * SCORE_STRIDE + j] = x;
      add += float (x);
    }
  keep[r] = exp (top[r] - now);
  total[r] = total[r] * keep[r] + add;
  top[r] = now;
}

// result += P V.
void
add_values ()
{
  uint across = WIDTH / MATRIX_N;
  for (uint i = gl_SubgroupID; i < ROWS / MATRIX_M * across; i += gl_NumSubgroups)
    {
      uint r = i / across * MATRIX_M, d = i % across * MATRIX_N;
      MatrixC sum;
      coopMatLoad (sum, result, r * STRIDE + d, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
      for (uint j = 0; j < KEYS; j += MATRIX_K)
        {
          MatrixA a;
          MatrixB b;
          coopMatLoad (a, probability, r * SCORE_STRIDE + j, SCORE_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
          coopMatLoad (b, kv_tile, j * STRIDE + d, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
          sum = coopMatMulAdd (a, b, sum);
        }
      coopMatStore (sum, result, r * STRIDE + d, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
    }
}

void
main ()
{
  uint id = gl_LocalInvocationID.x, t0 = gl_WorkGroupID.x * ROWS, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;
  addr_t q = p.q + (addr_t (image * p.tq) * p.q_stride + head) * 2;
  addr_t k = p.k + (addr_t (kv_image * p.tk) * p.kv_stride + head) * 2;
  addr_t v = p.v + (addr_t (kv_image * p.tk) * p.kv_stride + head) * 2;

  fetch_rows (true, q, p.q_stride, t0, p.tq, ROWS);
  for (uint i = id; i < ROWS * STRIDE; i += LOCAL_SIZE)
    result[i] = 0.0;
  for (uint r = id; r < ROWS; r += LOCAL_SIZE)
    {
      top[r] = -1e30;
      total[r] = 0.0;
    }
  uint last = CAUSAL == 1 ? min (p.tk, t0 + ROWS) : p.tk;
  for (uint j0 = 0; j0 < last; j0 += KEYS)
    {
      fetch_rows (false, k, p.kv_stride, j0, p.tk, KEYS);
      barrier ();
      make_scores ();
      barrier ();
      for (uint r = id; r < ROWS; r += LOCAL_SIZE)
        update_row (r, t0 + r, j0);
      fetch_rows (false, v, p.kv_stride, j0, p.tk, KEYS);
      barrier ();
      for (uint i = id; i < ROWS * WIDTH; i += LOCAL_SIZE)
        result[i / WIDTH * STRIDE + i % WIDTH] *= keep[i / WIDTH];
      barrier ();
      add_values ();
      barrier ();
    }
  for (uint i = id; i < ROWS * HEAD; i += LOCAL_SIZE)
    {
      uint r = i / HEAD, d = i % HEAD;
      if (t0 + r < p.tq)
        F16 (p.out_).v[(image * p.tq + t0 + r) * p.out_stride + head + d] = to_act (result[r * STRIDE + d] / total[r]);
    }
}
