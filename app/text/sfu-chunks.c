#include "sfu-chunks.h"

#include <string.h>

/* A1111's setting comma_padding_backtrack, and its default. */
#define COMMA_REACH 20
/* ComfyUI's SDTokenizer.max_word_length. */
#define LONG_PHRASE 8

/* A token with its weight, and the byte of the prompt at which its word begins. */
typedef struct {
  gint32 id;
  float weight;
  guint origin;
} Placed;

typedef struct {
  const SfuSpecialIds *special;
  guint room;       /* tokens in a chunk, without start and end */
  GArray *chunk;    /* Placed: what is being filled */
  int last_comma;   /* in it; -1: none */
  guint here;       /* byte of the prompt that has been reached */
  GArray *ids, *weights, *starts;
  guint used;
} Filler;

static void
add (Filler *self, gint32 id, float weight)
{
  g_array_append_val (self->ids, id);
  g_array_append_val (self->weights, weight);
}

/* Puts the chunk away. @last: what is free behind it does not count as taken. */
static void
close_chunk (Filler *self, gboolean last)
{
  guint start = self->chunk->len > 0 ? g_array_index (self->chunk, Placed, 0).origin : self->here;
  add (self, self->special->start, 1);
  for (guint i = 0; i < self->chunk->len; i++)
    {
      const Placed *token = &g_array_index (self->chunk, Placed, i);
      add (self, token->id, token->weight);
    }
  add (self, self->special->end, 1);
  for (guint i = self->chunk->len; i < self->room; i++)
    add (self, self->special->pad, 1);
  g_array_append_val (self->starts, start);
  self->used += last ? self->chunk->len : self->room;
  g_array_set_size (self->chunk, 0);
  self->last_comma = -1;
}

/* -- A1111 -- */

static void
place_a1111 (Filler *self, Placed token)
{
  GArray *chunk = self->chunk;
  if (token.id == self->special->comma)
    self->last_comma = chunk->len;
  else if (chunk->len == self->room && self->last_comma >= 0 && (int) chunk->len - self->last_comma <= COMMA_REACH)
    {
      guint kept = self->last_comma + 1, moved = chunk->len - kept;
      g_autofree Placed *tail = g_memdup2 (&g_array_index (chunk, Placed, kept), moved * sizeof (Placed));
      g_array_set_size (chunk, kept);
      close_chunk (self, FALSE);
      g_array_append_vals (chunk, tail, moved);
    }
  if (chunk->len == self->room)
    close_chunk (self, FALSE);
  g_array_append_val (chunk, token);
}

static void
fill_a1111 (Filler *self, const SfuPhrase *phrase, GArray *tokens)
{
  if (phrase->is_break)
    {
      close_chunk (self, FALSE);
      self->here = phrase->origin[0];
    }
  for (guint i = 0; i < tokens->len; i++)
    place_a1111 (self, g_array_index (tokens, Placed, i));
}

/* -- ComfyUI -- */

static void
fill_comfyui (Filler *self, GArray *tokens)
{
  guint at = 0, n = tokens->len;
  while (at < n)
    {
      guint left = n - at, space = self->room - self->chunk->len;
      guint taken = left <= space ? left : n >= LONG_PHRASE ? space : 0;
      if (taken > 0)
        g_array_append_vals (self->chunk, &g_array_index (tokens, Placed, at), taken);
      at += taken;
      if (at < n)
        close_chunk (self, FALSE);
    }
}

/* -- both -- */

static void
fill (Filler *self, SfuTokenizer *tokenizer, SfuEmphasis rule, const SfuPhrases *phrases)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (SfuToken)), placed = g_array_new (FALSE, FALSE, sizeof (Placed));
  for (guint i = 0; i < phrases->list->len; i++)
    {
      const SfuPhrase *phrase = g_ptr_array_index (phrases->list, i);
      g_array_set_size (tokens, 0);
      g_array_set_size (placed, 0);
      sfu_tokenizer_append (tokenizer, phrase->text, tokens);
      for (guint j = 0; j < tokens->len; j++)
        {
          const SfuToken *token = &g_array_index (tokens, SfuToken, j);
          Placed one = { token->id, phrase->weight, phrase->origin[token->word] };
          g_array_append_val (placed, one);
        }
      if (rule == SFU_EMPHASIS_A1111)
        fill_a1111 (self, phrase, placed);
      else
        fill_comfyui (self, placed);
    }
  if (self->chunk->len > 0 || self->starts->len == 0)
    close_chunk (self, TRUE);
}

static SfuChunks *
chunks_cut (SfuTokenizer *tokenizer, const char *prompt, guint chunk_length)
{
  g_autoptr (SfuTokens) tokens = sfu_tokenizer_encode (tokenizer, prompt, chunk_length);
  SfuChunks *self = g_new0 (SfuChunks, 1);
  self->n_chunks = 1;
  self->chunk_length = chunk_length;
  self->ids = g_steal_pointer (&tokens->ids);
  self->weights = g_new (float, chunk_length);
  for (guint i = 0; i < chunk_length; i++)
    self->weights[i] = 1;
  self->starts = g_new0 (guint, 1);
  self->used = tokens->length - 2;
  self->lost = g_steal_pointer (&tokens->lost);
  return self;
}

SfuChunks *
sfu_chunks_new (SfuTokenizer *tokenizer, SfuEmphasis rule, const char *prompt, guint chunk_length)
{
  g_autofree char *valid = g_utf8_make_valid (prompt, -1);
  g_autoptr (SfuPhrases) phrases = NULL;
  g_autoptr (GArray) chunk = g_array_new (FALSE, FALSE, sizeof (Placed)), ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) weights = g_array_new (FALSE, FALSE, sizeof (float)), starts = g_array_new (FALSE, FALSE, sizeof (guint));
  Filler filler = { .special = sfu_tokenizer_special_ids (tokenizer), .room = chunk_length - 2, .chunk = chunk, .last_comma = -1,
                    .ids = ids, .weights = weights, .starts = starts };
  if (rule == SFU_EMPHASIS_NONE)
    return chunks_cut (tokenizer, valid, chunk_length);

  phrases = sfu_emphasis_parse (rule, valid);
  fill (&filler, tokenizer, rule, phrases);
  SfuChunks *self = g_new0 (SfuChunks, 1);
  self->n_chunks = starts->len;
  self->chunk_length = chunk_length;
  self->used = filler.used;
  self->has_edits = phrases->has_edits;
  for (guint i = 0; i < weights->len; i++)
    self->weighted |= g_array_index (weights, float, i) != 1;
  self->ids = (gint32 *) (gpointer) g_array_free (g_steal_pointer (&ids), FALSE);
  self->weights = (float *) (gpointer) g_array_free (g_steal_pointer (&weights), FALSE);
  self->starts = (guint *) (gpointer) g_array_free (g_steal_pointer (&starts), FALSE);
  self->starts[0] = 0;
  return self;
}

void
sfu_chunks_free (SfuChunks *self)
{
  if (self == NULL)
    return;
  g_free (self->ids);
  g_free (self->weights);
  g_free (self->starts);
  g_free (self->lost);
  g_free (self);
}
