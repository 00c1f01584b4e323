/* request.c: what the user asked for, as text and back. */
#include <math.h>
#include <string.h>

#include "sfu-request-text.h"

static SfuRequest *
example (void)
{
  SfuRequest *request = sfu_request_new ();
  g_set_str (&request->model, "/models/my, odd: name.safetensors");
  g_set_str (&request->prompt, "a \"red\" boat,\non the sea \346\265\267");
  g_set_str (&request->negative, "dark");
  g_set_str (&request->scheduler, "dpmpp-2m");
  g_set_str (&request->sigmas, "karras");
  request->width = 512;
  request->height = 768;
  request->seed = G_MAXUINT64 - 1;
  request->guidance = 7.123456789012345;
  request->eta = 0.1;
  request->deepcache = (SfuDeepCache) { 3, 1 };
  g_set_str (&request->emphasis, "comfyui");
  return request;
}

static void
test_json (void)
{
  g_autoptr (SfuRequest) request = example ();
  g_autofree char *json = sfu_request_to_json (request);
  g_autoptr (SfuRequest) back = sfu_request_from_json (json);
  g_autofree char *again = sfu_request_to_json (back);
  g_assert_cmpstr (json, ==, again);
  g_assert_cmpuint (back->seed, ==, request->seed);
  g_assert_cmpfloat (back->guidance, ==, request->guidance);
  g_assert_cmpstr (back->prompt, ==, request->prompt);
  g_assert_cmpstr (back->emphasis, ==, "comfyui");
  g_assert_cmpuint (back->deepcache.interval, ==, 3);
  g_assert_cmpuint (back->deepcache.branch, ==, 1);
  g_assert_null (sfu_request_from_json ("{"));
  g_assert_null (sfu_request_from_json ("[1]"));
  g_autoptr (SfuRequest) odd = sfu_request_from_json ("{\"steps\": \"x\", \"width\": -5, \"seed\": 7, \"prompt\": 3, \"new\": 1}");
  g_assert_cmpuint (odd->steps, ==, 20);
  g_assert_cmpuint (odd->seed, ==, 7);
  g_assert_null (odd->emphasis);
  g_assert_cmpuint (odd->deepcache.interval, ==, 1);
}

static void
test_texts (void)
{
  g_autoptr (SfuRequest) request = example ();
  g_autoptr (GHashTable) texts = sfu_request_to_texts (request, 9, 520, 776);
  g_autoptr (SfuRequest) back = sfu_request_from_texts (texts, NULL);
  g_assert_cmpuint (back->seed, ==, 9);
  g_assert_cmpuint (back->width, ==, 520);
  /* Without ours, the other programs' text has the same. */
  g_hash_table_remove (texts, "sfumato");
  g_autoptr (SfuRequest) other = sfu_request_from_texts (texts, NULL);
  g_assert_cmpstr (other->prompt, ==, request->prompt);
  g_assert_cmpstr (other->negative, ==, "dark");
  g_assert_cmpstr (other->scheduler, ==, "dpmpp-2m");
  g_assert_cmpstr (other->sigmas, ==, "karras");
  g_assert_cmpstr (other->noise, ==, "torch-cpu");
  g_assert_cmpstr (other->model, ==, "my, odd: name");
  g_assert_cmpuint (other->height, ==, 776);
  g_assert_cmpuint (other->deepcache.interval, ==, 3);
  g_assert_cmpuint (other->deepcache.branch, ==, 1);
  /* That text means brackets as A1111 has them; ours says how they were meant. */
  g_assert_cmpstr (back->emphasis, ==, "comfyui");
  g_assert_cmpstr (other->emphasis, ==, "a1111");
}

