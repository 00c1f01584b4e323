/* sfu-tokenizer.h: CLIP's byte-pair encoding, equal to transformers' CLIPTokenizer.
 * Immutable once made, so any thread may use it. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SFU_TEXT_ERROR (sfu_text_error_quark ())
GQuark sfu_text_error_quark (void);
typedef enum {
  SFU_TEXT_ERROR_BAD_VOCABULARY, /* vocab.json or merges.txt is missing, broken or does not fit the other */
} SfuTextError;

typedef struct _SfuTokenizer SfuTokenizer;

typedef struct {
  gint32 *ids;     /* `max_length` of them: start, text, end, padding */
  guint n_ids;
  guint length;    /* tokens before cutting, start and end included */
  char *lost;      /* the end of the prompt that did not fit, as the user wrote it; NULL if all did */
} SfuTokens;

/* The vocabulary built into the program (CLIP's own, 49408 tokens). */
SfuTokenizer *sfu_tokenizer_new_builtin (GError **error);
/* From a model's tokenizer folder: vocab.json and merges.txt, and tokenizer_config.json and
 * special_tokens_map.json where present (pad, start and end token, do_lower_case). */
SfuTokenizer *sfu_tokenizer_new_from_folder (const char *folder, GError **error);
SfuTokenizer *sfu_tokenizer_ref (SfuTokenizer *self);
void sfu_tokenizer_unref (SfuTokenizer *self);

/* A token of a text, and the byte of the text at which its word begins. */
typedef struct {
  gint32 id;
  guint word;
} SfuToken;

/* The tokens (SfuToken) of @text, which is valid UTF-8, without start, end and padding; appended to @tokens. */
void sfu_tokenizer_append (SfuTokenizer *self, const char *text, GArray *tokens);

typedef struct {
  gint32 start, end, pad;
  gint32 comma; /* -1 if the vocabulary has none */
} SfuSpecialIds;
const SfuSpecialIds *sfu_tokenizer_special_ids (SfuTokenizer *self);

/**
 * sfu_tokenizer_encode:
 * @text: UTF-8
 * @max_length: 77 for CLIP
 *
 * Cuts as diffusers does (truncation to @max_length, end token kept) and pads with the pad token.
 * Returns: (transfer full): never NULL.
 */
SfuTokens *sfu_tokenizer_encode (SfuTokenizer *self, const char *text, guint max_length);
void sfu_tokens_free (SfuTokens *tokens);

guint sfu_tokenizer_vocab_size (SfuTokenizer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuTokenizer, sfu_tokenizer_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuTokens, sfu_tokens_free)

G_END_DECLS
