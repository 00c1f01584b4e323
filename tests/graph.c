/* graph.c: what programs cost, and what the device can do at most. */
#include "harness.h"

#include <gpu-commands.h>
#include <gpu-program.h>
#include <gpu-roofs.h>
#include <gpu-shader-params.h>
#include <gpu-transfer.h>

/* -- roofs -- */

static void
test_measured (void)
{
  g_autoptr (GError) error = NULL;
  GpuDevice *device = harness_device ();
  guint64 held = gpu_device_bytes (device);
  GpuRoofs roofs;
  gpu_roofs_measure (device, &roofs, &error);
  g_assert_no_error (error);
  g_test_message ("%.1f Gflop/s, %.1f with matrices; a dispatch %.2f us, a submission %.1f us", roofs.multiply_flops / 1e9,
                  roofs.coopmat_flops / 1e9, roofs.dispatch_ms * 1000, roofs.submission_ms * 1000);
  /* From a slow processor to more than any device has. */
  g_assert_cmpfloat (roofs.multiply_flops, >, 1e8);
  g_assert_cmpfloat (roofs.multiply_flops, <, 1e15);
  g_assert_true ((roofs.coopmat_flops > 0) == gpu_device_info (device)->has_coopmat);
  g_assert_cmpfloat (roofs.coopmat_flops, <, 1e16);
  g_assert_cmpuint (roofs.n_memory, >, 0);
  for (guint i = 0; i < roofs.n_memory; i++)
    {
      g_test_message ("%.1f GB/s over %" G_GUINT64_FORMAT " bytes", roofs.memory[i].rate / 1e9, roofs.memory[i].bytes);
      g_assert_cmpfloat (roofs.memory[i].rate, >, 1e8);
      g_assert_cmpfloat (roofs.memory[i].rate, <, 1e15);
      g_assert_true (i == 0 || (roofs.memory[i].bytes > roofs.memory[i - 1].bytes && roofs.memory[i].rate <= roofs.memory[i - 1].rate));
    }
  g_assert_cmpfloat (roofs.dispatch_ms, >, 0);
  g_assert_cmpfloat (roofs.dispatch_ms, <, 10);
  g_assert_cmpfloat (roofs.submission_ms, <, 100);
  g_assert_cmpuint (gpu_device_bytes (device), ==, held);
}

static void
dispatch (const char *shader, guint local, const RoofParams *push, guint groups, guint times)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuCommands) commands = gpu_commands_new (harness_device (), shader, &error);
  GpuSpec spec = { .n = 1, .value = { local } };
  GpuPipeline *pipeline = gpu_pipeline_get (harness_device (), shader, &spec, sizeof *push, &error);
  const guint base[3] = { 0, 0, 0 }, grid[3] = { groups, 1, 1 };
  GpuPoint done;
  g_assert_no_error (error);
  gpu_commands_begin (commands, &error);
  for (guint i = 0; i < times; i++)
    {
      gpu_commands_dispatch (commands, pipeline, push, sizeof *push, base, grid);
      gpu_commands_barrier (commands);
    }
  gpu_commands_end (commands, &error);
  gpu_commands_submit (commands, 0, NULL, &done, &error);
  gpu_device_wait (harness_device (), done, &error);
  g_assert_no_error (error);
}

