#include "gpu-kernels.h"

#include <math.h>

#include "gpu-tuning-private.h"

/* Of a form that line is taken which is estimated or measured to be the fastest. The vector form is what software Vulkan
 * runs best: a subgroup is one SIMD vector there, and shared memory with barriers costs more than it saves. It is also the
 * form for a product with very few rows, which reads every weight once whatever one does. */
static const GpuKernel kernels[] = {
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 8, .rows = 128, .columns = 256, .min_m = 17,
    .depth = 32, .part_rows = 64, .part_columns = 64, .stages = 1, .speed = 1.0 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 128, .columns = 128, .min_m = 17,
    .depth = 32, .part_rows = 64, .part_columns = 64, .stages = 1, .speed = 1.0 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 8, .rows = 128, .columns = 128, .min_m = 17,
    .depth = 32, .part_rows = 64, .part_columns = 32, .stages = 1, .speed = 0.95 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 10, .rows = 128, .columns = 160, .min_m = 17,
    .depth = 32, .part_rows = 64, .part_columns = 32, .stages = 1, .speed = 0.95 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 128, .columns = 64, .min_m = 17,
    .depth = 32, .part_rows = 64, .part_columns = 32, .stages = 2, .speed = 0.85 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 64, .columns = 128, .min_m = 17,
    .depth = 32, .part_rows = 32, .part_columns = 64, .stages = 2, .speed = 0.85 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 64, .columns = 64, .min_m = 17,
    .depth = 32, .part_rows = 32, .part_columns = 32, .stages = 2, .speed = 0.7 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 4, .rows = 64, .columns = 64, .min_m = 17,
    .depth = 64, .part_rows = 32, .part_columns = 32, .stages = 1, .speed = 0.65 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT, "matmul-coopmat", .subgroups = 2, .rows = 32, .columns = 64, .min_m = 17,
    .depth = 32, .part_rows = 32, .part_columns = 32, .stages = 2, .speed = 0.5 },

  /* A grain belongs to a number of threads, so that is not free. */
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT2, "matmul-coopmat2", .threads = 256, .rows = 128, .columns = 256, .min_m = 17, .depth = 64, .speed = 1.0 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT2, "matmul-coopmat2", .threads = 256, .rows = 256, .columns = 128, .min_m = 17, .depth = 64, .speed = 1.0 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT2, "matmul-coopmat2", .threads = 256, .rows = 128, .columns = 128, .min_m = 17, .depth = 64, .speed = 0.95 },
  { GPU_OP_MATMUL, GPU_KERNELS_COOPMAT2, "matmul-coopmat2", .threads = 128, .rows = 64, .columns = 64, .min_m = 17, .depth = 64, .speed = 0.7 },

  { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-shared", .threads = 256, .rows = 128, .columns = 128, .min_m = 17, .speed = 1.0 },
  { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-shared", .threads = 256, .rows = 128, .columns = 64, .min_m = 17, .speed = 0.9 },
  { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-shared", .threads = 256, .rows = 64, .columns = 64, .min_m = 17, .speed = 0.7 },
  { GPU_OP_MATMUL, GPU_KERNELS_SHARED, "matmul-shared", .threads = 256, .rows = 32, .columns = 64, .min_m = 17, .speed = 0.5 },

  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 1, .columns = 1, .max_m = 2 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 8, .columns = 2, .max_m = 16 },
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 32, .columns = 2 },
  /* A gate lies 16 columns from its value: of narrow subgroups it takes four. */
  { GPU_OP_MATMUL, GPU_KERNELS_VECTOR, "matmul", .subgroups = 1, .rows = 16, .columns = 4 },
};

/* Columns that a subgroup passes to the epilogue at a time, as the shader has it. */
#define COOPMAT_BAND 32

/* Workgroups share the channels of a sum where there would be too few of them otherwise; each gets at least so many. */
#define MIN_SPLIT_CHANNELS 256
static const guint splits[] = { 1, 2, 3, 4, 6, 8, 12 };

