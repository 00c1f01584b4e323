/* ops.c: every op in every variant and storage type, at odd sizes, against a loop in doubles. */
#include "harness.h"

#include <gpu-attention-kernels.h>
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
  { "f16/coopmat", GPU_DTYPE_F16, GPU_KERNELS_COOPMAT }, { "f16/coopmat2", GPU_DTYPE_F16, GPU_KERNELS_COOPMAT2 },
};

/* Skips the test of a form that the device does not have. */
static gboolean
lacks (const Mode *mode)
{
  const GpuLimits *limits = gpu_device_limits (harness_device ());
  const char *reason = NULL;
  if (mode->kernels == GPU_KERNELS_COOPMAT && limits->n_coopmat == 0)
    reason = "this device has no cooperative matrices";
  if (mode->kernels == GPU_KERNELS_COOPMAT2 && limits->n_coopmat2 == 0)
    reason = "this device has no cooperative matrices of workgroups";
  if (reason != NULL)
    g_test_skip (reason);
  return reason != NULL;
}

static double
act (GpuActivation kind, double x)
{
  switch (kind)
    {
    case GPU_ACT_SILU: return x / (1 + exp (-x));
    case GPU_ACT_GELU: return 0.5 * x * (1 + erf (x / sqrt (2)));
    case GPU_ACT_QUICK_GELU: return x / (1 + exp (-1.702 * x));
    case GPU_ACT_RELU: return MAX (x, 0);
    case GPU_ACT_NONE: break;
    }
  return x;
}

/* -- products ------------------------------------------------------------------------------------- */

typedef struct {
  guint images, h, w, n, k, taps;
  GpuConvKind kind;
  guint out_h, out_w;
  gboolean bias, image_bias, residual, act_last;
  GpuActivation act;
} ProductCase;

static const ProductCase products[] = {
  { .images = 1, .h = 1, .w = 1, .n = 8, .k = 8, .taps = 1 },
  { .images = 1, .h = 1, .w = 1, .n = 320, .k = 1280, .taps = 1, .bias = TRUE, .act = GPU_ACT_SILU },
  { .images = 2, .h = 1, .w = 77, .n = 72, .k = 64, .taps = 1, .bias = TRUE, .act = GPU_ACT_QUICK_GELU },
  { .images = 2, .h = 9, .w = 13, .n = 40, .k = 96, .taps = 1, .bias = TRUE, .residual = TRUE },
  { .images = 1, .h = 3, .w = 11, .n = 4, .k = 20, .taps = 1, .bias = TRUE, .act = GPU_ACT_GELU },
  { .images = 1, .h = 16, .w = 16, .n = 64, .k = 128, .taps = 1, .residual = TRUE, .act = GPU_ACT_RELU, .act_last = TRUE },
  { .images = 1, .h = 1, .w = 257, .n = 136, .k = 328, .taps = 1, .bias = TRUE },
  { .images = 1, .h = 5, .w = 7, .n = 8, .k = 4, .taps = 9, .bias = TRUE },
  { .images = 2, .h = 9, .w = 13, .n = 24, .k = 40, .taps = 9, .bias = TRUE, .image_bias = TRUE, .act = GPU_ACT_SILU },
  { .images = 2, .h = 8, .w = 8, .n = 72, .k = 64, .taps = 9, .bias = TRUE, .residual = TRUE },
  { .images = 2, .h = 13, .w = 9, .n = 16, .k = 16, .taps = 9, .kind = GPU_CONV_DOWN, .bias = TRUE },
  { .images = 1, .h = 12, .w = 10, .n = 16, .k = 24, .taps = 9, .kind = GPU_CONV_DOWN, .bias = TRUE },
  { .images = 1, .h = 16, .w = 24, .n = 8, .k = 3, .taps = 9, .kind = GPU_CONV_DOWN_LATE, .bias = TRUE },
  { .images = 1, .h = 7, .w = 5, .n = 24, .k = 16, .taps = 9, .kind = GPU_CONV_UP, .bias = TRUE },
  { .images = 2, .h = 7, .w = 5, .n = 16, .k = 16, .taps = 9, .kind = GPU_CONV_UP, .out_h = 13, .out_w = 9, .bias = TRUE },
  { .images = 1, .h = 1, .w = 1, .n = 16, .k = 32, .taps = 9, .bias = TRUE },
  /* More than a tile of everything. */
  { .images = 2, .h = 11, .w = 19, .n = 136, .k = 72, .taps = 9, .bias = TRUE, .image_bias = TRUE, .residual = TRUE, .act = GPU_ACT_SILU },
};

static void
product_sizes (const ProductCase *c, guint *out_h, guint *out_w)
{
  *out_h = c->h;
  *out_w = c->w;
  if (c->taps == 9 && c->kind == GPU_CONV_DOWN)
    *out_h = (c->h - 1) / 2 + 1, *out_w = (c->w - 1) / 2 + 1;
  if (c->taps == 9 && c->kind == GPU_CONV_DOWN_LATE)
    *out_h = c->h / 2, *out_w = c->w / 2;
  if (c->taps == 9 && c->kind == GPU_CONV_UP)
    *out_h = c->out_h > 0 ? c->out_h : 2 * c->h, *out_w = c->out_w > 0 ? c->out_w : 2 * c->w;
}

