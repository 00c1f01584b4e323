// common.glsl: extensions, storage types and addresses that every shader uses.
// All memory is reached by 64-bit address from the push constants; there are no descriptors.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require

#define addr_t uint64_t

layout (buffer_reference, scalar, buffer_reference_align = 2) buffer F16 { float16_t v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer F32 { float v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer U32 { uint v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 8) buffer U64 { uint64_t v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 16) buffer F32x4 { vec4 v[]; };
layout (buffer_reference, scalar, buffer_reference_align = 16) buffer U32x4 { uvec4 v[]; };

// ACT is f16 or f32 (shaders/meson.build): what activations are stored as. All arithmetic is 32 bit.
#define f16 1
#define f32 2
#if ACT == f16
#define ACT_BUFFER F16
#define ACT_BYTES 2
#define to_act(x) float16_t (x) // an overflow stays an infinity: it is found after the net, and the part redone
#else
#define ACT_BUFFER F32
#define ACT_BYTES 4
#define to_act(x) (x)
#endif

// Constant 0 is always the x size of the workgroup, a multiple of the subgroup size.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LOCAL_SIZE = 32;

// Number of the invocation in a grid of one direction, of the row of workgroups in one of two: see GRID_FOLD.
#include "params/spec.inc"
uint
flat_invocation ()
{
  return (gl_WorkGroupID.y * GRID_FOLD + gl_WorkGroupID.x) * LOCAL_SIZE + gl_LocalInvocationID.x;
}
uint
row_of_groups ()
{
  return gl_WorkGroupID.z * GRID_FOLD + gl_WorkGroupID.y;
}
