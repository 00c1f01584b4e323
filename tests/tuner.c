/* tuner.c: the table of tuned kernels and its file; and the tuner, which must enter what is right and fast, refuse what is
 * wrong, and stop when it is told to. On the software device, which the program itself never tunes. */
#include "harness.h"

#include <glib/gstdio.h>
#include <gpu-tuner.h>
#include <gpu-tuning-private.h>

#include <string.h>

/* -- the table -- */

typedef struct {
  char *folder, *file;
} Cache;

static Cache
cache_new (void)
{
  Cache cache = { .folder = g_dir_make_tmp ("sfumato-tuning-XXXXXX", NULL) };
  g_autofree char *name = g_strdup_printf ("tuning-%s.tsv", gpu_device_info (harness_device ())->uuid);
  cache.file = g_build_filename (cache.folder, name, NULL);
  return cache;
}

static void
cache_clear (Cache *cache)
{
  g_unlink (cache->file);
  g_assert_cmpint (g_rmdir (cache->folder), ==, 0); /* nothing else was left there */
  g_free (cache->folder);
  g_free (cache->file);
}

static const GpuProblem product = { GPU_OP_MATMUL, GPU_DTYPE_F16, GPU_KERNELS_SHARED,
                                    { .m = 4096, .n = 320, .k = 2890, .weights = GPU_DTYPE_F16, .taps = 9, .k2 = 10 } };
static const GpuProblem attention = { GPU_OP_ATTENTION, GPU_DTYPE_F32, GPU_KERNELS_VECTOR,
                                      { .m = 4096, .n = 77, .k = 40, .weights = GPU_DTYPE_F32, .heads = 16 } };
#define ATTENTION_TEXT "attention-wide\t8\t2\t40\t2\t0"

/* A candidate with tiles of so many rows. */
static GpuChoice
candidate (const GpuProblem *problem, guint rows)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuOps) ops = gpu_ops_new (harness_device (), problem->dtype, problem->kernels, &error);
  g_autoptr (GArray) all = gpu_kernel_candidates (ops, problem->op, problem->shape);
  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, GpuChoice, i).kernel->rows == rows)
      return g_array_index (all, GpuChoice, i);
  g_assert_not_reached ();
}

static void
save_two (const Cache *cache)
{
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), cache->folder);
  GpuChoice second = candidate (&product, 64);
  g_autofree char *text = gpu_choice_to_text (&second);
  GpuProblem other = product;
  other.shape.n = 640;
  gpu_tuning_put (tuning, &product, text);
  gpu_tuning_put (tuning, &attention, ATTENTION_TEXT);
  gpu_tuning_leave (tuning, &other);
  gpu_tuning_save (tuning);
}

static guint
n_read (const Cache *cache)
{
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), cache->folder);
  return gpu_tuning_n_entries (tuning);
}

static void
test_table (void)
{
  Cache cache = cache_new ();
  GpuChoice second = candidate (&product, 64), found;
  save_two (&cache);
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), cache.folder);
  g_assert_cmpuint (gpu_tuning_n_entries (tuning), ==, 2);
  g_assert_cmpuint (gpu_tuning_n_used (tuning), ==, 0);
  g_assert_true (gpu_choice_from_text (gpu_tuning_find (tuning, &product), &found));
  g_assert_true (found.kernel == second.kernel && found.split == second.split);
  g_assert_cmpstr (gpu_tuning_find (tuning, &attention), ==, ATTENTION_TEXT);
  g_assert_cmpuint (gpu_tuning_n_used (tuning), ==, 2);

  /* Whatever a choice depends on tells problems apart. */
  GpuProblem others[] = { product, product, product, product, product, product, product, product, attention, attention, product, product };
  others[0].shape.m++, others[1].shape.n++, others[2].shape.k++, others[3].shape.k2++, others[4].shape.taps = 4;
  others[5].shape.geglu = TRUE, others[6].dtype = GPU_DTYPE_F32, others[7].kernels = GPU_KERNELS_BEST;
  others[8].shape.heads = 8, others[9].shape.causal = TRUE;
  others[10].shape.resized = TRUE, others[11].shape.for_norm = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_null (gpu_tuning_find (tuning, &others[i]));
  gpu_tuning_clear (tuning);
  g_assert_cmpuint (gpu_tuning_n_entries (tuning), ==, 0);
  cache_clear (&cache);
}