/* One output value before bias and the rest. */
static double
convolve (const ProductCase *c, const float *x, const float *weight, guint image, guint y, guint x_, guint n)
{
  guint out_h, out_w;
  double sum = 0;
  product_sizes (c, &out_h, &out_w);
  for (guint tap = 0; tap < c->taps; tap++)
    {
      gboolean up = c->taps == 9 && c->kind == GPU_CONV_UP;
      int stride = c->taps == 9 && (c->kind == GPU_CONV_DOWN || c->kind == GPU_CONV_DOWN_LATE) ? 2 : 1;
      int pad = c->taps == 9 && c->kind != GPU_CONV_DOWN_LATE;
      int yy = y * stride + tap / 3 * (c->taps == 9) - pad, xx = x_ * stride + tap % 3 * (c->taps == 9) - pad;
      if (yy < 0 || xx < 0 || yy >= (int) (up ? out_h : c->h) || xx >= (int) (up ? out_w : c->w))
        continue;
      if (up)
        yy /= 2, xx /= 2;
      for (guint k = 0; k < c->k; k++)
        sum += (double) x[((image * c->h + yy) * c->w + xx) * c->k + k] * weight[(n * c->k + k) * c->taps + tap];
    }
  return sum;
}

/* A case with weights of that type. @choice: the variant to take, or NULL. */
static void
run_product (const Mode *mode, const ProductCase *c, GpuDtype weights, const GpuChoice *choice)
{
  g_autofree char *variant = choice != NULL ? gpu_choice_to_text (choice) : g_strdup ("any");
  g_autofree char *what = g_strdup_printf ("%s product %d, weights %s, variant %s", mode->name, (int) (c - products), gpu_dtype_name (weights), variant);
  Harness h;
  guint out_h, out_w;
  harness_begin (&h, mode->dtype, mode->kernels);
  h.ops->forced = choice;
  product_sizes (c, &out_h, &out_w);
  Input x = harness_input (&h, c->images, c->h, c->w, c->k);
  Matrix m = harness_matrix (&h, c->n, c->k, c->taps, weights, c->bias);
  Input residual = c->residual ? harness_input (&h, c->images, out_h, out_w, c->n) : (Input) { 0 };
  Input image_bias = c->image_bias ? harness_input (&h, c->images, 1, 1, c->n) : (Input) { 0 };
  GpuEpilogue e = { .act = c->act, .act_last = c->act_last, .residual = residual.tensor, .image_bias = image_bias.tensor };
  GpuTensor out = c->out_h > 0 ? gpu_conv2d_up (h.ops, x.tensor, &m.matrix, out_h, out_w, &e)
                               : gpu_conv2d (h.ops, x.tensor, &m.matrix, c->kind, &e);
  float *got = harness_run (&h, out);
  gsize count = (gsize) c->images * out_h * out_w * c->n;
  g_autofree double *want = g_new (double, count);
  for (gsize j = 0; j < count; j++)
    {
      guint n = j % c->n, pixel = j / c->n % (out_h * out_w), image = j / c->n / (out_h * out_w);
      double y = convolve (c, x.values, m.values, image, pixel / out_w, pixel % out_w, n);
      y += c->bias ? m.bias[n] : 0;
      y += c->image_bias ? image_bias.values[image * c->n + n] : 0;
      y = c->act_last ? y : act (c->act, y);
      y += c->residual ? residual.values[j] : 0;
      want[j] = c->act_last ? act (c->act, y) : y;
    }
  harness_compare (&h, what, got, want, count);
  harness_end (&h);
}

static void
test_product (gconstpointer data)
{
  const Mode *mode = data;
  if (lacks (mode))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (products) * 2; i++)
    run_product (mode, &products[i / 2], i % 2 ? GPU_DTYPE_F16 : GPU_DTYPE_F32, NULL);
}

/* Every tile of workgroups' matrices, where one is offered for the case. */
static void
test_tiles (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuOps) ops = NULL;
  if (lacks (mode))
    return;
  ops = gpu_ops_new (harness_device (), mode->dtype, mode->kernels, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (products); i++)
    {
      const ProductCase *c = &products[i];
      GpuOpShape shape = { .m = c->images * c->h * c->w, .n = GPU_PADDED (c->n), .k = GPU_PADDED (c->k) * c->taps,
                           .weights = GPU_DTYPE_F16, .taps = c->taps, .resized = c->kind != GPU_CONV_SAME };
      g_autoptr (GArray) candidates = gpu_kernel_candidates (ops, GPU_OP_MATMUL, shape);
      for (guint j = 0; j < candidates->len; j++)
        if (g_array_index (candidates, GpuChoice, j).kernel->form == GPU_KERNELS_COOPMAT2)
          run_product (mode, c, GPU_DTYPE_F16, &g_array_index (candidates, GpuChoice, j));
    }
}

