#include "sfu-prompt-edit.h"

#include <math.h>

#define MIN_WEIGHT 0.05
#define MAX_WEIGHT 2.0

/* The text as code points, which positions count. */
static gunichar *
points_of (const char *text, guint *n)
{
  glong length;
  gunichar *points = g_utf8_to_ucs4_fast (text, -1, &length);
  *n = length;
  return points;
}

static char *
slice (const gunichar *points, guint start, guint end)
{
  return g_ucs4_to_utf8 (points + start, end - start, NULL, NULL, NULL);
}

static void
find_spans (const gunichar *p, guint n, gunichar opening, gunichar closing, GArray *spans)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < n; i++)
    {
      SfuPromptSpan span = { i, i + 1, FALSE };
      if (p[i] == '\\')
        i++; /* the next one is a letter */
      else if (p[i] == opening)
        g_array_append_val (open, i);
      else if (p[i] == closing)
        {
          if (open->len > 0)
            {
              span.start = g_array_index (open, guint, open->len - 1);
              span.balanced = TRUE;
              g_array_set_size (open, open->len - 1);
            }
          g_array_append_val (spans, span);
        }
    }
  for (guint i = 0; i < open->len; i++)
    {
      guint at = g_array_index (open, guint, i);
      SfuPromptSpan span = { at, at + 1, FALSE };
      g_array_append_val (spans, span);
    }
}

GArray *
sfu_prompt_spans (const char *text, SfuEmphasis rule)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (SfuPromptSpan));
  guint n;
  g_autofree gunichar *p = points_of (text, &n);
  if (rule != SFU_EMPHASIS_NONE)
    find_spans (p, n, '(', ')', spans);
  if (rule == SFU_EMPHASIS_A1111)
    find_spans (p, n, '[', ']', spans);
  return spans;
}

/* The innermost weighted group that holds start..end. */
static gboolean
group_at (const char *text, guint start, guint end, SfuPromptSpan *found)
{
  g_autoptr (GArray) spans = sfu_prompt_spans (text, SFU_EMPHASIS_COMFYUI);
  gboolean any = FALSE;
  for (guint i = 0; i < spans->len; i++)
    {
      SfuPromptSpan span = g_array_index (spans, SfuPromptSpan, i);
      if (span.balanced && span.start <= start && span.end >= end && (!any || span.end - span.start < found->end - found->start))
        {
          *found = span;
          any = TRUE;
        }
    }
  return any;
}

/* The phrase between commas, without the spaces at its ends. FALSE if it is empty. */
static gboolean
phrase_at (const gunichar *p, guint n, guint cursor, guint *start, guint *end)
{
  guint a = MIN (cursor, n), b = MIN (cursor, n);
  while (a > 0 && p[a - 1] != ',' && p[a - 1] != '\n')
    a--;
  while (b < n && p[b] != ',' && p[b] != '\n')
    b++;
  while (a < b && g_unichar_isspace (p[a]))
    a++;
  while (b > a && g_unichar_isspace (p[b - 1]))
    b--;
  *start = a;
  *end = b;
  return b > a;
}

/* "(words:1.2)" as words and 1.2; "(words)" is 1.1, as in A1111. */
static char *
split_group (const gunichar *p, SfuPromptSpan span, double *weight)
{
  guint colon = 0;
  *weight = 1.1;
  for (guint i = span.end - 1; i-- > span.start + 1;)
    if (p[i] == ':')
      {
        colon = i;
        break;
      }
  if (colon > 0)
    {
      g_autofree char *number = slice (p, colon + 1, span.end - 1);
      char *rest = NULL;
      double x = g_ascii_strtod (g_strstrip (number), &rest);
      if (rest != number && *rest == '\0')
        {
          *weight = x;
          return slice (p, span.start + 1, colon);
        }
    }
  return slice (p, span.start + 1, span.end - 1);
}

gboolean
sfu_prompt_weigh (const char *text, guint start, guint end, double by, SfuPromptEdit *edit)
{
  guint n;
  g_autofree gunichar *p = points_of (text, &n);
  g_autofree char *words = NULL;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  SfuPromptSpan span;
  double weight = 1;
  if (group_at (text, start, end, &span))
    {
      words = split_group (p, span, &weight);
      edit->start = span.start;
      edit->end = span.end;
    }
  else
    {
      if (start == end && !phrase_at (p, n, start, &start, &end))
        return FALSE;
      words = slice (p, start, end);
      edit->start = start;
      edit->end = end;
    }
  weight = CLAMP (round ((weight + by) * 100) / 100, MIN_WEIGHT, MAX_WEIGHT);
  if (fabs (weight - 1) < 1e-6)
    edit->text = g_strdup (words);
  else
    edit->text = g_strdup_printf ("(%s:%s)", words, g_ascii_formatd (number, sizeof number, "%.4g", weight));
  edit->select_start = edit->start;
  edit->select_end = edit->start + g_utf8_strlen (edit->text, -1);
  return TRUE;
}

gboolean
sfu_prompt_move_phrase (const char *text, guint cursor, int by, SfuPromptEdit *edit)
{
  guint n, a, b, c, d;
  g_autofree gunichar *p = points_of (text, &n);
  if (!phrase_at (p, n, cursor, &a, &b))
    return FALSE;
  if (by < 0)
    {
      guint at = a;
      while (at > 0 && p[at - 1] != ',')
        at--;
      if (at == 0 || !phrase_at (p, n, at - 1, &c, &d) || d > a)
        return FALSE;
    }
  else
    {
      guint at = b;
      while (at < n && p[at] != ',')
        at++;
      if (at == n || !phrase_at (p, n, at + 1, &c, &d) || c < b)
        return FALSE;
    }
  g_autofree char *own = slice (p, a, b), *other = slice (p, c, d);
  g_autofree char *between = by < 0 ? slice (p, d, a) : slice (p, b, c);
  edit->start = MIN (a, c);
  edit->end = MAX (b, d);
  edit->text = by < 0 ? g_strconcat (own, between, other, NULL) : g_strconcat (other, between, own, NULL);
  edit->select_start = by < 0 ? edit->start : edit->end - (b - a);
  edit->select_end = edit->select_start + (b - a);
  return TRUE;
}
