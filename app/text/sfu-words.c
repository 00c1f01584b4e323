#include "sfu-words.h"

#include <string.h>

static gboolean
is_letter (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_number (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);
  return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER || type == G_UNICODE_OTHER_NUMBER;
}

/* \s of the regular expression: Unicode's White_Space. */
static gboolean
is_space (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);
  return (c >= 0x09 && c <= 0x0d) || c == 0x85 || type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Roman numerals and circled letters have lower case too, but are not letters to GLib. */
static gunichar
lower (gunichar c)
{
  if (c >= 0x2160 && c <= 0x216f)
    return c + 16;
  if (c >= 0x24b6 && c <= 0x24cf)
    return c + 26;
  return g_unichar_tolower (c);
}

char *
sfu_words_normalise (const char *text, gssize length)
{
  g_autofree char *composed = g_utf8_normalize (text, length, G_NORMALIZE_NFC);
  GString *out = g_string_new (NULL);
  gboolean spaced = FALSE;
  for (const char *p = composed; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (is_space (c))
        {
          if (!spaced)
            g_string_append_c (out, ' ');
          spaced = TRUE;
          continue;
        }
      spaced = FALSE;
      /* The only letter that becomes two (Unicode SpecialCasing). */
      if (c == 0x130)
        g_string_append (out, "i\314\207");
      else
        g_string_append_unichar (out, lower (c));
    }
  return g_string_free (out, FALSE);
}

static gsize
ending_length (const char *p)
{
  static const char *const endings[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_prefix (p, endings[i]))
      return strlen (endings[i]);
  return 0;
}

void
sfu_words_split (const char *normalised, SfuWordFunc func, gpointer data)
{
  const char *p = normalised;
  while (*p != '\0')
    {
      const char *start = p;
      gunichar c = g_utf8_get_char (p);
      gsize ending = ending_length (p);
      if (is_space (c))
        {
          p = g_utf8_next_char (p);
          continue;
        }
      if (ending > 0)
        p += ending;
      else if (is_number (c))
        p = g_utf8_next_char (p);
      else if (is_letter (c))
        for (; *p != '\0' && is_letter (g_utf8_get_char (p)); p = g_utf8_next_char (p))
          ;
      else
        for (; *p != '\0'; p = g_utf8_next_char (p))
          {
            gunichar d = g_utf8_get_char (p);
            if (is_letter (d) || is_number (d) || is_space (d))
              break;
          }
      func (start, p - start, start - normalised, data);
    }
}

/* TRUE if normalisation may join this character with one before it: marks, and the later parts of Hangul syllables
 * (Unicode Standard Annex 15). */
static gboolean
joins (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);
  return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK
         || (c >= 0x1160 && c <= 0x11ff);
}

const char *
sfu_word_origin (SfuWordOrigin *self, gsize offset)
{
  while (self->at < self->end)
    {
      const char *next = g_utf8_next_char (self->at);
      gsize length = 1;
      gboolean spaced = FALSE;
      while (next < self->end && (guint8) *next >= 0x80 && joins (g_utf8_get_char (next)))
        next = g_utf8_next_char (next);
      if (next == self->at + 1)
        spaced = is_space (*self->at);
      else
        {
          g_autofree char *normalised = sfu_words_normalise (self->at, next - self->at);
          length = strlen (normalised);
          spaced = length > 0 && normalised[length - 1] == ' ';
        }
      if (spaced && self->spaced)
        length--;
      if (self->normalised + length > offset)
        break;
      self->normalised += length;
      self->spaced = spaced;
      self->at = next;
    }
  return self->at;
}
