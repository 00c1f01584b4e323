// matmul-epilogue.glsl: what happens to a sum before it is stored, the same for every form of the product.
// Needs `p` (params/matmul.inc) and ACTIVATION.
#include "include/activation.glsl"

void
store_output (uint m, uint n, float y)
{
  if (p.bias != 0)
    y += F32 (p.bias).v[n];
  if (p.image_bias != 0)
    y += float (ACT_BUFFER (p.image_bias).v[m / (p.out_h * p.out_w) * p.image_bias_stride + n]);
  bool last = (p.flags & MATMUL_ACT_LAST) != 0;
  if (!last)
    y = activate (ACTIVATION, y);
  if (p.residual != 0)
    y += float (ACT_BUFFER (p.residual).v[m * p.residual_stride + n]);
  if (last)
    y = activate (ACTIVATION, y);
  ACT_BUFFER (p.out_).v[m * p.out_stride + n] = to_act (y);
}
