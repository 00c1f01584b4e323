#include "sfu-bpe.h"

#include <string.h>

#include "sfu-tokenizer.h"

#define WORD_END "</w>"
#define MAX_ID (1 << 24)

typedef struct {
  guint64 pair; /* left << 32 | right, plus one: 0 is an empty place */
  guint32 rank;
  gint32 joined;
} Merge;

struct _SfuBpe {
  GHashTable *ids;      /* token -> id + 1 */
  GStringChunk *tokens;
  guint size;           /* largest id, plus one */
  gint32 bytes[2][256]; /* id of a byte, within a word and at its end; -1: none */
  Merge *merges;        /* open addressing */
  guint n_places, n_merges;
};

/* The printable characters that stand for bytes in token names: bytes that are printable themselves, and from
 * U+0100 on for the rest, in order (GPT-2's bytes_to_unicode). The order of the vocabulary is another: the
 * printable ones first. */
static gboolean
is_printable (guint byte)
{
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static void
byte_name (guint byte, gboolean ends, char name[16])
{
  gunichar c = byte;
  if (!is_printable (byte))
    {
      c = 0x100;
      for (guint i = 0; i < byte; i++)
        c += !is_printable (i);
    }
  gint n = g_unichar_to_utf8 (c, name);
  strcpy (name + n, ends ? WORD_END : "");
}

gint32
sfu_bpe_lookup (SfuBpe *self, const char *token)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->ids, token)) - 1;
}

static void
insert (SfuBpe *self, const char *token, gint32 id)
{
  g_hash_table_insert (self->ids, g_string_chunk_insert (self->tokens, token), GINT_TO_POINTER (id + 1));
  self->size = MAX (self->size, (guint) id + 1);
}

static SfuBpe *
bpe_new (guint most_merges)
{
  SfuBpe *self = g_new0 (SfuBpe, 1);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->tokens = g_string_chunk_new (1 << 16);
  for (self->n_places = 16; self->n_places < 2 * most_merges; self->n_places *= 2)
    ;
  self->merges = g_new0 (Merge, self->n_places);
  return self;
}

static Merge *
find_merge (SfuBpe *self, gint32 left, gint32 right)
{
  guint64 pair = ((guint64) left << 32 | (guint32) right) + 1;
  guint at = (pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 40;
  for (;; at++)
    {
      Merge *merge = &self->merges[at & (self->n_places - 1)];
      if (merge->pair == pair || merge->pair == 0)
        return merge;
    }
}

static void
add_merge (SfuBpe *self, gint32 left, gint32 right, gint32 joined)
{
  Merge *merge = find_merge (self, left, right);
  if (merge->pair != 0)
    return;
  *merge = (Merge) { ((guint64) left << 32 | (guint32) right) + 1, self->n_merges++, joined };
}

static void
find_bytes (SfuBpe *self)
{
  for (guint ends = 0; ends < 2; ends++)
    for (guint byte = 0; byte < 256; byte++)
      {
        char name[16];
        byte_name (byte, ends, name);
        self->bytes[ends][byte] = sfu_bpe_lookup (self, name);
      }
}

/* Splits "left right"; @joined gets both without the space. FALSE unless there is exactly one space. */
static gboolean
split_merge (const char *line, gsize length, char **left, char **right, char **joined)
{
  const char *space = memchr (line, ' ', length);
  gsize first = space != NULL ? space - line : 0;
  if (space == NULL || first == 0 || first + 1 >= length || memchr (space + 1, ' ', length - first - 1) != NULL)
    return FALSE;
  *left = g_strndup (line, first);
  *right = g_strndup (space + 1, length - first - 1);
  *joined = g_strconcat (*left, *right, NULL);
  return TRUE;
}

SfuBpe *
sfu_bpe_new_from_merges (const char *merges, gsize size, GError **error)
{
  g_autoptr (SfuBpe) self = bpe_new (1 << 16);
  const char *end = merges + size, *line = memchr (merges, '\n', size);
  gint32 id = 0;

  for (guint ends = 0; ends < 2; ends++)
    for (guint printable = 2; printable-- > 0;)
      for (guint byte = 0; byte < 256; byte++)
        {
          char name[16];
          byte_name (byte, ends, name);
          if (is_printable (byte) == (gboolean) printable)
            insert (self, name, id++);
        }
  while (line != NULL && ++line < end)
    {
      const char *next = memchr (line, '\n', end - line);
      g_autofree char *left = NULL, *right = NULL, *joined = NULL;
      if (split_merge (line, (next != NULL ? next : end) - line, &left, &right, &joined))
        {
          insert (self, joined, id);
          add_merge (self, sfu_bpe_lookup (self, left), sfu_bpe_lookup (self, right), id++);
        }
      line = next;
    }
  insert (self, "<|startoftext|>", id++);
  insert (self, "<|endoftext|>", id++);
  find_bytes (self);
  return g_steal_pointer (&self);
}

SfuBpe *
sfu_bpe_new (JsonObject *vocabulary, GPtrArray *merges, GError **error)
{
  g_autoptr (SfuBpe) self = bpe_new (merges->len);
  JsonObjectIter iter;
  const char *token;
  JsonNode *node;

  json_object_iter_init (&iter, vocabulary);
  while (json_object_iter_next (&iter, &token, &node))
    {
      gint64 id = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : -1;
      if (id < 0 || id >= MAX_ID)
        {
          g_set_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY,
                       "The model's vocabulary gives the token “%s” no usable number. Fetch the model again.", token);
          return NULL;
        }
      insert (self, token, id);
    }
  for (guint i = 0; i < merges->len; i++)
    {
      g_autofree char *left = NULL, *right = NULL, *joined = NULL;
      const char *line = merges->pdata[i];
      if (!split_merge (line, strlen (line), &left, &right, &joined))
        {
          g_set_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY,
                       "The model's merges.txt has a line that is no pair of tokens: “%.40s”. Fetch the model again.", line);
          return NULL;
        }
      gint32 a = sfu_bpe_lookup (self, left), b = sfu_bpe_lookup (self, right), c = sfu_bpe_lookup (self, joined);
      if (a >= 0 && b >= 0 && c >= 0)
        add_merge (self, a, b, c);
    }
  find_bytes (self);
  return g_steal_pointer (&self);
}

