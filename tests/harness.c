#include "harness.h"

#include <gpu-ops-private.h>
#include <gpu-program.h>
#include <gpu-transfer.h>
#include <math.h>

typedef _Float16 Half;

static GpuDevice *shared_device;

GpuDevice *
harness_device (void)
{
  gboolean validate = g_strcmp0 (g_getenv ("SFU_TEST_VALIDATE"), "0") != 0;
  GpuDeviceOptions options = { .validate = validate, .wanted = g_getenv ("SFU_TEST_DEVICE") };
  g_autoptr (GError) error = NULL;
  if (shared_device == NULL)
    shared_device = gpu_device_new (&options, &error);
  g_assert_no_error (error);
  return shared_device;
}

void
harness_free_device (void)
{
  g_clear_pointer (&shared_device, gpu_device_unref);
}

void
harness_begin (Harness *self, GpuDtype dtype, GpuKernels kernels)
{
  g_autoptr (GError) error = NULL;
  *self = (Harness) { .device = harness_device (), .dtype = dtype, .kernels = kernels };
  self->storages = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_storage_unref);
  self->banks = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_bank_free);
  self->tables = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_weights_free);
  self->arrays = g_ptr_array_new_with_free_func (g_free);
  self->rand = g_rand_new_with_seed (7);
  self->ran = g_ptr_array_new ();
  self->ops = gpu_ops_new (self->device, dtype, kernels, &error);
  g_assert_no_error (error);
}

void
harness_end (Harness *self)
{
  gpu_ops_free (self->ops);
  g_ptr_array_unref (self->storages);
  g_ptr_array_unref (self->banks);
  g_ptr_array_unref (self->tables);
  g_ptr_array_unref (self->arrays);
  g_rand_free (self->rand);
  g_ptr_array_unref (self->ran);
}

static float *
random_values (Harness *self, GpuDtype dtype, gsize n, float scale)
{
  float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    {
      float x = scale * g_rand_double_range (self->rand, -1, 1);
      values[i] = dtype == GPU_DTYPE_F16 ? (float) (Half) x : x;
    }
  g_ptr_array_add (self->arrays, values);
  return values;
}

GpuStorage *
harness_storage (Harness *self, guint64 bytes, GpuMemory memory)
{
  g_autoptr (GError) error = NULL;
  GpuStorage *storage = gpu_storage_new (self->device, bytes, memory, "test", &error);
  g_assert_no_error (error);
  g_ptr_array_add (self->storages, storage);
  return storage;
}

static Input
upload (Harness *self, GpuDtype dtype, guint n, guint h, guint w, guint c)
{
  g_autoptr (GError) error = NULL;
  gsize rows = (gsize) n * h * w;
  GpuStorage *storage = harness_storage (self, rows * GPU_PADDED (c) * gpu_dtype_bytes (dtype), GPU_MEMORY_DEVICE);
  Input input = { gpu_tensor_over (storage, dtype, n, h, w, c), random_values (self, dtype, rows * c, 1) };
  gpu_transfer_write_floats (self->device, &input.tensor, input.values, &error);
  g_assert_no_error (error);
  return input;
}

Input
harness_input (Harness *self, guint n, guint h, guint w, guint c)
{
  return upload (self, self->dtype, n, h, w, c);
}

Input
harness_vector (Harness *self, guint n)
{
  return upload (self, GPU_DTYPE_F32, 1, 1, 1, n);
}