static void
test_a1111 (void)
{
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SfuRequest) one = sfu_request_from_parameters (
    "a cat\nNegative prompt: blurry\nSteps: 25, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 6ce0161689", unknown);
  g_assert_cmpstr (one->prompt, ==, "a cat");
  g_assert_cmpstr (one->negative, ==, "blurry");
  g_assert_cmpstr (one->scheduler, ==, "dpmpp-2m");
  g_assert_cmpstr (one->sigmas, ==, "karras");
  g_assert_cmpuint (one->height, ==, 768);
  g_assert_cmpuint (one->steps, ==, 25);
  g_assert_cmpstr (one->noise, ==, "philox");
  g_assert_cmpuint (unknown->len, ==, 0);

  g_autoptr (SfuRequest) two = sfu_request_from_parameters ("first\nsecond\nSteps: 5, Seed: 1, Size: 64x64", NULL);
  g_assert_cmpstr (two->prompt, ==, "first\nsecond");
  g_assert_cmpstr (two->negative, ==, "");

  g_autoptr (SfuRequest) three = sfu_request_from_parameters ("a picture\na: b, c", NULL);
  g_assert_cmpstr (three->prompt, ==, "a picture\na: b, c");

  g_autoptr (SfuRequest) four = sfu_request_from_parameters (
    "x\nSteps: 5, Seed: 1, Hires prompt: \"a, \\\"q\\\" b\\nline\", Size: 64x64", unknown);
  g_assert_cmpuint (four->width, ==, 64);
  g_assert_cmpstr (unknown->pdata[0], ==, "Hires prompt: a, \"q\" b\nline");

  /* A sampler that is not known here leaves the schedule alone too, and is told. */
  g_ptr_array_set_size (unknown, 0);
  g_autoptr (SfuRequest) stranger = sfu_request_from_parameters ("x\nSteps: 5, Sampler: DPM2 a Karras, Seed: 1", unknown);
  g_assert_null (stranger->scheduler);
  g_assert_null (stranger->sigmas);
  g_assert_cmpstr (unknown->pdata[0], ==, "Sampler: DPM2 a Karras");

  g_autoptr (SfuRequest) five = sfu_request_from_parameters ("a dog\r\nNegative prompt: fog\r\nSteps: 5, Seed: 3, RNG: CPU\r\n\r\n", NULL);
  g_assert_cmpstr (five->prompt, ==, "a dog");
  g_assert_cmpstr (five->negative, ==, "fog");
  g_assert_cmpuint (five->seed, ==, 3);
  g_assert_cmpstr (five->noise, ==, "torch-cpu");

  g_autoptr (SfuRequest) six = sfu_request_from_parameters ("Negative prompt: x\nSteps: 5, Seed: 3, Size: 8x8", NULL);
  g_assert_cmpstr (six->prompt, ==, "");
  g_assert_cmpstr (six->negative, ==, "x");

  g_autoptr (SfuRequest) seven = sfu_request_from_parameters (
    "y\nSteps: 4, Seed: 8, Sampler: euler_a discrete, RNG: cuda, SDCPP: {\"a\": [1, 2]}", NULL);
  g_assert_cmpstr (seven->scheduler, ==, "euler-a");
}

static void
test_check (void)
{
  g_autoptr (SfuRequest) request = example ();
  g_autoptr (GError) error = NULL;
  sfu_request_check (request, &error);
  g_assert_no_error (error);
  request->width = 515;
  g_assert_false (sfu_request_check (request, &error));
  g_assert_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "512 or 520"));
  g_clear_error (&error);
  request->width = 512;
  request->guidance = NAN;
  g_assert_false (sfu_request_check (request, &error));
  g_clear_error (&error);
  request->guidance = 7;
  request->deepcache.interval = 0;
  g_assert_false (sfu_request_check (request, &error));
  g_assert_nonnull (strstr (error->message, "2 to 5"));
}

static void
test_deepcache (void)
{
  static const struct {
    const char *text;
    SfuDeepCache deepcache;
  } good[] = { { "1", { 1, 0 } }, { "3", { 3, 0 } }, { "5:2", { 5, 2 } } };
  static const char *const bad[] = { "", "0", "-1", "x", "3:", ":1", "3:x", "3:-1", "3:1:1", "3.5", "99999999999", NULL };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      SfuDeepCache read = { 7, 7 };
      g_autofree char *text = sfu_deepcache_to_text (good[i].deepcache);
      g_assert_cmpstr (text, ==, good[i].text);
      g_assert_true (sfu_deepcache_from_text (text, &read));
      g_assert_cmpuint (read.interval, ==, good[i].deepcache.interval);
      g_assert_cmpuint (read.branch, ==, good[i].deepcache.branch);
    }
  for (guint i = 0; bad[i] != NULL; i++)
    {
      SfuDeepCache read = { 7, 7 };
      g_assert_false (sfu_deepcache_from_text (bad[i], &read));
      g_assert_cmpuint (read.interval, ==, 7);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/json", test_json);
  g_test_add_func ("/request/texts", test_texts);
  g_test_add_func ("/request/a1111", test_a1111);
  g_test_add_func ("/request/check", test_check);
  g_test_add_func ("/request/deepcache", test_deepcache);
  return g_test_run ();
}
