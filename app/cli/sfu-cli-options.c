#include "sfu-cli-options.h"

#include <math.h>
#include <string.h>

#include "sfu-emphasis.h"
#include "sfu-noise.h"
#include "sfu-scheduler.h"

G_DEFINE_QUARK (sfu-cli-error-quark, sfu_cli_error)

typedef enum { KIND_FLAG, KIND_TEXT, KIND_COUNT, KIND_NUMBER, KIND_SEED, KIND_PRECISION, KIND_NOISE, KIND_SCHEDULER, KIND_EMPHASIS, KIND_DEEPCACHE,
               KIND_KERNELS, KIND_MIB } Kind;

typedef struct {
  const char *name;
  Kind kind;
  SfuCliTakes takes;
  gboolean in_request; /* where `offset` counts from */
  gsize offset;
  const char *value, *help;
} Option;

#define REQUEST(member) TRUE, G_STRUCT_OFFSET (SfuRequest, member)
#define RUN(member) FALSE, G_STRUCT_OFFSET (SfuCliOptions, member)

static const Option options[] = {
  { "model", KIND_TEXT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (model), "PATH", "the model: a diffusers folder or a .safetensors file" },
  { "arch", KIND_TEXT, SFU_CLI_BENCH, RUN (arch), "NAME", "no file, but random weights of a family's sizes: sd15, bk-base, bk-small, bk-tiny" },
  { "prompt", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (prompt), "TEXT", "what to paint" },
  { "negative", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (negative), "TEXT", "what to keep out of the picture" },
  { "emphasis", KIND_EMPHASIS, SFU_CLI_REQUEST, REQUEST (emphasis), "RULE", "what brackets in a prompt mean: a1111, comfyui or none (none)" },
  { "steps", KIND_COUNT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (steps), "N", "denoising steps (20)" },
  { "scheduler", KIND_SCHEDULER, SFU_CLI_REQUEST, REQUEST (scheduler), "NAME", "ddim pndm lms euler euler-a heun dpmpp-2m dpmpp-2m-sde dpmpp-sde unipc lcm tcd (the model's own)" },
  { "sigmas", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (sigmas), "SHAPE", "default, karras or exponential" },
  { "spacing", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (spacing), "NAME", "leading, trailing or linspace" },
  { "guidance", KIND_NUMBER, SFU_CLI_REQUEST, REQUEST (guidance), "X", "how closely to follow the prompt (7.5); 1 or less: no guidance" },
  { "seed", KIND_SEED, SFU_CLI_REQUEST, REQUEST (seed), "N", "the noise to start from (random)" },
  { "width", KIND_COUNT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (width), "N", "pixels, a multiple of 8 (the model's own)" },
  { "height", KIND_COUNT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (height), "N", "pixels, a multiple of 8 (the model's own)" },
  { "batch", KIND_COUNT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (batch), "N", "pictures, with seeds that count on (1)" },
  { "image", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (image), "FILE", "a PNG picture to start from" },
  { "strength", KIND_NUMBER, SFU_CLI_REQUEST, REQUEST (strength), "X", "how far to go from it, 0 to 1 (0.75)" },
  { "eta", KIND_NUMBER, SFU_CLI_REQUEST, REQUEST (eta), "X", "fresh noise a step, for ddim (0) and tcd (0.3)" },
  { "noise", KIND_NOISE, SFU_CLI_REQUEST, REQUEST (noise), "KIND", "torch-cpu, torch-cpu-fp16 or philox (torch-cpu)" },
  { "vae", KIND_TEXT, SFU_CLI_REQUEST, REQUEST (vae), "FILE", "another autoencoder" },
  { "taesd", KIND_TEXT, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (taesd), "FILE", "the decoder for previews (one that is found)" },
  { "precision", KIND_PRECISION, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (precision), "P", "auto, fp16 or fp32 (auto)" },
  { "deepcache", KIND_DEEPCACHE, SFU_CLI_REQUEST | SFU_CLI_BENCH, REQUEST (deepcache), "N[:BRANCH]", "run the UNet's deep layers in every N-th step only (1: in all); BRANCH 0 runs the least in between (0)" },
  { "output", KIND_TEXT, SFU_CLI_OUTPUT, RUN (output), "FILE.png", "where the picture goes (sfumato-SEED.png)" },
  { "preview-dir", KIND_TEXT, SFU_CLI_OUTPUT, RUN (preview_dir), "DIR", "write previews there" },
  { "preview-every", KIND_COUNT, SFU_CLI_OUTPUT, RUN (preview_every), "N", "of each n-th step (1)" },
  { "dump", KIND_TEXT, SFU_CLI_OUTPUT, RUN (dump), "DIR", "write all intermediate arrays there as NumPy files" },
  { "device", KIND_TEXT, SFU_CLI_DEVICE, RUN (device), "NAME", "the device: an index, a UUID or part of a name (the best)" },
  { "budget", KIND_MIB, SFU_CLI_DEVICE, RUN (budget_bytes), "MIB", "take no more device memory than this" },
  { "kernels", KIND_KERNELS, SFU_CLI_BENCH, RUN (kernels), "FORM", "which form of kernels may be used (best)" },
  { "list-kernels", KIND_FLAG, SFU_CLI_BENCH, RUN (list_kernels), NULL, "name the forms of kernels, one a line, and measure nothing" },
  { "detail", KIND_FLAG, SFU_CLI_BENCH, RUN (detail), NULL, "kernels by shape too" },
  { "untimed", KIND_FLAG, SFU_CLI_BENCH, RUN (untimed), NULL, "do not time single kernels, as on devices without timestamps" },
  { "tune", KIND_FLAG, SFU_CLI_BENCH, RUN (tune), NULL, "first measure which kernels are the fastest here, all anew, and keep them" },
  { "compare", KIND_TEXT, SFU_CLI_BENCH, RUN (compare), "FILE", "beside an earlier run's --json output" },
  { "validate", KIND_FLAG, SFU_CLI_DEVICE, RUN (validate), NULL, "run under Vulkan's validation layer" },
  { "json", KIND_FLAG, SFU_CLI_OUTPUT | SFU_CLI_PATH | SFU_CLI_BENCH | SFU_CLI_DEVICE, RUN (json), NULL, "machine-readable output on stdout" },
};

