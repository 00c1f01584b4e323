/* sfu-noise.h: seeded normal noise, the same numbers as PyTorch's generators on every machine.
 * One generator a picture; draws continue it. Any thread, one at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SFU_NOISE_TORCH_CPU,      /* torch.randn on a CPU generator, fp32 */
  SFU_NOISE_TORCH_CPU_FP16, /* the same in fp16: unrelated numbers */
  SFU_NOISE_PHILOX,         /* as NVIDIA's generator gives, emulated */
} SfuNoiseKind;

typedef struct _SfuNoise SfuNoise;

SfuNoise *sfu_noise_new (SfuNoiseKind kind, guint64 seed);
void sfu_noise_free (SfuNoise *self);
/* Writes @n numbers: one torch.randn call of n elements. */
void sfu_noise_draw (SfuNoise *self, float *out, gsize n);

/* "torch-cpu", "torch-cpu-fp16", "philox" */
gboolean sfu_noise_kind_from_name (const char *name, SfuNoiseKind *kind);
const char *sfu_noise_kind_name (SfuNoiseKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuNoise, sfu_noise_free)

G_END_DECLS
