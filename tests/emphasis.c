/* emphasis.c: brackets in a prompt, and chunks of tokens. */
#include <string.h>

#include "sfu-chunks.h"

/* "words@weight|…", weights in four digits; a break is "/". */
static char *
show (SfuEmphasis rule, const char *prompt)
{
  g_autoptr (SfuPhrases) phrases = sfu_emphasis_parse (rule, prompt);
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < phrases->list->len; i++)
    {
      const SfuPhrase *phrase = g_ptr_array_index (phrases->list, i);
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      if (i > 0)
        g_string_append_c (out, '|');
      if (phrase->is_break)
        g_string_append_c (out, '/');
      else
        g_string_append_printf (out, "%s@%s", phrase->text, g_ascii_formatd (number, sizeof number, "%.4g", phrase->weight));
    }
  return g_string_free (out, FALSE);
}

typedef struct {
  const char *prompt, *phrases;
} Vector;

static void
check (SfuEmphasis rule, const Vector *vectors, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *got = show (rule, vectors[i].prompt);
      g_assert_cmpstr (got, ==, vectors[i].phrases);
    }
}

/* What parse_prompt_attention of A1111 gives, but for "(a:1.2.3)", on which it fails. */
static void
test_a1111 (void)
{
  static const Vector vectors[] = {
    { "normal text", "normal text@1" },
    { "", "@1" },
    { "()", "@1" },
    { "an (important) word", "an @1|important@1.1| word@1" },
    { "(unbalanced", "unbalanced@1.1" },
    { "\\(literal\\]", "(literal]@1" },
    { "(unnecessary)(parens)", "unnecessaryparens@1.1" },
    { "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
      "a @1|house@1.573| @1.1|on@1| a @1.1|hill@0.55|, sun, @1.1|sky@1.464|.@1.1" },
    { "(a:1.2", "a:1.2@1.1" },
    { "((a))", "a@1.21" },
    { "[[a]]", "a@0.8264" },
    { "[a", "a@0.9091" },
    { "(a:1.3:1.2)", "a:1.3@1.2" },
    { "(a: 1.2 )", "a@1.2" },
    { "(a:.8)", "a@0.8" },
    { "(a:-0.5)", "a@-0.5" },
    { "(a:+2)", "a@2" },
    { "a:1.2)", "a:1.2)@1" },
    { "a] b)", "a] b)@1" },
    { "(a, (b:1.2):1.3)", "a, @1.3|b@1.56" },
    { "(a:1.2.3)", "a:1.2.3@1.1" },
    { "(a:)", "a:@1.1" },
    { "\\\\(a)", "\\@1|a@1.1" },
    { "a\\b", "ab@1" },
    { "a BREAKfast", "a BREAKfast@1" },
    { "a BREAK b", "a@1|/|b@1" },
    { "a\nBREAK\nBREAK b", "a@1|/|@1|/|b@1" },
    { "BREAK", "@1|/|@1" },
    { "OUTBREAK _BREAK \303\251BREAK", "OUTBREAK _BREAK \303\251BREAK@1" },
    { "(a) BREAK (b)", "a@1.1|@1|/|@1|b@1.1" },
    { "(a BREAK b:1.3)", "a@1.3|BREAK@-1.3|b@1.3" },
    { "\346\227\245(\346\234\254:1.5)", "\346\227\245@1|\346\234\254@1.5" },
  };
  check (SFU_EMPHASIS_A1111, vectors, G_N_ELEMENTS (vectors));
}

/* Words that change from step to step are left as they are, whatever is around them. */
static void
test_edits (void)
{
  static const Vector vectors[] = {
    { "[a:b:0.5]", "[a:b:0.5]@1" },
    { "[a::5]", "[a::5]@1" },
    { "[a:0.25]", "[a:0.25]@1" },
    { "[a|b|c]", "[a|b|c]@1" },
    { "[(a:1.2):b:0.5] c", "[@1|a@1.2|:b:0.5] c@1" },
    { "[x [a|b]]", "x [a|b]@0.9091" },
    { "(x [a|b]:2)", "x [a|b]@2" },
    { "[a: b]", "a: b@0.9091" },
    { "[a \\| b", "a | b@0.9091" },
  };
  /* The backslash before the bar is dropped, as every other one by itself. */
  check (SFU_EMPHASIS_A1111, vectors, G_N_ELEMENTS (vectors));
  g_autoptr (SfuPhrases) edits = sfu_emphasis_parse (SFU_EMPHASIS_A1111, "[a|b]"), none = sfu_emphasis_parse (SFU_EMPHASIS_A1111, "[a]");
  g_assert_true (edits->has_edits);
  g_assert_false (none->has_edits);
}