static void
edit (const Cache *cache, const char *from, const char *to)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) edited = NULL;
  g_assert_true (g_file_get_contents (cache->file, &text, NULL, NULL));
  edited = g_string_new (text);
  g_assert_cmpuint (g_string_replace (edited, from, to, 1), ==, 1);
  g_assert_true (g_file_set_contents (cache->file, edited->str, -1, NULL));
}

/* A file of another driver, of other shaders, or of another version of the table counts as empty, and is overwritten. */
static void
test_stale (void)
{
  Cache cache = cache_new ();
  g_autofree char *hash = gpu_shaders_hash ();
  const char *const parts[] = { gpu_device_info (harness_device ())->driver, hash, "tuning 2" };
  g_assert_cmpuint (strlen (hash), ==, 64);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      save_two (&cache);
      g_assert_cmpuint (n_read (&cache), ==, 2);
      edit (&cache, parts[i], "other");
      g_assert_cmpuint (n_read (&cache), ==, 0);
    }
  save_two (&cache);
  g_assert_cmpuint (n_read (&cache), ==, 2);
  cache_clear (&cache);
}

/* Of a damaged file what is whole counts. */
static void
test_garbage (void)
{
  Cache cache = cache_new ();
  g_autofree char *text = NULL, *half = NULL;
  static const char *const damages[][2] = {
    { "matmul-shared\t", "matmul-guessed\t" }, { "\t4096\t320\t", "\t4096\t-320\t" }, { "\t4096\t320\t", "\t4096\t" },
    { "shared\tF16\t", "sharp\tF16\t" },       { "\tF16\tF16\t", "\tF16\tF64\t" },    { "\t1\n", "\t5\n" },
    { "\tF16\tF16\t0\t", "\tF16\tF16\t2\t" }, { "\t0\t0\t9\t", "\t0\tno\t9\t" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      save_two (&cache);
      edit (&cache, damages[i][0], damages[i][1]);
      g_assert_cmpuint (n_read (&cache), ==, 1);
    }
  save_two (&cache);
  edit (&cache, "attention\tvector", "\n\n\x01\xff nothing\n\t\t\t\nattention\tvector");
  g_assert_cmpuint (n_read (&cache), ==, 2);
  g_assert_true (g_file_get_contents (cache.file, &text, NULL, NULL));
  half = g_strndup (text, strlen (text) - 1);
  g_assert_true (g_file_set_contents (cache.file, half, -1, NULL));
  g_assert_cmpuint (n_read (&cache), ==, 1);
  g_assert_true (g_file_set_contents (cache.file, "", -1, NULL));
  g_assert_cmpuint (n_read (&cache), ==, 0);
  cache_clear (&cache);
}

/* -- the tuner -- */

typedef enum { LINEAR, WIDE, CONV, NORMED, DOUBLING, GEGLU, JOINED, ATTENTION } Kind;

typedef struct {
  const char *name;
  Kind kind;
  GpuDtype dtype, weights;
  GpuKernels kernels;
} Case;

static const Case cases[] = {
  { "linear/shared/f16", LINEAR, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_SHARED },
  { "linear/shared/f32", LINEAR, GPU_DTYPE_F32, GPU_DTYPE_F32, GPU_KERNELS_SHARED },
  { "linear/coopmat/f16", LINEAR, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_COOPMAT },
  { "geglu/shared/f16", GEGLU, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_SHARED },
  /* The other forms take long to compile for a convolution. */
  { "conv/vector/f16", CONV, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_VECTOR },
  { "conv/vector/f32", CONV, GPU_DTYPE_F32, GPU_DTYPE_F32, GPU_KERNELS_VECTOR },
  /* A variant that leaves the statistics for afterwards. */
  { "normed/vector/f16", NORMED, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_VECTOR },
  { "doubling/vector/f16", DOUBLING, GPU_DTYPE_F16, GPU_DTYPE_F32, GPU_KERNELS_VECTOR },
  { "joined/vector/f16", JOINED, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_VECTOR },
  { "attention/vector/f16", ATTENTION, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_VECTOR },
  { "attention/shared/f16", ATTENTION, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_SHARED },
  { "attention/coopmat/f16", ATTENTION, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_COOPMAT },
  { "attention/vector/f32", ATTENTION, GPU_DTYPE_F32, GPU_DTYPE_F32, GPU_KERNELS_VECTOR },
};

static gboolean
lacks (const Case *c)
{
  if (c->kernels != GPU_KERNELS_COOPMAT || gpu_device_limits (harness_device ())->n_coopmat > 0)
    return FALSE;
  g_test_skip ("this device has no cooperative matrices");
  return TRUE;
}

/* Adds the op with the same values every time. */
static GpuTensor
add_op (Harness *h, const Case *c)
{
  enum { N = 72, K = 520 };
  Input x = harness_input (h, 1, c->kind == NORMED ? 4 : 5, 8, c->kind == LINEAR ? K : c->kind == WIDE ? 32 : 40);
  Matrix m;
  switch (c->kind)
    {
    case LINEAR:
      m = harness_matrix (h, N, K, 1, c->weights, TRUE);
      return gpu_linear (h->ops, x.tensor, &m.matrix, NULL);
    case WIDE:
      m = harness_matrix (h, 1024, 32, 1, c->weights, TRUE);
      return gpu_linear (h->ops, x.tensor, &m.matrix, NULL);
    case CONV:
    case NORMED:
      m = harness_matrix (h, N, 40, 9, c->weights, TRUE);
      return gpu_conv2d (h->ops, x.tensor, &m.matrix, GPU_CONV_SAME, &(GpuEpilogue) { .for_norm = c->kind == NORMED });
    case DOUBLING:
      {
        m = harness_matrix (h, N, 40, 9, c->weights, TRUE);
        GpuMatrix summed = gpu_bank_doubling (m.bank, "m", N, 40);
        g_assert_true (gpu_bank_finish (m.bank, NULL));
        return gpu_conv2d_up (h->ops, x.tensor, &summed, 10, 16, NULL);
      }
    case GEGLU:
      {
        m = harness_matrix (h, 96, 40, 1, c->weights, TRUE);
        GpuMatrix pairs = gpu_bank_geglu (m.bank, "m", 96, 40);
        g_assert_true (gpu_bank_finish (m.bank, NULL));
        return gpu_linear (h->ops, x.tensor, &pairs, NULL);
      }
    case JOINED:
      {
        Input y = harness_input (h, 1, 5, 8, 16);
        m = harness_matrix (h, N, 40, 9, c->weights, TRUE);
        Matrix s = harness_matrix (h, N, 16, 1, c->weights, TRUE);
        GpuBank *bank = harness_joined_bank (h, &m, &s);
        GpuMatrix both = gpu_bank_joined (bank, "m", N, 40, 9, "second", 16);
        g_assert_true (gpu_bank_finish (bank, NULL));
        return gpu_conv2d (h->ops, x.tensor, &both, GPU_CONV_SAME, &(GpuEpilogue) { .second = y.tensor });
      }
    case ATTENTION:
      {
        Input keys = harness_input (h, 1, 1, 13, 40), values = harness_input (h, 1, 1, 13, 40);
        return gpu_attention (h->ops, x.tensor, keys.tensor, values.tensor, 1, 0.2f, FALSE);
      }
    }
  g_assert_not_reached ();
}

/* Lets the tuner have a look at a program with the op. */
static void
add_program (GpuTuner *tuner, GpuTuning *tuning, const Case *c)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuProgram) program = NULL;
  g_autoptr (GpuArena) arena = gpu_arena_new (harness_device ());
  Harness h;
  harness_begin (&h, c->dtype, c->kernels);
  gpu_ops_set_tuning (h.ops, tuning);
  add_op (&h, c);
  program = gpu_program_new ("test", g_steal_pointer (&h.ops), arena, &error);
  g_assert_no_error (error);
  gpu_tuner_add (tuner, program);
  g_clear_pointer (&program, gpu_program_free);
  harness_end (&h);
}

