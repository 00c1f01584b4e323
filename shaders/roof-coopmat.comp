// roof-coopmat.comp: products of cooperative matrices that stay in registers: the most that the matrix units can do.
//   Eight sums from two by four factors, as many loads a product as a good kernel needs, but none of them done.
//   dispatch    x: any number; each subgroup does 8 * loops products of MATRIX_M x MATRIX_N x MATRIX_K
//   precision   fp16 factors, 32-bit sums    test  tests/graph.c
#version 460
#define ACT f16
#include "include/common.glsl"
#include "include/coopmat.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/roof.inc"
} p;

const uint WIDTH = 2 * ROOF_MATRIX; // factors lie 16 bytes apart in rows of this many, as loading wants them aligned
shared float16_t factors[ROOF_MATRIX * WIDTH];
shared float results[ROOF_MATRIX * ROOF_MATRIX];

void
main ()
{
  MatrixA a[2];
  MatrixB b[4];
  MatrixC sum[2][4], total = MatrixC (0.0);
  // Uneven numbers of both signs: matrix units draw less power, and run faster, on zeros.
  for (uint i = gl_LocalInvocationID.x; i < ROOF_MATRIX * WIDTH; i += LOCAL_SIZE)
    factors[i] = float16_t (fract (float (i) * 0.6180340) - 0.5);
  barrier ();
  [[unroll]] for (uint i = 0; i < 2; i++)
    coopMatLoad (a[i], factors, 8 * i, WIDTH, gl_CooperativeMatrixLayoutRowMajor);
  [[unroll]] for (uint j = 0; j < 4; j++)
    coopMatLoad (b[j], factors, 8 * j, WIDTH, gl_CooperativeMatrixLayoutColumnMajor);
  [[unroll]] for (uint i = 0; i < 2; i++)
    [[unroll]] for (uint j = 0; j < 4; j++)
      sum[i][j] = MatrixC (0.0);
  [[dont_unroll]] for (uint loop = 0; loop < p.loops; loop++)
    [[unroll]] for (uint i = 0; i < 2; i++)
      [[unroll]] for (uint j = 0; j < 4; j++)
        sum[i][j] = coopMatMulAdd (a[i], b[j], sum[i][j]);
  [[unroll]] for (uint i = 0; i < 2; i++)
    [[unroll]] for (uint j = 0; j < 4; j++)
      total += sum[i][j];
  // Every subgroup has the same results, so it makes no difference whose are stored last.
  coopMatStore (total, results, 0, ROOF_MATRIX, gl_CooperativeMatrixLayoutRowMajor);
  barrier ();
  // Never so: the sums only have to be wanted.
  if (results[gl_LocalInvocationID.x % MATRIX_N] > 3e38)
    F32 (p.to).v[0] = results[0];
}
