#include "sfu-emphasis.h"

#include <math.h>
#include <string.h>

#define BRACKET_WEIGHT 1.1
#define MAX_OPEN 256 /* brackets within brackets; keeps the work proportional to the length */

static const char *const names[] = {
  [SFU_EMPHASIS_NONE] = "none", [SFU_EMPHASIS_A1111] = "a1111", [SFU_EMPHASIS_COMFYUI] = "comfyui",
};

const char *
sfu_emphasis_name (SfuEmphasis rule)
{
  return names[rule];
}

gboolean
sfu_emphasis_from_name (const char *name, SfuEmphasis *rule)
{
  *rule = SFU_EMPHASIS_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (name != NULL && g_str_equal (names[i], name))
      {
        *rule = i;
        return TRUE;
      }
  return name == NULL;
}

/* -- phrases -- */

static void
phrase_free (gpointer data)
{
  SfuPhrase *self = data;
  g_free (self->text);
  g_free (self->origin);
  g_free (self);
}

static SfuPhrases *
phrases_new (void)
{
  SfuPhrases *self = g_new0 (SfuPhrases, 1);
  self->list = g_ptr_array_new_with_free_func (phrase_free);
  self->marks = g_array_new (FALSE, FALSE, sizeof (SfuMark));
  return self;
}

void
sfu_phrases_free (SfuPhrases *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->list);
  g_array_unref (self->marks);
  g_free (self);
}

static SfuPhrase *
phrase_at (SfuPhrases *self, guint i)
{
  return g_ptr_array_index (self->list, i);
}

/* @length bytes of the prompt from @start on, as they stand. */
static SfuPhrase *
add_phrase (SfuPhrases *self, const char *prompt, gsize start, gsize length, double weight)
{
  SfuPhrase *phrase = g_new0 (SfuPhrase, 1);
  phrase->text = g_strndup (prompt + start, length);
  phrase->origin = g_new (guint, length + 1);
  for (gsize i = 0; i <= length; i++)
    phrase->origin[i] = start + i;
  phrase->weight = weight;
  g_ptr_array_add (self->list, phrase);
  return phrase;
}

static void
add_mark (SfuPhrases *self, SfuMarkKind kind, gsize start, gsize end)
{
  SfuMark mark = { kind, start, end };
  g_array_append_val (self->marks, mark);
}

/* -- A1111 -- */

typedef struct {
  SfuPhrases *phrases;
  const char *prompt;
  GArray *round, *square; /* guint: the phrase at which each open bracket begins; PLAIN: a bracket that is a letter */
} Reader;

#define PLAIN G_MAXUINT

static void
multiply_from (Reader *self, guint first, double by)
{
  for (guint i = first; i < self->phrases->list->len; i++)
    phrase_at (self->phrases, i)->weight *= by;
}

static guint
pop (GArray *stack)
{
  guint last = g_array_index (stack, guint, stack->len - 1);
  g_array_set_size (stack, stack->len - 1);
  return last;
}

static void
push (GArray *stack, guint value)
{
  g_array_append_val (stack, value);
}

static gboolean
is_word_char (gunichar c)
{
  return c == '_' || g_unichar_isalnum (c);
}

/* The next BREAK that is a word by itself, or NULL. @start, @end: of what lies between special characters. */
static const char *
find_break (const char *start, const char *from, const char *end)
{
  const char *p = from;
  while ((p = g_strstr_len (p, end - p, "BREAK")) != NULL)
    {
      const char *after = p + strlen ("BREAK");
      gboolean begins = p == start || !is_word_char (g_utf8_get_char (g_utf8_prev_char (p)));
      if (begins && (after == end || !is_word_char (g_utf8_get_char (after))))
        return p;
      p = after;
    }
  return NULL;
}

/* Text between special characters; BREAK takes the spaces around it. */
static void
read_words (Reader *self, const char *start, const char *end)
{
  const char *from = start, *word;
  while ((word = find_break (start, from, end)) != NULL)
    {
      const char *before = word, *after = word + strlen ("BREAK");
      while (before > from && g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (before))))
        before = g_utf8_prev_char (before);
      while (after < end && g_unichar_isspace (g_utf8_get_char (after)))
        after = g_utf8_next_char (after);
      add_phrase (self->phrases, self->prompt, from - self->prompt, before - from, 1);
      add_phrase (self->phrases, self->prompt, word - self->prompt, strlen ("BREAK"), -1)->is_break = TRUE;
      from = after;
    }
  add_phrase (self->phrases, self->prompt, from - self->prompt, end - from, 1);
}