void
sfu_bpe_free (SfuBpe *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->ids);
  g_string_chunk_free (self->tokens);
  g_free (self->merges);
  g_free (self);
}

guint
sfu_bpe_size (SfuBpe *self)
{
  return self->size;
}

/* -- merging: neighbours are kept in a list, and the merges that are possible in a heap by rank and place, so
 *    that long words take n log n -- */

typedef struct {
  gint32 id;
  int previous, next; /* -1: none */
} Symbol;

typedef struct {
  guint32 rank;
  int at;             /* of the left symbol */
  gint32 left, right; /* what they were when the merge was found */
  gint32 joined;
} Candidate;

static gboolean
comes_before (const Candidate *a, const Candidate *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void
heap_push (GArray *heap, Candidate candidate)
{
  guint at = heap->len;
  g_array_append_val (heap, candidate);
  Candidate *items = (Candidate *) heap->data;
  while (at > 0 && comes_before (&items[at], &items[(at - 1) / 2]))
    {
      Candidate t = items[at];
      items[at] = items[(at - 1) / 2];
      items[(at - 1) / 2] = t;
      at = (at - 1) / 2;
    }
}

static Candidate
heap_pop (GArray *heap)
{
  Candidate *items = (Candidate *) heap->data, first = items[0];
  guint at = 0, n = heap->len - 1;
  items[0] = items[n];
  g_array_set_size (heap, n);
  for (;;)
    {
      guint least = at, left = 2 * at + 1;
      if (left < n && comes_before (&items[left], &items[least]))
        least = left;
      if (left + 1 < n && comes_before (&items[left + 1], &items[least]))
        least = left + 1;
      if (least == at)
        return first;
      Candidate t = items[at];
      items[at] = items[least];
      items[least] = t;
      at = least;
    }
}

static void
consider (SfuBpe *self, const Symbol *symbols, int at, GArray *heap)
{
  if (at < 0 || symbols[at].next < 0 || symbols[at].id < 0 || symbols[symbols[at].next].id < 0)
    return;
  gint32 left = symbols[at].id, right = symbols[symbols[at].next].id;
  const Merge *merge = find_merge (self, left, right);
  if (merge->pair != 0)
    heap_push (heap, (Candidate) { merge->rank, at, left, right, merge->joined });
}

void
sfu_bpe_encode (SfuBpe *self, const char *word, gsize length, gint32 unknown, GArray *ids)
{
  g_autofree Symbol *symbols = g_new (Symbol, MAX (length, 1));
  g_autoptr (GArray) heap = g_array_new (FALSE, FALSE, sizeof (Candidate));
  for (gsize i = 0; i < length; i++)
    {
      gboolean last = i + 1 == length;
      symbols[i] = (Symbol) { self->bytes[last][(guint8) word[i]], (int) i - 1, last ? -1 : (int) i + 1 };
    }
  for (gsize i = 0; i < length; i++)
    consider (self, symbols, i, heap);
  while (heap->len > 0)
    {
      Candidate c = heap_pop (heap);
      Symbol *left = &symbols[c.at];
      /* Found before one of the two was merged with something else. */
      if (left->id != c.left || left->next < 0 || symbols[left->next].id != c.right)
        continue;
      int gone = left->next;
      left->id = c.joined;
      left->next = symbols[gone].next;
      symbols[gone].id = -2;
      if (left->next >= 0)
        symbols[left->next].previous = c.at;
      consider (self, symbols, left->previous, heap);
      consider (self, symbols, c.at, heap);
    }
  for (int i = length > 0 ? 0 : -1; i >= 0; i = symbols[i].next)
    {
      gint32 id = symbols[i].id >= 0 ? symbols[i].id : unknown;
      g_array_append_val (ids, id);
    }
}
