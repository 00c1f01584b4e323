#include "sfu-tokenizer.h"

#include <string.h>

#include "sfu-bpe.h"
#include "sfu-words.h"

G_DEFINE_QUARK (sfu-text-error-quark, sfu_text_error)

#define BUILTIN_MERGES "/app/sfumato/clip/merges.txt"
#define MAX_FILE_BYTES (64u << 20)

typedef enum { SPECIAL_START, SPECIAL_END, SPECIAL_UNKNOWN, SPECIAL_PAD, N_SPECIALS } Special;

static const char *const special_keys[] = { "bos_token", "eos_token", "unk_token", "pad_token" };

struct _SfuTokenizer {
  gatomicrefcount refs;
  SfuBpe *bpe;
  char *specials[N_SPECIALS]; /* found in text as they are, before anything else */
  gint32 ids[N_SPECIALS];
  SfuSpecialIds special_ids;
};

typedef struct {
  SfuTokenizer *tokenizer;
  const char *text;
  GArray *tokens;       /* SfuToken */
  GArray *ids;          /* gint32, of one word */
  SfuWordOrigin origin; /* of the segment's words */
} Encoding;

static gboolean
find_specials (SfuTokenizer *self, GError **error)
{
  for (guint i = 0; i < N_SPECIALS; i++)
    {
      if (self->specials[i] == NULL)
        self->specials[i] = g_strdup (i == SPECIAL_START ? "<|startoftext|>" : "<|endoftext|>");
      self->ids[i] = sfu_bpe_lookup (self->bpe, self->specials[i]);
      if (self->ids[i] < 0)
        {
          g_set_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY,
                       "The model's vocabulary lacks the token “%s”. Fetch the model again.", self->specials[i]);
          return FALSE;
        }
    }
  self->special_ids = (SfuSpecialIds) { self->ids[SPECIAL_START], self->ids[SPECIAL_END], self->ids[SPECIAL_PAD],
                                        sfu_bpe_lookup (self->bpe, ",</w>") };
  return TRUE;
}

static SfuTokenizer *
tokenizer_new (void)
{
  SfuTokenizer *self = g_new0 (SfuTokenizer, 1);
  g_atomic_ref_count_init (&self->refs);
  return self;
}

SfuTokenizer *
sfu_tokenizer_new_builtin (GError **error)
{
  g_autoptr (SfuTokenizer) self = tokenizer_new ();
  g_autoptr (GBytes) merges = g_resources_lookup_data (BUILTIN_MERGES, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  gsize size;
  if (merges == NULL)
    return NULL;
  const char *data = g_bytes_get_data (merges, &size);
  self->bpe = sfu_bpe_new_from_merges (data, size, error);
  return self->bpe != NULL && find_specials (self, error) ? g_steal_pointer (&self) : NULL;
}

/* -- a model's own files -- */

static gboolean
bad_file (const char *path, const char *what, GError **error)
{
  g_set_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY, "%s %s. Fetch the model again.", path, what);
  return FALSE;
}

static gboolean
read_file (const char *path, char **data, gsize *size, GError **error)
{
  g_autoptr (GError) local = NULL;
  if (!g_file_get_contents (path, data, size, &local))
    return bad_file (path, "cannot be read", error);
  if (*size > MAX_FILE_BYTES || !g_utf8_validate_len (*data, *size, NULL))
    return bad_file (path, "is not the text that it must be", error);
  return TRUE;
}