/* Matrices must divide the tiles: 16 rows of queries, 32 of a subgroup's part, 16 channels. */
static gboolean
shape_fits (const GpuCoopmatShape *shape)
{
  return 16 % shape->m == 0 && 16 % shape->n == 0 && 16 % shape->k == 0 && shape->m >= 8 && shape->n >= 8 && shape->k >= 8;
}

static const GpuCoopmatShape *
coopmat_shape (GpuOps *ops)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  for (guint i = 0; i < limits->n_coopmat; i++)
    if (shape_fits (&limits->coopmat[i]))
      return &limits->coopmat[i];
  return NULL;
}

/* As the shader declares it. */
static guint
shared_bytes (GpuOps *ops, const GpuKernel *kernel)
{
  if (kernel->form == GPU_KERNELS_VECTOR)
    return 0;
  if (kernel->form == GPU_KERNELS_COOPMAT2)
    return gpu_device_limits (ops->device)->coopmat2_shared_bytes;
  if (kernel->form == GPU_KERNELS_SHARED)
    return 16 * (kernel->rows + 1 + kernel->columns + 1) * 4;
  return kernel->stages * (kernel->rows + kernel->columns) * (kernel->depth + 8) * 2
         + kernel->subgroups * coopmat_shape (ops)->m * COOPMAT_BAND * 4;
}

gboolean
gpu_kernels_form_allowed (GpuOps *ops, GpuKernels form)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  gboolean software = gpu_device_info (ops->device)->kind == GPU_DEVICE_SOFTWARE;
  gboolean asked = ops->kernels == form || (ops->kernels == GPU_KERNELS_COOPMAT2 && form == GPU_KERNELS_COOPMAT);
  switch (form)
    {
    case GPU_KERNELS_COOPMAT2:
      return (asked || (ops->kernels == GPU_KERNELS_BEST && !software)) && ops->dtype == GPU_DTYPE_F16 && limits->n_coopmat2 > 0;
    case GPU_KERNELS_COOPMAT:
      return (asked || (ops->kernels == GPU_KERNELS_BEST && !software)) && ops->dtype == GPU_DTYPE_F16 && coopmat_shape (ops) != NULL;
    case GPU_KERNELS_SHARED:
      return (asked || (ops->kernels == GPU_KERNELS_BEST && !software)) && limits->subgroup_size <= 128;
    default:
      return TRUE;
    }
}

guint
gpu_kernel_local_size (GpuOps *ops, const GpuKernel *kernel)
{
  return kernel->subgroups > 0 ? kernel->subgroups * gpu_ops_subgroup (ops) : kernel->threads;
}

guint
gpu_kernel_columns (GpuOps *ops, const GpuKernel *kernel)
{
  return kernel->form == GPU_KERNELS_VECTOR ? kernel->columns * gpu_ops_subgroup (ops) : kernel->columns;
}

void
gpu_kernel_add_shape (GpuOps *ops, const GpuKernel *kernel, GpuSpec *spec)
{
  const GpuCoopmatShape *shape = kernel->form == GPU_KERNELS_COOPMAT ? coopmat_shape (ops) : NULL;
  if (shape == NULL)
    return;
  /* The local size comes before these, so constant 5 is the fifth here. */
  spec->value[SPEC_COOPMAT_M - 1] = shape->m;
  spec->value[SPEC_COOPMAT_N - 1] = shape->n;
  spec->value[SPEC_COOPMAT_K - 1] = shape->k;
  spec->n = MAX (spec->n, SPEC_COOPMAT_K);
}

/* TRUE if an invocation has the gates of its values, which lie GEGLU_BLOCK columns further. */
static gboolean
holds_pairs (GpuOps *ops, const GpuKernel *kernel)
{
  guint subgroup = gpu_ops_subgroup (ops);
  if (kernel->form != GPU_KERNELS_VECTOR)
    return TRUE;
  return kernel->columns == (subgroup < GEGLU_BLOCK ? 2 * GEGLU_BLOCK / subgroup : 2);
}