/* What token_weights of ComfyUI gives. */
static void
test_comfyui (void)
{
  static const Vector vectors[] = {
    { "", "@1" },
    { "()", "@1" },
    { "(foo)", "foo@1.1" },
    { "(foo)(bar)", "foo@1.1|bar@1.1" },
    { "(foo:2.0)", "foo@2" },
    { "((foo))", "foo@1.21" },
    { "((foo):1.1)", "foo@1.21" },
    { "((foo:1.1))", "foo@1.1" },
    { "((foo:1.0):0.0)", "foo@1" },
    { "foo ((((lol (cat:666) attack:100)))) baz", "foo @1|lol @100|cat@666| attack@100| baz@1" },
    { "foo ((((lol (cat:666) attack):100))) baz", "foo @1|lol @110|cat@666| attack@110| baz@1" },
    { "[a] BREAK b", "[a] BREAK b@1" },
    { "\\(a\\) \\[b\\\\", "(a) \\[b\\\\@1" },
    { "(a\\):1.2)", "a)@1.2" },
    { "(a:-1e1)", "a@-10" },
    { "(a:x)", "a:x@1.1" },
    { "(:1.2)", ":1.2@1.1" },
    { "(a:nan)", "a:nan@1.1" },
    { "(a", "(a@1" },
    { "((a)", "(a@1.1" },
    { "a) (b)", "a) (b)@1" },
    { "(a)) (b)", "a@1.1|) (b)@1" },
  };
  check (SFU_EMPHASIS_COMFYUI, vectors, G_N_ELEMENTS (vectors));
}

static void
test_none (void)
{
  static const Vector vectors[] = { { "(a:1.2) [b] BREAK \\(c\\)", "(a:1.2) [b] BREAK \\(c\\)@1" } };
  SfuEmphasis rule = SFU_EMPHASIS_COMFYUI;
  check (SFU_EMPHASIS_NONE, vectors, G_N_ELEMENTS (vectors));
  g_assert_true (sfu_emphasis_from_name (NULL, &rule));
  g_assert_cmpint (rule, ==, SFU_EMPHASIS_NONE);
  g_assert_false (sfu_emphasis_from_name ("compel", &rule));
  for (SfuEmphasis i = SFU_EMPHASIS_NONE; i <= SFU_EMPHASIS_COMFYUI; i++)
    g_assert_true (sfu_emphasis_from_name (sfu_emphasis_name (i), &rule) && rule == i);
}

/* Every letter knows where it came from, and escapes and breaks are found. */
static void
test_origins (void)
{
  const char *prompt = "a (\303\251\\(b:1.2) BREAK [c]";
  g_autoptr (SfuPhrases) phrases = sfu_emphasis_parse (SFU_EMPHASIS_A1111, prompt);
  for (guint i = 0; i < phrases->list->len; i++)
    {
      const SfuPhrase *phrase = g_ptr_array_index (phrases->list, i);
      for (guint j = 0; phrase->text[j] != '\0'; j++)
        g_assert_cmpint (phrase->text[j], ==, prompt[phrase->origin[j]]);
    }
  g_assert_cmpuint (phrases->marks->len, ==, 2);
  SfuMark escape = g_array_index (phrases->marks, SfuMark, 0), word = g_array_index (phrases->marks, SfuMark, 1);
  g_assert_cmpint (escape.kind, ==, SFU_MARK_ESCAPE);
  g_assert_true (strncmp (prompt + escape.start, "\\(", escape.end - escape.start) == 0);
  g_assert_cmpint (word.kind, ==, SFU_MARK_BREAK);
  g_assert_true (strncmp (prompt + word.start, "BREAK", strlen ("BREAK")) == 0);
}

