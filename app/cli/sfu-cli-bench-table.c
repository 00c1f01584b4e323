#include "sfu-cli-bench-table.h"

#include <math.h>

static double
number (JsonObject *object, const char *key)
{
  return json_object_get_double_member (object, key);
}

static int
count (JsonObject *object, const char *key)
{
  return json_object_get_int_member (object, key);
}

static char *
size_text (JsonObject *object, const char *key)
{
  return g_format_size_full (json_object_get_int_member (object, key), G_FORMAT_SIZE_IEC_UNITS);
}

static void
print_times (JsonObject *result, const char *key, const char *title)
{
  if (!json_object_has_member (result, key))
    return;
  JsonObject *times = json_object_get_object_member (result, key);
  g_print ("  %-14s %10.2f ms   (%.2f to %.2f)\n", title, number (times, "median"), number (times, "min"), number (times, "max"));
}

static void
print_head (JsonObject *result)
{
  gboolean random = g_str_equal (json_object_get_string_member (result, "weights_from"), "device");
  g_print ("%s, %d x %d with guidance, %s, %s kernels\n%s, %s\n\n", json_object_get_string_member (result, "model"),
           count (result, "width"), count (result, "height"), json_object_get_string_member (result, "precision"),
           json_object_get_string_member (result, "variant"), json_object_get_string_member (result, "device"),
           json_object_get_string_member (result, "driver"));
  print_times (result, "step_ms", "step");
  print_times (result, "cached_step_ms", "cached step");
  print_times (result, "encode_ms", "text encoder");
  print_times (result, "preview_ms", "preview");
  print_times (result, "decode_ms", "decoder");
  print_times (result, "load_ms", "loading");
  g_print ("  %-14s %10.2f ms%s\n\n", "the first time", number (result, "first_load_ms"),
           random ? "   (weights are made on the device, none are copied to it)" : "");
  g_print ("  a step: %.2f it/s, %.1f Gflop at %.1f Gflop/s", number (result, "it_per_s"), number (result, "gflop"), number (result, "gflops"));
  if (json_object_has_member (result, "preview_share"))
    g_print ("; a preview is %.1f %% of it", 100 * number (result, "preview_share"));
  g_print ("\n\n");
}

static void
print_deepcache (JsonObject *result)
{
  JsonObject *gain = json_object_has_member (result, "deepcache") ? json_object_get_object_member (result, "deepcache") : NULL;
  if (gain != NULL)
    g_print ("  DeepCache, every %d-th step full, branch %d: a cached step has %.1f Gflop; a run is %.2f times as fast, %.2f by its flop\n\n",
             count (gain, "interval"), count (gain, "branch"), number (gain, "cached_gflop"), number (gain, "time_ratio"),
             number (gain, "flop_ratio"));
}

static void
print_programs (JsonObject *result)
{
  JsonArray *programs = json_object_get_array_member (result, "programs");
  g_autofree char *device = size_text (result, "peak_device_bytes"), *host = size_text (result, "peak_host_bytes");
  g_print ("  memory: %s on the device and %s of the program at most\n\n", device, host);
  g_print ("  %-16s %12s %10s %10s %11s %10s\n", "program", "activations", "dispatches", "barriers", "submissions", "Gflop");
  for (guint i = 0; i < json_array_get_length (programs); i++)
    {
      JsonObject *program = json_array_get_object_element (programs, i);
      g_autofree char *arena = size_text (program, "arena_bytes");
      g_print ("  %-16s %12s %10d %10d %11d %10.1f\n", json_object_get_string_member (program, "name"), arena, count (program, "dispatches"),
               count (program, "barriers"), count (program, "submissions"), number (program, "gflop"));
    }
  g_print ("\n");
}

static void
print_roofs (JsonObject *result)
{
  JsonObject *roofs = json_object_get_object_member (result, "roofs");
  JsonArray *memory = json_object_get_array_member (roofs, "memory");
  g_print ("  the device can do: %.1f Gflop/s in fp32", number (roofs, "multiply_gflops"));
  if (json_object_has_member (roofs, "coopmat_gflops"))
    g_print (", %.1f with cooperative matrices in fp16", number (roofs, "coopmat_gflops"));
  for (guint i = 0; i < json_array_get_length (memory); i++)
    {
      JsonObject *step = json_array_get_object_element (memory, i);
      g_autofree char *size = size_text (step, "bytes");
      g_print ("%s%.1f GB/s over %s", i > 0 ? ", " : ";\n    ", number (step, "gbytes_per_s"), size);
    }
  g_print (";\n    a dispatch after another %.2f us, a submission %.1f us\n\n", number (roofs, "dispatch_us"), number (roofs, "submission_us"));
}