typedef struct {
  guint calls, done, total;
  guint cancel_at;
  GCancellable *cancellable;
  GArray *candidates; /* all that were offered to the tuner */
} Watch;

static void
progress_cb (guint done, guint total, gpointer data)
{
  Watch *watch = data;
  g_assert_cmpuint (done, >=, watch->done);
  g_assert_cmpuint (done, <=, total);
  watch->calls++;
  watch->done = done;
  watch->total = total;
  if (watch->cancel_at > 0 && done == watch->cancel_at)
    g_cancellable_cancel (watch->cancellable);
}

/* What suits besides the estimate's choice; of tiles small ones, since software Vulkan takes long to compile a large one. */
static GArray *
unlikely_cb (const GpuProblem *problem, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuOps) ops = gpu_ops_new (harness_device (), problem->dtype, problem->kernels, &error);
  g_autoptr (GArray) all = gpu_kernel_candidates (ops, problem->op, problem->shape);
  Watch *watch = data;
  g_assert_no_error (error);
  if (problem->op == GPU_OP_ATTENTION)
    for (guint i = 1; i < 3; i++)
      {
        GpuChoice choice = { .attention = i };
        g_array_append_val (watch->candidates, choice);
      }
  for (guint i = 1; i < all->len; i++)
    {
      const GpuChoice *choice = &g_array_index (all, GpuChoice, i);
      if (choice->kernel->rows <= (problem->kernels == GPU_KERNELS_COOPMAT ? 32 : 64))
        g_array_append_val (watch->candidates, *choice);
    }
  g_assert_cmpuint (watch->candidates->len, >, 0);
  return g_array_ref (watch->candidates);
}

