#include "gpu-tuning-private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gpu-pipeline.h"

/* Another number makes all older files count as empty: for changes of what columns mean, or of how shapes are measured. */
#define TUNING_VERSION 2

/* Columns of a line: the problem's, then the variant's. */
#define PROBLEM_COLUMNS 14

typedef struct {
  GpuProblem problem;
  char *variant; /* NULL: the problem is left */
  gboolean used;
} Entry;

struct _GpuTuning {
  GArray *entries; /* Entry */
  char *file;      /* NULL: none */
  char *header;
};

static const char *const op_names[] = { [GPU_OP_MATMUL] = "matmul", [GPU_OP_ATTENTION] = "attention" };

/* -- entries -- */

static void
entry_clear (gpointer data)
{
  g_free (((Entry *) data)->variant);
}

static Entry *
entry_of (GpuTuning *self, const GpuProblem *problem)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);
      if (gpu_problem_equal (&entry->problem, problem))
        return entry;
    }
  return NULL;
}

static Entry *
entry_made (GpuTuning *self, const GpuProblem *problem)
{
  Entry fresh = { .problem = *problem }, *known = entry_of (self, problem);
  if (known != NULL)
    return known;
  g_array_append_val (self->entries, fresh);
  return &g_array_index (self->entries, Entry, self->entries->len - 1);
}

const char *
gpu_tuning_find (GpuTuning *self, const GpuProblem *problem)
{
  Entry *entry = entry_of (self, problem);
  if (entry == NULL || entry->variant == NULL)
    return NULL;
  entry->used = TRUE;
  return entry->variant;
}

void
gpu_tuning_put (GpuTuning *self, const GpuProblem *problem, const char *variant)
{
  g_set_str (&entry_made (self, problem)->variant, variant);
}

void
gpu_tuning_forget (GpuTuning *self, const GpuProblem *problem)
{
  Entry *entry = entry_of (self, problem);
  if (entry != NULL)
    g_array_remove_index_fast (self->entries, entry - &g_array_index (self->entries, Entry, 0));
}

void
gpu_tuning_leave (GpuTuning *self, const GpuProblem *problem)
{
  g_clear_pointer (&entry_made (self, problem)->variant, g_free);
}

gboolean
gpu_tuning_is_left (GpuTuning *self, const GpuProblem *problem)
{
  const Entry *entry = entry_of (self, problem);
  return entry != NULL && entry->variant == NULL;
}

static guint
count (GpuTuning *self, gboolean used_only)
{
  guint n = 0;
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      n += entry->variant != NULL && (entry->used || !used_only);
    }
  return n;
}

guint
gpu_tuning_n_entries (GpuTuning *self)
{
  return count (self, FALSE);
}

guint
gpu_tuning_n_used (GpuTuning *self)
{
  return count (self, TRUE);
}

void
gpu_tuning_clear (GpuTuning *self)
{
  g_array_set_size (self->entries, 0);
}

/* -- the file -- */

static char *
problem_to_text (const GpuProblem *problem)
{
  const GpuOpShape *s = &problem->shape;
  return g_strdup_printf ("%s\t%s\t%s\t%s\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u", op_names[problem->op], gpu_kernels_name (problem->kernels),
                          gpu_dtype_name (problem->dtype), gpu_dtype_name (s->weights), s->geglu, s->causal, s->resized, s->for_norm, s->taps, s->m, s->n, s->k,
                          s->k2, s->heads);
}

static gboolean
op_from_text (const char *text, GpuOpKind *op)
{
  for (*op = 0; *op < G_N_ELEMENTS (op_names); ++*op)
    if (g_str_equal (text, op_names[*op]))
      return TRUE;
  return FALSE;
}

static gboolean
dtype_from_text (const char *text, GpuDtype *dtype)
{
  *dtype = g_str_equal (text, gpu_dtype_name (GPU_DTYPE_F16)) ? GPU_DTYPE_F16 : GPU_DTYPE_F32;
  return g_str_equal (text, gpu_dtype_name (*dtype));
}

static gboolean
boolean_from_text (const char *text, gboolean *value)
{
  *value = g_str_equal (text, "1");
  return *value || g_str_equal (text, "0");
}

static gboolean
problem_from_text (char **columns, GpuProblem *problem)
{
  GpuOpShape *s = &problem->shape;
  gboolean *const flags[] = { &s->geglu, &s->causal, &s->resized, &s->for_norm };
  guint *const numbers[] = { &s->taps, &s->m, &s->n, &s->k, &s->k2, &s->heads };
  if (!op_from_text (columns[0], &problem->op)
      || !gpu_kernels_from_name (columns[1], &problem->kernels)
      || !dtype_from_text (columns[2], &problem->dtype) || !dtype_from_text (columns[3], &s->weights))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (!boolean_from_text (columns[4 + i], flags[i]))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      guint64 value;
      if (!g_ascii_string_to_unsigned (columns[8 + i], 10, 0, G_MAXUINT, &value, NULL))
        return FALSE;
      *numbers[i] = value;
    }
  return TRUE;
}

static gboolean
read_line (GpuTuning *self, const char *line)
{
  g_auto (GStrv) columns = g_strsplit (line, "\t", PROBLEM_COLUMNS + 1);
  GpuProblem problem = { 0 };
  GpuChoice choice;
  if (g_strv_length (columns) != PROBLEM_COLUMNS + 1 || !problem_from_text (columns, &problem)
      || (problem.op == GPU_OP_MATMUL && !gpu_choice_from_text (columns[PROBLEM_COLUMNS], &choice)))
    return FALSE;
  gpu_tuning_put (self, &problem, columns[PROBLEM_COLUMNS]);
  return TRUE;
}

static void
read_file (GpuTuning *self)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  if (self->file == NULL || !g_file_get_contents (self->file, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", 0);
  if (g_strcmp0 (lines[0], self->header) != 0)
    {
      g_debug ("%s is of another driver or version: kernels are tuned anew.", self->file);
      return;
    }
  /* Behind the last line break there is nothing, or half a line. */
  for (guint i = 1; lines[i] != NULL && lines[i + 1] != NULL; i++)
    if (!read_line (self, lines[i]))
      g_debug ("%s, line %u: not understood", self->file, i + 1);
}

GpuTuning *
gpu_tuning_new (GpuDevice *device, const char *folder)
{
  const GpuDeviceInfo *info = gpu_device_info (device);
  g_autofree char *hash = gpu_shaders_hash (), *name = g_strdup_printf ("tuning-%s.tsv", info->uuid);
  GpuTuning *self = g_new0 (GpuTuning, 1);
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (self->entries, entry_clear);
  self->file = folder != NULL ? g_build_filename (folder, name, NULL) : NULL;
  self->header = g_strdup_printf ("tuning %d\t%s\t%s", TUNING_VERSION, info->driver, hash);
  read_file (self);
  return self;
}

void
gpu_tuning_free (GpuTuning *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->entries);
  g_free (self->file);
  g_free (self->header);
  g_free (self);
}

void
gpu_tuning_save (GpuTuning *self)
{
  g_autoptr (GString) text = g_string_new (self->header);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  if (self->file == NULL)
    return;
  g_string_append_c (text, '\n');
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      g_autofree char *problem = problem_to_text (&entry->problem);
      if (entry->variant != NULL)
        g_string_append_printf (text, "%s\t%s\n", problem, entry->variant);
    }
  folder = g_path_get_dirname (self->file);
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents (self->file, text->str, text->len, &error))
    g_debug ("The tuned kernels were not written: %s", error->message);
}
