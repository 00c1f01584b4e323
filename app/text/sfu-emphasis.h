/* sfu-emphasis.h: what brackets in a prompt mean: phrases of words, each with a weight. Pure functions.
 *
 * SFU_EMPHASIS_A1111: "(x)" weighs 1.1, "[x]" 1/1.1, "(x:1.5)" 1.5, and nesting multiplies; a bracket that is never
 * closed reaches to the end; \( \) \[ \] \\ are letters; the word BREAK begins a new chunk.
 * Source: AUTOMATIC1111's stable-diffusion-webui 1.10, modules/prompt_parser.py, parse_prompt_attention.
 * SFU_EMPHASIS_COMFYUI: "(x)" multiplies by 1.1, "(x:1.5)" makes the weight 1.5 whatever is around it; square brackets
 * and BREAK are words; \( \) are letters. Source: ComfyUI, comfy/sd1_clip.py, token_weights.
 * SFU_EMPHASIS_NONE: all of it is words, as in diffusers. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { SFU_EMPHASIS_NONE, SFU_EMPHASIS_A1111, SFU_EMPHASIS_COMFYUI } SfuEmphasis;

/* "none", "a1111", "comfyui". */
const char *sfu_emphasis_name (SfuEmphasis rule);
/* @name: (nullable): NULL is "none". FALSE if there is no such rule. */
gboolean sfu_emphasis_from_name (const char *name, SfuEmphasis *rule);

/* Words of one weight, or the place where a new chunk begins. */
typedef struct {
  char *text;       /* what the tokenizer reads, without brackets and escapes */
  guint *origin;    /* for each byte of the text, and for its end, the byte of the prompt */
  double weight;
  gboolean is_break; /* the text is empty then */
} SfuPhrase;

/* What an editor shows in another colour: bytes of the prompt. */
typedef enum { SFU_MARK_ESCAPE, SFU_MARK_BREAK } SfuMarkKind;
typedef struct {
  SfuMarkKind kind;
  guint start, end;
} SfuMark;

typedef struct {
  GPtrArray *list;     /* (element-type SfuPhrase), one at least */
  GArray *marks;       /* (element-type SfuMark) */
  gboolean has_edits;  /* A1111's "[a:b:0.5]" or "[a|b]", words that change from step to step: read as they stand */
} SfuPhrases;

/**
 * sfu_emphasis_parse:
 * @prompt: valid UTF-8
 *
 * Never fails: what is no bracket of the rule is a letter. More than 256 open brackets are letters too.
 * Under A1111's rule a BREAK within weighted brackets is a word, as it is there.
 */
SfuPhrases *sfu_emphasis_parse (SfuEmphasis rule, const char *prompt);
void sfu_phrases_free (SfuPhrases *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuPhrases, sfu_phrases_free)

G_END_DECLS