/* What matmul-coopmat2.comp covers, in matrices that the device has. */
static gboolean
suits_coopmat2 (GpuOps *ops, const GpuKernel *kernel, const GpuOpShape *shape)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  gboolean covered = (shape->taps <= 1 || (shape->taps == 9 && !shape->resized)) && !shape->geglu && shape->k2 == 0;
  for (guint i = 0; i < limits->n_coopmat2 && covered; i++)
    {
      const GpuCoopmatGrain *grain = &limits->coopmat2[i];
      if (kernel->threads == grain->threads && kernel->rows % grain->m == 0 && kernel->columns % grain->n == 0
          && kernel->depth % grain->k == 0)
        return MAX (MAX (kernel->rows, kernel->columns), kernel->depth) <= limits->coopmat2_max_side;
    }
  return FALSE;
}

static gboolean
suits (GpuOps *ops, const GpuKernel *kernel, GpuOpKind op, const GpuOpShape *shape)
{
  const GpuLimits *limits = gpu_device_limits (ops->device);
  gboolean coopmat = kernel->form == GPU_KERNELS_COOPMAT || kernel->form == GPU_KERNELS_COOPMAT2;
  return kernel->op == op && gpu_kernels_form_allowed (ops, kernel->form)
         && (kernel->max_m == 0 || shape->m <= kernel->max_m) && (kernel->max_k == 0 || shape->k <= kernel->max_k)
         && shape->m >= kernel->min_m
         && (!shape->geglu || holds_pairs (ops, kernel))
         && (!coopmat || shape->weights == GPU_DTYPE_F16)
         && (kernel->form != GPU_KERNELS_COOPMAT2 || suits_coopmat2 (ops, kernel, shape))
         && gpu_kernel_local_size (ops, kernel) <= limits->max_group_threads && shared_bytes (ops, kernel) <= limits->shared_bytes;
}

static gboolean
can_split (const GpuKernel *kernel, const GpuOpShape *shape, guint split)
{
  gboolean can = kernel->op == GPU_OP_MATMUL && kernel->form == GPU_KERNELS_COOPMAT && shape->k / split >= MIN_SPLIT_CHANNELS;
  return split == 1 || can;
}

/* Work of the longest-running core, in channels times outputs: whole waves of workgroups, each as long as its share
 * of the channels; joining a split costs as much as a few channels more. */
static double
estimate (GpuOps *ops, const GpuChoice *choice, const GpuOpShape *shape)
{
  const GpuKernel *kernel = choice->kernel;
  guint cores = gpu_device_limits (ops->device)->n_cores;
  double groups = (double) gpu_ceil_div (shape->m, kernel->rows) * gpu_ceil_div (shape->n, kernel->columns) * choice->split;
  double each = (double) kernel->rows * kernel->columns * ((double) shape->k / choice->split + 64) / kernel->speed;
  double join = choice->split > 1 ? (double) shape->m * shape->n * (choice->split + 2) * 8 / cores : 0;
  return ceil (groups / cores) * each + join;
}

static int
by_estimate (gconstpointer a, gconstpointer b, gpointer data)
{
  gpointer *context = data;
  double x = estimate (context[0], a, context[1]), y = estimate (context[0], b, context[1]);
  return x < y ? -1 : x > y;
}

/* All that suits of a form, best guess first. */
static void
add_form (GArray *candidates, GpuOps *ops, GpuOpKind op, GpuOpShape *shape, GpuKernels form)
{
  gpointer context[] = { ops, shape };
  guint old = candidates->len;
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    for (guint j = 0; j < G_N_ELEMENTS (splits); j++)
      {
        GpuChoice choice = { &kernels[i], splits[j] };
        if (kernels[i].form == form && suits (ops, &kernels[i], op, shape) && can_split (&kernels[i], shape, splits[j]))
          g_array_append_val (candidates, choice);
      }
  /* Of the vector form the first line that suits is the one. */
  if (candidates->len > old && form != GPU_KERNELS_VECTOR)
    g_sort_array (&g_array_index (candidates, GpuChoice, old), candidates->len - old, sizeof (GpuChoice), by_estimate, context);
}

