#include "sfu-differences.h"

#include <glib/gi18n.h>
#include <math.h>

typedef struct {
  GString *left, *right;
} Texts;

static void
add (Texts *texts, char *left, char *right)
{
  if (texts->left->len > 0)
    {
      g_string_append (texts->left, " · ");
      g_string_append (texts->right, " · ");
    }
  g_string_append (texts->left, left);
  g_string_append (texts->right, right);
  g_free (left);
  g_free (right);
}

/* -- words -- */

static char *
join (char **words, guint from, guint to)
{
  GString *text = g_string_new (NULL);
  for (guint i = from; i < to; i++)
    g_string_append_printf (text, i > from ? " %s" : "%s", words[i]);
  return g_string_free (text, FALSE);
}

/* What is left of both without the words that both begin with and both end with. */
static void
strip_common (const char *left, const char *right, char **left_middle, char **right_middle)
{
  g_auto (GStrv) a = g_strsplit_set (left, " \n\t", -1), b = g_strsplit_set (right, " \n\t", -1);
  guint n = g_strv_length (a), m = g_strv_length (b), start = 0, end = 0;
  while (start < MIN (n, m) && g_str_equal (a[start], b[start]))
    start++;
  while (end < MIN (n, m) - start && g_str_equal (a[n - 1 - end], b[m - 1 - end]))
    end++;
  *left_middle = join (a, start, n - end);
  *right_middle = join (b, start, m - end);
}

static char *
prompt_text (const char *own, const char *other)
{
  return *own != '\0' ? g_strdup_printf (_("“%s”"), own) : g_strdup_printf (_("no “%s”"), other);
}

static char *
negative_text (const char *own, const char *other)
{
  return *own != '\0' ? g_strdup_printf (_("without “%s”"), own) : g_strdup_printf (_("“%s” allowed"), other);
}

static void
add_prompt (Texts *texts, const char *left, const char *right, char *(*text) (const char *own, const char *other))
{
  g_autofree char *x = NULL, *y = NULL;
  strip_common (left, right, &x, &y);
  if (*x != '\0' || *y != '\0')
    add (texts, text (x, y), text (y, x));
}

/* -- everything else -- */

static char *
model_name (const SfuRequest *request)
{
  char *name = g_path_get_basename (request->model);
  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  return name;
}

static char *
or_default (const char *name)
{
  return g_strdup (name != NULL ? name : _("As the model says"));
}

static char *
start_name (const SfuRequest *request)
{
  g_autofree char *name = request->image != NULL ? g_path_get_basename (request->image) : NULL;
  return name != NULL ? g_strdup_printf (_("Start %s"), name) : g_strdup (_("No start picture"));
}

/* A number stays as it is in languages that are written from right to left. */
static char *
number (double value, int digits)
{
  return g_strdup_printf ("\u2066%.*f\u2069", digits, value);
}

static char *
seed (const SfuRequest *request)
{
  return g_strdup_printf ("\u2066%" G_GUINT64_FORMAT "\u2069", request->seed);
}

static char *
deepcache (const SfuRequest *request)
{
  g_autofree char *text = sfu_deepcache_to_text (request->deepcache);
  return request->deepcache.interval > 1 ? g_strdup_printf ("\u2066%s\u2069", text) : g_strdup (_("Off"));
}

#define ADD(texts, format, left, right)                                               \
  G_STMT_START {                                                                      \
    g_autofree char *l = (left), *r = (right);                                        \
    add ((texts), g_strdup_printf ((format), l), g_strdup_printf ((format), r));      \
  } G_STMT_END

static void
add_settings (Texts *texts, const SfuRequest *a, const SfuRequest *b)
{
  if (!g_str_equal (a->model, b->model))
    add (texts, model_name (a), model_name (b));
  if (a->steps != b->steps)
    ADD (texts, _("Steps %s"), number (a->steps, 0), number (b->steps, 0));
  if (fabs (a->guidance - b->guidance) > 1e-6)
    ADD (texts, _("Guidance %s"), number (a->guidance, 1), number (b->guidance, 1));
  if (g_strcmp0 (a->scheduler, b->scheduler) != 0)
    add (texts, or_default (a->scheduler), or_default (b->scheduler));
  if (g_strcmp0 (a->sigmas, b->sigmas) != 0)
    ADD (texts, _("Sigmas: %s"), or_default (a->sigmas), or_default (b->sigmas));
  if (g_strcmp0 (a->image, b->image) != 0)
    add (texts, start_name (a), start_name (b));
  if (a->image != NULL && b->image != NULL && fabs (a->strength - b->strength) > 1e-6)
    ADD (texts, _("Strength %s"), number (a->strength, 2), number (b->strength, 2));
  if (a->precision != b->precision)
    add (texts, g_strdup (sfu_precision_name (a->precision)), g_strdup (sfu_precision_name (b->precision)));
  if (a->deepcache.interval != b->deepcache.interval || (a->deepcache.interval > 1 && a->deepcache.branch != b->deepcache.branch))
    ADD (texts, "DeepCache %s", deepcache (a), deepcache (b));
  if (a->seed != b->seed)
    ADD (texts, _("Seed %s"), seed (a), seed (b));
}

static char *
size_text (SfuPicture *picture)
{
  return g_strdup_printf ("\u2066%u × %u\u2069", sfu_picture_width (picture), sfu_picture_height (picture));
}

void
sfu_differences (SfuPicture *left, SfuPicture *right, char **left_text, char **right_text)
{
  const SfuRequest *a = sfu_picture_request (left), *b = sfu_picture_request (right);
  Texts texts = { g_string_new (NULL), g_string_new (NULL) };
  if (sfu_picture_width (left) != sfu_picture_width (right) || sfu_picture_height (left) != sfu_picture_height (right))
    add (&texts, size_text (left), size_text (right));
  if (a != NULL && b != NULL)
    {
      /* Prompts last: where there is no room for all, numbers tell more. */
      add_settings (&texts, a, b);
      add_prompt (&texts, a->prompt, b->prompt, prompt_text);
      add_prompt (&texts, a->negative, b->negative, negative_text);
    }
  if (texts.left->len == 0 || a == NULL || b == NULL)
    add (&texts, g_path_get_basename (sfu_picture_path (left)), g_path_get_basename (sfu_picture_path (right)));
  *left_text = g_string_free (texts.left, FALSE);
  *right_text = g_string_free (texts.right, FALSE);
}
