#include "sfu-request-text.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sfu-config.h"

#define JSON_KEYWORD "sfumato"
#define PARAMETERS_KEYWORD "parameters"
#define FORMAT_VERSION 1

/* -- our own JSON -- */

/* Fields that are text, by name: one list for both directions. */
static const struct {
  const char *name;
  gsize offset;
} strings[] = {
  { "model", G_STRUCT_OFFSET (SfuRequest, model) },         { "vae", G_STRUCT_OFFSET (SfuRequest, vae) },
  { "taesd", G_STRUCT_OFFSET (SfuRequest, taesd) },         { "prompt", G_STRUCT_OFFSET (SfuRequest, prompt) },
  { "negative", G_STRUCT_OFFSET (SfuRequest, negative) },   { "scheduler", G_STRUCT_OFFSET (SfuRequest, scheduler) },
  { "sigmas", G_STRUCT_OFFSET (SfuRequest, sigmas) },       { "spacing", G_STRUCT_OFFSET (SfuRequest, spacing) },
  { "noise", G_STRUCT_OFFSET (SfuRequest, noise) },         { "image", G_STRUCT_OFFSET (SfuRequest, image) },
  { "emphasis", G_STRUCT_OFFSET (SfuRequest, emphasis) },
};
static const struct {
  const char *name;
  gsize offset;
} counts[] = {
  { "width", G_STRUCT_OFFSET (SfuRequest, width) }, { "height", G_STRUCT_OFFSET (SfuRequest, height) },
  { "steps", G_STRUCT_OFFSET (SfuRequest, steps) }, { "batch", G_STRUCT_OFFSET (SfuRequest, batch) },
  { "deepcache", G_STRUCT_OFFSET (SfuRequest, deepcache.interval) },
  { "deepcache-branch", G_STRUCT_OFFSET (SfuRequest, deepcache.branch) },
};
static const struct {
  const char *name;
  gsize offset;
} numbers[] = {
  { "guidance", G_STRUCT_OFFSET (SfuRequest, guidance) }, { "eta", G_STRUCT_OFFSET (SfuRequest, eta) },
  { "strength", G_STRUCT_OFFSET (SfuRequest, strength) },
};

char *
sfu_request_to_json (const SfuRequest *self)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, self->seed);
  json_object_set_int_member (object, "format", FORMAT_VERSION);
  json_object_set_string_member (object, "version", SFU_VERSION);
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      const char *value = G_STRUCT_MEMBER (char *, self, strings[i].offset);
      if (value != NULL)
        json_object_set_string_member (object, strings[i].name, value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    json_object_set_int_member (object, counts[i].name, G_STRUCT_MEMBER (guint, self, counts[i].offset));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (isfinite (G_STRUCT_MEMBER (double, self, numbers[i].offset)))
      json_object_set_double_member (object, numbers[i].name, G_STRUCT_MEMBER (double, self, numbers[i].offset));
  /* Text: other programs read JSON's numbers as doubles, which do not hold 64 bits. */
  json_object_set_string_member (object, "seed", seed);
  json_object_set_string_member (object, "precision", sfu_precision_name (self->precision));
  json_node_init_object (node, object);
  return json_to_string (node, FALSE);
}

static gboolean
is_number (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

static const char *
text_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

SfuRequest *
sfu_request_from_json (const char *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  SfuRequest *self;
  JsonObject *object;
  const char *text;
  /* Ours are flat: anything deeper is not ours. */
  if (strstr (json, "[[") != NULL || strstr (json, "{{") != NULL || !json_parser_load_from_data (parser, json, -1, NULL)
      || json_parser_get_root (parser) == NULL || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  object = json_node_get_object (json_parser_get_root (parser));
  self = sfu_request_new ();
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    if ((text = text_of (json_object_get_member (object, strings[i].name))) != NULL)
      g_set_str (&G_STRUCT_MEMBER (char *, self, strings[i].offset), text);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      JsonNode *node = json_object_get_member (object, counts[i].name);
      if (is_number (node))
        G_STRUCT_MEMBER (guint, self, counts[i].offset) = CLAMP (json_node_get_double (node), 0, G_MAXINT);
    }
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      JsonNode *node = json_object_get_member (object, numbers[i].name);
      if (is_number (node))
        G_STRUCT_MEMBER (double, self, numbers[i].offset) = json_node_get_double (node);
    }
  if ((text = text_of (json_object_get_member (object, "seed"))) != NULL)
    g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &self->seed, NULL);
  else if (is_number (json_object_get_member (object, "seed")))
    self->seed = json_node_get_int (json_object_get_member (object, "seed"));
  if ((text = text_of (json_object_get_member (object, "precision"))) != NULL)
    sfu_precision_from_name (text, &self->precision);
  return self;
}

/* -- A1111's text (modules/infotext_utils.py and processing.py of stable-diffusion-webui) -- */

