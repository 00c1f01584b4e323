/* fusion.c: what is done along with a product equals what is done after it, in every variant that the device has; and
 * work that was left out, because it is not needed, is not missed. */
#include "harness.h"

#include <gpu-kernels.h>
#include <gpu-transfer.h>
#include <math.h>

typedef struct {
  const char *name;
  GpuDtype dtype;
  GpuKernels kernels;
} Mode;

static const Mode modes[] = {
  { "f32/vector", GPU_DTYPE_F32, GPU_KERNELS_VECTOR },   { "f16/vector", GPU_DTYPE_F16, GPU_KERNELS_VECTOR },
  { "f32/shared", GPU_DTYPE_F32, GPU_KERNELS_SHARED },   { "f16/shared", GPU_DTYPE_F16, GPU_KERNELS_SHARED },
  { "f16/coopmat", GPU_DTYPE_F16, GPU_KERNELS_COOPMAT },
};

static gboolean
lacks (const Mode *mode)
{
  if (mode->kernels != GPU_KERNELS_COOPMAT || gpu_device_limits (harness_device ())->n_coopmat > 0)
    return FALSE;
  g_test_skip ("this device has no cooperative matrices");
  return TRUE;
}

/* Variants that suit a product, one call of next_variant() after another. Software Vulkan takes seconds to compile a
 * cooperative matrix kernel, so only one test asks for all sizes of tiles, and only the smallest tile is split. */
typedef struct {
  GArray *candidates;
  guint at;
} Variants;

static void
choose_variants (Variants *self, const Mode *mode, gboolean all, GpuOpShape shape)
{
  Harness h;
  guint smallest = G_MAXUINT;
  harness_begin (&h, mode->dtype, mode->kernels);
  self->candidates = gpu_kernel_candidates (h.ops, GPU_OP_MATMUL, shape);
  harness_end (&h);
  for (guint i = 0; i < self->candidates->len; i++)
    smallest = MIN (smallest, g_array_index (self->candidates, GpuChoice, i).kernel->rows);
  for (guint i = self->candidates->len; i-- > 0;)
    {
      const GpuChoice *choice = &g_array_index (self->candidates, GpuChoice, i);
      gboolean is_smallest = choice->kernel->rows == smallest;
      if (!is_smallest && (!all || choice->split > 1))
        g_array_remove_index (self->candidates, i);
    }
}

static const GpuChoice *
next_variant (Variants *self, const Mode *mode, gboolean all, GpuOpShape shape)
{
  if (self->candidates == NULL)
    choose_variants (self, mode, all, shape);
  if (self->at < self->candidates->len)
    return &g_array_index (self->candidates, GpuChoice, self->at++);
  g_clear_pointer (&self->candidates, g_array_unref);
  return NULL;
}

static char *
variant_name (const Mode *mode, const char *what, const GpuChoice *choice)
{
  return g_strdup_printf ("%s: %s with %s %u x %u x %u, split by %u", mode->name, what, choice->kernel->shader, choice->kernel->rows,
                          choice->kernel->columns, choice->kernel->depth, choice->split);
}

static double *
as_doubles (const float *values, gsize n)
{
  double *result = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    result[i] = values[i];
  return result;
}

/* -- value * gelu (gate) -- */

static void
test_geglu (gconstpointer data)
{
  const Mode *mode = data;
  enum { N = 96, K = 272 };
  static const guint rows[] = { 1, 13, 77, 160 };
  if (lacks (mode))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint count = rows[i] * N / 2;
      Variants variants = { 0 };
      const GpuChoice *choice;
      while ((choice = next_variant (&variants, mode, FALSE, (GpuOpShape) { rows[i], N, K, GPU_DTYPE_F16, TRUE })) != NULL)
        {
          g_autofree char *what = variant_name (mode, "geglu", choice);
          g_autofree double *want = g_new (double, count);
          Harness h;
          harness_begin (&h, mode->dtype, mode->kernels);
          Input x = harness_input (&h, 1, 1, rows[i], K);
          Matrix m = harness_matrix (&h, N, K, 1, GPU_DTYPE_F16, TRUE);
          GpuMatrix pairs = gpu_bank_geglu (m.bank, "m", N, K);
          g_assert_true (gpu_bank_finish (m.bank, NULL));
          h.ops->forced = choice;
          float *got = harness_run (&h, gpu_linear (h.ops, x.tensor, &pairs, NULL));
          for (guint j = 0; j < count; j++)
            {
              double sum[2];
              for (guint half = 0; half < 2; half++)
                {
                  guint n = j % (N / 2) + half * N / 2;
                  sum[half] = m.bias[n];
                  for (guint k = 0; k < K; k++)
                    sum[half] += (double) x.values[j / (N / 2) * K + k] * m.values[n * K + k];
                }
              want[j] = sum[0] * 0.5 * sum[1] * (1 + erf (sum[1] / sqrt (2)));
            }
          harness_compare (&h, what, got, want, count);
          harness_end (&h);
        }
    }
}

