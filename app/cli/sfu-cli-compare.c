#include "sfu-cli-compare.h"

#include <math.h>

#include "sfu-cli-options.h"

/* What must be the same. */
static const char *const conditions[] = { "device", "driver", "model", "width", "height", "precision", "variant" };

static const char *const figures[] = {
  "step_ms", "it_per_s", "encode_ms", "preview_ms", "decode_ms", "load_ms", "first_load_ms", "preview_share", "gflop", "gflops", "dispatches",
  "barriers", "submissions", "arena_bytes", "peak_device_bytes", "peak_host_bytes",
};
static const char *const roofs[] = { "multiply_gflops", "coopmat_gflops", "dispatch_us", "submission_us" };

static gboolean
broken (const char *file, GError **error)
{
  g_set_error (error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "%s is not what “sfumato-cli bench --json” writes: keep its output in a file, "
               "and name that.", file);
  return FALSE;
}

/* Of a member that is a number or {median, ...}; NAN: not there. */
static double
figure (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    node = json_object_get_member (json_node_get_object (node), "median");
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) == G_TYPE_STRING)
    return NAN;
  return json_node_get_double (node);
}

/* What a condition was, for people; NULL: not there. */
static char *
condition (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  return g_strdup_printf ("%g", json_node_get_double (node));
}

static JsonArray *
kernels_of (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "kernels");
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* Each has a name. */
static gboolean
are_kernels (JsonArray *array)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      g_autofree char *name = JSON_NODE_HOLDS_OBJECT (node) ? condition (json_node_get_object (node), "name") : NULL;
      if (name == NULL)
        return FALSE;
    }
  return array != NULL;
}

JsonObject *
sfu_cli_compare_read (const char *file, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) trouble = NULL;
  g_autofree char *text = NULL;
  JsonNode *root;
  JsonObject *object;
  if (!g_file_get_contents (file, &text, NULL, &trouble))
    {
      g_set_error (error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "The earlier run cannot be read: %s.", trouble->message);
      return NULL;
    }
  root = json_parser_load_from_data (parser, text, -1, NULL) ? json_parser_get_root (parser) : NULL;
  object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (object == NULL || isnan (figure (object, "step_ms")) || !are_kernels (kernels_of (object)))
    {
      broken (file, error);
      return NULL;
    }
  return json_object_ref (object);
}

static void
set_number (JsonObject *object, const char *key, double value)
{
  if (isfinite (value))
    json_object_set_double_member (object, key, value);
  else
    json_object_set_null_member (object, key);
}

/* Nothing where neither run has it. */
static void
add_pair (JsonArray *array, const char *name, double old, double now)
{
  JsonObject *pair;
  if (isnan (old) && isnan (now))
    return;
  pair = json_object_new ();
  json_object_set_string_member (pair, "name", name);
  set_number (pair, "old", old);
  set_number (pair, "new", now);
  set_number (pair, "ratio", old > 0 ? now / old : NAN);
  json_array_add_object_element (array, pair);
}

static double
kernel_ms (JsonArray *kernels, const char *name)
{
  for (guint i = 0; i < json_array_get_length (kernels); i++)
    {
      JsonObject *kernel = json_array_get_object_element (kernels, i);
      g_autofree char *own = condition (kernel, "name");
      if (g_str_equal (own, name))
        return figure (kernel, "ms");
    }
  return NAN;
}

static JsonArray *
compare_kernels (JsonArray *old, JsonArray *now)
{
  JsonArray *pairs = json_array_new ();
  for (guint i = 0; i < json_array_get_length (now); i++)
    {
      g_autofree char *name = condition (json_array_get_object_element (now, i), "name");
      add_pair (pairs, name, kernel_ms (old, name), kernel_ms (now, name));
    }
  /* Those that are no longer there. */
  for (guint i = 0; i < json_array_get_length (old); i++)
    {
      g_autofree char *name = condition (json_array_get_object_element (old, i), "name");
      double ms = kernel_ms (now, name);
      if (isnan (ms))
        add_pair (pairs, name, kernel_ms (old, name), NAN);
    }
  return pairs;
}

static JsonArray *
compare_conditions (JsonObject *old, JsonObject *now)
{
  JsonArray *differs = json_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
    {
      g_autofree char *was = condition (old, conditions[i]), *is = condition (now, conditions[i]);
      JsonObject *one;
      if (g_strcmp0 (was, is) == 0)
        continue;
      one = json_object_new ();
      json_object_set_string_member (one, "name", conditions[i]);
      json_object_set_string_member (one, "old", was != NULL ? was : "not known");
      json_object_set_string_member (one, "new", is != NULL ? is : "not known");
      json_array_add_object_element (differs, one);
    }
  return differs;
}

static JsonArray *
compare_figures (JsonObject *old, JsonObject *now)
{
  JsonArray *pairs = json_array_new ();
  JsonNode *old_roofs = json_object_get_member (old, "roofs");
  JsonObject *now_roofs = json_object_get_object_member (now, "roofs");
  for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
    add_pair (pairs, figures[i], figure (old, figures[i]), figure (now, figures[i]));
  /* Of a slower day, say: kernels are slower then too. */
  for (guint i = 0; i < G_N_ELEMENTS (roofs); i++)
    if (old_roofs != NULL && JSON_NODE_HOLDS_OBJECT (old_roofs))
      add_pair (pairs, roofs[i], figure (json_node_get_object (old_roofs), roofs[i]), figure (now_roofs, roofs[i]));
  return pairs;
}

JsonObject *
sfu_cli_compare (const char *file, JsonObject *old, JsonObject *now)
{
  JsonObject *compared = json_object_new ();
  json_object_set_string_member (compared, "file", file);
  json_object_set_array_member (compared, "differs", compare_conditions (old, now));
  json_object_set_array_member (compared, "figures", compare_figures (old, now));
  json_object_set_array_member (compared, "kernels", compare_kernels (kernels_of (old), kernels_of (now)));
  return compared;
}