/* A product that writes into and reads from views of wider tensors: how concatenation is free. */
static void
test_views (gconstpointer data)
{
  const Mode *mode = data;
  Harness h;
  if (lacks (mode))
    return;
  harness_begin (&h, mode->dtype, mode->kernels);
  Input x = harness_input (&h, 2, 3, 5, 16), y = harness_input (&h, 2, 3, 5, 24);
  Matrix a = harness_matrix (&h, 8, 16, 1, GPU_DTYPE_F16, FALSE), b = harness_matrix (&h, 16, 24, 9, GPU_DTYPE_F16, FALSE);
  Matrix last = harness_matrix (&h, 16, 24, 1, GPU_DTYPE_F16, FALSE);
  GpuTensor joined = gpu_ops_tensor (h.ops, 2, 3, 5, 24);
  gpu_linear (h.ops, x.tensor, &a.matrix, &(GpuEpilogue) { .out = gpu_tensor_channels (joined, 0, 8) });
  gpu_conv2d (h.ops, y.tensor, &b.matrix, GPU_CONV_SAME, &(GpuEpilogue) { .out = gpu_tensor_channels (joined, 8, 16) });
  GpuTensor out = gpu_linear (h.ops, joined, &last.matrix, &(GpuEpilogue) { .residual = gpu_tensor_channels (joined, 8, 16) });
  float *got = harness_run (&h, out);

  const ProductCase ca = { .images = 2, .h = 3, .w = 5, .n = 8, .k = 16, .taps = 1 };
  const ProductCase cb = { .images = 2, .h = 3, .w = 5, .n = 16, .k = 24, .taps = 9 };
  double want[2 * 3 * 5 * 16];
  for (guint j = 0; j < 30; j++)
    {
      double row[24];
      for (guint n = 0; n < 8; n++)
        row[n] = convolve (&ca, x.values, a.values, j / 15, j % 15 / 5, j % 5, n);
      for (guint n = 0; n < 16; n++)
        row[8 + n] = convolve (&cb, y.values, b.values, j / 15, j % 15 / 5, j % 5, n);
      for (guint n = 0; n < 16; n++)
        {
          want[j * 16 + n] = row[8 + n];
          for (guint k = 0; k < 24; k++)
            want[j * 16 + n] += row[k] * last.values[n * 24 + k];
        }
    }
  harness_compare (&h, mode->name, got, want, G_N_ELEMENTS (want));
  harness_end (&h);
}

/* The form that is asked for is the form that runs, where the shape is large enough for it. */
static void
test_forms (gconstpointer data)
{
  const Mode *mode = data;
  static const char *const shaders[][2] = {
    [GPU_KERNELS_VECTOR] = { "matmul-f", "attention-f" }, [GPU_KERNELS_SHARED] = { "matmul-shared-", "attention-shared-" },
    [GPU_KERNELS_COOPMAT] = { "matmul-coopmat-", "attention-coopmat-" },
    [GPU_KERNELS_COOPMAT2] = { "matmul-coopmat2-", "attention-coopmat-" },
  };
  Harness h;
  if (lacks (mode))
    return;
  harness_begin (&h, mode->dtype, mode->kernels);
  Input x = harness_input (&h, 1, 1, 40, 32);
  Matrix m = harness_matrix (&h, 32, 32, 1, GPU_DTYPE_F16, FALSE);
  GpuTensor y = gpu_linear (h.ops, x.tensor, &m.matrix, NULL);
  gpu_attention (h.ops, y, y, y, 2, 1, FALSE);
  for (guint i = 0; i < 2; i++)
    {
      const GpuDispatch *d = &g_array_index (h.ops->dispatches, GpuDispatch, i);
      g_assert_true (g_str_has_prefix (gpu_pipeline_name (d->pipeline), shaders[mode->kernels][i]));
    }
  harness_end (&h);
}

/* -- attention ------------------------------------------------------------------------------------ */

typedef struct {
  guint images, tq, tk, heads, width;
  gboolean causal, shared_keys;
  gboolean packed; /* queries, keys and values side by side in one tensor */
  gboolean every;  /* with every kernel of the form, not the best guess alone: software takes a second to compile one */
} AttentionCase;

static const AttentionCase attentions[] = {
  { 1, 1, 1, 1, 8 },
  { 1, 15, 1, 1, 40 },
  { 1, 1, 129, 3, 40 },
  { 1, 19, 23, 2, 4 },
  { 1, 24, 24, 4, 6 },
  { 1, 77, 77, 2, 20, .causal = TRUE },
  { 2, 117, 77, 2, 16, .every = TRUE },
  { 1, 15, 129, 2, 24, .every = TRUE },
  { 1, 130, 300, 1, 72, .causal = TRUE, .every = TRUE },
  { 2, 40, 77, 2, 40, .shared_keys = TRUE },
  { 1, 77, 77, 2, 64, .causal = TRUE, .packed = TRUE },
  { 1, 33, 70, 2, 80 },
  { 2, 65, 65, 2, 160, .packed = TRUE },
  { 1, 77, 129, 1, 160 },
  { 1, 77, 77, 1, 512, .packed = TRUE },
  { 1, 15, 129, 1, 512 },
  { 1, 65 * 89, 77, 1, 40 },
  { 1, 1100, 1100, 1, 40, .packed = TRUE },
};

static void
attend (const AttentionCase *c, const float *q, const float *k, const float *v, double *want)
{
  guint width = c->heads * c->width;
  double scale = 1 / sqrt (c->width);
  g_autofree double *p = g_new (double, c->tk);
  for (guint image = 0; image < c->images; image++)
    for (guint t = 0; t < c->tq; t++)
      for (guint head = 0; head < c->heads; head++)
        {
          guint keys = c->causal ? MIN (t + 1, c->tk) : c->tk, kv = c->shared_keys ? 0 : image;
          double top = -INFINITY, total = 0;
          for (guint j = 0; j < keys; j++)
            {
              p[j] = 0;
              for (guint d = 0; d < c->width; d++)
                p[j] += (double) q[(image * c->tq + t) * width + head * c->width + d]
                        * k[(kv * c->tk + j) * width + head * c->width + d];
              p[j] *= scale * 4;
              top = MAX (top, p[j]);
            }
          for (guint j = 0; j < keys; j++)
            total += p[j] = exp (p[j] - top);
          for (guint d = 0; d < c->width; d++)
            {
              double sum = 0;
              for (guint j = 0; j < keys; j++)
                sum += p[j] * v[(kv * c->tk + j) * width + head * c->width + d];
              want[(image * c->tq + t) * width + head * c->width + d] = sum / total;
            }
        }
}

