// matmul-coopmat2.comp: the product of matmul.comp on matrices that belong to a workgroup (VK_NV_cooperative_matrix2).
//   A workgroup makes ROWS x COLS of the output from tiles of DEPTH channels, which come straight from the tensors in memory:
//   the driver moves them, through shared memory of its own, and counts whatever lies outside a tensor as zero. So any
//   number of rows, columns and channels is right, and so are the zeros around a picture.
//   1x1: a tile has ROWS rows one after another. 3x3, without a stride: a box of TILE_IMAGES images x TILE_H x TILE_W
//   pixels, which each tap sees moved by a pixel. No GEGLU, doubling, second input, split sums, or moments.
//   dispatch    x: ceil (n / COLS), y, folded: tiles of rows; 3x3: boxes, those of a row of the picture first
//   precision   fp16 activations and weights, 32-bit sums    test  tests/ops.c
//
// What GLSL_NV_cooperative_matrix2 (SPV_NV_tensor_addressing) promises, and this relies on:
// - Element (r, c) of a matrix of C columns is number r * C + c of the slice, its last dimension counting fastest; a view
//   changes which dimension does.
// - An offset is a signed number. With a constant clamp mode a coordinate below 0, or not below the dimension, loads the
//   clamp value, 0 unless it is set, and is not stored.
// - Where a tensor begins lies at a multiple of 16 bytes, and a dimension's stride is no less than the next one's
//   times its size. Slices may begin and end anywhere.
// - The function of coopMatPerElementNV is called for each element, in any order and perhaps more than once.
#version 460
#define WEIGHT f16
#include "include/common.glsl"
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_KHR_memory_scope_semantics : require
#pragma use_vulkan_memory_model

layout (push_constant, scalar) uniform Params {
#include "params/matmul.inc"
} p;

#include "include/matmul-constants.glsl"
layout (constant_id = SPEC_MATMUL_DEPTH) const uint DEPTH = 64;
layout (constant_id = SPEC_MATMUL_TILE_H) const uint TILE_H = 1;
layout (constant_id = SPEC_MATMUL_TILE_W) const uint TILE_W = 32;
#include "include/matmul-rows.glsl"
#include "include/matmul-epilogue.glsl"

const uint TILE_PIXELS = TILE_H * TILE_W;
const uint TILE_IMAGES = ROWS / TILE_PIXELS;

layout (buffer_reference, scalar, buffer_reference_align = 16) buffer Tensor { float16_t v[]; };

#define MatrixA coopmat<float16_t, gl_ScopeWorkgroup, ROWS, DEPTH, gl_MatrixUseA>
#define MatrixB coopmat<float16_t, gl_ScopeWorkgroup, DEPTH, COLS, gl_MatrixUseB>
#define MatrixC coopmat<float, gl_ScopeWorkgroup, ROWS, COLS, gl_MatrixUseAccumulator>
#define MatrixOut coopmat<float16_t, gl_ScopeWorkgroup, ROWS, COLS, gl_MatrixUseAccumulator>
#define Layout2 tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV>
#define Layout4 tensorLayoutNV<4, gl_CooperativeMatrixClampModeConstantNV>
#define new_layout(n) createTensorLayoutNV (n, gl_CooperativeMatrixClampModeConstantNV)
// Channels and strides are multiples of 8; said so, the compiler may move 16 bytes at a time.
#define whole_vectors(x) ((x) & ~7u)

uint
images ()
{
  return p.m / pixels_of_phase ();
}

// Where a tile begins: the first pixel of a box; of a 1x1 product x is the row.
Pixel
tile_start (uint tile)
{
  if (TAPS == 1)
    return Pixel (0, 0, tile * ROWS);
  uint across = (p.out_w + TILE_W - 1) / TILE_W, down = (p.out_h + TILE_H - 1) / TILE_H;
  return Pixel (tile / across / down * TILE_IMAGES, tile / across % down * TILE_H, tile % across * TILE_W);
}

// The bytes from the first pixel of a tensor to this one, in rows of the output's size.
addr_t
bytes_to (Pixel at, uint stride)
{
  return ((addr_t (at.image) * p.out_h + at.y) * p.out_w + at.x) * stride * ACT_BYTES;
}

