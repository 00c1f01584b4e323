// attention-coopmat.comp: attention.comp on cooperative matrices, after FlashAttention-2.
//   A subgroup has rows of queries to itself, and keeps them and their output in matrices. Tiles of keys and values
//   take turns in two places of shared memory; the next one is on its way while one is multiplied. Which element
//   of a matrix is where remains the driver's secret, so what concerns a row goes through shared memory: a column
//   there, read with stride 0, is a matrix of constant rows. That is done only when a score has risen so far above
//   what its row is relative to that its probability could leave the range of fp16.
//   Wide heads: a tile has DEPTH of their columns, and SPLIT subgroups share rows, each with a part of the keys in
//   Q K^T and a part of the columns in P V.
//   dispatch    x: ceil (tq / ROWS), y: heads, z: images
//   precision   fp16 storage and probabilities, 32-bit sums and softmax    test  tests/ops.c
//   needs       heads and rows in multiples of 16 bytes; gpu/ops/gpu-attention-kernels.c knows what else must be a multiple
//   source      Dao 2023 (FlashAttention-2), algorithm 1, forward only; the threshold for rescaling is FlashAttention-4's
#version 460
#include "include/common.glsl"
#include "include/coopmat.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/attention.inc"
} p;

layout (constant_id = SPEC_ATTENTION_HEAD) const uint HEAD = 40;
layout (constant_id = SPEC_ATTENTION_ROWS) const uint ROWS = 64;
layout (constant_id = SPEC_ATTENTION_CAUSAL) const uint CAUSAL = 0;
layout (constant_id = SPEC_ATTENTION_KEYS) const uint KEYS = 64;
layout (constant_id = SPEC_ATTENTION_DEPTH) const uint DEPTH = 48;
layout (constant_id = SPEC_ATTENTION_GROUPS) const uint GROUPS = 4;
layout (constant_id = SPEC_ATTENTION_SPLIT) const uint SPLIT = 1;
layout (constant_id = SPEC_ATTENTION_ONCE) const uint ONCE = 0;

const uint SLICES = (HEAD + DEPTH - 1) / DEPTH;
const uint CHUNKS = DEPTH / 8;                  // of 16 bytes in a tile's row
const uint LOADS = (KEYS * CHUNKS + LOCAL_SIZE - 1) / LOCAL_SIZE; // chunks of a tile that an invocation moves

// Strides in shared memory are 16 bytes longer than what is stored, so that rows lie in different banks.
const uint STRIDE = CHUNKS + 1;
const uint Q_STRIDE = SLICES * CHUNKS + 1;
const uint P_STRIDE = KEYS / 8 + 1;

// Matrices of a subgroup: down its rows, along its keys, along its columns of a slice, and queries it keeps.
const uint TILES = ROWS / GROUPS / MATRIX_M;
const uint S_TILES = KEYS / SPLIT / MATRIX_N;
const uint O_TILES = DEPTH / SPLIT / MATRIX_N;
const uint Q_TILES = SLICES == 1 ? DEPTH / MATRIX_K : 1;

// Graphics cards want every matrix in registers of its own. Software makes some thousand operations of each product,
// and would compile for minutes: for it -DROLLED leaves the loops as they are.
#ifdef ROLLED
#define UNROLL [[dont_unroll]]
#else
#define UNROLL [[unroll]]
#endif
#define MatrixP coopmat<float16_t, gl_ScopeSubgroup, MATRIX_M, MATRIX_N, gl_MatrixUseAccumulator>
// A loop over one slice is not always unrolled, and then an index that depends on it puts the array into memory.
#define SLICE(i) (SLICES == 1 ? 0 : (i))
#define ROW_MAJOR gl_CooperativeMatrixLayoutRowMajor
#define COLUMN_MAJOR gl_CooperativeMatrixLayoutColumnMajor

shared uvec4 probability[ROWS * P_STRIDE];

uint lane = gl_SubgroupInvocationID;
uint group = gl_SubgroupID / SPLIT, part = gl_SubgroupID % SPLIT;
uint first_row = group * TILES * MATRIX_M;
MatrixA q[TILES * Q_TILES];
MatrixC s[TILES * S_TILES];          // scores, then probabilities
MatrixC o[TILES * SLICES * O_TILES]; // output
MatrixC top[TILES];                  // what probabilities are relative to: powers of two, the same along a row
MatrixC total[TILES];                // along a row they add up to the sum of the probabilities

#include "include/attention-coopmat-tiles.glsl"
#include "include/attention-coopmat-softmax.glsl"

// S += Q K^T over one slice, with the tile in @place.
void
add_scores (uint slice, uint place)
{
  UNROLL for (uint d = 0; d < DEPTH / MATRIX_K; d++)
    {
      MatrixA a[TILES];
      UNROLL for (uint t = 0; t < TILES; t++)
        if (SLICES == 1)
          a[t] = q[t * Q_TILES + d];
        else
          coopMatLoad (a[t], q_tile, (first_row + t * MATRIX_M) * Q_STRIDE + slice * CHUNKS + d * MATRIX_K / 8, Q_STRIDE, ROW_MAJOR);
      UNROLL for (uint j = 0; j < S_TILES; j++)
        {
          MatrixB b;
          coopMatLoad (b, tile, (place * KEYS + (part * S_TILES + j) * MATRIX_N) * STRIDE + d * MATRIX_K / 8, STRIDE, COLUMN_MAJOR);
          UNROLL for (uint t = 0; t < TILES; t++)
            s[t * S_TILES + j] = coopMatMulAdd (a[t], b, s[t * S_TILES + j]);
        }
    }
}

