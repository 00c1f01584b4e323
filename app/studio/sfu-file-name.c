#include "sfu-file-name.h"

#include <string.h>

#define PROMPT_CHARS 60

/* The beginning of a prompt without what a file's name cannot hold anywhere. */
static char *
words_of (const char *prompt)
{
  g_autofree char *part = g_utf8_substring (prompt, 0, MIN (g_utf8_strlen (prompt, -1), PROMPT_CHARS));
  g_strdelimit (part, "/\\:*?\"<>|\n\r\t", ' ');
  g_strstrip (part);
  while (*part == '.')
    memmove (part, part + 1, strlen (part));
  return *part != '\0' ? g_steal_pointer (&part) : g_strdup ("picture");
}

static char *
stem (SfuFileName style, const SfuRequest *request)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *when = g_date_time_format (now, "%Y-%m-%d %H-%M-%S"), *words = words_of (request->prompt);
  switch (style)
    {
    case SFU_FILE_NAME_PROMPT_SEED:
      return g_strdup_printf ("%s %" G_GUINT64_FORMAT, words, request->seed);
    case SFU_FILE_NAME_DATE_PROMPT:
      return g_strdup_printf ("%s %s", when, words);
    case SFU_FILE_NAME_DATE_SEED:
    default:
      return g_strdup_printf ("%s %" G_GUINT64_FORMAT, when, request->seed);
    }
}

char *
sfu_file_name_new_path (SfuFileName style, const char *folder, const SfuRequest *request)
{
  g_autofree char *base = stem (style, request);
  for (guint i = 1;; i++)
    {
      g_autofree char *name = i == 1 ? g_strconcat (base, ".png", NULL) : g_strdup_printf ("%s (%u).png", base, i);
      char *path = g_build_filename (folder, name, NULL);
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        return path;
      g_free (path);
    }
}
