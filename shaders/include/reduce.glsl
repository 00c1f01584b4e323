// reduce.glsl: sums and maxima over a whole workgroup, given to every invocation.
// A workgroup of one subgroup needs no shared memory and no barrier.
shared float reduce_parts[32];

#define DEFINE_REDUCE(name, subgroup_op, combine, neutral) \
float name (float x) \
{ \
  x = subgroup_op (x); \
  if (gl_NumSubgroups > 1) \
    { \
      barrier (); \
      if (subgroupElect ()) \
        reduce_parts[gl_SubgroupID] = x; \
      barrier (); \
      x = neutral; \
      for (uint i = 0; i < gl_NumSubgroups; i++) \
        x = combine (x, reduce_parts[i]); \
    } \
  return x; \
}
#define reduce_sum(a, b) ((a) + (b))
DEFINE_REDUCE (workgroup_add, subgroupAdd, reduce_sum, 0.0)
DEFINE_REDUCE (workgroup_max, subgroupMax, max, -3.4e38)
