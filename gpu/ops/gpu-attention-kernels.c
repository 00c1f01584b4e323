#include "gpu-attention-kernels.h"

#include "gpu-kernels.h"
#include "gpu-tuning-private.h"

/* A line of the table below: a form, its constants, and what it is meant for. */
typedef struct {
  GpuKernels form;
  guint max_head;           /* widest that it suits; 0: any */
  guint min_head;           /* the narrowest that it is meant for, */
  guint min_tq, max_tq;     /* and how many queries, while others may be tried; 0: any */
  gboolean once;            /* all keys in one block, where they are few */
  guint vectors;            /* queries in subgroup sizes, where `rows` is 0 */
  guint rows;               /* queries a workgroup answers */
  guint keys;               /* keys a block; with @once rounded up from what there are */
  guint depth;              /* columns of the head a tile; 0: all */
  guint groups, split;      /* SPEC_ATTENTION_GROUPS, SPEC_ATTENTION_SPLIT */
  guint threads;            /* shared form */
} Line;

/* The best guess is the first line meant for a shape. None has been timed on a graphics card yet; the reasons:
 * - Few keys (77 of a prompt) in one block: no loop and no rescaling.
 * - Many queries (4096 with heads of 40): 128 rows, so that keys are read half as often, and two matrices of rows a
 *   subgroup, so that each matrix of keys and values in shared memory is used twice. Wider than 64, output and
 *   scores of two would need more than 255 registers.
 * - Fewer (1024 with heads of 80): 64 rows, for twice as many workgroups. 256 with heads of 160 are 64 workgroups
 *   even then (8 heads, 2 images), so there two subgroups share 32 rows.
 * - Wider than 160 (the autoencoder's 512): queries stay in shared memory, and two subgroups share the output of
 *   their rows, which takes 128 registers of each even so. Narrower slices where there are but 48 or 32 KiB.
 * - Without cooperative matrices 20 to 64 sums a thread, in the more rows the more shared memory there is. */
static const Line lines[] = {
  { GPU_KERNELS_COOPMAT, .max_head = 96, .once = TRUE, .rows = 64, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 48, .once = TRUE, .rows = 128, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 64, .once = TRUE, .rows = 128, .groups = 8, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 96, .once = TRUE, .rows = 32, .groups = 2, .split = 1 },
  { GPU_KERNELS_COOPMAT, .min_head = 97, .max_head = 160, .once = TRUE, .rows = 32, .depth = 80, .groups = 2, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 64, .min_tq = 1024, .rows = 128, .keys = 64, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 64, .min_tq = 1024, .rows = 128, .keys = 64, .groups = 8, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 96, .min_tq = 257, .rows = 64, .keys = 64, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 96, .min_tq = 1024, .rows = 128, .keys = 32, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 160, .max_tq = 256, .rows = 32, .keys = 64, .groups = 2, .split = 2 },
  { GPU_KERNELS_COOPMAT, .max_head = 160, .rows = 64, .keys = 32, .groups = 4, .split = 1 },
  { GPU_KERNELS_COOPMAT, .max_head = 160, .rows = 32, .keys = 32, .groups = 2, .split = 1 },
  { GPU_KERNELS_COOPMAT, .min_head = 161, .max_head = 512, .rows = 32, .keys = 64, .depth = 64, .groups = 2, .split = 2 },
  { GPU_KERNELS_COOPMAT, .min_head = 161, .max_head = 512, .rows = 32, .keys = 64, .depth = 32, .groups = 2, .split = 2 },
  { GPU_KERNELS_COOPMAT, .min_head = 161, .max_head = 512, .rows = 16, .keys = 64, .depth = 32, .groups = 1, .split = 2 },

  { GPU_KERNELS_SHARED, .max_head = 48, .min_tq = 1024, .rows = 128, .keys = 32, .groups = 2, .threads = 128 },
  { GPU_KERNELS_SHARED, .max_head = 96, .rows = 64, .keys = 32, .groups = 4, .threads = 128 },
  { GPU_KERNELS_SHARED, .max_head = 160, .rows = 32, .keys = 32, .groups = 8, .threads = 128 },
  { GPU_KERNELS_SHARED, .min_head = 97, .max_head = 160, .rows = 32, .keys = 32, .depth = 80, .groups = 8, .threads = 128 },
  { GPU_KERNELS_SHARED, .min_head = 161, .max_head = 512, .rows = 32, .keys = 32, .depth = 64, .groups = 32, .threads = 256 },
  { GPU_KERNELS_SHARED, .rows = 16, .keys = 32, .depth = 64, .groups = 32, .threads = 128 },
  { GPU_KERNELS_SHARED, .max_head = 160, .rows = 16, .keys = 32, .groups = 8, .threads = 128 },

  /* In vectors of queries, while a row of Q and of the output can stay with its lane; then in rows of them. */
  { GPU_KERNELS_VECTOR, .max_head = 80, .vectors = 2 },
  { GPU_KERNELS_VECTOR, .max_head = 160, .vectors = 1 },
  { GPU_KERNELS_VECTOR, .rows = 2 },
};
G_STATIC_ASSERT (G_N_ELEMENTS (lines) <= GPU_ATTENTION_MOST_KERNELS);