static gboolean G_GNUC_PRINTF (2, 3)
usage (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
set_number (const Option *option, gpointer field, const char *value, GError **error)
{
  char *end = NULL;
  double x = g_ascii_strtod (value, &end);
  if (end == value || *end != '\0' || !isfinite (x))
    return usage (error, "--%s needs a number, not “%s”.", option->name, value);
  *(double *) field = x;
  return TRUE;
}

static gboolean
set_kernels (GpuKernels *field, const char *value, GError **error)
{
  g_autofree char *names = g_strjoinv (", ", (GStrv) gpu_kernels_names ());
  return gpu_kernels_from_name (value, field) || usage (error, "There are no kernels “%s”: the forms are %s.", value, names);
}

static gboolean
set_value (const Option *option, gpointer field, const char *value, GError **error)
{
  SfuEmphasis emphasis;
  SfuNoiseKind noise;
  guint64 n;
  switch (option->kind)
    {
    case KIND_FLAG:
      *(gboolean *) field = TRUE;
      return TRUE;
    case KIND_NUMBER:
      return set_number (option, field, value, error);
    case KIND_SEED:
      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, field, NULL))
        return usage (error, "--seed needs a whole number that is not negative, not “%s”.", value);
      return TRUE;
    case KIND_COUNT:
      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT, &n, NULL))
        return usage (error, "--%s needs a whole number that is not negative, not “%s”.", option->name, value);
      if (n == 0)
        return usage (error, "--%s must be 1 at least.", option->name);
      *(guint *) field = n;
      return TRUE;
    case KIND_MIB:
      if (!g_ascii_string_to_unsigned (value, 10, 1, 1u << 30, &n, NULL))
        return usage (error, "--%s needs a number of MiB, not “%s”.", option->name, value);
      *(guint64 *) field = n << 20;
      return TRUE;
    case KIND_DEEPCACHE:
      if (!sfu_deepcache_from_text (value, field))
        return usage (error, "--deepcache needs N or N:BRANCH, as 3 or 3:1, with an N of 1 at least, not “%s”.", value);
      return TRUE;
    case KIND_PRECISION:
      if (!sfu_precision_from_name (value, field))
        return usage (error, "There is no precision “%s”: use auto, fp16 or fp32.", value);
      return TRUE;
    case KIND_KERNELS:
      return set_kernels (field, value, error);
    case KIND_NOISE:
      if (!sfu_noise_kind_from_name (value, &noise))
        return usage (error, "There is no noise “%s”: use torch-cpu, torch-cpu-fp16 or philox.", value);
      break;
    case KIND_SCHEDULER:
      if (sfu_scheduler_title (value) == NULL)
        {
          g_autofree char *names = g_strjoinv (", ", (GStrv) sfu_scheduler_names ());
          return usage (error, "There is no scheduler “%s”. The schedulers are %s.", value, names);
        }
      break;
    case KIND_EMPHASIS:
      if (!sfu_emphasis_from_name (value, &emphasis))
        return usage (error, "There is no emphasis “%s”: use a1111, comfyui or none.", value);
      break;
    case KIND_TEXT:
      break;
    }
  if (!g_utf8_validate (value, -1, NULL) && (g_str_equal (option->name, "prompt") || g_str_equal (option->name, "negative")))
    return usage (error, "--%s is not valid UTF-8 text.", option->name);
  g_set_str ((char **) field, value);
  return TRUE;
}

