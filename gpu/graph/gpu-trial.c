#include "gpu-trial.h"

#include <math.h>
#include <string.h>

#include "gpu-commands.h"
#include "gpu-program.h"
#include "gpu-transfer.h"

/* Runs, and calls of the variant in each, back to back, as long as that is not too much work. */
#define RUNS 3
#define MAX_CALLS 8

/* Of large outputs so many parts of so many values are compared. */
#define PARTS 16
#define PART_VALUES (1u << 18)

/* Squared error of a row that may be, as a share of the mean row's squared values. Sums are 32 bits long in every form
 * and rounded once to what is stored, so right variants stay below a tenth of these; one wrong value in a row of the
 * widest layer there is, 10240 channels, is about 1e-4. */
#define BOUND_F16 1e-5
#define BOUND_F32 1e-8

struct _GpuTrial {
  GpuDevice *device;
  GpuProblem problem;
  GpuWeights *random, *table; /* of 16 bits made on the device, and of 32 made here */
  GpuBank *half_bank, *full_bank;
  float *values;              /* behind the table */
  gsize n_values;
  GpuTensor x, y, z;          /* a product's input and second input; attention's queries, keys and values */
  GpuMatrix matrix;
  GpuArena *arena;
  GpuStorage *storage;        /* of the output */
  GpuTensor out;
  float *want;                /* parts of the output that is right */
  guint row_values, n_rows;   /* of `want` */
};

/* -- inputs -- */

static guint
taps_of (const GpuProblem *problem)
{
  return MAX (problem->shape.taps, 1);
}

static guint
channels_of (const GpuProblem *problem)
{
  return (problem->shape.k - problem->shape.k2) / taps_of (problem);
}

/* A bank of that storage type that has @name with (n, k, taps) values: 16-bit ones are made on the device, and for the
 * rare 32-bit ones an array of our own. */
static GpuBank *
bank_with (GpuTrial *self, GpuDtype dtype, const char *name, guint n, guint k, guint taps)
{
  g_autofree char *weight = g_strconcat (name, ".weight", NULL);
  const guint64 dims[] = { n, k, 3, 3 };
  if (dtype == GPU_DTYPE_F16)
    return self->half_bank;
  /* Each begins elsewhere, so that no two are the same. */
  gpu_weights_add (self->table, weight, GPU_DTYPE_F32, taps == 9 ? 4 : 2, dims, self->values + 3 * gpu_weights_count (self->table));
  return self->full_bank;
}

static GpuTensor
random_rows (GpuTrial *self, const char *name, guint rows, guint channels)
{
  GpuBank *bank = bank_with (self, self->problem.dtype, name, rows, channels, 1);
  return gpu_bank_matrix (bank, name, rows, channels, 1).values;
}

static void
fill_product (GpuTrial *self)
{
  const GpuOpShape *s = &self->problem.shape;
  guint taps = taps_of (&self->problem), k = channels_of (&self->problem), file_taps = taps == 1 ? 1 : 9;
  GpuBank *bank = bank_with (self, s->weights, "w", s->n, k, file_taps);
  if (s->geglu)
    self->matrix = gpu_bank_geglu (bank, "w", s->n, k);
  else if (taps == 4)
    self->matrix = gpu_bank_doubling (bank, "w", s->n, k);
  else if (s->k2 > 0)
    self->matrix = gpu_bank_joined (bank_with (self, s->weights, "second", s->n, s->k2, 1), "w", s->n, k, taps, "second", s->k2);
  else
    self->matrix = gpu_bank_matrix (bank, "w", s->n, k, taps);
  self->x = random_rows (self, "x", s->m, k);
  if (s->k2 > 0)
    self->y = random_rows (self, "y", s->m, s->k2);
}

static void
fill_attention (GpuTrial *self)
{
  const GpuOpShape *s = &self->problem.shape;
  guint channels = s->heads * s->k;
  self->x = random_rows (self, "q", s->m, channels);
  self->y = random_rows (self, "k", s->n, channels);
  self->z = random_rows (self, "v", s->n, channels);
}