/* Tunes, and the next list takes what was found: one of the candidates, with the right result. */
static void
test_tune (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), NULL);
  g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning), again = gpu_tuner_new (harness_device (), tuning);
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (GpuChoice));
  Watch watch = { .candidates = candidates };
  GpuTunerOptions options = { .progress = progress_cb, .candidates = unlikely_cb, .data = &watch };
  Harness right, tuned, forced;
  gboolean known = FALSE;
  if (lacks (c))
    return;
  add_program (tuner, tuning, c);
  add_program (tuner, tuning, c);
  g_assert_cmpuint (gpu_tuner_n_problems (tuner), ==, 1);
  gpu_tuner_run (tuner, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gpu_tuning_n_entries (tuning), ==, 1);
  g_assert_cmpuint (watch.done, ==, candidates->len);
  g_assert_cmpuint (watch.total, ==, candidates->len);

  harness_begin (&right, c->dtype, GPU_KERNELS_VECTOR);
  harness_begin (&tuned, c->dtype, c->kernels);
  gpu_ops_set_tuning (tuned.ops, tuning);
  GpuTensor right_out = add_op (&right, c), tuned_out = add_op (&tuned, c);
  gsize n = (gsize) gpu_tensor_rows (&right_out) * right_out.c;
  float *want = harness_run (&right, right_out), *got = harness_run (&tuned, tuned_out);
  g_autofree double *want_doubles = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    want_doubles[i] = want[i];
  harness_compare (&tuned, c->name, got, want_doubles, n);
  g_assert_cmpuint (gpu_tuning_n_used (tuning), ==, 1);
  for (guint i = 0; i < candidates->len && !known; i++)
    {
      harness_begin (&forced, c->dtype, c->kernels);
      if (c->kind == ATTENTION)
        forced.ops->attention_kernel = g_array_index (candidates, GpuChoice, i).attention;
      else
        forced.ops->forced = &g_array_index (candidates, GpuChoice, i);
      harness_run (&forced, add_op (&forced, c));
      known = forced.ran->pdata[0] == tuned.ran->pdata[0];
      harness_end (&forced);
    }
  g_assert_true (known);
  harness_end (&right);
  harness_end (&tuned);
  /* Nothing is left to do. */
  add_program (again, tuning, c);
  g_assert_cmpuint (gpu_tuner_n_problems (again), ==, 0);
}

