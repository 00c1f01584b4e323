/* vk.c: devices, memory, pipelines and timelines on the test device, with the validation layer watching. */
#include <glib/gstdio.h>
#include <gpu-commands.h>
#include <gpu-statistics.h>
#include <string.h>

typedef struct {
  guint64 out;
  guint32 n, addend;
} SelftestParams;

static GpuDevice *
open_device (guint64 budget, const char *wanted, const char *cache)
{
  GpuDeviceOptions options = { .validate = TRUE, .budget_bytes = budget, .wanted = wanted, .cache_folder = cache };
  g_autoptr (GError) error = NULL;
  GpuDevice *device = gpu_device_new (&options, &error);
  g_assert_no_error (error);
  return device;
}

static void
test_choice (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = gpu_device_list (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, >, 0);
  const GpuDeviceInfo *info = list->pdata[0];
  g_autofree char *index = g_strdup_printf ("%u", info->index), *part = g_utf8_strup (info->name, 5);
  g_autofree char *dashed = g_strdup_printf ("%.8s-%.4s-%s", info->uuid, info->uuid + 8, info->uuid + 12);
  const char *names[] = { NULL, index, part, info->uuid, dashed };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GpuDevice) device = open_device (0, names[i], NULL);
      g_assert_cmpstr (gpu_device_info (device)->uuid, ==, info->uuid);
      g_assert_cmpuint (gpu_device_limits (device)->subgroup_size, >, 0);
    }
  GpuDeviceOptions wrong = { .wanted = "no such card" };
  g_assert_null (gpu_device_new (&wrong, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, info->name));
}