/* One case with one kernel; @want is made with the first, since all get the same inputs. */
static void
run_attention (Harness *h, const Mode *mode, const AttentionCase *c, guint index, const GpuAttentionKernel *kernel, double *want)
{
  guint width = c->heads * c->width;
  gsize n = (gsize) c->images * c->tq * width;
  g_autofree char *what = g_strdup_printf ("%s attention %u of %u keys, width %u, %s of %u rows, %u keys, %u columns, groups %u, split %u",
                                           mode->name, c->tq, c->tk, c->width, kernel->shader, kernel->rows,
                                           kernel->spec.value[SPEC_ATTENTION_KEYS - 1], kernel->spec.value[SPEC_ATTENTION_DEPTH - 1],
                                           kernel->spec.value[SPEC_ATTENTION_GROUPS - 1], kernel->spec.value[SPEC_ATTENTION_SPLIT - 1]);
  guint kv_images = c->shared_keys ? 1 : c->images;
  Input q = harness_input (h, c->images, 1, c->tq, width);
  Input k = harness_input (h, kv_images, 1, c->tk, width), v = harness_input (h, kv_images, 1, c->tk, width);
  if (c->packed)
    {
      GpuTensor all = gpu_ops_tensor (h->ops, c->images, 1, c->tq, 3 * width);
      q.tensor = gpu_add (h->ops, q.tensor, (GpuTensor) { 0 }, GPU_ACT_NONE, gpu_tensor_channels (all, 0, width));
      k.tensor = gpu_add (h->ops, k.tensor, (GpuTensor) { 0 }, GPU_ACT_NONE, gpu_tensor_channels (all, width, width));
      v.tensor = gpu_add (h->ops, v.tensor, (GpuTensor) { 0 }, GPU_ACT_NONE, gpu_tensor_channels (all, 2 * width, width));
    }
  h->ops->attention_kernel = index;
  /* Four times the usual scale, so that the softmax is far from flat. */
  GpuTensor out = gpu_attention (h->ops, q.tensor, k.tensor, v.tensor, c->heads, 4 / sqrtf (c->width), c->causal);
  float *got = harness_run (h, out);
  if (index == 0)
    attend (c, q.values, k.values, v.values, want);
  harness_compare (h, what, got, want, n);
}

static void
test_attention (gconstpointer data)
{
  const Mode *mode = data;
  if (lacks (mode))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (attentions); i++)
    {
      const AttentionCase *c = &attentions[i];
      g_autofree double *want = g_new (double, (gsize) c->images * c->tq * c->heads * c->width);
      GpuAttentionKernel kernels[GPU_ATTENTION_MOST_KERNELS];
      /* Where the form does not suit, whatever is used in its place. */
      for (guint j = 0, n = 1; j < n; j++)
        {
          Harness h;
          harness_begin (&h, mode->dtype, mode->kernels);
          n = gpu_attention_kernels (h.ops, &(GpuAttentionShape) { c->tq, c->tk, c->width, c->causal }, kernels);
          if (j == 0 || (c->every && kernels[j].form == mode->kernels))
            run_attention (&h, mode, c, j, &kernels[j], want);
          harness_end (&h);
        }
    }
}

/* -- norms and pointwise -------------------------------------------------------------------------- */

/* Normalises `n` values that lie `step` apart in runs of `run`. */
static void
normalise (const float *x, double *y, gsize first, guint rows, guint row_step, guint run, double eps)
{
  double mean = 0, var = 0, n = (double) rows * run;
  for (guint r = 0; r < rows; r++)
    for (guint c = 0; c < run; c++)
      mean += x[first + (gsize) r * row_step + c] / n;
  for (guint r = 0; r < rows; r++)
    for (guint c = 0; c < run; c++)
      var += pow (x[first + (gsize) r * row_step + c] - mean, 2) / n;
  for (guint r = 0; r < rows; r++)
    for (guint c = 0; c < run; c++)
      y[first + (gsize) r * row_step + c] = (x[first + (gsize) r * row_step + c] - mean) / sqrt (var + eps);
}

