#include "sfu-request.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK (sfu-request-error-quark, sfu_request_error)

#define MAX_SIDE 8192
#define MAX_PIXELS (64u << 20)

SfuRequest *
sfu_request_new (void)
{
  SfuRequest *self = g_new0 (SfuRequest, 1);
  g_atomic_ref_count_init (&self->refs);
  self->model = g_strdup ("");
  self->prompt = g_strdup ("");
  self->negative = g_strdup ("");
  self->noise = g_strdup ("torch-cpu");
  self->steps = 20;
  self->batch = 1;
  self->guidance = 7.5;
  self->eta = NAN;
  self->strength = 0.75;
  self->deepcache.interval = 1;
  return self;
}

SfuRequest *
sfu_request_copy (const SfuRequest *self)
{
  SfuRequest *copy = g_memdup2 (self, sizeof *self);
  char **strings[] = { &copy->model, &copy->vae, &copy->taesd, &copy->prompt, &copy->negative, &copy->scheduler, &copy->sigmas,
                       &copy->spacing, &copy->noise, &copy->image, &copy->emphasis };
  g_atomic_ref_count_init (&copy->refs);
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    *strings[i] = g_strdup (*strings[i]);
  return copy;
}

SfuRequest *
sfu_request_ref (SfuRequest *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_request_unref (SfuRequest *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->model);
  g_free (self->vae);
  g_free (self->taesd);
  g_free (self->prompt);
  g_free (self->negative);
  g_free (self->emphasis);
  g_free (self->scheduler);
  g_free (self->sigmas);
  g_free (self->spacing);
  g_free (self->noise);
  g_free (self->image);
  g_free (self);
}

static gboolean G_GNUC_PRINTF (2, 3)
invalid (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
check_side (const char *what, guint side, GError **error)
{
  if (side > MAX_SIDE)
    return invalid (error, "The %s of %u is too large: use %u at most.", what, side, MAX_SIDE);
  if (side % 8 != 0)
    return invalid (error, "The %s must be a multiple of 8: use %u or %u, not %u.", what, MAX (side / 8 * 8, 8), side / 8 * 8 + 8, side);
  return TRUE;
}

gboolean
sfu_request_check (const SfuRequest *self, GError **error)
{
  if (*self->model == '\0')
    return invalid (error, "No model was named: give one with --model.");
  if (!g_utf8_validate (self->prompt, -1, NULL) || !g_utf8_validate (self->negative, -1, NULL))
    return invalid (error, "The prompt is not valid UTF-8 text.");
  if (!check_side ("width", self->width, error) || !check_side ("height", self->height, error))
    return FALSE;
  if ((guint64) self->width * self->height > MAX_PIXELS)
    return invalid (error, "A picture of %u x %u is too large: use %u million pixels at most.", self->width, self->height, MAX_PIXELS >> 20);
  if (self->steps < 1 || self->steps > 1000)
    return invalid (error, "%u steps cannot be taken: use 1 to 1000, 20 to 50 are usual.", self->steps);
  if (self->batch < 1 || self->batch > 1000)
    return invalid (error, "A batch of %u cannot be made: use 1 to 1000.", self->batch);
  if (!(self->guidance >= 0 && self->guidance <= 100))
    return invalid (error, "A guidance of %g cannot be used: use 0 to 100, 5 to 10 are usual.", self->guidance);
  if (!(self->strength > 0 && self->strength <= 1))
    return invalid (error, "A strength of %g cannot be used: use more than 0 and at most 1.", self->strength);
  if (!isnan (self->eta) && !(self->eta >= 0 && self->eta <= 1))
    return invalid (error, "An eta of %g cannot be used: use 0 to 1.", self->eta);
  if (self->deepcache.interval < 1 || self->deepcache.interval > 1000)
    return invalid (error, "Every %u-th step cannot be a full one: use 1 (all of them) to 1000, 2 to 5 are usual.", self->deepcache.interval);
  return TRUE;
}

static const char *const precision_names[] = {
  [SFU_PRECISION_AUTO] = "auto", [SFU_PRECISION_FP16] = "fp16", [SFU_PRECISION_FP32] = "fp32",
};

const char *
sfu_precision_name (SfuPrecision precision)
{
  return precision_names[precision];
}

gboolean
sfu_precision_from_name (const char *name, SfuPrecision *precision)
{
  for (guint i = 0; i < G_N_ELEMENTS (precision_names); i++)
    if (g_strcmp0 (name, precision_names[i]) == 0)
      {
        *precision = i;
        return TRUE;
      }
  return FALSE;
}

char *
sfu_deepcache_to_text (SfuDeepCache deepcache)
{
  return deepcache.branch == 0 ? g_strdup_printf ("%u", deepcache.interval)
                               : g_strdup_printf ("%u:%u", deepcache.interval, deepcache.branch);
}

gboolean
sfu_deepcache_from_text (const char *text, SfuDeepCache *deepcache)
{
  const char *colon = strchr (text, ':');
  g_autofree char *interval = colon != NULL ? g_strndup (text, colon - text) : g_strdup (text);
  guint64 n, branch = 0;
  if (!g_ascii_string_to_unsigned (interval, 10, 1, G_MAXINT, &n, NULL)
      || (colon != NULL && !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXINT, &branch, NULL)))
    return FALSE;
  *deepcache = (SfuDeepCache) { n, branch };
  return TRUE;
}
