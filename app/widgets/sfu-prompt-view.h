/* sfu-prompt-view.h: a text field for a prompt: caption, token count, undo, weights by keyboard.
 *
 * Properties: "title" (also the accessible name), "placeholder", "weight-step", "emphasis" (the rule's name). Signals: "changed"; "pasted" (char*): the text
 * after a paste that seems to have brought settings along. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-emphasis.h"
#include "sfu-tokenizer.h"

G_BEGIN_DECLS

#define SFU_TYPE_PROMPT_VIEW (sfu_prompt_view_get_type ())
G_DECLARE_FINAL_TYPE (SfuPromptView, sfu_prompt_view, SFU, PROMPT_VIEW, GtkWidget)

char *sfu_prompt_view_get_text (SfuPromptView *self);
/* What brackets mean here. */
SfuEmphasis sfu_prompt_view_get_emphasis (SfuPromptView *self);
/* One step of undo. */
void sfu_prompt_view_set_text (SfuPromptView *self, const char *text);
GtkTextView *sfu_prompt_view_text_view (SfuPromptView *self);
/* What counts the tokens; NULL: no count. */
void sfu_prompt_view_set_tokenizer (SfuPromptView *self, SfuTokenizer *tokenizer);
/* Says that the text has no effect now, or NULL. */
void sfu_prompt_view_set_note (SfuPromptView *self, const char *note);
/* Former prompts, newest last, for Alt+Up and Alt+Down. (element-type utf8) */
void sfu_prompt_view_set_former (SfuPromptView *self, GPtrArray *prompts);

G_END_DECLS