static void
test_group_norm (gconstpointer data)
{
  const Mode *mode = data;
  static const guint cases[][5] = { { 2, 9, 13, 64, 32 }, { 1, 1, 1, 32, 32 }, { 1, 17, 16, 96, 32 }, { 2, 8, 8, 40, 4 }, { 1, 3, 5, 12, 4 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint n = cases[i][0], hh = cases[i][1], w = cases[i][2], c = cases[i][3], groups = cases[i][4], pixels = hh * w;
      gsize count = (gsize) n * pixels * c;
      g_autofree double *want = g_new (double, count);
      GpuActivation kind = i % 2 ? GPU_ACT_NONE : GPU_ACT_SILU;
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      Input x = harness_input (&h, n, hh, w, c), gamma = harness_vector (&h, c), beta = harness_vector (&h, c);
      /* A mean far from zero would cost a naive sum of squares its digits. */
      for (gsize j = 0; j < count; j++)
        x.values[j] = mode->dtype == GPU_DTYPE_F32 ? x.values[j] + 30 : x.values[j];
      gpu_transfer_write_floats (h.device, &x.tensor, x.values, NULL);
      float *got = harness_run (&h, gpu_group_norm (h.ops, x.tensor, gamma.tensor, beta.tensor, groups, 1e-5f, kind));
      for (guint image = 0; image < n; image++)
        for (guint g = 0; g < groups; g++)
          normalise (x.values, want, (gsize) image * pixels * c + g * (c / groups), pixels, c, c / groups, 1e-5);
      for (gsize j = 0; j < count; j++)
        want[j] = act (kind, want[j] * gamma.values[j % c] + beta.values[j % c]);
      harness_compare (&h, mode->name, got, want, count);
      harness_end (&h);
    }
}

/* Two norms over a picture in strips, with rows of the neighbours that do not count: as over the whole. */
static void
test_strips (gconstpointer data)
{
  const Mode *mode = data;
  enum { H = 21, W = 13, C = 40, GROUPS = 5, N = H * W * C };
  static const guint ends[] = { 0, 9, 18, H };
  guint passes = 0;
  double want[N];
  float middle[N];
  Harness h;
  harness_begin (&h, mode->dtype, mode->kernels);
  Input x = harness_input (&h, 1, H, W, C), gamma = harness_vector (&h, C), beta = harness_vector (&h, C);
  GpuTensor out = gpu_ops_tensor (h.ops, 1, H, W, C);
  for (guint j = 0; j < N; j++)
    x.values[j] = mode->dtype == GPU_DTYPE_F32 ? x.values[j] + 30 + j * 1e-3f : x.values[j];
  gpu_transfer_write_floats (h.device, &x.tensor, x.values, NULL);
  gpu_ops_begin_strips (h.ops);
  do
    {
      passes++;
      for (guint i = 0; i + 1 < G_N_ELEMENTS (ends); i++)
        {
          guint first = MAX (ends[i], 2) - 2, end = MIN (ends[i + 1] + 2, H), own = ends[i + 1] - ends[i];
          gpu_ops_begin_strip (h.ops, ends[i] - first, own);
          GpuTensor y = gpu_tensor_strip (x.tensor, first, end - first);
          for (guint norm = 0; norm < 2; norm++)
            y = gpu_group_norm (h.ops, y, gamma.tensor, beta.tensor, GROUPS, 1e-5f, norm == 0 ? GPU_ACT_SILU : GPU_ACT_NONE);
          gpu_add (h.ops, gpu_tensor_strip (y, ends[i] - first, own), (GpuTensor) { 0 }, GPU_ACT_NONE, gpu_tensor_strip (out, ends[i], own));
        }
    }
  while (gpu_ops_end_strips (h.ops));
  g_assert_cmpuint (passes, ==, 3);
  float *got = harness_run (&h, out);
  for (guint norm = 0; norm < 2; norm++)
    {
      for (guint g = 0; g < GROUPS; g++)
        normalise (norm == 0 ? x.values : middle, want, g * (C / GROUPS), H * W, C, C / GROUPS, 1e-5);
      for (guint j = 0; j < N; j++)
        {
          want[j] = act (norm == 0 ? GPU_ACT_SILU : GPU_ACT_NONE, want[j] * gamma.values[j % C] + beta.values[j % C]);
          middle[j] = want[j];
        }
    }
  harness_compare (&h, mode->name, got, want, N);
  harness_end (&h);
}

static void
test_rows (gconstpointer data)
{
  const Mode *mode = data;
  static const guint widths[] = { 8, 20, 77, 320, 1000 };
  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    {
      guint c = widths[i], rows = 11;
      g_autofree double *want = g_new (double, rows * c);
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      Input x = harness_input (&h, 1, 1, rows, c), gamma = harness_vector (&h, c), beta = harness_vector (&h, c);
      float *got = harness_run (&h, gpu_layer_norm (h.ops, x.tensor, gamma.tensor, beta.tensor, 1e-5f));
      for (guint r = 0; r < rows; r++)
        normalise (x.values, want, r * c, 1, c, c, 1e-5);
      for (guint j = 0; j < rows * c; j++)
        want[j] = want[j] * gamma.values[j % c] + beta.values[j % c];
      harness_compare (&h, "layer norm", got, want, rows * c);
      harness_end (&h);

      harness_begin (&h, mode->dtype, mode->kernels);
      x = harness_input (&h, 1, 1, rows, c);
      got = harness_run (&h, gpu_softmax (h.ops, x.tensor, 5));
      for (guint r = 0; r < rows; r++)
        {
          double total = 0;
          for (guint j = 0; j < c; j++)
            total += want[r * c + j] = exp (5 * x.values[r * c + j]);
          for (guint j = 0; j < c; j++)
            want[r * c + j] /= total;
        }
      harness_compare (&h, "softmax", got, want, rows * c);
      harness_end (&h);
    }
}

static void
test_pointwise (gconstpointer data)
{
  const Mode *mode = data;
  static const guint widths[] = { 8, 24, 20, 136 };
  for (guint i = 0; i < G_N_ELEMENTS (widths) * 5; i++)
    {
      guint c = widths[i / 5], rows = 2 * 9 * 13;
      GpuActivation kind = i % 5;
      g_autofree double *want = g_new (double, rows * c);
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      Input a = harness_input (&h, 2, 9, 13, c), b = harness_input (&h, 2, 9, 13, c);
      float *got = harness_run (&h, gpu_add (h.ops, a.tensor, b.tensor, kind, (GpuTensor) { 0 }));
      for (guint j = 0; j < rows * c; j++)
        want[j] = act (kind, (double) a.values[j] + b.values[j]);
      harness_compare (&h, "add", got, want, rows * c);
      harness_end (&h);
    }
}

/* -- the sampler's ops ---------------------------------------------------------------------------- */

static void
write_storage (Harness *h, GpuStorage *storage, gconstpointer data, gsize bytes)
{
  g_autoptr (GError) error = NULL;
  gpu_transfer_write (h->device, storage, 0, data, bytes, &error);
  g_assert_no_error (error);
}

static GpuSampler
make_sampler (Harness *h, guint channels, guint hh, guint w)
{
  gsize plane = (gsize) channels * hh * w * sizeof (float);
  return (GpuSampler) {
    .calls = harness_storage (h, 2 * sizeof (GpuStepCall), GPU_MEMORY_DEVICE),
    .state = harness_storage (h, sizeof (GpuStepState), GPU_MEMORY_DOWNLOAD),
    .slots = harness_storage (h, STEP_SLOTS * plane, GPU_MEMORY_DEVICE),
    .noise = harness_storage (h, plane, GPU_MEMORY_DEVICE),
    .x0 = harness_storage (h, plane, GPU_MEMORY_DEVICE),
    .channels = channels, .h = hh, .w = w,
  };
}

/* What a step finds and leaves, with a random table of @channels. */
static GpuSamplerState
make_sampler_state (Harness *h, const GpuSampler *sampler, guint channels, Input *table)
{
  *table = harness_input (h, 1, 1, STEP_WINDOW, channels);
  return (GpuSamplerState) { harness_input (h, 2, sampler->h, sampler->w, sampler->channels).tensor, table->tensor,
                             harness_input (h, 1, 1, 1, channels).tensor };
}

static void
read_tensor (Harness *h, const GpuTensor *tensor, float *values)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *read = gpu_transfer_read_floats (h->device, tensor, &error);
  g_assert_no_error (error);
  memcpy (values, read, gpu_tensor_rows (tensor) * tensor->c * sizeof (float));
}