/* How many values the largest array has that is not made on the device. */
static gsize
table_values (const GpuProblem *problem)
{
  const GpuOpShape *s = &problem->shape;
  gsize most = 0;
  if (problem->op == GPU_OP_ATTENTION)
    return problem->dtype == GPU_DTYPE_F32 ? (gsize) MAX (s->m, s->n) * s->heads * s->k : 0;
  if (s->weights == GPU_DTYPE_F32)
    most = (gsize) s->n * MAX (channels_of (problem) * 9, s->k2);
  return problem->dtype == GPU_DTYPE_F32 ? MAX (most, (gsize) s->m * MAX (channels_of (problem), s->k2)) : most;
}

static gboolean
fill (GpuTrial *self, GError **error)
{
  const GpuProblem *problem = &self->problem;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gsize n = table_values (problem);
  float scale = sqrtf (3.0f / (problem->op == GPU_OP_ATTENTION ? problem->shape.k : channels_of (problem)));
  if ((self->half_bank = gpu_bank_new (self->device, self->random, GPU_DTYPE_F16, error)) == NULL
      || (self->full_bank = gpu_bank_new (self->device, self->table, GPU_DTYPE_F32, error)) == NULL)
    return FALSE;
  self->values = g_new (float, n + 16);
  for (gsize i = 0; i < n + 16; i++)
    self->values[i] = scale * g_rand_double_range (rand, -1, 1);
  if (problem->op == GPU_OP_ATTENTION)
    fill_attention (self);
  else
    fill_product (self);
  return gpu_bank_finish (self->half_bank, error) && gpu_bank_finish (self->full_bank, error);
}

/* -- the op -- */

/* The first @n rows, without those that pad them, as tokens; and as the pixels of a picture that is about square. */
static GpuTensor
as_tokens (GpuTensor rows, guint n)
{
  rows.n = n;
  return gpu_tensor_reshape (rows, 1, 1, n);
}

static GpuTensor
as_picture (GpuTensor rows, guint n)
{
  guint w = sqrt (n);
  while (n % w != 0)
    w--;
  return gpu_tensor_reshape (as_tokens (rows, n), 1, n / w, w);
}

/* Adds the op to a list. @compared: with what it takes to have the output where it is compared. */
static void
add_op (GpuTrial *self, GpuOps *ops, gboolean compared)
{
  const GpuOpShape *s = &self->problem.shape;
  guint taps = taps_of (&self->problem);
  if (self->problem.op == GPU_OP_ATTENTION)
    {
      /* Random rows are of length 1 or less; products of this size make some keys count far more than others. */
      float scale = 2 * sqrtf (s->k) * s->heads;
      GpuTensor result = gpu_attention (ops, as_tokens (self->x, s->m), as_tokens (self->y, s->n), as_tokens (self->z, s->n),
                                        s->heads, scale, s->causal);
      if (compared)
        gpu_add (ops, result, (GpuTensor) { 0 }, GPU_ACT_NONE, self->out);
      return;
    }
  GpuEpilogue epilogue = { .out = self->out, .for_norm = s->for_norm };
  GpuTensor x = as_picture (self->x, s->m);
  if (s->k2 > 0)
    epilogue.second = as_picture (self->y, s->m);
  if (taps == 4)
    gpu_conv2d_up (ops, x, &self->matrix, 2 * x.h, 2 * x.w, &epilogue);
  else
    gpu_conv2d (ops, x, &self->matrix, GPU_CONV_SAME, &epilogue);
  /* What a variant does not take along is taken afterwards, so it counts as well. */
  if (s->for_norm)
    gpu_norm_parts (ops, self->out);
}