static const Option *
find_option (const char *name, gsize length, SfuCliTakes takes)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strlen (options[i].name) == length && strncmp (options[i].name, name, length) == 0 && (options[i].takes & takes))
      return &options[i];
  return NULL;
}

/* Options that are known, but not yet: so that scripts hear the right thing. */
static gboolean
is_planned (const char *name, gsize length)
{
  static const char *const planned[] = { "lora", "embedding", "mask", "control", "control-image", "control-scale", "clip-skip",
                                         "hires-scale", "upscale" };
  for (guint i = 0; i < G_N_ELEMENTS (planned); i++)
    if (strlen (planned[i]) == length && strncmp (planned[i], name, length) == 0)
      return TRUE;
  return FALSE;
}

/* "--name value" or "--name=value"; moves on behind what it takes. */
static gboolean
take_option (SfuCliOptions *self, char ***at, SfuCliTakes takes, GError **error)
{
  const char *name = **at + 2, *equals = strchr (name, '='), *value = equals != NULL ? equals + 1 : NULL;
  gsize length = equals != NULL ? (gsize) (equals - name) : strlen (name);
  const Option *option = find_option (name, length, takes);
  if (option == NULL && is_planned (name, length))
    return usage (error, "--%.*s cannot be used in this version.", (int) length, name);
  if (option == NULL)
    return usage (error, "There is no option --%.*s here: --help lists them.", (int) length, name);
  if (option->kind == KIND_FLAG && value != NULL)
    return usage (error, "--%s takes no value.", option->name);
  if (option->kind != KIND_FLAG && value == NULL)
    {
      value = *++*at;
      if (value == NULL)
        return usage (error, "--%s needs a value.", option->name);
    }
  ++*at;
  gpointer base = option->in_request ? (gpointer) self->request : (gpointer) self;
  return set_value (option, G_STRUCT_MEMBER_P (base, option->offset), value, error);
}

SfuCliOptions *
sfu_cli_options_parse (char **arguments, SfuCliTakes takes, GError **error)
{
  g_autoptr (SfuCliOptions) self = g_new0 (SfuCliOptions, 1);
  self->request = sfu_request_new ();
  self->request->seed = (guint64) g_random_int () << 16 ^ g_random_int ();
  self->preview_every = 1;
  while (*arguments != NULL)
    {
      if (g_str_equal (*arguments, "--help") || g_str_equal (*arguments, "-h"))
        {
          self->help = TRUE;
          return g_steal_pointer (&self);
        }
      if (g_str_has_prefix (*arguments, "--"))
        {
          if (!take_option (self, &arguments, takes, error))
            return NULL;
          continue;
        }
      if (!(takes & SFU_CLI_PATH) || self->positional != NULL)
        {
          usage (error, "“%s” is not an option: options begin with --.", *arguments);
          return NULL;
        }
      self->positional = g_strdup (*arguments++);
    }
  return g_steal_pointer (&self);
}

void
sfu_cli_options_free (SfuCliOptions *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->request, sfu_request_unref);
  g_free (self->arch);
  g_free (self->compare);
  g_free (self->output);
  g_free (self->preview_dir);
  g_free (self->dump);
  g_free (self->device);
  g_free (self->cache);
  g_free (self->positional);
  g_free (self);
}

void
sfu_cli_options_print_help (SfuCliTakes takes)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].takes & takes)
      {
        g_autofree char *left = g_strdup_printf ("--%s %s", options[i].name, options[i].value != NULL ? options[i].value : "");
        g_print ("  %-22s %s\n", left, options[i].help);
      }
}
