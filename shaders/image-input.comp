// image-input.comp: a picture of floats in 0..1 becomes an encoder's input, channels padded with zeros to 8.
//   dispatch    x: ceil (pixels / LOCAL_SIZE)
#version 460
#include "include/common.glsl"

layout (push_constant, scalar) uniform Params {
#include "params/image.inc"
} p;

void
main ()
{
  uint pixel = flat_invocation ();
  if (pixel >= p.pixels)
    return;
  for (uint c = 0; c < p.x_stride; c++)
    {
      float y = c < p.channels ? F32 (p.x).v[pixel * p.channels + c] * p.factor + p.addend : 0.0;
      ACT_BUFFER (p.out_).v[pixel * p.x_stride + c] = to_act (y);
    }
}