/* Sampler names there, and ours. The first of ours is what we write. */
static const struct {
  const char *ours, *theirs;
} samplers[] = {
  { "ddim", "DDIM" },           { "pndm", "PLMS" },          { "lms", "LMS" },          { "euler", "Euler" },
  { "euler-a", "Euler a" },     { "heun", "Heun" },          { "dpmpp-2m", "DPM++ 2M" }, { "dpmpp-2m-sde", "DPM++ 2M SDE" },
  { "dpmpp-sde", "DPM++ SDE" }, { "unipc", "UniPC" },        { "lcm", "LCM" },          { "tcd", "TCD" },
  { "euler-a", "euler_a" },     { "dpmpp-2m", "dpmpp_2m" },  { "dpmpp-2m-sde", "dpmpp_2m_sde" }, { "unipc", "uni_pc" },
};

static const struct {
  const char *ours, *theirs;
} shapes[] = { { "karras", "Karras" }, { "exponential", "Exponential" } };

static void
append_value (GString *line, const char *key, const char *value)
{
  g_string_append_printf (line, "%s%s: ", line->len > 0 ? ", " : "", key);
  if (strpbrk (value, ",:\n\"") == NULL)
    {
      g_string_append (line, value);
      return;
    }
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), value);
  g_autofree char *quoted = json_to_string (node, FALSE);
  g_string_append (line, quoted);
}

static void G_GNUC_PRINTF (3, 4)
append_format (GString *line, const char *key, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *value = g_strdup_vprintf (format, args);
  va_end (args);
  append_value (line, key, value);
}

/* %g with a point, whatever the language is. */
static const char *
plain (double x, char buffer[G_ASCII_DTOSTR_BUF_SIZE])
{
  return g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.10g", x);
}

static void
append_sampler (const SfuRequest *self, GString *line)
{
  for (guint i = 0; self->scheduler != NULL && i < G_N_ELEMENTS (samplers); i++)
    if (g_str_equal (samplers[i].ours, self->scheduler))
      {
        append_value (line, "Sampler", samplers[i].theirs);
        break;
      }
  for (guint i = 0; self->sigmas != NULL && i < G_N_ELEMENTS (shapes); i++)
    if (g_str_equal (shapes[i].ours, self->sigmas))
      append_value (line, "Schedule type", shapes[i].theirs);
}

char *
sfu_request_to_parameters (const SfuRequest *self)
{
  GString *text = g_string_new (self->prompt);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *model = g_path_get_basename (self->model), *deepcache = sfu_deepcache_to_text (self->deepcache);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (*self->negative != '\0')
    g_string_append_printf (text, "\nNegative prompt: %s", self->negative);
  append_format (line, "Steps", "%u", self->steps);
  append_sampler (self, line);
  append_value (line, "CFG scale", plain (self->guidance, number));
  append_format (line, "Seed", "%" G_GUINT64_FORMAT, self->seed);
  if (self->width > 0 && self->height > 0)
    append_format (line, "Size", "%ux%u", self->width, self->height);
  if (g_str_has_suffix (model, ".safetensors"))
    model[strlen (model) - strlen (".safetensors")] = '\0';
  append_value (line, "Model", model);
  if (self->image != NULL)
    append_value (line, "Denoising strength", plain (self->strength, number));
  if (isfinite (self->eta))
    append_value (line, "Eta", plain (self->eta, number));
  if (self->deepcache.interval > 1)
    append_value (line, "DeepCache", deepcache);
  append_value (line, "RNG", g_str_equal (self->noise, "philox") ? "NV" : "CPU");
  append_value (line, "Version", "Sfumato " SFU_VERSION);
  g_string_append_printf (text, "\n%s", line->str);
  return g_string_free (text, FALSE);
}

/* FALSE: there is no such sampler here, and nothing is set. */
static gboolean
set_sampler (SfuRequest *self, const char *value)
{
  g_autofree char *name = g_strdup (value);
  const char *sigmas = NULL;
  /* Old files have the schedule in the sampler's name: "DPM++ 2M Karras"; sd.cpp writes "euler_a discrete". */
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *ending = g_strconcat (" ", shapes[i].theirs, NULL);
      if (g_str_has_suffix (name, ending))
        {
          sigmas = shapes[i].ours;
          name[strlen (name) - strlen (ending)] = '\0';
        }
    }
  if (g_str_has_suffix (name, " discrete"))
    name[strlen (name) - strlen (" discrete")] = '\0';
  for (guint i = 0; i < G_N_ELEMENTS (samplers); i++)
    if (g_ascii_strcasecmp (samplers[i].theirs, name) == 0 || g_str_equal (samplers[i].ours, name))
      {
        g_set_str (&self->scheduler, samplers[i].ours);
        if (sigmas != NULL)
          g_set_str (&self->sigmas, sigmas);
        return TRUE;
      }
  return FALSE;
}