/* Computes an eighth of the columns, and so is by far the fastest. */
static const GpuKernel hasty = { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul-shared", .threads = 256, .rows = 64, .columns = 64 };
static const GpuKernel unknown = { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-forgotten", .threads = 256, .rows = 64, .columns = 64 };

static GArray *
wrong_cb (const GpuProblem *problem, gpointer data)
{
  const GpuChoice wrong[] = { { .kernel = &hasty, .split = 1 }, { .kernel = &unknown, .split = 1 } };
  const GpuChoice *honest = data;
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (GpuChoice));
  g_array_append_vals (candidates, wrong, G_N_ELEMENTS (wrong));
  if (honest != NULL)
    g_array_append_val (candidates, *honest);
  return candidates;
}

/* What is wrong is refused however fast it is, and what does not compile passed over: then the next is taken, or where
 * there is none the vector form. */
static void
test_wrong (void)
{
  static const Case wide = { "wide", WIDE, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_SHARED };
  const GpuProblem problem = { GPU_OP_MATMUL, GPU_DTYPE_F16, GPU_KERNELS_SHARED,
                               { .m = 40, .n = 1024, .k = 32, .weights = GPU_DTYPE_F16, .taps = 1 } };
  GpuChoice honest = candidate (&problem, 64), found;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), NULL);
      g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning);
      GpuTunerOptions options = { .candidates = wrong_cb, .data = i == 0 ? &honest : NULL };
      add_program (tuner, tuning, &wide);
      gpu_tuner_run (tuner, &options, &error);
      g_assert_no_error (error);
      g_assert_true (gpu_choice_from_text (gpu_tuning_find (tuning, &problem), &found));
      if (i == 0)
        g_assert_true (found.kernel == honest.kernel);
      else
        g_assert_cmpint (found.kernel->form, ==, GPU_KERNELS_VECTOR);
    }
}

/* -- matrices of workgroups -- */

/* How many of @problem's candidates are of that form, and the form of the best guess. */
static guint
count_form (const GpuProblem *problem, GpuKernels form, GpuKernels *first)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuOps) ops = gpu_ops_new (harness_device (), problem->dtype, problem->kernels, &error);
  g_autoptr (GArray) all = gpu_kernel_candidates (ops, problem->op, problem->shape);
  guint n = 0;
  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    n += g_array_index (all, GpuChoice, i).kernel->form == form;
  *first = g_array_index (all, GpuChoice, 0).kernel->form;
  return n;
}

static const GpuProblem convolution = { GPU_OP_MATMUL, GPU_DTYPE_F16, GPU_KERNELS_BEST,
                                        { .m = 4096, .n = 320, .k = 2880, .weights = GPU_DTYPE_F16, .taps = 9 } };

/* The device says of itself that it is a card with cooperative matrices of all kinds. */
static void
pretend (GpuLimits *limits, GpuDeviceInfo *info)
{
  static const GpuCoopmatGrain grains[] = { { 16, 16, 16, 128 }, { 32, 32, 16, 256 } };
  info->kind = GPU_DEVICE_DISCRETE;
  limits->coopmat[0] = (GpuCoopmatShape) { 16, 16, 16, TRUE };
  limits->n_coopmat = 1;
  memcpy (limits->coopmat2, grains, sizeof grains);
  limits->n_coopmat2 = G_N_ELEMENTS (grains);
  limits->coopmat2_max_side = 512;
  limits->coopmat2_shared_bytes = limits->shared_bytes;
}

