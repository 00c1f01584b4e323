// matmul-constants.glsl: what all forms of the product are specialised by.
layout (constant_id = SPEC_MATMUL_TAPS) const uint TAPS = 1;
layout (constant_id = SPEC_MATMUL_ACT) const uint ACTIVATION = ACT_NONE;
layout (constant_id = SPEC_MATMUL_ROWS) const uint ROWS = 32;
layout (constant_id = SPEC_MATMUL_COLS) const uint COLS = 2;
layout (constant_id = SPEC_MATMUL_GEGLU) const uint GEGLU = 0;
layout (constant_id = SPEC_MATMUL_SPLIT) const uint SPLIT = 1;

#if WEIGHT == f16
#define WEIGHT_BUFFER F16
#define WEIGHT_BYTES 2
#else
#define WEIGHT_BUFFER F32
#define WEIGHT_BYTES 4
#endif