/* -- two sources, and statistics for group norm -- */

typedef struct {
  guint h, w, n, k, k2;
} JoinedCase;

static const JoinedCase joined_cases[] = { { 8, 8, 72, 96, 40 }, { 4, 8, 136, 64, 8 }, { 5, 7, 24, 40, 16 }, { 16, 12, 64, 8, 328 } };

/* conv (a) + bias + linear (b) + bias, then group norm: at once, or as three products, a sum, and statistics taken
 * afterwards. The same values in both, and the result of either norm. */
static float *
run_joined (Harness *h, const JoinedCase *c, const GpuChoice *choice, gboolean fused)
{
  Input a = harness_input (h, 2, c->h, c->w, c->k), b = harness_input (h, 2, c->h, c->w, c->k2);
  Input time = harness_input (h, 1, 1, 1, c->n), gamma = harness_vector (h, c->n), beta = harness_vector (h, c->n);
  Matrix conv = harness_matrix (h, c->n, c->k, 9, GPU_DTYPE_F16, TRUE), shortcut = harness_matrix (h, c->n, c->k2, 1, GPU_DTYPE_F16, TRUE);
  /* The output is a part of a wider tensor, as on the way up of a UNet. */
  GpuTensor wide = gpu_ops_tensor (h->ops, 2, c->h, c->w, c->n + 24), out = gpu_tensor_channels (wide, 16, c->n);
  if (fused)
    {
      GpuBank *bank = harness_joined_bank (h, &conv, &shortcut);
      GpuMatrix both = gpu_bank_joined (bank, "m", c->n, c->k, 9, "second", c->k2);
      g_assert_true (gpu_bank_finish (bank, NULL));
      h->ops->forced = choice;
      gpu_conv2d (h->ops, a.tensor, &both, GPU_CONV_SAME,
                  &(GpuEpilogue) { .second = b.tensor, .image_bias = time.tensor, .out = out, .for_norm = TRUE });
    }
  else
    {
      GpuTensor side = gpu_linear (h->ops, b.tensor, &shortcut.matrix, NULL);
      gpu_conv2d (h->ops, a.tensor, &conv.matrix, GPU_CONV_SAME,
                  &(GpuEpilogue) { .residual = side, .image_bias = time.tensor, .out = out });
    }
  return harness_run (h, gpu_group_norm (h->ops, out, gamma.tensor, beta.tensor, 8, 1e-5f, GPU_ACT_SILU));
}

static void
test_joined (gconstpointer data)
{
  const Mode *mode = data;
  if (lacks (mode))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (joined_cases); i++)
    {
      const JoinedCase *c = &joined_cases[i];
      gsize count = (gsize) 2 * c->h * c->w * c->n;
      Variants variants = { 0 };
      const GpuChoice *choice;
      while ((choice = next_variant (&variants, mode, i == 0, (GpuOpShape) { 2 * c->h * c->w, c->n, 9 * c->k + c->k2, GPU_DTYPE_F16 })) != NULL)
        {
          g_autofree char *what = variant_name (mode, "joined", choice);
          Harness plain, fused;
          harness_begin (&plain, mode->dtype, mode->kernels);
          g_autofree double *want = as_doubles (run_joined (&plain, c, NULL, FALSE), count);
          harness_begin (&fused, mode->dtype, mode->kernels);
          float *got = run_joined (&fused, c, choice, TRUE);
          guint stats = 0;
          harness_compare (&fused, what, got, want, count);
          for (guint j = 0; j < fused.ran->len; j++)
            stats += g_str_has_prefix (fused.ran->pdata[j], "group-norm-stats");
          /* Of whole chunks the statistics come along. */
          gboolean whole = c->h * c->w % NORM_CHUNK == 0 && (choice->split > 1 || choice->kernel->rows % NORM_CHUNK == 0);
          g_assert_cmpuint (stats, ==, whole ? 0 : 1);
          harness_end (&plain);
          harness_end (&fused);
        }
    }
}