Matrix
harness_matrix (Harness *self, guint n, guint k, guint taps, GpuDtype dtype, gboolean bias)
{
  g_autoptr (GError) error = NULL;
  GpuWeights *weights = gpu_weights_new ();
  gsize count = (gsize) n * k * taps;
  Half *halves = g_new (Half, count);
  const guint64 dims[] = { n, k, 3, 3 };
  Matrix result = { .values = random_values (self, dtype, count, 2 / sqrtf (k * taps)) };

  g_ptr_array_add (self->tables, weights);
  g_ptr_array_add (self->arrays, halves);
  for (gsize i = 0; i < count; i++)
    halves[i] = (Half) result.values[i];
  gpu_weights_add (weights, "m.weight", dtype, taps == 9 ? 4 : 2, dims,
                   dtype == GPU_DTYPE_F16 ? (const void *) halves : result.values);
  if (bias)
    {
      result.bias = random_values (self, GPU_DTYPE_F32, n, 1);
      gpu_weights_add (weights, "m.bias", GPU_DTYPE_F32, 1, dims, result.bias);
    }
  result.weights = weights;
  result.bank = harness_bank (self, &result, GPU_DTYPE_F32);
  result.matrix = gpu_bank_matrix (result.bank, "m", n, k, taps);
  gpu_bank_finish (result.bank, &error);
  g_assert_no_error (error);
  return result;
}

GpuBank *
harness_bank (Harness *self, const Matrix *matrix, GpuDtype storage)
{
  g_autoptr (GError) error = NULL;
  GpuBank *bank = gpu_bank_new (self->device, matrix->weights, storage, &error);
  g_assert_no_error (error);
  g_ptr_array_add (self->banks, bank);
  return bank;
}

static void
copy_weight (GpuWeights *to, const char *name, const Matrix *from, const char *what)
{
  g_autofree char *name_of = g_strconcat ("m.", what, NULL), *full = g_strconcat (name, ".", what, NULL);
  const GpuWeight *weight = gpu_weights_find (from->weights, name_of);
  if (weight != NULL)
    gpu_weights_add (to, full, weight->dtype, weight->n_dims, weight->dims, weight->data);
}

GpuBank *
harness_joined_bank (Harness *self, const Matrix *matrix, const Matrix *second)
{
  Matrix both = { .weights = gpu_weights_new () };
  g_ptr_array_add (self->tables, both.weights);
  copy_weight (both.weights, "m", matrix, "weight");
  copy_weight (both.weights, "m", matrix, "bias");
  copy_weight (both.weights, "second", second, "weight");
  copy_weight (both.weights, "second", second, "bias");
  return harness_bank (self, &both, GPU_DTYPE_F16);
}

float *
harness_run (Harness *self, GpuTensor result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuArena) arena = gpu_arena_new (self->device);
  g_autoptr (GpuProgram) program = NULL;
  GpuStorage *kept = harness_storage (self, gpu_tensor_rows (&result) * GPU_PADDED (result.c) * gpu_dtype_bytes (self->dtype),
                                      GPU_MEMORY_DEVICE);
  GpuTensor copy = gpu_tensor_over (kept, self->dtype, result.n, result.h, result.w, result.c);
  float *values;

  gpu_add (self->ops, result, (GpuTensor) { 0 }, GPU_ACT_NONE, copy);
  for (guint i = 0; i < self->ops->dispatches->len; i++)
    g_ptr_array_add (self->ran, (gpointer) gpu_pipeline_name (g_array_index (self->ops->dispatches, GpuDispatch, i).pipeline));
  program = gpu_program_new ("test", g_steal_pointer (&self->ops), arena, &error);
  g_assert_no_error (error);
  gpu_program_run_wait (program, NULL, &error);
  g_assert_no_error (error);
  values = gpu_transfer_read_floats (self->device, &copy, &error);
  g_assert_no_error (error);
  g_ptr_array_add (self->arrays, values);
  return values;
}

void
harness_compare (Harness *self, const char *what, const float *got, const double *want, gsize n)
{
  /* Sums are 32 bit in every kernel, so the storage type decides: 2^-11 and 2^-24 squared, and some room. */
  double bound = self->dtype == GPU_DTYPE_F16 ? 2e-6 : 1e-11, error = 0, power = 0;
  for (gsize i = 0; i < n; i++)
    {
      double d = got[i] - want[i];
      if (!isfinite (got[i]))
        g_error ("%s: value %" G_GSIZE_FORMAT " is %g, should be %g", what, i, got[i], want[i]);
      error += d * d;
      power += want[i] * want[i];
    }
  if (error > bound * power)
    g_error ("%s: error %.3g, bound %.3g", what, error / power, bound);
}
