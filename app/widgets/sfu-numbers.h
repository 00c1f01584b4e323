/* sfu-numbers.h: numbers as people read them, in any direction of writing. Main thread. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* "1 204 887", with narrow spaces that do not break. Transfer full. */
char *sfu_number_grouped (guint64 number);

/* The same look for a text of digits that is being edited: spaces that are seen and not there. Transfer full. */
PangoAttrList *sfu_number_grouping (const char *digits);

G_END_DECLS