// O += P V for one slice.
void
add_output (uint slice, uint place)
{
  UNROLL for (uint j = 0; j < KEYS / MATRIX_K; j++)
    {
      MatrixA a[TILES];
      UNROLL for (uint t = 0; t < TILES; t++)
        coopMatLoad (a[t], probability, (first_row + t * MATRIX_M) * P_STRIDE + j * MATRIX_K / 8, P_STRIDE, ROW_MAJOR);
      UNROLL for (uint d = 0; d < O_TILES; d++)
        {
          MatrixB b;
          coopMatLoad (b, tile, (place * KEYS + j * MATRIX_K) * STRIDE + (part * O_TILES + d) * MATRIX_N / 8, STRIDE, ROW_MAJOR);
          UNROLL for (uint t = 0; t < TILES; t++)
            {
              uint i = (t * SLICES + SLICE (slice)) * O_TILES + d;
              o[i] = coopMatMulAdd (a[t], b, o[i]);
            }
        }
    }
}

// O over the sums of its rows.
void
finish (addr_t to, uint t0)
{
  UNROLL for (uint t = 0; t < TILES; t++)
    {
      MatrixC over = spread_rows (fold_row (total[t], t, true), true);
      UNROLL for (uint i = 0; i < over.length (); i++)
        over[i] = 1.0 / over[i];
      UNROLL for (uint i = t * SLICES * O_TILES; i < (t + 1) * SLICES * O_TILES; i++)
        o[i] = o[i] * over;
    }
  UNROLL for (uint slice = 0; slice < SLICES; slice++)
    {
      if (slice > 0)
        barrier ();
      UNROLL for (uint t = 0; t < TILES; t++)
        UNROLL for (uint d = 0; d < O_TILES; d++)
          coopMatStore (MatrixP (o[(t * SLICES + SLICE (slice)) * O_TILES + d]), tile,
                        (first_row + t * MATRIX_M) * STRIDE + (part * O_TILES + d) * MATRIX_N / 8, STRIDE, ROW_MAJOR);
      barrier ();
      store_output (to, t0, slice);
    }
}

// A block of keys and their values, the first tile of which lies in place 0. Tiles come in the order of the slices,
// those of keys before those of values; @again: then the keys of the next block.
void
add_block (addr_t k, addr_t v, uint t0, uint j0, bool again)
{
  start_scores (t0, j0);
  UNROLL for (uint slice = 0; slice < SLICES; slice++)
    {
      if (slice + 1 < SLICES)
        fetch (k, j0, slice + 1);
      else
        fetch (v, j0, 0);
      add_scores (slice, slice % 2);
      if (slice + 1 == SLICES)
        make_probabilities (ONCE == 1 || j0 == 0);
      put ((slice + 1) % 2);
      barrier ();
    }
  UNROLL for (uint slice = 0; slice < SLICES; slice++)
    {
      bool more = slice + 1 < SLICES;
      if (more)
        fetch (v, j0, slice + 1);
      else if (again)
        fetch (k, j0 + KEYS, 0);
      add_output (slice, (SLICES + slice) % 2);
      if (more || again)
        put ((SLICES + slice + 1) % 2);
      barrier ();
    }
}

void
main ()
{
  uint t0 = gl_WorkGroupID.x * ROWS, head = gl_WorkGroupID.y * HEAD, image = gl_WorkGroupID.z;
  uint kv_image = p.kv_per_image == 1 ? image : 0;
  addr_t k = p.k + (addr_t (kv_image * p.tk) * p.kv_stride + head) * 2;
  addr_t v = p.v + (addr_t (kv_image * p.tk) * p.kv_stride + head) * 2;

  fetch (k, 0, 0);
  load_queries (p.q + (addr_t (image * p.tq) * p.q_stride + head) * 2, t0);
  put (0);
  barrier ();
  UNROLL for (uint t = 0; t < TILES; t++)
    {
      top[t] = MatrixC (0.0);
      total[t] = MatrixC (0.0);
      UNROLL for (uint i = 0; i < SLICES * O_TILES; i++)
        o[t * SLICES * O_TILES + i] = MatrixC (0.0);
    }

  uint last = CAUSAL == 1 ? min (p.tk, t0 + ROWS) : p.tk;
  if (ONCE == 1)
    add_block (k, v, t0, 0, false);
  else
    [[dont_unroll]] for (uint j0 = 0; j0 < last; j0 += KEYS)
      add_block (k, v, t0, j0, j0 + KEYS < last);
  finish (p.out_ + (addr_t (image * p.tq) * p.out_stride + head) * 2, t0);
}
