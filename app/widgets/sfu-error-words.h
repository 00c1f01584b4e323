/* sfu-error-words.h: errors in the user's language. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sfu_error_words:
 *
 * What went wrong and what can be done about it, as one translated sentence without names and numbers. Those
 * are in the error's own message, which is in English and meant for the details.
 * Returns: (transfer none): the message itself where it is not one of ours: GLib and GTK translate theirs.
 */
const char *sfu_error_words (const GError *error);

/* The message says more than the words. */
gboolean sfu_error_has_details (const GError *error);

G_END_DECLS