/* Keys that a block takes at once. */
#define ONCE_KEYS 128

static guint
round_up (guint x, guint to)
{
  return gpu_ceil_div (x, to) * to;
}

/* Matrices of 8 or 16 that exist with fp16 sums too: that is what probabilities and the output are stored as. */
static const GpuCoopmatShape *
matrix_shape (GpuOps *ops)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  for (guint i = 0; i < limits->n_coopmat; i++)
    {
      const GpuCoopmatShape *shape = &limits->coopmat[i];
      if (shape->f16_sums && (shape->m == 8 || shape->m == 16) && (shape->n == 8 || shape->n == 16)
          && (shape->k == 8 || shape->k == 16) && limits->subgroup_size >= shape->m)
        return shape;
    }
  return NULL;
}

/* What attention-coopmat.comp declares. */
static guint
coopmat_shared_bytes (const Line *line, const GpuAttentionShape *shape, guint keys, guint depth, guint matrix_rows)
{
  guint slices = gpu_ceil_div (shape->head, depth);
  guint tiles = 2 * keys * (depth / 8 + 1) * 16, queries = slices == 1 ? 16 : line->rows * (slices * depth / 8 + 1) * 16;
  guint probability = line->rows * (keys / 8 + 1) * 16, row_value = line->groups * line->split * matrix_rows * 4;
  guint mask = (shape->causal ? line->rows * keys : keys) * 4;
  return tiles + queries + probability + row_value + mask;
}

static gboolean
make_coopmat (GpuOps *ops, const Line *line, const GpuAttentionShape *shape, GpuAttentionKernel *kernel)
{
  const GpuCoopmatShape *matrix = matrix_shape (ops);
  if (matrix == NULL || (line->once && shape->tk > ONCE_KEYS))
    return FALSE;
  /* Matrices must make up the tiles, and each part of them where subgroups share. */
  guint unit = MAX (matrix->n * line->split, matrix->k);
  guint keys = line->once ? round_up (shape->tk, unit) : line->keys;
  guint depth = line->depth > 0 ? line->depth : round_up (shape->head, unit);
  gboolean whole = keys % unit == 0 && depth % unit == 0 && line->rows % (line->groups * matrix->m) == 0;
  gboolean software = gpu_device_info (ops->device)->kind == GPU_DEVICE_SOFTWARE;
  /* Queries and output pass through the tiles; rows are folded in the place of their probabilities. */
  gboolean room = line->rows <= 2 * keys && line->split * matrix->n / 4 <= keys / 8 + 1;
  if (!whole || !room)
    return FALSE;
  *kernel = (GpuAttentionKernel) {
    .form = line->form, .shader = software ? "attention-coopmat-rolled" : "attention-coopmat", .rows = line->rows,
    .threads = line->groups * line->split * gpu_ops_subgroup (ops),
    .shared_bytes = coopmat_shared_bytes (line, shape, keys, depth, matrix->m),
    .spec = { .n = SPEC_ATTENTION_ONCE, .value = {
      [SPEC_ATTENTION_HEAD - 1] = shape->head, [SPEC_ATTENTION_ROWS - 1] = line->rows, [SPEC_ATTENTION_CAUSAL - 1] = shape->causal,
      [SPEC_ATTENTION_KEYS - 1] = keys, [SPEC_ATTENTION_DEPTH - 1] = depth, [SPEC_ATTENTION_GROUPS - 1] = line->groups,
      [SPEC_ATTENTION_SPLIT - 1] = line->split, [SPEC_ATTENTION_ONCE - 1] = line->once,
      [SPEC_COOPMAT_M - 1] = matrix->m, [SPEC_COOPMAT_N - 1] = matrix->n, [SPEC_COOPMAT_K - 1] = matrix->k } },
  };
  return TRUE;
}

/* What attention-shared.comp declares. */
static guint
shared_form_bytes (const Line *line, const GpuAttentionShape *shape, guint depth, guint act_bytes)
{
  guint stride = depth / 4 + 1, values = depth == shape->head ? line->keys : 8;
  guint tile = line->rows * stride + MAX (line->keys * stride, values * shape->head / 4);
  return tile * 4 * act_bytes + line->rows * (line->keys / 4 + 1) * 16 + line->rows * (8 + 2) * 4 + 4;
}