/* A JSON object that nests as little as tokenizer files do. */
static JsonObject *
read_json (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autofree char *data = NULL;
  gsize size = 0;
  int depth = 0, most = 0;
  gboolean in_string = FALSE;
  if (!read_file (path, &data, &size, error))
    return NULL;
  for (gsize i = 0; i < size; i++)
    if (in_string && data[i] == '\\')
      i++;
    else if (data[i] == '"')
      in_string = !in_string;
    else if (!in_string)
      {
        depth += (data[i] == '{' || data[i] == '[') - (data[i] == '}' || data[i] == ']');
        most = MAX (most, depth);
      }
  if (most > 32 || !json_parser_load_from_data (parser, data, size, NULL) || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    {
      bad_file (path, "is not the JSON that it must be", error);
      return NULL;
    }
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

/* "pad_token": "!" or { "content": "!" } */
static const char *
token_text (JsonObject *json, const char *key)
{
  JsonNode *node = json_object_get_member (json, key);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    node = json_object_get_member (json_node_get_object (node), "content");
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static gboolean
read_specials (SfuTokenizer *self, const char *folder, GError **error)
{
  static const char *const files[] = { "special_tokens_map.json", "tokenizer_config.json" };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_autoptr (JsonObject) json = NULL;
      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      if ((json = read_json (path, error)) == NULL)
        return FALSE;
      for (guint j = 0; j < N_SPECIALS; j++)
        if (token_text (json, special_keys[j]) != NULL && *token_text (json, special_keys[j]) != '\0')
          g_set_str (&self->specials[j], token_text (json, special_keys[j]));
    }
  return TRUE;
}

static gboolean
read_vocabulary (SfuTokenizer *self, const char *folder, GError **error)
{
  g_autofree char *vocab_path = g_build_filename (folder, "vocab.json", NULL);
  g_autofree char *merges_path = g_build_filename (folder, "merges.txt", NULL);
  g_autoptr (JsonObject) vocab = read_json (vocab_path, error);
  g_autoptr (GPtrArray) merges = g_ptr_array_new ();
  g_autofree char *data = NULL;
  g_auto (GStrv) lines = NULL;
  gsize size;
  if (vocab == NULL || !read_file (merges_path, &data, &size, error))
    return FALSE;
  lines = g_strsplit (data, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strchomp (lines[i]) != '\0' && !(i == 0 && g_str_has_prefix (lines[i], "#version")))
      g_ptr_array_add (merges, lines[i]);
  self->bpe = sfu_bpe_new (vocab, merges, error);
  return self->bpe != NULL;
}

static JsonNode *
member_of (JsonObject *object, const char *name, JsonNodeType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && json_node_get_node_type (node) == type ? node : NULL;
}

/* NULL: it is no text. */
static const char *
text_of (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

/* tokenizer.json repeats vocab.json and merges.txt, with merges as "a b" or as ["a", "b"]. */
static gboolean
read_combined (SfuTokenizer *self, const char *path, GError **error)
{
  g_autoptr (JsonObject) json = read_json (path, error);
  g_autoptr (GPtrArray) merges = g_ptr_array_new_with_free_func (g_free);
  if (json == NULL)
    return FALSE;
  JsonNode *model = member_of (json, "model", JSON_NODE_OBJECT);
  JsonObject *object = model != NULL ? json_node_get_object (model) : NULL;
  JsonNode *vocab = member_of (object, "vocab", JSON_NODE_OBJECT), *list = member_of (object, "merges", JSON_NODE_ARRAY);
  if (vocab == NULL || list == NULL)
    return bad_file (path, "holds no byte-pair vocabulary", error);
  JsonArray *array = json_node_get_array (list);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
      const char *left = pair != NULL && json_array_get_length (pair) == 2 ? text_of (json_array_get_element (pair, 0)) : NULL;
      const char *right = left != NULL ? text_of (json_array_get_element (pair, 1)) : NULL;
      if (right != NULL)
        g_ptr_array_add (merges, g_strconcat (left, " ", right, NULL));
      else if (text_of (node) != NULL)
        g_ptr_array_add (merges, g_strdup (text_of (node)));
      else
        return bad_file (path, "has merges that are no pairs", error);
    }
  self->bpe = sfu_bpe_new (json_node_get_object (vocab), merges, error);
  return self->bpe != NULL;
}

SfuTokenizer *
sfu_tokenizer_new_from_folder (const char *folder, GError **error)
{
  g_autoptr (SfuTokenizer) self = tokenizer_new ();
  g_autofree char *vocab = g_build_filename (folder, "vocab.json", NULL);
  g_autofree char *combined = g_build_filename (folder, "tokenizer.json", NULL);
  gboolean split = g_file_test (vocab, G_FILE_TEST_EXISTS) || !g_file_test (combined, G_FILE_TEST_EXISTS);
  if (!read_specials (self, folder, error)
      || !(split ? read_vocabulary (self, folder, error) : read_combined (self, combined, error)) || !find_specials (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

SfuTokenizer *
sfu_tokenizer_ref (SfuTokenizer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sfu_tokenizer_unref (SfuTokenizer *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  sfu_bpe_free (self->bpe);
  for (guint i = 0; i < N_SPECIALS; i++)
    g_free (self->specials[i]);
  g_free (self);
}

guint
sfu_tokenizer_vocab_size (SfuTokenizer *self)
{
  return sfu_bpe_size (self->bpe);
}

const SfuSpecialIds *
sfu_tokenizer_special_ids (SfuTokenizer *self)
{
  return &self->special_ids;
}

/* -- encoding -- */

static void
word_cb (const char *word, gsize length, gsize offset, gpointer data)
{
  Encoding *encoding = data;
  SfuTokenizer *self = encoding->tokenizer;
  SfuToken token = { .word = sfu_word_origin (&encoding->origin, offset) - encoding->text };
  g_array_set_size (encoding->ids, 0);
  sfu_bpe_encode (self->bpe, word, length, self->ids[SPECIAL_UNKNOWN], encoding->ids);
  for (guint i = 0; i < encoding->ids->len; i++)
    {
      token.id = g_array_index (encoding->ids, gint32, i);
      g_array_append_val (encoding->tokens, token);
    }
}

static void
encode_segment (Encoding *encoding, const char *segment, gsize length)
{
  g_autofree char *normalised = sfu_words_normalise (segment, length);
  encoding->origin = (SfuWordOrigin) { segment, segment + length };
  sfu_words_split (normalised, word_cb, encoding);
}

/* The special token that begins at @text, the longest, or N_SPECIALS. */
static Special
special_at (SfuTokenizer *self, const char *text)
{
  Special found = N_SPECIALS;
  for (guint i = 0; i < N_SPECIALS; i++)
    if (g_str_has_prefix (text, self->specials[i])
        && (found == N_SPECIALS || strlen (self->specials[i]) > strlen (self->specials[found])))
      found = i;
  return found;
}

void
sfu_tokenizer_append (SfuTokenizer *self, const char *text, GArray *tokens)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  Encoding encoding = { .tokenizer = self, .text = text, .tokens = tokens, .ids = ids };
  const char *segment = text, *p = text;
  while (*p != '\0')
    {
      Special special = special_at (self, p);
      if (special == N_SPECIALS)
        {
          p++;
          continue;
        }
      encode_segment (&encoding, segment, p - segment);
      SfuToken token = { self->ids[special], p - text };
      g_array_append_val (tokens, token);
      p += strlen (self->specials[special]);
      segment = p;
    }
  encode_segment (&encoding, segment, p - segment);
}

SfuTokens *
sfu_tokenizer_encode (SfuTokenizer *self, const char *text, guint max_length)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (SfuToken));
  SfuTokens *tokens = g_new0 (SfuTokens, 1);
  guint kept;

  sfu_tokenizer_append (self, valid, all);
  kept = MIN (all->len, max_length - 2);
  tokens->length = all->len + 2;
  tokens->n_ids = max_length;
  tokens->ids = g_new (gint32, max_length);
  tokens->ids[0] = self->ids[SPECIAL_START];
  for (guint i = 0; i < kept; i++)
    tokens->ids[i + 1] = g_array_index (all, SfuToken, i).id;
  tokens->ids[kept + 1] = self->ids[SPECIAL_END];
  for (guint i = kept + 2; i < max_length; i++)
    tokens->ids[i] = self->ids[SPECIAL_PAD];
  if (kept < all->len)
    tokens->lost = g_strstrip (g_strdup (valid + g_array_index (all, SfuToken, kept).word));
  return tokens;
}

void
sfu_tokens_free (SfuTokens *tokens)
{
  if (tokens == NULL)
    return;
  g_free (tokens->ids);
  g_free (tokens->lost);
  g_free (tokens);
}