/* A column of a figure that may not be known. */
static void
print_measure (JsonObject *object, const char *key, double factor, int width, int decimals)
{
  if (json_object_get_null_member (object, key))
    g_print (" %*s", width, "-");
  else
    g_print (" %*.*f", width, decimals, factor * number (object, key));
}

static void
print_kernel (JsonObject *kernel)
{
  g_print (" %6d", count (kernel, "calls"));
  print_measure (kernel, "ms", 1, 10, 3);
  print_measure (kernel, "share", 100, 7, 1);
  print_measure (kernel, "gflops", 1, 10, 1);
  print_measure (kernel, "gbytes_per_s", 1, 9, 1);
  print_measure (kernel, "roof_share", 100, 9, 1);
  g_print ("  %s\n", json_object_get_string_member (kernel, "bound"));
}

static void
print_kernels (JsonObject *result)
{
  JsonArray *kernels = json_object_get_array_member (result, "kernels");
  g_print ("  %-16s %6s %10s %7s %10s %9s %9s  %s\n", "kernel", "calls", "ms", "%", "Gflop/s", "GB/s", "% of roof", "limit");
  for (guint i = 0; i < json_array_get_length (kernels); i++)
    {
      JsonObject *kernel = json_array_get_object_element (kernels, i);
      g_print ("  %-16s", json_object_get_string_member (kernel, "name"));
      print_kernel (kernel);
    }
  if (!json_object_has_member (result, "shapes"))
    return;
  JsonArray *shapes = json_object_get_array_member (result, "shapes");
  g_print ("\n  %-16s %7s %6s %6s %6s %10s %7s %10s %9s %9s  %-10s  %s\n", "shape", "m", "n", "k", "calls", "ms", "%", "Gflop/s", "GB/s",
           "% of roof", "limit", "");
  for (guint i = 0; i < json_array_get_length (shapes); i++)
    {
      JsonObject *shape = json_array_get_object_element (shapes, i);
      g_print ("  %-16s %7d %6d %6d", json_object_get_string_member (shape, "name"), count (shape, "m"), count (shape, "n"), count (shape, "k"));
      print_kernel (shape);
    }
}

void
sfu_cli_bench_print (JsonObject *result)
{
  print_head (result);
  print_deepcache (result);
  print_programs (result);
  print_roofs (result);
  print_kernels (result);
  g_print ("\n%s\n", json_object_get_string_member (result, "conclusion"));
}

static void
print_pairs (JsonArray *pairs, const char *title)
{
  g_print ("\n  %-24s %12s %12s %9s\n", title, "old", "new", "new/old");
  for (guint i = 0; i < json_array_get_length (pairs); i++)
    {
      JsonObject *pair = json_array_get_object_element (pairs, i);
      g_print ("  %-24s", json_object_get_string_member (pair, "name"));
      print_measure (pair, "old", 1, 12, 3);
      print_measure (pair, "new", 1, 12, 3);
      print_measure (pair, "ratio", 1, 9, 3);
      g_print ("\n");
    }
}

void
sfu_cli_compare_print (JsonObject *compared)
{
  JsonArray *differs = json_object_get_array_member (compared, "differs");
  g_print ("\nBeside %s:\n", json_object_get_string_member (compared, "file"));
  for (guint i = 0; i < json_array_get_length (differs); i++)
    {
      JsonObject *one = json_array_get_object_element (differs, i);
      g_print ("  the %s was %s and is %s\n", json_object_get_string_member (one, "name"), json_object_get_string_member (one, "old"),
               json_object_get_string_member (one, "new"));
    }
  if (json_array_get_length (differs) > 0)
    g_print ("  so this is no comparison of the program with itself.\n");
  print_pairs (json_object_get_array_member (compared, "figures"), "figure");
  print_pairs (json_object_get_array_member (compared, "kernels"), "kernel, ms");
}