// Called for each element of a tile, also for those outside the output, which are never stored.
float
finish_element (const in uint r, const in uint c, const in float sum, const in uint tile, const in uint n0)
{
  Pixel at = tile_start (tile);
  uint n = n0 + c, row = at.x + r;
  if (TAPS == 1)
    at.image = row / pixels_of_phase ();
  else
    {
      at = Pixel (at.image + r / TILE_PIXELS, at.y + r / TILE_W % TILE_H, at.x + r % TILE_W);
      if (at.y >= p.out_h || at.x >= p.out_w)
        return 0.0;
      row = (at.image * p.out_h + at.y) * p.out_w + at.x;
    }
  if (row >= p.m || n >= p.n)
    return 0.0;
  return as_stored (finish (at.image, row, n, sum + bias_of (n)));
}

void
main ()
{
  uint tile = row_of_groups (), n0 = gl_WorkGroupID.x * COLS, k_end = whole_vectors (p.k);
  Pixel start = tile_start (tile);
  if (TAPS == 1 ? start.x >= p.m : start.image >= images ())
    return;

  // Every tensor begins where the tile does, or a row of pixels before it, so that no offset grows with the picture.
  uint a_stride = whole_vectors (p.a_stride), w_stride = TAPS * k_end, above = min (start.y, 1);
  Tensor a = Tensor (p.a + bytes_to (Pixel (start.image, start.y - above, TAPS == 1 ? start.x : 0), a_stride));
  Layout2 rows = setTensorLayoutDimensionNV (new_layout (2), p.m - start.x, k_end);
  rows = setTensorLayoutStrideNV (rows, a_stride, 1);
  Layout4 picture = setTensorLayoutDimensionNV (new_layout (4), images () - start.image, p.in_h - start.y + above, p.in_w, k_end);
  picture = setTensorLayoutStrideNV (picture, p.in_h * p.in_w * a_stride, p.in_w * a_stride, a_stride, 1);
  // Weights are stored a column after the other.
  Layout2 columns = setTensorLayoutDimensionNV (new_layout (2), p.n - n0, k_end);
  columns = setTensorLayoutStrideNV (columns, w_stride, 1);
  tensorViewNV<2, false, 1, 0> transposed = createTensorViewNV (2, false, 1, 0);

  MatrixC sum = MatrixC (0.0);
  uint steps = TAPS * ((k_end + DEPTH - 1) / DEPTH), tap = 0, k = 0;
  [[dont_unroll]] for (uint step = 0; step < steps; step++)
    {
      MatrixA from;
      MatrixB weights;
      if (TAPS == 1)
        coopMatLoadTensorNV (from, a.v, 0, sliceTensorLayoutNV (rows, 0, ROWS, int (k), DEPTH));
      else
        coopMatLoadTensorNV (from, a.v, 0, sliceTensorLayoutNV (picture, 0, TILE_IMAGES, int (above + tap / 3) - 1, TILE_H,
                                                                int (start.x + tap % 3) - 1, TILE_W, int (k), DEPTH));
      Tensor w = Tensor (p.w + (addr_t (n0) * w_stride + tap * k_end) * WEIGHT_BYTES);
      coopMatLoadTensorNV (weights, w.v, 0, sliceTensorLayoutNV (columns, 0, COLS, int (k), DEPTH), transposed);
      sum = coopMatMulAdd (from, weights, sum);
      k += DEPTH;
      if (k >= k_end)
        {
          k = 0;
          tap++;
        }
    }

  coopMatPerElementNV (sum, sum, finish_element, tile, n0);
  MatrixOut finished = MatrixOut (sum);
  uint out_stride = whole_vectors (p.out_stride);
  Tensor to = Tensor (p.out_ + bytes_to (start, out_stride) + addr_t (n0) * ACT_BYTES);
  if (TAPS == 1)
    {
      Layout2 block = setTensorLayoutDimensionNV (new_layout (2), p.m - start.x, p.n - n0);
      block = setTensorLayoutStrideNV (block, out_stride, 1);
      coopMatStoreTensorNV (finished, to.v, 0, sliceTensorLayoutNV (block, 0, ROWS, 0, COLS));
    }
  else
    {
      Layout4 box = setTensorLayoutDimensionNV (new_layout (4), images () - start.image, p.out_h - start.y, p.out_w - start.x, p.n - n0);
      box = setTensorLayoutStrideNV (box, p.out_h * p.out_w * out_stride, p.out_w * out_stride, out_stride, 1);
      coopMatStoreTensorNV (finished, to.v, 0, sliceTensorLayoutNV (box, 0, TILE_IMAGES, 0, TILE_H, 0, TILE_W, 0, COLS));
    }
}