static gboolean
make_output (GpuTrial *self, GError **error)
{
  const GpuOpShape *s = &self->problem.shape;
  guint channels = self->problem.op == GPU_OP_ATTENTION ? s->heads * s->k : s->geglu ? s->n / 2 : s->n;
  guint64 bytes = (guint64) s->m * (taps_of (&self->problem) == 4 ? 4 : 1) * GPU_PADDED (channels) * gpu_dtype_bytes (self->problem.dtype);
  GpuTensor pixels = as_picture (self->x, s->m);
  guint factor = taps_of (&self->problem) == 4 ? 2 : 1;
  if ((self->storage = gpu_storage_new (self->device, bytes, GPU_MEMORY_DEVICE, "trial", error)) == NULL)
    return FALSE;
  self->out = gpu_tensor_over (self->storage, self->problem.dtype, 1, factor * pixels.h, factor * pixels.w, channels);
  return TRUE;
}

/* A list that takes that variant. @choice NULL: what the vector form takes. */
static GpuOps *
ops_for (GpuTrial *self, const GpuChoice *choice, GError **error)
{
  GpuOps *ops = gpu_ops_new (self->device, self->problem.dtype, choice != NULL ? self->problem.kernels : GPU_KERNELS_VECTOR, error);
  if (ops == NULL || choice == NULL)
    return ops;
  if (self->problem.op == GPU_OP_ATTENTION)
    ops->attention_kernel = choice->attention;
  else
    ops->forced = choice;
  return ops;
}

static GpuProgram *
program_of (GpuTrial *self, const GpuChoice *choice, guint calls, gboolean compared, GError **error)
{
  g_autoptr (GpuOps) ops = ops_for (self, choice, error);
  if (ops == NULL)
    return NULL;
  for (guint i = 0; i < calls; i++)
    add_op (self, ops, compared);
  return gpu_program_new ("trial", g_steal_pointer (&ops), self->arena, error);
}

/* -- what is right -- */

/* All bits set is no number in either type: what a variant does not write is noticed. */
static gboolean
spoil_output (GpuTrial *self, GError **error)
{
  g_autoptr (GpuCommands) commands = gpu_commands_new (self->device, "trial", error);
  GpuPoint done;
  if (commands == NULL || !gpu_commands_begin (commands, error))
    return FALSE;
  gpu_commands_fill (commands, self->storage->buffer, self->storage->offset, self->storage->bytes, G_MAXUINT32);
  return gpu_commands_end (commands, error) && gpu_commands_submit (commands, 0, NULL, &done, error)
         && gpu_device_wait (self->device, done, error);
}

/* Parts of the output, evenly from its beginning to its end. */
static float *
read_parts (GpuTrial *self, GError **error)
{
  guint rows = gpu_tensor_rows (&self->out), each = MAX (1, MIN (rows / PARTS, PART_VALUES / self->out.c));
  guint parts = rows < 2 * PARTS ? 1 : PARTS;
  gsize part_values;
  g_autofree float *all = NULL;
  if (parts == 1 || rows <= PARTS * (each + 1))
    {
      parts = 1;
      each = rows;
    }
  part_values = (gsize) each * self->out.c;
  self->row_values = self->out.c;
  self->n_rows = parts * each;
  all = g_new (float, parts * part_values);
  for (guint i = 0; i < parts; i++)
    {
      GpuTensor part = self->out;
      g_autofree float *values = NULL;
      part.n = part.h = 1;
      part.w = each;
      part.offset += (guint64) (parts > 1 ? (guint64) i * (rows - each) / (parts - 1) : 0) * part.stride * gpu_dtype_bytes (part.dtype);
      if ((values = gpu_transfer_read_floats (self->device, &part, error)) == NULL)
        return NULL;
      memcpy (all + i * part_values, values, part_values * sizeof (float));
    }
  return g_steal_pointer (&all);
}

/* The worst row's squared error, as a share of the mean row's squared values. */
static double
worst_row (const float *got, const float *want, guint n_rows, guint n)
{
  double worst = 0, power = 0;
  for (guint i = 0; i < n_rows; i++)
    {
      double error = 0;
      for (guint j = 0; j < n; j++)
        {
          double right = want[(gsize) i * n + j], d = got[(gsize) i * n + j] - right;
          error += d * d;
          power += right * right;
        }
      if (!isfinite (error))
        return INFINITY;
      worst = MAX (worst, error);
    }
  return power > 0 ? worst * n_rows / power : INFINITY;
}

