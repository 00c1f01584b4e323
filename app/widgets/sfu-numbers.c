#include "sfu-numbers.h"

#include <string.h>

#define GROUP 3
#define GAP_POINTS 3

char *
sfu_number_grouped (guint64 number)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  gsize n = strlen (digits);
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < n; i++)
    {
      if (i > 0 && (n - i) % GROUP == 0)
        g_string_append (text, "\u202f");
      g_string_append_c (text, digits[i]);
    }
  return g_string_free (text, FALSE);
}

PangoAttrList *
sfu_number_grouping (const char *digits)
{
  PangoAttrList *list = pango_attr_list_new ();
  gsize n = strlen (digits);
  for (gsize i = 0; i + 1 < n; i++)
    if ((n - 1 - i) % GROUP == 0)
      {
        PangoAttribute *gap = pango_attr_letter_spacing_new (GAP_POINTS * PANGO_SCALE);
        gap->start_index = i;
        gap->end_index = i + 1;
        pango_attr_list_insert (list, gap);
      }
  return list;
}