/* Text that nobody writes takes no more than its length allows. */
static void
test_hostile (void)
{
  static const char *const pieces[] = { "(", "[", "(a", "[a", ")", "(a:", "[a:b:", "BREAK ", "\\", "((a)", "[a|", "(a:1.2", ":1", "[(" };
  gint64 start = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      while (text->len < 20000)
        g_string_append (text, pieces[i]);
      for (SfuEmphasis rule = SFU_EMPHASIS_A1111; rule <= SFU_EMPHASIS_COMFYUI; rule++)
        {
          g_autoptr (SfuPhrases) phrases = sfu_emphasis_parse (rule, text->str);
          g_assert_cmpuint (phrases->list->len, >, 0);
        }
    }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

/* -- chunks -- */

static SfuTokenizer *tokenizer;

/* Words of one token each, in CLIP's own vocabulary: "boat", or a comma. */
static char *
words (const char *pattern)
{
  GString *text = g_string_new (NULL);
  for (const char *p = pattern; *p != '\0'; p++)
    g_string_append (text, *p == ',' ? "," : *p == '/' ? " BREAK" : *p == 'h' ? " house" : " boat");
  return g_string_free (text, FALSE);
}

static char *
fill (guint n)
{
  return g_strnfill (n, 'b');
}

static SfuChunks *
chunks_of (SfuEmphasis rule, const char *pattern)
{
  g_autofree char *text = words (pattern);
  return sfu_chunks_new (tokenizer, rule, text, 77);
}

/* Tokens of text in a chunk: up to the first end token. */
static guint
taken (const SfuChunks *chunks, guint chunk)
{
  const gint32 *ids = chunks->ids + 77 * chunk;
  guint n = 0;
  g_assert_cmpint (ids[0], ==, 49406);
  while (ids[1 + n] != 49407)
    n++;
  for (guint i = 1 + n; i < 77; i++)
    g_assert_cmpint (ids[i], ==, 49407);
  return n;
}

static void
test_lengths (void)
{
  for (SfuEmphasis rule = SFU_EMPHASIS_A1111; rule <= SFU_EMPHASIS_COMFYUI; rule++)
    for (guint n = 0; n <= 226; n += n % 75 < 2 || n % 75 == 74 ? 1 : 72)
      {
        g_autofree char *pattern = fill (n);
        g_autoptr (SfuChunks) chunks = chunks_of (rule, pattern);
        g_assert_cmpuint (chunks->n_chunks, ==, MAX ((n + 74) / 75, 1));
        g_assert_cmpuint (chunks->used, ==, n);
        g_assert_false (chunks->weighted);
        for (guint i = 0; i < chunks->n_chunks; i++)
          {
            g_assert_cmpuint (taken (chunks, i), ==, MIN (n - 75 * i, 75));
            g_assert_cmpuint (chunks->starts[i], ==, i == 0 ? 0 : 1 + i * 75 * strlen (" boat"));
          }
      }
}