GArray *
gpu_kernel_candidates (GpuOps *ops, GpuOpKind op, GpuOpShape shape)
{
  static const GpuKernels order[] = { GPU_KERNELS_COOPMAT, GPU_KERNELS_SHARED, GPU_KERNELS_VECTOR };
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (GpuChoice));
  if (ops->kernels == GPU_KERNELS_COOPMAT2)
    add_form (candidates, ops, op, &shape, GPU_KERNELS_COOPMAT2);
  for (guint i = 0; i < G_N_ELEMENTS (order) && candidates->len == 0; i++)
    add_form (candidates, ops, op, &shape, order[i]);
  /* No card has run these yet, so they are no guess: whoever measures finds them behind the others. */
  if (ops->kernels == GPU_KERNELS_BEST && candidates->len > 0 && g_array_index (candidates, GpuChoice, 0).kernel->form == GPU_KERNELS_COOPMAT)
    add_form (candidates, ops, op, &shape, GPU_KERNELS_COOPMAT2);
  return candidates;
}

void
gpu_kernel_remember_guess (GpuOps *ops, const GpuProblem *problem)
{
  GpuGuess fresh = { *problem, 1 };
  if (ops->silent)
    return;
  for (guint i = 0; i < ops->guesses->len; i++)
    {
      GpuGuess *known = &g_array_index (ops->guesses, GpuGuess, i);
      if (gpu_problem_equal (&known->problem, problem))
        {
          known->calls++;
          return;
        }
    }
  g_array_append_val (ops->guesses, fresh);
}

GpuChoice
gpu_kernel_choose (GpuOps *ops, GpuOpKind op, GpuOpShape shape)
{
  GpuProblem problem = { op, ops->dtype, ops->kernels, shape };
  const char *tuned;
  GpuChoice choice;
  if (ops->forced != NULL && op == ops->forced->kernel->op)
    return *ops->forced;
  if (ops->tuning != NULL && (tuned = gpu_tuning_find (ops->tuning, &problem)) != NULL && gpu_choice_from_text (tuned, &choice)
      && suits (ops, choice.kernel, op, &shape) && can_split (choice.kernel, &shape, choice.split))
    return choice;
  g_autoptr (GArray) candidates = gpu_kernel_candidates (ops, op, shape);
  if (candidates->len > 1)
    gpu_kernel_remember_guess (ops, &problem);
  return g_array_index (candidates, GpuChoice, 0);
}

gboolean
gpu_problem_equal (const GpuProblem *a, const GpuProblem *b)
{
  const GpuOpShape *x = &a->shape, *y = &b->shape;
  return a->op == b->op && a->dtype == b->dtype && a->kernels == b->kernels && x->m == y->m && x->n == y->n && x->k == y->k
         && x->weights == y->weights && x->geglu == y->geglu && x->taps == y->taps && x->k2 == y->k2 && x->resized == y->resized
         && x->for_norm == y->for_norm && x->heads == y->heads && x->causal == y->causal;
}

char *
gpu_choice_to_text (const GpuChoice *choice)
{
  const GpuKernel *k = choice->kernel;
  return g_strdup_printf ("%s\t%u\t%u\t%u\t%u\t%u\t%u\t%u", k->shader, k->rows, k->columns, k->depth, k->part_rows,
                          k->part_columns, k->stages, choice->split);
}

gboolean
gpu_choice_from_text (const char *text, GpuChoice *choice)
{
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    for (guint j = 0; j < G_N_ELEMENTS (splits); j++)
      {
        GpuChoice known = { .kernel = &kernels[i], .split = splits[j] };
        g_autofree char *written = gpu_choice_to_text (&known);
        if (g_str_equal (written, text))
          {
            *choice = known;
            return TRUE;
          }
      }
  return FALSE;
}

GpuKernels
gpu_kernels_form (GpuDevice *device, GpuDtype dtype, GpuKernels allowed)
{
  GpuOps ops = { .device = device, .dtype = dtype, .kernels = allowed };
  g_autoptr (GArray) candidates = gpu_kernel_candidates (&ops, GPU_OP_MATMUL, (GpuOpShape) { 4096, 320, 320, GPU_DTYPE_F16 });
  return g_array_index (candidates, GpuChoice, 0).kernel->form;
}