static gboolean
make_shared (GpuOps *ops, const Line *line, const GpuAttentionShape *shape, GpuAttentionKernel *kernel)
{
  guint depth = line->depth > 0 ? line->depth : shape->head;
  /* Slices are all alike, and subgroups are full. */
  if (shape->head % depth != 0 || line->threads % gpu_ops_subgroup (ops) != 0)
    return FALSE;
  *kernel = (GpuAttentionKernel) {
    .form = line->form, .shader = "attention-shared", .rows = line->rows, .threads = line->threads,
    .shared_bytes = shared_form_bytes (line, shape, depth, gpu_dtype_bytes (ops->dtype)),
    .spec = { .n = SPEC_ATTENTION_GROUPS, .value = {
      [SPEC_ATTENTION_HEAD - 1] = shape->head, [SPEC_ATTENTION_ROWS - 1] = line->rows, [SPEC_ATTENTION_CAUSAL - 1] = shape->causal,
      [SPEC_ATTENTION_KEYS - 1] = line->keys, [SPEC_ATTENTION_DEPTH - 1] = depth, [SPEC_ATTENTION_GROUPS - 1] = line->groups } },
  };
  return TRUE;
}

static gboolean
make_vector (GpuOps *ops, const Line *line, const GpuAttentionShape *shape, GpuAttentionKernel *kernel)
{
  guint subgroup = gpu_ops_subgroup (ops);
  *kernel = (GpuAttentionKernel) {
    .form = line->form, .shader = line->vectors > 0 ? "attention" : "attention-wide", .threads = subgroup,
    .rows = line->vectors > 0 ? line->vectors * subgroup : line->rows,
    .spec = { .n = SPEC_ATTENTION_CAUSAL, .value = {
      [SPEC_ATTENTION_HEAD - 1] = shape->head, [SPEC_ATTENTION_ROWS - 1] = line->vectors > 0 ? line->vectors : line->rows,
      [SPEC_ATTENTION_CAUSAL - 1] = shape->causal } },
  };
  return TRUE;
}

static gboolean
make (GpuOps *ops, const Line *line, const GpuAttentionShape *shape, GpuAttentionKernel *kernel)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  if (!gpu_kernels_form_allowed (ops, line->form) || (line->max_head > 0 && shape->head > line->max_head))
    return FALSE;
  if (line->form == GPU_KERNELS_VECTOR)
    return make_vector (ops, line, shape, kernel);
  /* The others move 16 bytes at a time. */
  if (shape->head % 8 != 0 || !(line->form == GPU_KERNELS_COOPMAT ? make_coopmat : make_shared) (ops, line, shape, kernel))
    return FALSE;
  return kernel->shared_bytes <= limits->shared_bytes && kernel->threads <= limits->max_group_threads;
}

static gboolean
is_meant_for (const Line *line, const GpuAttentionShape *shape)
{
  return shape->head >= line->min_head && shape->tq >= line->min_tq && (line->max_tq == 0 || shape->tq <= line->max_tq);
}

guint
gpu_attention_kernels (GpuOps *ops, const GpuAttentionShape *shape, GpuAttentionKernel kernels[GPU_ATTENTION_MOST_KERNELS])
{
  guint n = 0;
  /* Within a form, those meant for the shape come before those that merely suit. */
  for (guint first = 0, end; first < G_N_ELEMENTS (lines); first = end)
    {
      for (end = first; end < G_N_ELEMENTS (lines) && lines[end].form == lines[first].form; end++)
        if (is_meant_for (&lines[end], shape) && make (ops, &lines[end], shape, &kernels[n]))
          n++;
      for (guint i = first; i < end; i++)
        if (!is_meant_for (&lines[i], shape) && make (ops, &lines[i], shape, &kernels[n]))
          n++;
    }
  return n;
}

char *
gpu_attention_kernel_to_text (const GpuAttentionKernel *kernel)
{
  GString *text = g_string_new (kernel->shader);
  g_string_append_printf (text, "\t%u\t%u", kernel->threads, kernel->rows);
  for (guint i = 0; i < kernel->spec.n; i++)
    g_string_append_printf (text, "\t%u", kernel->spec.value[i]);
  return g_string_free (text, FALSE);
}

GpuAttentionKernel
gpu_attention_choose (GpuOps *ops, const GpuAttentionShape *shape, guint heads)
{
  GpuProblem problem = { GPU_OP_ATTENTION, ops->dtype, ops->kernels,
                         { .m = shape->tq, .n = shape->tk, .k = shape->head, .weights = ops->dtype, .heads = heads, .causal = shape->causal } };
  GpuAttentionKernel kernels[GPU_ATTENTION_MOST_KERNELS];
  guint n = gpu_attention_kernels (ops, shape, kernels);
  const char *tuned = ops->tuning != NULL && ops->attention_kernel == 0 ? gpu_tuning_find (ops->tuning, &problem) : NULL;
  for (guint i = 0; i < n && tuned != NULL; i++)
    {
      g_autofree char *text = gpu_attention_kernel_to_text (&kernels[i]);
      if (g_str_equal (text, tuned))
        return kernels[i];
    }
  if (n > 1 && kernels[1].form == kernels[0].form)
    gpu_kernel_remember_guess (ops, &problem);
  return kernels[MIN (ops->attention_kernel, n - 1)];
}