static void
test_memory (void)
{
  g_autoptr (GpuDevice) device = open_device (0, NULL, NULL);
  g_autoptr (GError) error = NULL;
  GpuBuffer *buffers[200];
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    {
      buffers[i] = gpu_buffer_new (device, 1 + i * 1000, GPU_MEMORY_DEVICE, "test", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (gpu_buffer_address (buffers[i]) % 256, ==, 0);
      for (guint j = 0; j < i; j++)
        g_assert_true (gpu_buffer_address (buffers[i]) >= gpu_buffer_address (buffers[j]) + gpu_buffer_size (buffers[j])
                       || gpu_buffer_address (buffers[j]) >= gpu_buffer_address (buffers[i]) + gpu_buffer_size (buffers[i]));
    }
  guint64 held = gpu_device_bytes (device);
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i += 2)
    gpu_buffer_unref (buffers[i]);
  /* What was given back is used again. */
  g_autoptr (GpuBuffer) again = gpu_buffer_new (device, 50000, GPU_MEMORY_DEVICE, "again", &error);
  g_assert_cmpuint (gpu_device_bytes (device), ==, held);
  for (guint i = 1; i < G_N_ELEMENTS (buffers); i += 2)
    gpu_buffer_unref (buffers[i]);
  g_clear_pointer (&again, gpu_buffer_unref);
  g_assert_cmpuint (gpu_device_bytes (device), ==, 0);
  g_assert_cmpuint (gpu_device_peak_bytes (device), ==, held);

  g_assert_null (gpu_buffer_new (device, gpu_device_limits (device)->max_allocation_bytes + 1, GPU_MEMORY_DEVICE, "huge", &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY);
}

static void
test_budget (void)
{
  g_autoptr (GpuDevice) device = open_device (10 << 20, NULL, NULL);
  g_autoptr (GError) error = NULL;
  /* Less than a usual block, so what was asked for is all that is taken. */
  g_autoptr (GpuBuffer) fits = gpu_buffer_new (device, 8 << 20, GPU_MEMORY_DEVICE, "fits", &error);
  g_assert_no_error (error);
  g_assert_null (gpu_buffer_new (device, 4 << 20, GPU_MEMORY_DEVICE, "the second", &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "the second"));
  g_clear_error (&error);
  g_clear_pointer (&fits, gpu_buffer_unref);
  fits = gpu_buffer_new (device, 9 << 20, GPU_MEMORY_DEVICE, "fits now", &error);
  g_assert_no_error (error);
}

static void
run_selftest (GpuDevice *device)
{
  enum { N = 1000 };
  g_autoptr (GError) error = NULL;
  guint local = gpu_device_limits (device)->subgroup_size, groups = (N + local - 1) / local;
  GpuSpec spec = { .n = 1, .value = { local } };
  g_autoptr (GpuBuffer) out = gpu_buffer_new (device, N * 4, GPU_MEMORY_DEVICE, "out", &error);
  g_autoptr (GpuBuffer) host = gpu_buffer_new (device, N * 4, GPU_MEMORY_DOWNLOAD, "host", &error);
  GpuPipeline *pipeline = gpu_pipeline_get (device, "selftest", &spec, sizeof (SelftestParams), &error);
  g_autoptr (GpuCommands) fill = gpu_commands_new (device, "fill", &error), run = gpu_commands_new (device, "run", &error);
  SelftestParams push = { gpu_buffer_address (out), N, 5 };
  /* The second half first, by its base. */
  const guint base[][3] = { { groups / 2, 0, 0 }, { 0, 0, 0 } }, counts[][3] = { { groups - groups / 2, 1, 1 }, { groups / 2, 1, 1 } };
  GpuPoint filled, done;
  guint64 ticks[2];

  g_assert_no_error (error);
  g_assert_true (pipeline == gpu_pipeline_get (device, "selftest", &spec, sizeof (SelftestParams), &error));
  gpu_commands_begin (fill, &error);
  gpu_commands_fill (fill, out, 0, N * 4, 0xffffffff);
  gpu_commands_end (fill, &error);
  gpu_commands_begin (run, &error);
  gpu_commands_begin_timestamps (run, 2, &error);
  gpu_commands_barrier (run);
  gpu_commands_timestamp (run);
  for (guint i = 0; i < 2; i++)
    gpu_commands_dispatch (run, pipeline, &push, sizeof push, base[i], counts[i]);
  gpu_commands_timestamp (run);
  gpu_commands_barrier (run);
  gpu_commands_copy (run, host, 0, out, 0, N * 4);
  gpu_commands_host_barrier (run);
  gpu_commands_end (run, &error);
  g_assert_no_error (error);
  gpu_commands_submit (fill, 0, NULL, &filled, &error);
  gpu_commands_submit (run, 0, NULL, &done, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (done.value, >, filled.value);
  gpu_device_wait (device, done, &error);
  g_assert_no_error (error);
  g_assert_true (gpu_device_reached (device, filled) && gpu_device_reached (device, done));
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (((guint32 *) gpu_buffer_map (host))[i], ==, i + 5);
  gpu_commands_read_timestamps (run, ticks, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ticks[1], >=, ticks[0]);
}

static void
test_commands (void)
{
  g_autoptr (GpuDevice) device = open_device (0, NULL, NULL);
  g_autoptr (GError) error = NULL;
  GpuSpec spec = { .n = 1, .value = { gpu_device_limits (device)->subgroup_size } };
  run_selftest (device);
  run_selftest (device);
  g_assert_null (gpu_pipeline_get (device, "no-such-shader", &spec, 16, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED);
}

/* The drivers suite reads them; who did not ask for them is told so. */
static void
test_statistics (void)
{
  g_autoptr (GpuDevice) device = open_device (0, NULL, NULL);
  g_autoptr (GError) error = NULL;
  run_selftest (device);
  g_assert_null (gpu_device_statistics (device, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_UNSUPPORTED);
}

static void
test_cache (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sfumato-vk-XXXXXX", &error), *file = NULL;
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GpuDevice) device = open_device (0, NULL, folder);
      run_selftest (device);
      gpu_device_save_cache (device);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
      const char *name = g_dir_read_name (dir);
      g_assert_nonnull (name);
      g_free (file);
      file = g_build_filename (folder, name, NULL);
      /* The second run reads it, the third one meets a damaged one. */
      if (i == 1)
        g_file_set_contents (file, "damaged", -1, NULL);
    }
  g_unlink (file);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vk/choice", test_choice);
  g_test_add_func ("/vk/memory", test_memory);
  g_test_add_func ("/vk/budget", test_budget);
  g_test_add_func ("/vk/commands", test_commands);
  g_test_add_func ("/vk/statistics", test_statistics);
  g_test_add_func ("/vk/cache", test_cache);
  return g_test_run ();
}