/* Guidance, x0, the mix of slots, the next call's input and row, the step counter, and that a NaN changes nothing. */
static void
test_step (gconstpointer data)
{
  const Mode *mode = data;
  enum { C = 8, H = 9, W = 13, N = C * H * W, CHANNELS = 1000 };
  for (guint broken = 0; broken < 2; broken++)
    {
      g_autoptr (GError) error = NULL;
      Input table;
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      GpuSampler s = make_sampler (&h, C, H, W);
      s.calls = harness_storage (&h, 3 * sizeof (GpuStepCall), GPU_MEMORY_DEVICE);
      GpuSamplerState next = make_sampler_state (&h, &s, CHANNELS, &table);
      /* The check belongs to the product that makes the output: here by a matrix that changes nothing. */
      Matrix same = harness_matrix (&h, C, C, 1, GPU_DTYPE_F32, FALSE);
      for (guint i = 0; i < C * C; i++)
        same.values[i] = i % C == i / C;
      gpu_transfer_write_floats (h.device, &same.matrix.values, same.values, &error);
      Input model = harness_input (&h, 2, H, W, C), slots = harness_vector (&h, 3 * N), noise = harness_vector (&h, N);
      GpuStepCall calls[3] = { [1] = { .x0_sample = 0.7f, .x0_model = -0.4f, .x0_clamp = 0.9f }, [2] = { .input_scale = 0.3f } };
      for (guint i = 0; i < G_N_ELEMENTS (calls[1].mix); i++)
        calls[1].mix[i] = 0.01f * (i % 17) - 0.05f;
      GpuStepState state = { .step = 1, .n_slots = 3, .guidance = 7.5f };
      write_storage (&h, s.calls, calls, sizeof calls);
      write_storage (&h, s.state, &state, sizeof state);
      write_storage (&h, s.slots, slots.values, 3 * N * sizeof (float));
      write_storage (&h, s.noise, noise.values, N * sizeof (float));
      if (broken)
        {
          model.values[77] = NAN;
          gpu_transfer_write_floats (h.device, &model.tensor, model.values, &error);
          g_assert_no_error (error);
        }
      float got[3 * N], x0[N], input[2 * N], input_before[2 * N], row[CHANNELS], row_before[CHANNELS];
      double want[3 * N], want_input[2 * N], want_row[CHANNELS];
      read_tensor (&h, &next.input, input_before);
      read_tensor (&h, &next.row, row_before);
      gpu_sampler_step (h.ops, &s, gpu_linear (h.ops, model.tensor, &same.matrix, &(GpuEpilogue) { .check = s.state }), &next);
      harness_run (&h, model.tensor);
      read_tensor (&h, &next.input, input);
      read_tensor (&h, &next.row, row);
      gpu_transfer_read (h.device, s.slots, 0, got, sizeof got, &error);
      gpu_transfer_read (h.device, s.x0, 0, x0, sizeof x0, &error);
      gpu_transfer_read (h.device, s.state, 0, &state, sizeof state, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (state.flags, ==, broken ? FLAG_NOT_FINITE : 0);
      g_assert_cmpuint (state.step, ==, broken ? 1 : 2);
      for (guint i = 0; i < N; i++)
        {
          guint at = i % (H * W) * C + i / (H * W);
          double u = model.values[at], e = u + 7.5 * (model.values[at + N] - u);
          double in[6] = { e, CLAMP (0.7 * slots.values[i] - 0.4 * e, -0.9, 0.9), noise.values[i], slots.values[i],
                           slots.values[N + i], slots.values[2 * N + i] };
          for (guint slot = 0; slot < 3; slot++)
            {
              want[slot * N + i] = broken ? slots.values[slot * N + i] : 0;
              for (guint j = 0; j < 6 && !broken; j++)
                want[slot * N + i] += calls[1].mix[slot * STEP_INPUTS + j] * in[j];
            }
          if (!broken)
            g_assert_cmpfloat_with_epsilon (x0[i], in[1], 1e-4);
        }
      for (guint i = 0; i < 2 * N; i++)
        want_input[i] = broken ? input_before[i] : 0.3 * want[i % C * H * W + i % N / C];
      for (guint i = 0; i < CHANNELS; i++)
        want_row[i] = broken ? row_before[i] : table.values[2 * CHANNELS + i];
      harness_compare (&h, "next input", input, want_input, 2 * N);
      harness_compare (&h, "next row", row, want_row, CHANNELS);
      h.dtype = GPU_DTYPE_F32;
      harness_compare (&h, "step", got, want, 3 * N);
      harness_end (&h);
    }
}

static void
test_time_embedding (gconstpointer data)
{
  const Mode *mode = data;
  static const float times[] = { 0, 1, 20.5f, 500, 946.4211f, 999 };
  enum { CALLS = 2 * STEP_WINDOW, HALF = 160, WIDTH = 2 * HALF };
  for (guint i = 0; i < 4; i++)
    {
      /* Twice in each window. */
      GpuStepState state = { .step = i / 2 * STEP_WINDOW + 5 };
      gboolean flip = i % 2;
      Harness h;
      harness_begin (&h, mode->dtype, mode->kernels);
      GpuSampler s = make_sampler (&h, 4, 2, 2);
      s.calls = harness_storage (&h, CALLS * sizeof (GpuStepCall), GPU_MEMORY_DEVICE);
      g_autofree GpuStepCall *calls = g_new0 (GpuStepCall, CALLS);
      g_autofree double *want = g_new (double, STEP_WINDOW * WIDTH);
      Input frequencies = harness_vector (&h, HALF);
      for (guint j = 0; j < CALLS; j++)
        calls[j].timestep = times[j % G_N_ELEMENTS (times)];
      for (guint j = 0; j < HALF; j++)
        frequencies.values[j] = expf (-logf (10000) * j / HALF);
      gpu_transfer_write_floats (h.device, &frequencies.tensor, frequencies.values, NULL);
      write_storage (&h, s.calls, calls, CALLS * sizeof *calls);
      write_storage (&h, s.state, &state, sizeof state);
      for (guint row = 0; row < STEP_WINDOW; row++)
        for (guint j = 0; j < HALF; j++)
          {
            float angle = calls[i / 2 * STEP_WINDOW + row].timestep * frequencies.values[j];
            want[row * WIDTH + j + (flip ? HALF : 0)] = sin (angle);
            want[row * WIDTH + j + (flip ? 0 : HALF)] = cos (angle);
          }
      float *got = harness_run (&h, gpu_time_embedding (h.ops, &s, frequencies.tensor, flip));
      harness_compare (&h, "time embedding", got, want, STEP_WINDOW * WIDTH);
      harness_end (&h);
    }
}

static void
test_inputs (gconstpointer data)
{
  const Mode *mode = data;
  enum { C = 4, H = 5, W = 7, N = C * H * W };
  Harness h;
  double want[2 * N];

  harness_begin (&h, mode->dtype, mode->kernels);
  GpuSampler s = make_sampler (&h, C, H, W);
  Input x = harness_vector (&h, N);
  GpuStepCall calls[2] = { [1] = { .input_scale = 0.3f } };
  GpuStepState state = { .step = 1 };
  write_storage (&h, s.calls, calls, sizeof calls);
  write_storage (&h, s.state, &state, sizeof state);
  write_storage (&h, s.slots, x.values, N * sizeof (float));
  Input table;
  GpuSamplerState begun = make_sampler_state (&h, &s, 24, &table);
  gpu_sampler_begin (h.ops, &s, &begun);
  float *got = harness_run (&h, begun.input);
  for (guint i = 0; i < 2 * N; i++)
    want[i] = 0.3 * x.values[i % C * H * W + i % N / C];
  harness_compare (&h, "sampler input", got, want, 2 * N);
  read_tensor (&h, &begun.row, got);
  for (guint i = 0; i < 24; i++)
    want[i] = table.values[24 + i];
  harness_compare (&h, "due row", got, want, 24);
  harness_end (&h);

  harness_begin (&h, mode->dtype, mode->kernels);
  x = harness_vector (&h, N);
  got = harness_run (&h, gpu_latent_input (h.ops, x.tensor.storage, C, H, W, 5.5f, TRUE));
  for (guint i = 0; i < N; i++)
    want[i] = 3 * tanh (5.5 * x.values[i % C * H * W + i / C] / 3);
  harness_compare (&h, "latent input", got, want, N);
  harness_end (&h);
}

static void
test_images (gconstpointer data)
{
  const Mode *mode = data;
  enum { H = 8, W = 24, N = 3 * H * W };
  g_autoptr (GError) error = NULL;
  Harness h;
  double want[N];
  float pixels[N];
  GpuStepState state = { 0 };

  harness_begin (&h, mode->dtype, mode->kernels);
  Input x = harness_vector (&h, N);
  float *got = harness_run (&h, gpu_image_input (h.ops, x.tensor.storage, H, W));
  for (guint i = 0; i < N; i++)
    want[i] = 2.0 * x.values[i] - 1;
  harness_compare (&h, "image input", got, want, N);
  harness_end (&h);

  harness_begin (&h, mode->dtype, mode->kernels);
  x = harness_input (&h, 1, H, W, 3);
  GpuStorage *out = harness_storage (&h, sizeof pixels, GPU_MEMORY_DOWNLOAD);
  GpuStorage *flags = harness_storage (&h, sizeof state, GPU_MEMORY_DOWNLOAD);
  write_storage (&h, flags, &state, sizeof state);
  gpu_image_output (h.ops, x.tensor, 0, &(GpuImageSink) { out, flags, 0.9f, 0.5f });
  harness_run (&h, x.tensor);
  gpu_transfer_read (h.device, out, 0, pixels, sizeof pixels, &error);
  gpu_transfer_read (h.device, flags, 0, &state, sizeof state, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (state.flags, ==, 0);
  for (guint i = 0; i < N; i++)
    want[i] = CLAMP (0.9 * x.values[i] + 0.5, 0, 1);
  h.dtype = GPU_DTYPE_F32;
  harness_compare (&h, "image output", pixels, want, N);
  harness_end (&h);
}

static void
test_embed_tokens (gconstpointer data)
{
  const Mode *mode = data;
  enum { ROWS = 14, C = 24, VOCABULARY = 100 };
  gint32 tokens[ROWS];
  double want[ROWS * C];
  Harness h;
  harness_begin (&h, mode->dtype, mode->kernels);
  Matrix table = harness_matrix (&h, VOCABULARY + 4, C, 1, GPU_DTYPE_F16, FALSE);
  Matrix positions = harness_matrix (&h, 16, C, 1, GPU_DTYPE_F32, FALSE);
  GpuStorage *storage = harness_storage (&h, sizeof tokens, GPU_MEMORY_UPLOAD);
  for (guint i = 0; i < ROWS; i++)
    tokens[i] = i * 37 % VOCABULARY;
  write_storage (&h, storage, tokens, sizeof tokens);
  GpuTensor ids = { .storage = storage, .dtype = GPU_DTYPE_I32, .n = 2, .h = 1, .w = 7, .c = 1, .stride = 1 };
  float *got = harness_run (&h, gpu_embed_tokens (h.ops, ids, table.matrix.values, positions.matrix.values));
  for (guint i = 0; i < ROWS * C; i++)
    want[i] = (double) table.values[tokens[i / C] * C + i % C] + positions.values[i / C % 7 * C + i % C];
  harness_compare (&h, "tokens", got, want, ROWS * C);
  harness_end (&h);
}

/* -- errors ---------------------------------------------------------------------------------------- */

static void
test_bad_weights (void)
{
  static const float values[8] = { 0 };
  const guint64 dims[] = { 4, 2 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuWeights) weights = gpu_weights_new ();
  gpu_weights_add (weights, "known.weight", GPU_DTYPE_F32, 2, dims, values);
  gpu_weights_add (weights, "ids.weight", GPU_DTYPE_I32, 2, dims, values);

  g_autoptr (GpuBank) missing = gpu_bank_new (harness_device (), weights, GPU_DTYPE_F32, &error);
  gpu_bank_enter (missing, "scope");
  gpu_bank_matrix (missing, "known", 4, 2, 1);
  gpu_bank_leave (missing);
  g_assert_false (gpu_bank_finish (missing, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS);
  g_assert_nonnull (strstr (error->message, "scope.known.weight"));
  g_clear_error (&error);

  g_autoptr (GpuBank) shape = gpu_bank_new (harness_device (), weights, GPU_DTYPE_F32, &error);
  gpu_bank_matrix (shape, "known", 2, 4, 1);
  g_assert_false (gpu_bank_finish (shape, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS);
  g_clear_error (&error);

  g_autoptr (GpuBank) type = gpu_bank_new (harness_device (), weights, GPU_DTYPE_F32, &error);
  gpu_bank_matrix (type, "ids", 4, 2, 1);
  g_assert_false (gpu_bank_finish (type, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_BAD_WEIGHTS);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    GTestDataFunc run;
    GpuKernels last_form; /* up to which there are kernels */
    gboolean last_only;
  } tests[] = {
    { "product", test_product, GPU_KERNELS_COOPMAT2 }, { "views", test_views, GPU_KERNELS_COOPMAT2 },
    { "forms", test_forms, GPU_KERNELS_COOPMAT2 },     { "tiles", test_tiles, GPU_KERNELS_COOPMAT2, TRUE },
    { "attention", test_attention, GPU_KERNELS_COOPMAT },
    { "group-norm", test_group_norm },       { "strips", test_strips },       { "rows", test_rows },
    { "pointwise", test_pointwise },
    { "step", test_step },                   { "inputs", test_inputs },       { "images", test_images },
    { "time-embedding", test_time_embedding }, { "embed-tokens", test_embed_tokens },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint j = 0, last = MAX (tests[i].last_form, GPU_KERNELS_VECTOR); j < G_N_ELEMENTS (modes); j++)
      if (modes[j].kernels == last || (modes[j].kernels < last && !tests[i].last_only))
        {
          g_autofree char *path = g_strdup_printf ("/ops/%s/%s", tests[i].name, modes[j].name);
          g_test_add_data_func (path, &modes[j], tests[i].run);
        }
  g_test_add_func ("/ops/bad-weights", test_bad_weights);
  int status = g_test_run ();
  harness_free_device ();
  return status;
}
