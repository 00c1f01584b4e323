/* sfu-prompt-edit.h: what the keys do to a prompt: pure functions on text, positions in characters. */
#pragma once

#include "sfu-emphasis.h"

/* A part of a text is replaced, and the selection lies anew. */
typedef struct {
  guint start, end;        /* what is replaced */
  char *text;              /* by this */
  guint select_start, select_end;
} SfuPromptEdit;

/**
 * sfu_prompt_weigh:
 * @start, @end: the selection, or twice the cursor
 * @by: what to add to the weight
 *
 * Weighs the selection, else the weighted group at the cursor, else the phrase between commas, as "(phrase:1.1)";
 * at 1 the brackets go. Weights stay within 0.05 and 2. Returns: FALSE if there is nothing to weigh.
 */
gboolean sfu_prompt_weigh (const char *text, guint start, guint end, double by, SfuPromptEdit *edit);

/* Swaps the phrase at the cursor with its neighbour. @by: -1 or 1. */
gboolean sfu_prompt_move_phrase (const char *text, guint cursor, int by, SfuPromptEdit *edit);

/* (element-type SfuPromptSpan): groups that @rule weighs and, as @balanced FALSE, brackets without a partner. */
typedef struct {
  guint start, end;
  gboolean balanced;
} SfuPromptSpan;
GArray *sfu_prompt_spans (const char *text, SfuEmphasis rule);
