/* drivers.c: compiles every kernel of every net for the one device that there is: test-drivers [MODEL-FOLDER...]
 *
 * Nets are made in a rehearsal, which takes no memory and runs nothing, so a driver without hardware will do. Prints
 * lines of tab-separated fields for drivers.py: what the device is, what its compiler made of each kernel, and which shaders
 * no net asked for. */
#include <gio/gio.h>
#include <gpu-statistics.h>
#include <locale.h>
#include <string.h>

#include "sfu-budget.h"
#include "sfu-checkpoint.h"
#include "sfu-random-nets.h"

/* The first is what the program chooses; the rest has to be asked for. A kernel belongs to the first that makes it. */
static const struct {
  const char *name;
  GpuKernels kernels;
} forms[] = { { "best", GPU_KERNELS_BEST }, { "shared", GPU_KERNELS_SHARED }, { "coopmat", GPU_KERNELS_COOPMAT }, { "coopmat2", GPU_KERNELS_COOPMAT2 } };

/* Small pictures have products with few rows, and kernels of their own for these. */
static const struct {
  guint width, height, halves;
} sizes[] = { { 512, 512, 2 }, { 192, 128, 1 }, { 64, 64, 2 } };

static const GpuDtype types[] = { GPU_DTYPE_F16, GPU_DTYPE_F32 };

typedef struct {
  GpuDevice *device;
  GHashTable *seen; /* names of pipelines, borrowed */
} Compiler;

/* Asking for cooperative matrices where there are none, or that hold other types, gets a form that only software uses. */
static gboolean
form_suits (GpuDevice *device, GpuKernels kernels, GpuDtype dtype, GpuDtype storage)
{
  const GpuLimits *limits = gpu_device_limits (device);
  gboolean halves = dtype == GPU_DTYPE_F16 && storage == GPU_DTYPE_F16;
  if (kernels == GPU_KERNELS_COOPMAT)
    return halves && limits->n_coopmat > 0;
  if (kernels == GPU_KERNELS_COOPMAT2)
    return halves && limits->n_coopmat2 > 0;
  return TRUE;
}

static gboolean
make_programs (const SfuNets *nets, GpuDtype dtype, guint width, guint height, guint halves, GError **error)
{
  guint n_tokens = nets->clip->max_positions;
  g_autoptr (GpuStorage) tokens = NULL, states = NULL, pixels = NULL, moments = NULL;
  g_autoptr (GpuProgram) text = sfu_nets_text_program (nets, dtype, n_tokens, &tokens, &states, error), image = NULL;
  g_autoptr (SfuPrograms) programs = NULL;
  if (text == NULL || (programs = sfu_programs_new (nets, dtype, width, height, halves, n_tokens, 0, error)) == NULL
      || sfu_programs_decoder (programs, FALSE, error) == NULL)
    return FALSE;
  image = sfu_nets_image_program (nets, dtype, width, height, sfu_budget_coder (nets->device, programs->step_bytes), &pixels, &moments, error);
  return image != NULL;
}

static gboolean
compile_nets (const SfuNets *nets, GpuDtype dtype, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (!make_programs (nets, dtype, sizes[i].width, sizes[i].height, sizes[i].halves, error))
      return FALSE;
  return TRUE;
}

static gboolean
compile_arch (GpuDevice *device, GpuKernels kernels, const char *arch, GpuDtype dtype, GpuDtype storage, GError **error)
{
  SfuRandomNets random = { 0 };
  gboolean ok;
  gpu_device_begin_rehearsal (device);
  ok = sfu_random_nets_init (&random, device, kernels, arch, storage, error) && compile_nets (&random.nets, dtype, error);
  sfu_random_nets_clear (&random);
  gpu_device_end_rehearsal (device);
  return ok;
}

static gboolean
compile_model (GpuDevice *device, GpuKernels kernels, const char *model, GpuDtype dtype, GError **error)
{
  g_autoptr (SfuRequest) request = sfu_request_new ();
  g_autoptr (SfuCheckpoint) checkpoint = NULL;
  SfuNets nets = { 0 };
  gboolean ok;
  g_free (request->model);
  request->model = g_strdup (model);
  request->precision = dtype == GPU_DTYPE_F16 ? SFU_PRECISION_FP16 : SFU_PRECISION_FP32;
  if ((checkpoint = sfu_checkpoint_new (device, kernels, NULL, request, NULL, error)) == NULL)
    return FALSE;
  gpu_device_begin_rehearsal (device);
  ok = sfu_checkpoint_copy_nets (checkpoint, &nets, error) && compile_nets (&nets, dtype, error);
  sfu_nets_clear (&nets);
  gpu_device_end_rehearsal (device);
  return ok;
}

