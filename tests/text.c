/* text.c: CLIP's tokenizer against what transformers gives. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "sfu-tokenizer.h"

static SfuTokenizer *
builtin (void)
{
  g_autoptr (GError) error = NULL;
  SfuTokenizer *tokenizer = sfu_tokenizer_new_builtin (&error);
  g_assert_no_error (error);
  return tokenizer;
}

static void
check_vectors (SfuTokenizer *tokenizer)
{
  const char *reference = g_getenv ("SFU_REFERENCE");
  g_autofree char *path = g_build_filename (reference != NULL ? reference : g_getenv ("SFU_FIXTURES"), "vectors", "tokens.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonArray *entries = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (entries), >, 50);
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonObject *entry = json_array_get_object_element (entries, i);
      JsonArray *ids = json_object_get_array_member (entry, "ids");
      const char *text = json_object_get_string_member (entry, "text");
      g_autoptr (SfuTokens) tokens = sfu_tokenizer_encode (tokenizer, text, 77);
      for (guint j = 0; j < 77; j++)
        if (tokens->ids[j] != json_array_get_int_element (ids, j))
          g_error ("“%s”: token %u is %d, should be %d", text, j, tokens->ids[j], (int) json_array_get_int_element (ids, j));
      g_assert_cmpuint (tokens->length, ==, json_object_get_int_member (entry, "length"));
      g_assert_true ((tokens->lost != NULL) == (tokens->length > 77));
    }
}

static void
test_builtin (void)
{
  g_autoptr (SfuTokenizer) tokenizer = builtin ();
  g_assert_cmpuint (sfu_tokenizer_vocab_size (tokenizer), ==, 49408);
  check_vectors (tokenizer);
}

static void
test_folder (void)
{
  const char *reference = g_getenv ("SFU_REFERENCE");
  g_autofree char *folder = reference != NULL ? g_build_filename (reference, "models", "sd1", "tokenizer", NULL)
                                              : g_build_filename (g_getenv ("SFU_FIXTURES"), "model", "tokenizer", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuTokenizer) tokenizer = sfu_tokenizer_new_from_folder (folder, &error);
  g_assert_no_error (error);
  if (reference != NULL)
    check_vectors (tokenizer);
  g_autoptr (SfuTokens) tokens = sfu_tokenizer_encode (tokenizer, "A red boat", 77);
  g_assert_cmpuint (tokens->length, >, 3);
  for (guint i = 0; i < 77; i++)
    g_assert_cmpint (tokens->ids[i], <, sfu_tokenizer_vocab_size (tokenizer));
}

static void
test_lost (void)
{
  g_autoptr (SfuTokenizer) tokenizer = builtin ();
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < 75; i++)
    g_string_append (text, i % 2 ? "Caf\303\251  " : "cafe\314\201\n");
  g_autoptr (SfuTokens) whole = sfu_tokenizer_encode (tokenizer, text->str, 77);
  g_assert_null (whole->lost);
  g_string_append (text, "The  \303\211NDE, finally");
  g_autoptr (SfuTokens) cut = sfu_tokenizer_encode (tokenizer, text->str, 77);
  g_assert_cmpstr (cut->lost, ==, "The  \303\211NDE, finally");
  g_autofree char *long_word = g_strnfill (2000, 'x');
  g_autoptr (SfuTokens) one = sfu_tokenizer_encode (tokenizer, long_word, 77);
  g_assert_cmpstr (one->lost, ==, long_word);
}

static void
test_long (void)
{
  g_autoptr (SfuTokenizer) tokenizer = builtin ();
  g_autofree char *word = g_strnfill (100000, 'a');
  gint64 start = g_get_monotonic_time ();
  g_autoptr (SfuTokens) tokens = sfu_tokenizer_encode (tokenizer, word, 77);
  g_assert_cmpuint (tokens->length, >, 77);
  /* A quadratic loop would take minutes. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

/* Each is a folder's vocab.json and merges.txt. */
static const struct {
  const char *vocab, *merges;
} bad_files[] = {
  { "", "" }, { "{", "#version\n" }, { "[]", "#version\n" }, { "{\"a\": \"b\"}", "#version\n" }, { "{\"a\": -1}", "#version\n" },
  { "{\"a\": 99999999999}", "#version\n" }, { "{\"a\": 1}", "#version\na b c\n" }, { "{\"a\": 1}", "#version\n" },
  { "{\"<|startoftext|>\": 0}", "#version\n" }, { "\377\376", "x y" }, { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "" },
};

/* The merges of a tokenizer.json. */
static const char *const bad_pairs[] = { "[1, \"b\"]", "[\"b\", null]", "[null, \"b\"]", "[[], {}]", "[\"a\"]", "7", "null", "{}" };

static void
test_bad_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sfumato-text-XXXXXX", &error);
  g_autofree char *vocab = g_build_filename (folder, "vocab.json", NULL), *merges = g_build_filename (folder, "merges.txt", NULL);
  g_autofree char *combined = g_build_filename (folder, "tokenizer.json", NULL);
  g_assert_no_error (error);
  g_assert_null (sfu_tokenizer_new_from_folder (folder, &error));
  g_assert_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY);
  g_clear_error (&error);
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++)
    {
      g_file_set_contents (vocab, bad_files[i].vocab, -1, NULL);
      g_file_set_contents (merges, bad_files[i].merges, -1, NULL);
      g_assert_null (sfu_tokenizer_new_from_folder (folder, &error));
      g_assert_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY);
      g_clear_error (&error);
    }
  g_unlink (vocab);
  g_unlink (merges);
  for (guint i = 0; i < G_N_ELEMENTS (bad_pairs); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [%s]}}", bad_pairs[i]);
      g_file_set_contents (combined, text, -1, NULL);
      g_assert_null (sfu_tokenizer_new_from_folder (folder, &error));
      g_assert_error (error, SFU_TEXT_ERROR, SFU_TEXT_ERROR_BAD_VOCABULARY);
      g_clear_error (&error);
    }
  g_unlink (combined);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/builtin", test_builtin);
  g_test_add_func ("/text/folder", test_folder);
  g_test_add_func ("/text/lost", test_lost);
  g_test_add_func ("/text/long", test_long);
  g_test_add_func ("/text/bad-files", test_bad_files);
  return g_test_run ();
}