/* A norm over two producers' channels, of which only one took statistics along: they are taken again. */
static void
test_half_known (gconstpointer data)
{
  const Mode *mode = data;
  enum { COUNT = 2 * 64 * 48 };
  double *want = NULL;
  if (lacks (mode))
    return;
  for (guint known = 0; known < 3; known++)
    {
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      Input x = harness_input (&h, 2, 8, 8, 16), gamma = harness_vector (&h, 48), beta = harness_vector (&h, 48);
      Matrix left = harness_matrix (&h, 32, 16, 1, GPU_DTYPE_F16, TRUE), right = harness_matrix (&h, 16, 16, 9, GPU_DTYPE_F16, TRUE);
      GpuTensor both = gpu_ops_tensor (h.ops, 2, 8, 8, 48);
      gpu_linear (h.ops, x.tensor, &left.matrix, &(GpuEpilogue) { .out = gpu_tensor_channels (both, 0, 32), .for_norm = known > 0 });
      gpu_conv2d (h.ops, x.tensor, &right.matrix, GPU_CONV_SAME,
                  &(GpuEpilogue) { .out = gpu_tensor_channels (both, 32, 16), .for_norm = known > 1 });
      float *got = harness_run (&h, gpu_group_norm (h.ops, both, gamma.tensor, beta.tensor, 4, 1e-5f, GPU_ACT_NONE));
      if (want == NULL)
        want = as_doubles (got, COUNT);
      else
        harness_compare (&h, mode->name, got, want, COUNT);
      harness_end (&h);
    }
  g_free (want);
}

/* -- convolution of a doubled picture by phases -- */

static void
test_doubling (gconstpointer data)
{
  const Mode *mode = data;
  static const struct { guint h, w, n, k; } cases[] = { { 8, 8, 72, 72 }, { 3, 5, 8, 16 }, { 4, 16, 40, 328 } };
  if (lacks (mode))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint h_ = cases[i].h, w = cases[i].w, n = cases[i].n, k = cases[i].k;
      gsize count = (gsize) 2 * 4 * h_ * w * n;
      Variants variants = { 0 };
      const GpuChoice *choice;
      while ((choice = next_variant (&variants, mode, FALSE, (GpuOpShape) { 2 * h_ * w, n, 4 * k, GPU_DTYPE_F16 })) != NULL)
        {
          g_autofree char *what = variant_name (mode, "doubling", choice);
          Harness plain, fused;
          harness_begin (&plain, mode->dtype, mode->kernels);
          harness_begin (&fused, mode->dtype, mode->kernels);
          Input x = harness_input (&plain, 2, h_, w, k), y = harness_input (&fused, 2, h_, w, k);
          Matrix m = harness_matrix (&plain, n, k, 9, GPU_DTYPE_F32, TRUE), same = harness_matrix (&fused, n, k, 9, GPU_DTYPE_F32, TRUE);
          Input gamma = harness_vector (&plain, n), beta = harness_vector (&plain, n), gamma2 = harness_vector (&fused, n), beta2 = harness_vector (&fused, n);
          GpuBank *bank = mode->kernels == GPU_KERNELS_COOPMAT ? harness_bank (&fused, &same, GPU_DTYPE_F16) : same.bank;
          GpuMatrix summed = gpu_bank_doubling (bank, "m", n, k);
          g_assert_true (gpu_bank_finish (bank, NULL));
          GpuTensor want_ = gpu_conv2d_up (plain.ops, x.tensor, &m.matrix, 2 * h_, 2 * w, NULL);
          fused.ops->forced = choice;
          GpuTensor got_ = gpu_conv2d_up (fused.ops, y.tensor, &summed, 2 * h_, 2 * w, &(GpuEpilogue) { .for_norm = TRUE });
          float *got = harness_run (&fused, gpu_group_norm (fused.ops, got_, gamma2.tensor, beta2.tensor, 4, 1e-5f, GPU_ACT_NONE));
          g_autofree double *want
            = as_doubles (harness_run (&plain, gpu_group_norm (plain.ops, want_, gamma.tensor, beta.tensor, 4, 1e-5f, GPU_ACT_NONE)), count);
          harness_compare (&fused, what, got, want, count);
          harness_end (&plain);
          harness_end (&fused);
        }
    }
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    GTestDataFunc run;
  } tests[] = {
    { "geglu", test_geglu }, { "joined", test_joined }, { "half-known", test_half_known }, { "doubling", test_doubling },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint j = 0; j < G_N_ELEMENTS (modes); j++)
      {
        g_autofree char *path = g_strdup_printf ("/fusion/%s/%s", tests[i].name, modes[j].name);
        g_test_add_data_func (path, &modes[j], tests[i].run);
      }
  int status = g_test_run ();
  harness_free_device ();
  return status;
}