static gboolean
compile_form (GpuDevice *device, GpuKernels kernels, char **models, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      for (const char *const *arch = sfu_random_nets_archs (); *arch != NULL; arch++)
        for (guint j = 0; j < G_N_ELEMENTS (types); j++)
          if (form_suits (device, kernels, types[i], types[j]) && !compile_arch (device, kernels, *arch, types[i], types[j], error))
            return FALSE;
      for (char **model = models; *model != NULL; model++)
        if (form_suits (device, kernels, types[i], types[i]) && !compile_model (device, kernels, *model, types[i], error))
          return FALSE;
    }
  return TRUE;
}

/* Weights of every type that files have, into banks of both types; and the kernel of tests/vk.c. */
static gboolean
compile_rest (GpuDevice *device, GError **error)
{
  static const GpuDtype file_types[] = { GPU_DTYPE_F32, GPU_DTYPE_F16, GPU_DTYPE_BF16 };
  static const guint64 dims[] = { 1, 1 };
  static const guint32 zero = 0;
  GpuSpec spec = { .n = 1, .value = { gpu_device_limits (device)->subgroup_size } };
  gboolean ok = gpu_pipeline_get (device, "selftest", &spec, 16, error) != NULL;
  gpu_device_begin_rehearsal (device);
  for (guint i = 0; ok && i < G_N_ELEMENTS (file_types) * G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GpuWeights) weights = gpu_weights_new ();
      g_autoptr (GpuBank) bank = NULL;
      gpu_weights_add (weights, "x.weight", file_types[i / G_N_ELEMENTS (types)], G_N_ELEMENTS (dims), dims, &zero);
      bank = gpu_bank_new (device, weights, types[i % G_N_ELEMENTS (types)], error);
      gpu_bank_matrix (bank, "x", 1, 1, 1);
      ok = gpu_bank_finish (bank, error);
    }
  gpu_device_end_rehearsal (device);
  return ok;
}

/* "kernel", form, name, threads, subgroup size, then each statistic. */
static gboolean
print_new (Compiler *self, const char *form, GError **error)
{
  g_autoptr (GArray) all = gpu_device_statistics (self->device, error);
  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const GpuPipelineStatistics *pipeline = &g_array_index (all, GpuPipelineStatistics, i);
      if (!g_hash_table_add (self->seen, (char *) pipeline->name))
        continue;
      g_print ("kernel\t%s\t%s\t%u\t%u", form, pipeline->name, pipeline->threads, pipeline->subgroup_size);
      for (guint j = 0; j < GPU_N_STATISTICS; j++)
        g_print ("\t%" G_GINT64_FORMAT, pipeline->values[j]);
      g_print ("\n");
    }
  return all != NULL;
}

static void
print_device (GpuDevice *device)
{
  const GpuDeviceInfo *info = gpu_device_info (device);
  const GpuLimits *limits = gpu_device_limits (device);
  g_print ("device\t%s\t%s\t%u\t%u\t%u\t", info->name, info->driver, limits->subgroup_size, limits->shared_bytes,
           limits->max_group_threads);
  for (guint i = 0; i < limits->n_coopmat; i++)
    g_print ("%s%ux%ux%u", i > 0 ? " " : "", limits->coopmat[i].m, limits->coopmat[i].n, limits->coopmat[i].k);
  g_print ("\nstatistics");
  for (guint i = 0; i < GPU_N_STATISTICS; i++)
    g_print ("\t%s", gpu_statistic_name (i));
  g_print ("\n");
}

/* "unused", name: shaders of which nothing was compiled. */
static void
print_unused (Compiler *self)
{
  g_autoptr (GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) modules = g_resources_enumerate_children ("/app/sfumato/shaders", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, self->seen);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (used, g_strdup_printf ("%.*s.spv", (int) strcspn (name, "/"), (const char *) name));
  for (char **module = modules; *module != NULL; module++)
    if (!g_hash_table_contains (used, *module))
      g_print ("unused\t%.*s\n", (int) strcspn (*module, "."), *module);
}

static gboolean
compile_all (char **models, GError **error)
{
  GpuDeviceOptions options = { .validate = TRUE, .statistics = TRUE };
  g_autoptr (GpuDevice) device = gpu_device_new (&options, error);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  Compiler self = { device, seen };
  if (device == NULL)
    return FALSE;
  print_device (device);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (!compile_form (device, forms[i].kernels, models, error) || (i == 0 && !compile_rest (device, error))
        || !print_new (&self, forms[i].name, error))
      return FALSE;
  print_unused (&self);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  setlocale (LC_ALL, "");
  if (compile_all (argv + 1, &error))
    return 0;
  g_printerr ("test-drivers: %s\n", error->message);
  return 1;
}
