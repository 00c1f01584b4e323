// matmul-epilogue.glsl: what happens to a sum before it is stored, the same for every form of the product.
// Needs `p` (params/matmul.inc), ACTIVATION and matmul-rows.glsl.
#include "include/activation.glsl"
#include "include/sampler.glsl"

// Where a column's sum starts from.
float
bias_of (uint n)
{
  return p.bias != 0 ? F32 (p.bias).v[n] : 0.0;
}

// The value of output row `row`, column `n`, of the image `image`; the sum has its bias.
float
finish (uint image, uint row, uint n, float y)
{
  if (p.image_bias != 0)
    y += float (ACT_BUFFER (p.image_bias).v[image * p.image_bias_stride + n]);
  bool last = (p.flags & MATMUL_ACT_LAST) != 0;
  if (!last)
    y = activate (ACTIVATION, y);
  if (p.residual != 0 && p.k2 == 0)
    y += float (ACT_BUFFER (p.residual).v[row * p.residual_stride + n]);
  if (last)
    y = activate (ACTIVATION, y);
  return y;
}

// value * gelu (gate) (Shazeer 2020, "GLU variants improve transformer"); the gate's column is GEGLU_BLOCK further.
float
finish_geglu (float value, float gate)
{
  return value * activate (ACT_GELU, gate);
}

// Where a pair's column of values goes.
uint
geglu_column (uint n)
{
  return n / (2 * GEGLU_BLOCK) * GEGLU_BLOCK + n % GEGLU_BLOCK;
}

// What a reader will find of a value that is stored; one that is not finite is reported.
float
as_stored (float y)
{
  y = float (to_act (y));
  if (p.state != 0 && !is_finite (y))
    State (p.state).flags = FLAG_NOT_FINITE;
  return y;
}

// Returns what a reader will find, which is what statistics are of.
float
store_output (uint row, uint n, float y)
{
  y = as_stored (y);
  ACT_BUFFER (p.out_).v[row * p.out_stride + n] = to_act (y);
  return y;
}

// Mean and sum of squared distances of a column while its values pass, taken around the first of them so that a large
// mean costs no digits.
struct Moments {
  float pivot, s1, s2;
};

Moments
first_moment (float y)
{
  return Moments (y, 0.0, 0.0);
}

void
add_moment (inout Moments self, float y)
{
  float d = y - self.pivot;
  self.s1 += d;
  self.s2 += d * d;
}

// What `count` values gave, for group norm: (mean, sum of squared distances).
vec2
moments_of (Moments self, float count)
{
  float mean = self.s1 / count;
  return vec2 (self.pivot + mean, max (self.s2 - self.s1 * mean, 0.0));
}

// The moments of NORM_CHUNK rows from `m` on. Which pixels make a chunk does not matter, as long as each is in one.
void
store_parts (uint m, uint phase, uint n, vec2 moments)
{
  uint pixels = pixels_of_phase (), chunks = p.out_h * p.out_w / NORM_CHUNK;
  uint chunk = m / pixels * chunks + (phase * pixels + m % pixels) / NORM_CHUNK;
  F32 parts = F32 (p.parts + (addr_t (chunk) * p.parts_stride + n) * 8);
  parts.v[0] = moments.x;
  parts.v[1] = moments.y;
}