/* Where a chunk is full, what is behind a near comma goes to the next one. */
static void
test_commas (void)
{
  static const struct {
    guint before, behind; /* words before the comma, and behind it */
    guint first;          /* tokens in the first chunk */
  } cases[] = { { 54, 30, 75 }, { 55, 30, 56 }, { 60, 14, 75 }, { 60, 15, 61 }, { 73, 10, 74 }, { 74, 10, 75 }, { 75, 10, 75 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *a = fill (cases[i].before), *b = fill (cases[i].behind), *pattern = g_strconcat (a, ",", b, NULL);
      g_autoptr (SfuChunks) chunks = chunks_of (SFU_EMPHASIS_A1111, pattern);
      guint all = cases[i].before + 1 + cases[i].behind;
      g_assert_cmpuint (taken (chunks, 0), ==, cases[i].first);
      g_assert_cmpuint (chunks->n_chunks, ==, all > cases[i].first ? 2 : 1);
      if (chunks->n_chunks == 2)
        g_assert_cmpuint (taken (chunks, 1), ==, all - cases[i].first);
      g_assert_cmpuint (chunks->used, ==, chunks->n_chunks == 2 ? 75 + all - cases[i].first : all);
    }
}

static void
test_breaks (void)
{
  g_autoptr (SfuChunks) two = chunks_of (SFU_EMPHASIS_A1111, "bb/h"), empty = chunks_of (SFU_EMPHASIS_A1111, "b//b");
  g_autoptr (SfuChunks) last = chunks_of (SFU_EMPHASIS_A1111, "bb/"), word = chunks_of (SFU_EMPHASIS_COMFYUI, "bb/h");
  g_assert_cmpuint (two->n_chunks, ==, 2);
  g_assert_cmpuint (taken (two, 0), ==, 2);
  g_assert_cmpuint (taken (two, 1), ==, 1);
  g_assert_cmpuint (two->used, ==, 76);
  g_assert_cmpuint (two->starts[1], ==, strlen (" boat boat BREAK "));
  g_assert_cmpuint (empty->n_chunks, ==, 3);
  g_assert_cmpuint (taken (empty, 1), ==, 0);
  g_assert_cmpuint (last->n_chunks, ==, 1);
  g_assert_cmpuint (word->n_chunks, ==, 1);
  g_assert_cmpuint (word->used, ==, 4);
}

/* ComfyUI keeps phrases of up to 7 tokens together. */
static void
test_phrases (void)
{
  for (guint n = 6; n <= 9; n++)
    {
      g_autofree char *a = fill (70), *b = fill (n), *first = words (a), *second = words (b);
      g_autofree char *prompt = g_strdup_printf ("%s(%s:1.5)", first, second);
      g_autoptr (SfuChunks) comfyui = sfu_chunks_new (tokenizer, SFU_EMPHASIS_COMFYUI, prompt, 77);
      g_autoptr (SfuChunks) a1111 = sfu_chunks_new (tokenizer, SFU_EMPHASIS_A1111, prompt, 77);
      g_assert_cmpuint (taken (comfyui, 0), ==, n < 8 ? 70 : 75);
      g_assert_cmpuint (taken (a1111, 0), ==, 75);
      g_assert_true (comfyui->weighted && a1111->weighted);
      g_assert_cmpfloat (comfyui->weights[70], ==, 1);
      g_assert_cmpfloat (comfyui->weights[77 + 1], ==, 1.5f);
      g_assert_cmpfloat (comfyui->weights[2 * 77 - 1], ==, 1);
    }
}

static void
test_cut (void)
{
  g_autofree char *pattern = fill (76), *text = words (pattern);
  g_autoptr (SfuChunks) chunks = sfu_chunks_new (tokenizer, SFU_EMPHASIS_NONE, text, 77);
  g_autoptr (SfuTokens) tokens = sfu_tokenizer_encode (tokenizer, text, 77);
  g_assert_cmpuint (chunks->n_chunks, ==, 1);
  g_assert_cmpuint (chunks->used, ==, 76);
  g_assert_cmpstr (chunks->lost, ==, "boat");
  g_assert_cmpmem (chunks->ids, 77 * sizeof (gint32), tokens->ids, 77 * sizeof (gint32));
}

/* The counter in the window does this after a key press. */
static void
test_speed (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 best = G_MAXINT64;
  for (guint i = 0; i < 500; i++)
    g_string_append (text, i % 5 ? "a luminous (caf\303\251:1.2), seascape " : "\346\265\267\343\201\256[bright] watercolour, BREAK ");
  for (guint i = 0; i < 5; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (SfuChunks) chunks = sfu_chunks_new (tokenizer, SFU_EMPHASIS_A1111, text->str, 77);
      best = MIN (best, g_get_monotonic_time () - start);
      g_assert_cmpuint (chunks->n_chunks, >, 20);
    }
  g_test_message ("2000 words are counted in %.1f ms", best / 1000.0);
  g_assert_cmpint (best, <, 100000);
}

int
main (int argc, char **argv)
{
  int status;
  g_test_init (&argc, &argv, NULL);
  tokenizer = sfu_tokenizer_new_builtin (NULL);
  g_test_add_func ("/emphasis/a1111", test_a1111);
  g_test_add_func ("/emphasis/edits", test_edits);
  g_test_add_func ("/emphasis/comfyui", test_comfyui);
  g_test_add_func ("/emphasis/none", test_none);
  g_test_add_func ("/emphasis/origins", test_origins);
  g_test_add_func ("/emphasis/hostile", test_hostile);
  g_test_add_func ("/chunks/lengths", test_lengths);
  g_test_add_func ("/chunks/commas", test_commas);
  g_test_add_func ("/chunks/breaks", test_breaks);
  g_test_add_func ("/chunks/phrases", test_phrases);
  g_test_add_func ("/chunks/cut", test_cut);
  g_test_add_func ("/chunks/speed", test_speed);
  status = g_test_run ();
  sfu_tokenizer_unref (tokenizer);
  return status;
}