/* What the form does not cover, or the device not have. */
static void
check_refusals (GpuLimits *limits)
{
  GpuProblem others[] = { convolution, convolution, convolution, convolution, convolution, convolution };
  GpuKernels first;
  others[0].shape.geglu = TRUE, others[1].shape.k2 = 8, others[2].shape.taps = 4, others[3].shape.resized = TRUE;
  others[4].shape.weights = GPU_DTYPE_F32, others[5].dtype = GPU_DTYPE_F32;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpuint (count_form (&others[i], GPU_KERNELS_COOPMAT2, &first), ==, 0);
  limits->coopmat2_max_side = 128;
  g_assert_cmpuint (count_form (&convolution, GPU_KERNELS_COOPMAT2, &first), ==, 2);
  limits->n_coopmat2 = 1;
  g_assert_cmpuint (count_form (&convolution, GPU_KERNELS_COOPMAT2, &first), ==, 1);
  limits->coopmat2[0].k = 128;
  g_assert_cmpuint (count_form (&convolution, GPU_KERNELS_COOPMAT2, &first), ==, 0);
}

/* The device of the tests has no such matrices, so it is never offered kernels on them. Where there are some, no guess is
 * such a kernel unless it is asked for, but all are candidates. */
static void
test_workgroups (void)
{
  GpuLimits *limits = (GpuLimits *) gpu_device_limits (harness_device ()), real_limits = *limits;
  GpuDeviceInfo *info = (GpuDeviceInfo *) gpu_device_info (harness_device ()), real_info = *info;
  GpuProblem asked = convolution;
  GpuKernels first;
  g_assert_cmpuint (limits->n_coopmat2, ==, 0);
  for (asked.kernels = GPU_KERNELS_BEST; asked.kernels <= GPU_KERNELS_COOPMAT2; asked.kernels++)
    g_assert_cmpuint (count_form (&asked, GPU_KERNELS_COOPMAT2, &first), ==, 0);

  pretend (limits, info);
  asked.kernels = GPU_KERNELS_COOPMAT2;
  g_assert_cmpuint (count_form (&convolution, GPU_KERNELS_COOPMAT2, &first), ==, 4);
  g_assert_cmpint (first, ==, GPU_KERNELS_COOPMAT);
  g_assert_cmpuint (count_form (&asked, GPU_KERNELS_COOPMAT, &first), ==, 0);
  g_assert_cmpint (first, ==, GPU_KERNELS_COOPMAT2);
  asked.kernels = GPU_KERNELS_COOPMAT;
  g_assert_cmpuint (count_form (&asked, GPU_KERNELS_COOPMAT2, &first), ==, 0);
  check_refusals (limits);
  *limits = real_limits;
  *info = real_info;
}

