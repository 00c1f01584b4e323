/* sfu-startup.h: what both programs do before anything else. */
#pragma once

#include <glib.h>

/* Mesa's software device computes in vectors of 256 bits unless told otherwise; where the processor has 512,
 * the kernels run half as fast again. It reads this once, when Vulkan starts. */
static inline void
sfu_use_wide_vectors (void)
{
#if defined (__x86_64__)
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw"))
    g_setenv ("LP_NATIVE_VECTOR_WIDTH", "512", FALSE);
#endif
}