/* A number as A1111 has them, digits and points with a sign: what does not make a number is none. */
static gboolean
read_weight (const char *text, gsize length, double *weight)
{
  g_autofree char *number = g_strstrip (g_strndup (text, length));
  char *rest = NULL;
  *weight = g_ascii_strtod (number, &rest);
  return *number != '\0' && *rest == '\0' && isfinite (*weight) && strcspn (number, "xXpPiInN") == strlen (number);
}

/* If ": 1.2 )" is at @p: the weight, and the byte behind the bracket; else NULL. */
static const char *
read_closing_weight (const char *p, double *weight)
{
  const char *number = p + 1, *end;
  number += strspn (number, " \t\n\r\f\v");
  end = number + strspn (number, "+-");
  end += strspn (end, ".0123456789");
  const char *close = end + strspn (end, " \t\n\r\f\v");
  return *close == ')' && read_weight (number, end - number, weight) ? close + 1 : NULL;
}

/* TRUE if the bracket at @p holds "a:b:0.5", "a:0.5" or "a|b": another grammar of A1111's, which changes words while
 * a picture is made (modules/prompt_parser.py, schedule_parser). */
static gboolean
is_edit (const char *p)
{
  const char *colon = NULL;
  gboolean bar = FALSE;
  int depth = 0;
  for (p++; *p != '\0'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
    else if (*p == '[' || *p == '(')
      depth++;
    else if (depth > 0 && (*p == ']' || *p == ')'))
      depth--;
    else if (*p == ']')
      {
        double when;
        return bar || (colon != NULL && read_weight (colon + 1, p - colon - 1, &when) && when >= 0);
      }
    else if (depth == 0 && *p == '|')
      bar = TRUE;
    else if (depth == 0 && *p == ':')
      colon = p;
  return FALSE;
}

/* Neighbours of equal weight become one phrase, so that the tokenizer sees their words together. */
static void
merge_phrases (SfuPhrases *self)
{
  g_autoptr (GPtrArray) all = g_steal_pointer (&self->list);
  self->list = g_ptr_array_new_with_free_func (phrase_free);
  for (guint i = 0; i < all->len;)
    {
      SfuPhrase *first = g_ptr_array_index (all, i), *phrase;
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GArray) origin = g_array_new (FALSE, FALSE, sizeof (guint));
      guint end = 0;
      /* A BREAK whose weight was changed by brackets around it is a word. */
      gboolean is_break = first->is_break && first->weight == -1;
      for (; i < all->len; i++)
        {
          SfuPhrase *next = g_ptr_array_index (all, i);
          gsize length = strlen (next->text);
          if (next != first && (is_break || next->weight != first->weight || (next->is_break && next->weight == -1)))
            break;
          if (!is_break)
            {
              g_string_append (text, next->text);
              g_array_append_vals (origin, next->origin, length);
            }
          end = next->origin[length];
        }
      g_array_append_val (origin, end);
      if (is_break)
        add_mark (self, SFU_MARK_BREAK, first->origin[0], end);
      phrase = g_new0 (SfuPhrase, 1);
      phrase->text = g_strdup (text->str);
      phrase->origin = (guint *) (gpointer) g_array_free (g_steal_pointer (&origin), FALSE);
      phrase->weight = first->weight;
      phrase->is_break = is_break;
      g_ptr_array_add (self->list, phrase);
    }
}

static void
read_a1111 (SfuPhrases *phrases, const char *prompt)
{
  g_autoptr (GArray) round = g_array_new (FALSE, FALSE, sizeof (guint)), square = g_array_new (FALSE, FALSE, sizeof (guint));
  Reader self = { phrases, prompt, round, square };
  const char *p = prompt, *end;
  double weight;
  while (*p != '\0')
    {
      gsize at = p - prompt;
      if (*p == '\\' && p[1] != '\0' && strchr ("()[]\\", p[1]) != NULL)
        {
          add_phrase (phrases, prompt, at + 1, 1, 1);
          add_mark (phrases, SFU_MARK_ESCAPE, at, at + 2);
          p += 2;
        }
      else if (*p == '\\')
        p++; /* by itself it is dropped */
      else if (*p == '(' && round->len < MAX_OPEN)
        {
          push (round, phrases->list->len);
          p++;
        }
      else if (*p == '[' && square->len < MAX_OPEN)
        {
          gboolean edit = is_edit (p);
          phrases->has_edits |= edit;
          push (square, edit ? PLAIN : phrases->list->len);
          if (edit)
            add_phrase (phrases, prompt, at, 1, 1);
          p++;
        }
      else if (*p == ':' && round->len > 0 && (end = read_closing_weight (p, &weight)) != NULL)
        {
          multiply_from (&self, pop (round), weight);
          p = end;
        }
      else if (*p == ')' && round->len > 0)
        {
          multiply_from (&self, pop (round), BRACKET_WEIGHT);
          p++;
        }
      else if (*p == ']' && square->len > 0)
        {
          guint first = pop (square);
          if (first == PLAIN)
            add_phrase (phrases, prompt, at, 1, 1);
          else
            multiply_from (&self, first, 1 / BRACKET_WEIGHT);
          p++;
        }
      else
        {
          gsize length = strcspn (p, "\\()[]:");
          read_words (&self, p, p + MAX (length, 1));
          p += MAX (length, 1);
        }
    }
  while (round->len > 0)
    multiply_from (&self, pop (round), BRACKET_WEIGHT);
  while (square->len > 0)
    multiply_from (&self, pop (square), 1 / BRACKET_WEIGHT);
  merge_phrases (phrases);
}

