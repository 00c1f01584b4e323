/* sfu-prompt-text.h: a text view that draws a thin dotted rule where a long prompt's second part begins, and the
 * third, and so on. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SFU_TYPE_PROMPT_TEXT (sfu_prompt_text_get_type ())
G_DECLARE_FINAL_TYPE (SfuPromptText, sfu_prompt_text, SFU, PROMPT_TEXT, GtkTextView)

/* @offsets: characters at which parts begin, @n of them. The rules move with the text around them. */
void sfu_prompt_text_set_parts (SfuPromptText *self, const guint *offsets, guint n);

G_END_DECLS
