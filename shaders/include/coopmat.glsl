// coopmat.glsl: cooperative matrices of fp16 with 32-bit sums, in the shape that the device offers.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#pragma use_vulkan_memory_model

layout (constant_id = SPEC_COOPMAT_M) const uint MATRIX_M = 16;
layout (constant_id = SPEC_COOPMAT_N) const uint MATRIX_N = 16;
layout (constant_id = SPEC_COOPMAT_K) const uint MATRIX_K = 16;

#define MatrixA coopmat<float16_t, gl_ScopeSubgroup, MATRIX_M, MATRIX_K, gl_MatrixUseA>
#define MatrixB coopmat<float16_t, gl_ScopeSubgroup, MATRIX_K, MATRIX_N, gl_MatrixUseB>
#define MatrixC coopmat<float, gl_ScopeSubgroup, MATRIX_M, MATRIX_N, gl_MatrixUseAccumulator>