/* The kernels do what is counted: every dispatch of a chain, and every byte of every slice. */
static void
test_kernels (void)
{
  enum { SLICES = 16, WORDS = SLICES * ROOF_SLICE * 4 };
  g_autoptr (GError) error = NULL;
  g_autofree guint32 *words = g_new (guint32, WORDS), *got = g_new0 (guint32, WORDS);
  guint32 count = 0;
  Harness h;
  harness_begin (&h, GPU_DTYPE_F32, GPU_KERNELS_BEST);
  GpuStorage *from = harness_storage (&h, sizeof *words * WORDS, GPU_MEMORY_DEVICE), *to = harness_storage (&h, sizeof *words * WORDS, GPU_MEMORY_DEVICE);
  for (guint i = 0; i < WORDS; i++)
    words[i] = i * 2654435761u;
  gpu_transfer_write (h.device, from, 0, words, sizeof *words * WORDS, &error);
  gpu_transfer_write (h.device, to, 0, &count, sizeof count, &error);
  g_assert_no_error (error);

  RoofParams push = { .to = gpu_buffer_address (to->buffer) + to->offset };
  dispatch ("roof-count", gpu_device_limits (h.device)->subgroup_size, &push, 1, 77);
  gpu_transfer_read (h.device, to, 0, &count, sizeof count, &error);
  g_assert_cmpuint (count, ==, 77);

  push.from = gpu_buffer_address (from->buffer) + from->offset;
  push.slices = SLICES;
  push.loops = 2;
  dispatch ("roof-copy", 128, &push, SLICES, 1);
  gpu_transfer_read (h.device, to, 0, got, sizeof *got * WORDS, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (got, sizeof *got * WORDS, words, sizeof *words * WORDS);
  harness_end (&h);
}

/* By hand: 2 ms of arithmetic, of memory and of dispatches each win once. */
static void
test_least_time (void)
{
  const GpuRoofs roofs = { .multiply_flops = 1e12, .coopmat_flops = 4e12, .memory = { { 1000, 1e12 }, { 1000000, 1e11 } },
                           .n_memory = 2, .dispatch_ms = 0.1 };
  GpuKernelCost product = { .k = 64, .calls = 1, .flop = 2e9, .bytes = 1000 };
  GpuKernelCost sum = { .calls = 2, .flop = 2e9, .bytes = 1000 };
  GpuKernelCost copy = { .calls = 100, .bytes = 2e9 }, small = { .calls = 20, .bytes = 1000 }, cached = { .calls = 1000000, .bytes = 1e9 };
  GpuBound bound;
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&roofs, &product, FALSE, &bound), 2, 1e-9);
  g_assert_cmpuint (bound, ==, GPU_BOUND_ARITHMETIC);
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&roofs, &product, TRUE, &bound), 0.5, 1e-9);
  /* No product, so matrices are no use to it. */
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&roofs, &sum, TRUE, &bound), 2, 1e-9);
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&roofs, &copy, FALSE, &bound), 20, 1e-9);
  g_assert_cmpuint (bound, ==, GPU_BOUND_MEMORY);
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&roofs, &small, FALSE, &bound), 2, 1e-9);
  g_assert_cmpuint (bound, ==, GPU_BOUND_DISPATCH);
  /* A thousand bytes a call move at the faster rate. */
  const GpuRoofs no_start = { .multiply_flops = 1e12, .memory = { { 1000, 1e12 }, { 1000000, 1e11 } }, .n_memory = 2 };
  g_assert_cmpfloat_with_epsilon (gpu_roofs_ms (&no_start, &cached, FALSE, &bound), 1, 1e-9);
}

/* -- costs -- */

/* Two linear layers of one shape, one of another, and a sum. */
static GpuProgram *
make_program (Harness *h, GpuArena *arena)
{
  g_autoptr (GError) error = NULL;
  Input x = harness_input (h, 1, 5, 7, 64);
  Matrix square = harness_matrix (h, 64, 64, 1, GPU_DTYPE_F32, TRUE), narrow = harness_matrix (h, 24, 64, 9, GPU_DTYPE_F32, FALSE);
  GpuTensor y = gpu_linear (h->ops, gpu_linear (h->ops, x.tensor, &square.matrix, NULL), &square.matrix, NULL);
  gpu_conv2d (h->ops, gpu_add (h->ops, y, x.tensor, GPU_ACT_NONE, (GpuTensor) { 0 }), &narrow.matrix, GPU_CONV_SAME, NULL);
  GpuProgram *program = gpu_program_new ("test", g_steal_pointer (&h->ops), arena, &error);
  g_assert_no_error (error);
  gpu_program_run_wait (program, NULL, &error);
  g_assert_no_error (error);
  return program;
}

static const GpuKernelCost *
find (GArray *costs, const char *op)
{
  for (guint i = 0; i < costs->len; i++)
    if (g_str_equal (g_array_index (costs, GpuKernelCost, i).op, op))
      return &g_array_index (costs, GpuKernelCost, i);
  g_error ("there is no cost of %s", op);
}