/* -- ComfyUI -- */

/* The prompt with its escapes resolved: letters, and where each comes from. */
typedef struct {
  char *bytes;
  gboolean *plain; /* an escaped bracket */
  guint *origin;   /* and the end of the last one */
} Letters;

static gboolean
is_bracket (const Letters *self, guint at, char c)
{
  return self->bytes[at] == c && !self->plain[at];
}

static void
add_letters (SfuPhrases *phrases, const Letters *letters, guint start, guint end, double weight)
{
  SfuPhrase *phrase = g_new0 (SfuPhrase, 1);
  phrase->text = g_strndup (letters->bytes + start, end - start);
  phrase->origin = g_memdup2 (letters->origin + start, (end - start + 1) * sizeof (guint));
  phrase->weight = weight;
  g_ptr_array_add (phrases->list, phrase);
}

static void read_letters (SfuPhrases *phrases, const Letters *letters, guint start, guint end, double weight, guint depth);

/* One of the parts below: a group, or words. */
static void
read_part (SfuPhrases *phrases, const Letters *letters, guint start, guint end, double weight, guint depth)
{
  if (end - start < 2 || depth > MAX_OPEN || !is_bracket (letters, start, '(') || !is_bracket (letters, end - 1, ')'))
    {
      add_letters (phrases, letters, start, end, weight);
      return;
    }
  guint colon = end - 2;
  double own;
  weight *= BRACKET_WEIGHT;
  while (colon > start && letters->bytes[colon] != ':')
    colon--;
  start++;
  end--;
  /* The last colon, unless it comes first, and if a number is behind it. */
  if (colon > start && read_weight (letters->bytes + colon + 1, end - colon - 1, &own))
    {
      weight = own;
      end = colon;
    }
  read_letters (phrases, letters, start, end, weight, depth + 1);
}

/* Splits at the outermost brackets. A closing one too many makes the level negative, which hides the next open one:
 * as it is there. */
static void
read_letters (SfuPhrases *phrases, const Letters *letters, guint start, guint end, double weight, guint depth)
{
  guint from = start;
  int level = 0;
  for (guint i = start; i < end; i++)
    if (is_bracket (letters, i, '('))
      {
        if (level++ == 0 && i > from)
          {
            read_part (phrases, letters, from, i, weight, depth);
            from = i;
          }
      }
    else if (is_bracket (letters, i, ')') && --level == 0)
      {
        read_part (phrases, letters, from, i + 1, weight, depth);
        from = i + 1;
      }
  if (from < end)
    read_part (phrases, letters, from, end, weight, depth);
}

static void
read_comfyui (SfuPhrases *phrases, const char *prompt)
{
  gsize length = strlen (prompt), n = 0;
  g_autofree char *bytes = g_malloc (length + 1);
  g_autofree gboolean *plain = g_new0 (gboolean, length + 1);
  g_autofree guint *origin = g_new (guint, length + 1);
  for (gsize i = 0; i < length; i++, n++)
    {
      plain[n] = prompt[i] == '\\' && (prompt[i + 1] == '(' || prompt[i + 1] == ')');
      origin[n] = i;
      if (plain[n])
        {
          add_mark (phrases, SFU_MARK_ESCAPE, i, i + 2);
          i++;
        }
      bytes[n] = prompt[i];
    }
  bytes[n] = '\0';
  origin[n] = length;
  read_letters (phrases, &(Letters) { bytes, plain, origin }, 0, n, 1, 0);
}

SfuPhrases *
sfu_emphasis_parse (SfuEmphasis rule, const char *prompt)
{
  SfuPhrases *self = phrases_new ();
  if (rule == SFU_EMPHASIS_A1111)
    read_a1111 (self, prompt);
  else if (rule == SFU_EMPHASIS_COMFYUI)
    read_comfyui (self, prompt);
  else
    add_phrase (self, prompt, 0, strlen (prompt), 1);
  if (self->list->len == 0)
    add_phrase (self, "", 0, 0, 1);
  return self;
}