static gboolean
set_pair (SfuRequest *self, const char *key, const char *value)
{
  guint64 n = 0;
  guint w, h;
  gboolean whole = g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &n, NULL);
  double x = g_ascii_strtod (value, NULL);
  if (g_str_equal (key, "Steps") && whole)
    self->steps = MIN (n, G_MAXINT);
  else if (g_str_equal (key, "Sampler"))
    return set_sampler (self, value);
  else if (g_str_equal (key, "Schedule type"))
    {
      for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
        if (g_ascii_strcasecmp (shapes[i].theirs, value) == 0)
          g_set_str (&self->sigmas, shapes[i].ours);
    }
  else if (g_str_equal (key, "CFG scale"))
    self->guidance = x;
  else if (g_str_equal (key, "Seed") && whole)
    self->seed = n;
  else if (g_str_equal (key, "Size") && sscanf (value, "%ux%u", &w, &h) == 2)
    {
      self->width = w;
      self->height = h;
    }
  else if (g_str_equal (key, "Model"))
    g_set_str (&self->model, value);
  else if (g_str_equal (key, "Denoising strength"))
    self->strength = x;
  else if (g_str_equal (key, "Eta"))
    self->eta = x;
  else if (g_str_equal (key, "DeepCache"))
    return sfu_deepcache_from_text (value, &self->deepcache);
  else if (g_str_equal (key, "RNG"))
    g_set_str (&self->noise, g_ascii_strcasecmp (value, "CPU") == 0 ? "torch-cpu" : "philox");
  else
    return g_str_equal (key, "Version") || g_str_equal (key, "Model hash");
  return TRUE;
}

/* One "key: value" of the last line; a value is quoted JSON, or has no comma. */
#define PAIR "\\s*(\\w[\\w \\-/]+):\\s*(\"(?:\\\\.|[^\\\\\"])+\"|[^,]*)(?:,|$)"

/* Calls for every pair; with @self NULL only counts. */
static guint
read_pairs (const char *line, SfuRequest *self, GPtrArray *unknown)
{
  g_autoptr (GRegex) regex = g_regex_new (PAIR, G_REGEX_DEFAULT, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint n = 0;
  g_regex_match (regex, line, 0, &match);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL), n++)
    {
      g_autofree char *key = g_match_info_fetch (match, 1), *raw = g_match_info_fetch (match, 2), *value = NULL;
      if (self == NULL)
        continue;
      if (raw[0] == '"')
        {
          g_autoptr (JsonNode) node = json_from_string (raw, NULL);
          value = g_strdup (text_of (node));
        }
      if (value == NULL)
        value = g_strdup (g_strstrip (raw));
      if (!set_pair (self, key, value) && unknown != NULL)
        g_ptr_array_add (unknown, g_strdup_printf ("%s: %s", key, value));
    }
  return n;
}

static void
append_line (char **text, const char *line)
{
  char *joined = **text != '\0' ? g_strconcat (*text, "\n", line, NULL) : g_strdup (line);
  g_free (*text);
  *text = joined;
}

SfuRequest *
sfu_request_from_parameters (const char *parameters, GPtrArray *unknown)
{
  static const char negative_start[] = "Negative prompt:";
  SfuRequest *self = sfu_request_new ();
  g_autofree char *trimmed = g_strstrip (g_strdup (parameters));
  g_auto (GStrv) lines = NULL;
  gboolean negative = FALSE;
  guint n;

  /* Whoever writes this text means its brackets as A1111 does. */
  g_set_str (&self->emphasis, "a1111");
  /* sd.cpp ends with JSON that is no pair. */
  char *extra = strstr (trimmed, ", SDCPP: {");
  if (extra != NULL)
    *extra = '\0';
  lines = g_strsplit (trimmed, "\n", -1);
  n = g_strv_length (lines);
  /* Without the key RNG such a file's noise is of the GPU's kind. */
  if (n > 0 && read_pairs (lines[n - 1], NULL, NULL) >= 3)
    {
      g_set_str (&self->noise, "philox");
      read_pairs (lines[--n], self, unknown);
    }
  for (guint i = 0; i < n; i++)
    {
      const char *line = g_strstrip (lines[i]);
      if (g_str_has_prefix (line, negative_start))
        {
          negative = TRUE;
          line += strlen (negative_start);
          line += strspn (line, " ");
        }
      append_line (negative ? &self->negative : &self->prompt, line);
    }
  return self;
}

/* -- both -- */

GHashTable *
sfu_request_to_texts (const SfuRequest *self, guint64 seed, guint width, guint height)
{
  GHashTable *texts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (SfuRequest) one = sfu_request_copy (self);
  one->seed = seed;
  one->width = width;
  one->height = height;
  one->batch = 1;
  g_hash_table_insert (texts, (char *) PARAMETERS_KEYWORD, sfu_request_to_parameters (one));
  g_hash_table_insert (texts, (char *) JSON_KEYWORD, sfu_request_to_json (one));
  return texts;
}

SfuRequest *
sfu_request_from_texts (GHashTable *texts, GPtrArray **unknown)
{
  const char *json = g_hash_table_lookup (texts, JSON_KEYWORD), *parameters = g_hash_table_lookup (texts, PARAMETERS_KEYWORD);
  g_autoptr (GPtrArray) strange = g_ptr_array_new_with_free_func (g_free);
  SfuRequest *self = json != NULL ? sfu_request_from_json (json) : NULL;
  if (self == NULL && parameters != NULL)
    self = sfu_request_from_parameters (parameters, strange);
  if (unknown != NULL)
    *unknown = g_steal_pointer (&strange);
  return self;
}