/* Its candidates are counted before the first is run. */
static void
test_workgroups_listed (void)
{
  static const Case c = { "listed", LINEAR, GPU_DTYPE_F16, GPU_DTYPE_F16, GPU_KERNELS_COOPMAT };
  GpuLimits *limits = (GpuLimits *) gpu_device_limits (harness_device ()), real_limits = *limits;
  GpuDeviceInfo *info = (GpuDeviceInfo *) gpu_device_info (harness_device ()), real_info = *info;
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), NULL);
  g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  Watch with = { 0 }, without = { 0 };
  Case best = c;
  if (lacks (&c))
    return;
  info->kind = GPU_DEVICE_DISCRETE;
  best.kernels = GPU_KERNELS_BEST;
  add_program (tuner, tuning, &best);
  g_cancellable_cancel (cancelled);
  g_assert_false (gpu_tuner_run (tuner, &(GpuTunerOptions) { .progress = progress_cb, .data = &without, .cancellable = cancelled }, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_CANCELLED);
  g_clear_error (&error);
  pretend (limits, info);
  g_assert_false (gpu_tuner_run (tuner, &(GpuTunerOptions) { .progress = progress_cb, .data = &with, .cancellable = cancelled }, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_CANCELLED);
  *limits = real_limits;
  *info = real_info;
  g_assert_cmpuint (with.total, ==, without.total + 4);
}

/* Stops after the candidate that is under way; what is done stays, and the rest can be done later. */
static void
test_cancel (void)
{
  const Case *first = &cases[0], *second = &cases[3];
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), NULL);
  g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning), later = gpu_tuner_new (harness_device (), tuning);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Watch watch = { .cancellable = cancellable };
  GpuTunerOptions options = { .progress = progress_cb, .data = &watch, .cancellable = cancellable };
  add_program (tuner, tuning, first);
  add_program (tuner, tuning, second);
  g_assert_cmpuint (gpu_tuner_n_problems (tuner), ==, 2);
  watch.cancel_at = 1;
  g_assert_false (gpu_tuner_run (tuner, &options, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_CANCELLED);
  g_assert_cmpuint (watch.done, ==, 1);
  g_assert_cmpuint (watch.calls, ==, 2); /* none done, and one */
  g_assert_cmpuint (gpu_tuning_n_entries (tuning), ==, 0);

  add_program (later, tuning, first);
  add_program (later, tuning, second);
  g_assert_cmpuint (gpu_tuner_n_problems (later), ==, 2);
}

typedef struct {
  const Cache *cache;
  guint n_seen;
} Crash;

/* What a next start would read if the driver took the program down right now. */
static void
crash_cb (guint done, guint total, gpointer data)
{
  Crash *crash = data;
  if (done > 0 && done < total)
    {
      crash->n_seen++;
      g_assert_cmpuint (n_read (crash->cache), ==, 1);
    }
}

/* A shape that is being tried has its estimate in the file, so that a crash is not repeated at every start. */
static void
test_crash (void)
{
  const Case *c = &cases[0];
  Cache cache = cache_new ();
  Crash crash = { .cache = &cache };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), cache.folder);
  g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning);
  add_program (tuner, tuning, c);
  g_assert_true (gpu_tuner_run (tuner, &(GpuTunerOptions) { .progress = crash_cb, .data = &crash }, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (crash.n_seen, >, 0);
  g_assert_cmpuint (n_read (&cache), ==, 1);
  cache_clear (&cache);
}

/* What is not done in time, and what there is no memory for, stays as it is and is not tried again with this table. */
static void
test_limits (void)
{
  const Case *c = &cases[0];
  g_autoptr (GpuTuning) tuning = gpu_tuning_new (harness_device (), NULL);
  g_autoptr (GpuTuner) tuner = gpu_tuner_new (harness_device (), tuning), later = gpu_tuner_new (harness_device (), tuning);
  g_autoptr (GError) error = NULL;
  add_program (tuner, tuning, c);
  g_assert_true (gpu_tuner_run (tuner, &(GpuTunerOptions) { .limit_s = 1e-9 }, &error));
  g_assert_cmpuint (gpu_tuning_n_entries (tuning), ==, 0);
  add_program (later, tuning, c);
  g_assert_cmpuint (gpu_tuner_n_problems (later), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tuner/table", test_table);
  g_test_add_func ("/tuner/stale", test_stale);
  g_test_add_func ("/tuner/garbage", test_garbage);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tuner/tune/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_tune);
    }
  g_test_add_func ("/tuner/workgroups", test_workgroups);
  g_test_add_func ("/tuner/workgroups-listed", test_workgroups_listed);
  g_test_add_func ("/tuner/wrong", test_wrong);
  g_test_add_func ("/tuner/cancel", test_cancel);
  g_test_add_func ("/tuner/crash", test_crash);
  g_test_add_func ("/tuner/limits", test_limits);
  int status = g_test_run ();
  harness_free_device ();
  return status;
}