GpuTrial *
gpu_trial_new (GpuDevice *device, const GpuProblem *problem, GCancellable *cancellable, GError **error)
{
  g_autoptr (GpuTrial) self = g_new0 (GpuTrial, 1);
  g_autoptr (GpuProgram) program = NULL;
  self->device = gpu_device_ref (device);
  self->problem = *problem;
  self->random = gpu_weights_new_random ();
  self->table = gpu_weights_new ();
  self->arena = gpu_arena_new (device);
  if (!fill (self, error) || !make_output (self, error) || (program = program_of (self, NULL, 1, TRUE, error)) == NULL || !spoil_output (self, error)
      || !gpu_program_run_wait (program, cancellable, error) || (self->want = read_parts (self, error)) == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
gpu_trial_free (GpuTrial *self)
{
  if (self == NULL)
    return;
  gpu_bank_free (self->half_bank);
  gpu_bank_free (self->full_bank);
  gpu_weights_free (self->random);
  gpu_weights_free (self->table);
  gpu_storage_unref (self->storage);
  gpu_arena_unref (self->arena);
  gpu_device_unref (self->device);
  g_free (self->values);
  g_free (self->want);
  g_free (self);
}

gboolean
gpu_trial_check (GpuTrial *self, const GpuChoice *choice, double *margin, GError **error)
{
  g_autoptr (GpuProgram) program = program_of (self, choice, 1, TRUE, error);
  g_autofree float *got = NULL;
  if (program == NULL || !spoil_output (self, error) || !gpu_program_run_wait (program, NULL, error)
      || (got = read_parts (self, error)) == NULL)
    return FALSE;
  *margin = worst_row (got, self->want, self->n_rows, self->row_values) / (self->problem.dtype == GPU_DTYPE_F16 ? BOUND_F16 : BOUND_F32);
  return TRUE;
}

gboolean
gpu_trial_time (GpuTrial *self, const GpuChoice *choice, double enough, double *ms, GError **error)
{
  g_autoptr (GpuProgram) once = program_of (self, choice, 1, FALSE, error), program = NULL;
  g_autoptr (GpuProgramCost) cost = once != NULL ? gpu_program_cost (once) : NULL;
  guint calls, runs = 1;
  /* Some drivers compile when a kernel first runs. */
  if (cost == NULL || !gpu_program_run_wait (once, NULL, error))
    return FALSE;
  calls = CLAMP (gpu_device_limits (self->device)->submit_flop / MAX (MAX (cost->flop, 10 * cost->bytes), 1), 1, MAX_CALLS);
  if ((program = program_of (self, choice, calls, FALSE, error)) == NULL)
    return FALSE;
  do
    {
      g_autoptr (GpuProgramCost) profile = gpu_program_profile (program, runs, error);
      if (profile == NULL)
        return FALSE;
      *ms = 0;
      for (guint i = 0; i < profile->kernels->len; i++)
        *ms += g_array_index (profile->kernels, GpuKernelCost, i).ms / calls;
      runs += RUNS - 1;
    }
  while (runs <= RUNS && *ms < enough);
  return TRUE;
}

char *
gpu_trial_text (GpuOps *ops, const GpuProblem *problem)
{
  const GpuOpShape *s = &problem->shape;
  if (problem->op == GPU_OP_ATTENTION)
    {
      GpuAttentionKernel kernel = gpu_attention_choose (ops, &(GpuAttentionShape) { s->m, s->n, s->k, s->causal }, s->heads);
      return gpu_attention_kernel_to_text (&kernel);
    }
  GpuChoice product = gpu_kernel_choose (ops, problem->op, *s);
  return gpu_choice_to_text (&product);
}

char *
gpu_trial_variant (GpuTrial *self, const GpuChoice *choice)
{
  g_autoptr (GpuOps) ops = ops_for (self, choice, NULL);
  return ops != NULL ? gpu_trial_text (ops, &self->problem) : NULL;
}