static void
check_counts (const GpuProgramCost *cost)
{
  const GpuKernelCost *linear = find (cost->shapes, "linear"), *conv = find (cost->shapes, "conv2d"), *sum = find (cost->shapes, "add");
  g_assert_cmpuint (cost->dispatches, ==, 4);
  g_assert_cmpuint (cost->barriers, ==, 3);
  g_assert_cmpuint (cost->submissions, ==, 1);
  g_assert_cmpuint (cost->kernels->len, ==, 3);
  g_assert_cmpuint (cost->shapes->len, ==, 3);
  g_assert_true (linear->calls == 2 && linear->m == 35 && linear->n == 64 && linear->k == 64);
  g_assert_cmpfloat (linear->flop, ==, 2 * 2.0 * 35 * 64 * 64);
  g_assert_cmpfloat (linear->bytes, ==, 2 * (2 * 35 * 64 + 64 * 64 + 64) * 4);
  g_assert_true (conv->calls == 1 && conv->m == 35 && conv->n == 24 && conv->k == 576);
  g_assert_cmpfloat (conv->flop, ==, 2.0 * 35 * 24 * 576);
  g_assert_true (sum->calls == 1 && sum->m == 35 && sum->n == 64 && sum->k == 0);
  g_assert_true (g_str_has_prefix (linear->kernel, "matmul"));
  g_assert_null (find (cost->kernels, "linear")->kernel);
}

static void
test_profile (void)
{
  g_autoptr (GError) error = NULL;
  Harness h;
  harness_begin (&h, GPU_DTYPE_F32, GPU_KERNELS_BEST);
  g_autoptr (GpuArena) arena = gpu_arena_new (h.device);
  g_autoptr (GpuProgram) program = make_program (&h, arena);
  g_autoptr (GpuProgramCost) counted = gpu_program_cost (program);
  g_autoptr (GpuProgramCost) timed = gpu_program_profile (program, 3, &error);
  double kernels = 0, shapes = 0;
  g_assert_no_error (error);
  check_counts (counted);
  check_counts (timed);
  g_assert_false (counted->timed);
  g_assert_true (timed->timed);
  for (guint i = 0; i < 3; i++)
    {
      const GpuKernelCost *kernel = &g_array_index (timed->kernels, GpuKernelCost, i);
      g_assert_cmpfloat (kernel->ms, >, 0);
      g_assert_true (i == 0 || kernel->ms <= kernel[-1].ms);
      kernels += kernel->ms;
      shapes += g_array_index (timed->shapes, GpuKernelCost, i).ms;
      g_assert_cmpfloat (g_array_index (counted->kernels, GpuKernelCost, i).ms, ==, 0);
    }
  g_assert_cmpfloat_with_epsilon (kernels, shapes, 1e-9);
  harness_end (&h);
}

static void
test_no_timestamps (void)
{
  GpuDeviceOptions options = { .validate = TRUE, .no_timestamps = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_new (&options, &error);
  g_autoptr (GpuArena) arena = gpu_arena_new (device);
  g_autoptr (GpuStorage) storage = gpu_storage_new (device, 1024, GPU_MEMORY_DEVICE, "test", &error);
  GpuOps *ops = gpu_ops_new (device, GPU_DTYPE_F32, GPU_KERNELS_BEST, &error);
  g_assert_no_error (error);
  gpu_add (ops, gpu_tensor_over (storage, GPU_DTYPE_F32, 1, 1, 4, 64), (GpuTensor) { 0 }, GPU_ACT_NONE, (GpuTensor) { 0 });
  g_autoptr (GpuProgram) program = gpu_program_new ("test", ops, arena, &error);
  g_assert_no_error (error);
  g_assert_null (gpu_program_profile (program, 1, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED);
  g_autoptr (GpuProgramCost) cost = gpu_program_cost (program);
  g_assert_cmpuint (cost->dispatches, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/roofs/measured", test_measured);
  g_test_add_func ("/graph/roofs/kernels", test_kernels);
  g_test_add_func ("/graph/roofs/least-time", test_least_time);
  g_test_add_func ("/graph/cost/profile", test_profile);
  g_test_add_func ("/graph/cost/no-timestamps", test_no_timestamps);
  int status = g_test_run ();
  harness_free_device ();
  return status;
}
