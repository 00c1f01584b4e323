#include "sfu-noise.h"

#include <math.h>
#include <string.h>

/* -- Mersenne twister (Matsumoto and Nishimura 1998), as PyTorch's CPU generator seeds it: with the low 32 bits -- */

#define MT_N 624
#define MT_M 397

typedef struct {
  guint32 state[MT_N];
  guint next;
} Twister;

static void
twister_seed (Twister *self, guint32 seed)
{
  self->state[0] = seed;
  for (guint i = 1; i < MT_N; i++)
    self->state[i] = 1812433253u * (self->state[i - 1] ^ (self->state[i - 1] >> 30)) + i;
  self->next = MT_N;
}

static void
twister_refill (Twister *self)
{
  for (guint i = 0; i < MT_N; i++)
    {
      guint32 y = (self->state[i] & 0x80000000u) | (self->state[(i + 1) % MT_N] & 0x7fffffffu);
      self->state[i] = self->state[(i + MT_M) % MT_N] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
  self->next = 0;
}

static guint32
twister_draw (Twister *self)
{
  if (self->next == MT_N)
    twister_refill (self);
  guint32 y = self->state[self->next++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

struct _SfuNoise {
  SfuNoiseKind kind;
  guint64 seed;
  Twister twister;
  guint32 philox_draws;  /* calls so far */
  gboolean has_spare;    /* the second normal of a pair, for the next short draw */
  double spare;
};

SfuNoise *
sfu_noise_new (SfuNoiseKind kind, guint64 seed)
{
  SfuNoise *self = g_new0 (SfuNoise, 1);
  self->kind = kind;
  self->seed = seed;
  twister_seed (&self->twister, seed);
  return self;
}

void
sfu_noise_free (SfuNoise *self)
{
  g_free (self);
}

/* -- PyTorch: aten/src/ATen/native/cpu/DistributionTemplates.h and core/DistributionsHelper.h -- */

/* A uniform number with as many bits as the type's mantissa holds: 24, or 11 for half precision. */
static float
uniform (SfuNoise *self)
{
  guint bits = self->kind == SFU_NOISE_TORCH_CPU_FP16 ? 11 : 24;
  return (twister_draw (&self->twister) & ((1u << bits) - 1)) * (1.0f / (1u << bits));
}

static float
to_half (float x)
{
  return (float) (_Float16) x;
}

/* Sixteen uniforms become sixteen normals (Box and Muller 1958), the first eight with the last eight. */
static void
box_muller_16 (SfuNoise *self, float *values)
{
  gboolean half = self->kind == SFU_NOISE_TORCH_CPU_FP16;
  for (guint i = 0; i < 8; i++)
    {
      float u1 = 1 - values[i], u2 = values[i + 8];
      float radius = sqrtf (-2 * logf (u1)), theta = 2.0f * (float) G_PI * u2;
      if (half)
        {
          /* Every intermediate is a half there, but 2 pi is a double. */
          radius = to_half (sqrtf (to_half (-2 * to_half (logf (to_half (u1))))));
          theta = to_half (2 * G_PI * u2);
          values[i] = to_half (radius * to_half (cosf (theta)));
          values[i + 8] = to_half (radius * to_half (sinf (theta)));
          continue;
        }
      values[i] = radius * cosf (theta);
      values[i + 8] = radius * sinf (theta);
    }
}

static void
draw_long (SfuNoise *self, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = uniform (self);
  for (gsize i = 0; i + 16 <= n; i += 16)
    box_muller_16 (self, out + i);
  if (n % 16 == 0)
    return;
  /* The last sixteen are made anew, whatever of them was there. */
  for (gsize i = n - 16; i < n; i++)
    out[i] = uniform (self);
  box_muller_16 (self, out + n - 16);
}

static double
uniform_double (SfuNoise *self)
{
  guint64 high = twister_draw (&self->twister), low = twister_draw (&self->twister);
  return ((high << 32 | low) & ((G_GUINT64_CONSTANT (1) << 53) - 1)) * 0x1p-53;
}

static void
draw_short (SfuNoise *self, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      double value = self->spare;
      if (!self->has_spare)
        {
          double u1 = uniform_double (self), u2 = uniform_double (self);
          double radius = sqrt (-2 * log1p (-u2)), theta = 2 * G_PI * u1;
          self->spare = radius * sin (theta);
          value = radius * cos (theta);
        }
      self->has_spare = !self->has_spare;
      out[i] = self->kind == SFU_NOISE_TORCH_CPU_FP16 ? to_half (value) : (float) value;
    }
}

/* -- Philox 4x32-10 (Salmon et al. 2011) as NVIDIA's cuRAND and PyTorch's CUDA generator use it -- */

static void
philox (guint32 counter[4], guint64 seed)
{
  guint32 key[2] = { seed, seed >> 32 };
  for (guint round = 0; round < 10; round++)
    {
      guint64 a = (guint64) counter[0] * 0xd2511f53u, b = (guint64) counter[2] * 0xcd9e8d57u;
      guint32 next[4] = { (b >> 32) ^ counter[1] ^ key[0], b, (a >> 32) ^ counter[3] ^ key[1], a };
      memcpy (counter, next, sizeof next);
      key[0] += 0x9e3779b9u;
      key[1] += 0xbb67ae85u;
    }
}

static void
draw_philox (SfuNoise *self, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint32 counter[4] = { self->philox_draws, 0, i, 0 };
      philox (counter, self->seed);
      double u = (counter[0] + 0.5) * 0x1p-32, v = 2 * G_PI * (counter[1] + 0.5) * 0x1p-32;
      out[i] = sqrt (-2 * log (u)) * sin (v);
    }
  self->philox_draws++;
}

void
sfu_noise_draw (SfuNoise *self, float *out, gsize n)
{
  if (self->kind == SFU_NOISE_PHILOX)
    draw_philox (self, out, n);
  else if (n >= 16)
    draw_long (self, out, n);
  else
    draw_short (self, out, n);
}

static const char *const kind_names[] = {
  [SFU_NOISE_TORCH_CPU] = "torch-cpu", [SFU_NOISE_TORCH_CPU_FP16] = "torch-cpu-fp16", [SFU_NOISE_PHILOX] = "philox",
};

gboolean
sfu_noise_kind_from_name (const char *name, SfuNoiseKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (g_strcmp0 (kind_names[i], name) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

const char *
sfu_noise_kind_name (SfuNoiseKind kind)
{
  return kind_names[kind];
}
