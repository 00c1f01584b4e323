#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <unistd.h>

#include "sfu-cli-options.h"
#include "sfu-cli-progress.h"
#include "sfu-cli.h"
#include "sfu-png.h"
#include "sfu-request-text.h"

typedef struct {
  SfuCliOptions *options;
  SfuCliProgress *progress;
  SfuJob *job;
  GMainLoop *loop;
  GError *error;   /* of writing: the job's own is the job's */
  SfuJobState shown;
} Run;

/* One JSON object a line on stdout. Takes @object. */
static void
print_event (Run *self, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *line = json_to_string (node, FALSE);
  if (self->options->json)
    {
      g_print ("%s\n", line);
      fflush (stdout);
    }
  json_object_unref (object);
}

static JsonObject *
event_new (const char *name)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "event", name);
  return object;
}

static void
stop_with (Run *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  sfu_job_stop (self->job);
}

/* "picture.png", or "picture-2.png" for the second of a batch. */
static char *
output_path (Run *self, guint picture)
{
  const SfuRequest *request = self->options->request;
  const char *output = self->options->output;
  if (output == NULL)
    return g_strdup_printf ("sfumato-%" G_GUINT64_FORMAT ".png", request->seed + picture);
  if (request->batch == 1)
    return g_strdup (output);
  int stem = g_str_has_suffix (output, ".png") ? (int) strlen (output) - 4 : (int) strlen (output);
  return g_strdup_printf ("%.*s-%u.png", stem, output, picture + 1);
}

static void
state_cb (SfuJob *job, Run *self)
{
  static const char *const phases[] = { [SFU_JOB_LOADING] = "Loading the model",
                                        [SFU_JOB_TUNING] = "Tuning for this graphics card", [SFU_JOB_ENCODING] = "Reading the prompt",
                                        [SFU_JOB_DECODING] = "Decoding the picture" };
  SfuJobState state = sfu_job_get_state (job);
  if (state >= SFU_JOB_DONE)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  if (state != self->shown && state < G_N_ELEMENTS (phases) && phases[state] != NULL)
    sfu_cli_progress_phase (self->progress, phases[state]);
  self->shown = state;
}

static void
loading_cb (SfuJob *job, double fraction, Run *self)
{
  if (self->shown == SFU_JOB_TUNING)
    sfu_cli_progress_share (self->progress, "Tuning for this graphics card", fraction);
}

static void
step_cb (SfuJob *job, guint picture, guint step, double ms, Run *self)
{
  JsonObject *event = event_new ("step");
  json_object_set_int_member (event, "picture", picture + 1);
  json_object_set_int_member (event, "step", step);
  json_object_set_int_member (event, "steps", sfu_job_get_n_steps (job));
  json_object_set_double_member (event, "ms", ms);
  print_event (self, event);
  sfu_cli_progress_step (self->progress, picture, self->options->request->batch, step, sfu_job_get_n_steps (job), ms);
}

static void
note_cb (SfuJob *job, guint kind, const char *sentence, Run *self)
{
  JsonObject *event = event_new ("note");
  json_object_set_string_member (event, "text", sentence);
  print_event (self, event);
  sfu_cli_progress_note (self->progress, sentence);
}

static void
preview_cb (SfuJob *job, SfuImage *image, guint picture, guint step, Run *self)
{
  g_autofree char *name = self->options->request->batch > 1 ? g_strdup_printf ("preview-%u-%03u.png", picture + 1, step)
                                                            : g_strdup_printf ("preview-%03u.png", step);
  g_autofree char *path = g_build_filename (self->options->preview_dir, name, NULL);
  GError *error = NULL;
  JsonObject *event;
  if (!sfu_png_write (image, path, NULL, &error))
    {
      stop_with (self, error);
      return;
    }
  event = event_new ("preview");
  json_object_set_int_member (event, "picture", picture + 1);
  json_object_set_int_member (event, "step", step);
  json_object_set_string_member (event, "file", path);
  print_event (self, event);
}

static void
picture_cb (SfuJob *job, SfuImage *image, guint picture, Run *self)
{
  const SfuRequest *request = self->options->request;
  guint64 seed = request->seed + picture;
  g_autoptr (GHashTable) texts = sfu_request_to_texts (request, seed, sfu_image_width (image), sfu_image_height (image));
  g_autofree char *path = output_path (self, picture), *sentence = NULL;
  GError *error = NULL;
  JsonObject *event;
  if (!sfu_png_write (image, path, texts, &error))
    {
      stop_with (self, error);
      return;
    }
  event = event_new ("done");
  json_object_set_string_member (event, "file", path);
  json_object_set_int_member (event, "seed", seed);
  json_object_set_int_member (event, "picture", picture + 1);
  json_object_set_int_member (event, "width", sfu_image_width (image));
  json_object_set_int_member (event, "height", sfu_image_height (image));
  print_event (self, event);
  sentence = g_strdup_printf ("Saved %s (seed %" G_GUINT64_FORMAT ").", path, seed);
  sfu_cli_progress_note (self->progress, sentence);
}

static gboolean
interrupt_cb (gpointer data)
{
  Run *self = data;
  sfu_job_stop (self->job);
  return G_SOURCE_CONTINUE;
}

static gboolean
make_folder (const char *path, GError **error)
{
  if (path == NULL || g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  g_set_error (error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "The folder %s cannot be made: %s. Choose another.", path, g_strerror (errno));
  return FALSE;
}

/* What would otherwise be found out only when the picture is done. */
static gboolean
check_folders (Run *self, GError **error)
{
  g_autofree char *output = output_path (self, 0), *folder = g_path_get_dirname (output);
  if (!make_folder (self->options->preview_dir, error) || !make_folder (self->options->dump, error))
    return FALSE;
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "The folder %s of --output does not exist. Make it, or choose another.", folder);
      return FALSE;
    }
  if (g_access (folder, W_OK) != 0 || g_file_test (output, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, SFU_CLI_ERROR, SFU_CLI_ERROR_USAGE, "%s cannot be written: %s. Choose another --output.", output,
                   g_file_test (output, G_FILE_TEST_IS_DIR) ? "it is a folder" : g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static void
run_job (Run *self, SfuEngine *engine)
{
  guint sigint = g_unix_signal_add (SIGINT, interrupt_cb, self), sigterm = g_unix_signal_add (SIGTERM, interrupt_cb, self);
  g_signal_connect (self->job, "state-changed", G_CALLBACK (state_cb), self);
  g_signal_connect (self->job, "loading", G_CALLBACK (loading_cb), self);
  g_signal_connect (self->job, "step", G_CALLBACK (step_cb), self);
  g_signal_connect (self->job, "note", G_CALLBACK (note_cb), self);
  g_signal_connect (self->job, "preview", G_CALLBACK (preview_cb), self);
  g_signal_connect (self->job, "picture", G_CALLBACK (picture_cb), self);
  if (self->options->preview_dir != NULL)
    sfu_job_want_previews (self->job, SFU_PREVIEWS_ALL, self->options->preview_every);
  if (self->options->dump != NULL)
    sfu_job_dump_to (self->job, self->options->dump);
  sfu_engine_queue (engine, self->job);
  g_main_loop_run (self->loop);
  g_source_remove (sigint);
  g_source_remove (sigterm);
  g_signal_handlers_disconnect_by_data (self->job, self);
}

int
sfu_cli_generate (char **arguments)
{
  const SfuCliTakes takes = SFU_CLI_REQUEST | SFU_CLI_OUTPUT | SFU_CLI_DEVICE;
  g_autoptr (GError) error = NULL;
  g_autoptr (SfuCliOptions) options = sfu_cli_options_parse (arguments, takes, &error);
  g_autoptr (SfuCliProgress) progress = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SfuEngine) engine = NULL;
  g_autoptr (SfuJob) job = NULL;
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "sfumato", NULL);
  Run run = { .options = options, .loop = loop };
  SfuEngineOptions engine_options = { .cache_folder = cache };

  if (options == NULL)
    return sfu_cli_fail (error);
  if (options->help)
    {
      g_print ("Usage: sfumato-cli generate --model PATH --prompt TEXT [OPTIONS]\n\n");
      sfu_cli_options_print_help (takes);
      return SFU_EXIT_DONE;
    }
  if (!sfu_request_check (options->request, &error) || !check_folders (&run, &error))
    return sfu_cli_fail (error);
  engine_options.device = options->device;
  engine_options.budget_bytes = options->budget_bytes;
  engine_options.validate = options->validate;
  engine = sfu_engine_new (&engine_options);
  job = run.job = sfu_job_new (options->request);
  progress = run.progress = sfu_cli_progress_new ();
  run_job (&run, engine);
  g_clear_pointer (&progress, sfu_cli_progress_free);
  if (run.error != NULL)
    {
      int status = sfu_cli_fail (run.error);
      g_error_free (run.error);
      return status;
    }
  return sfu_job_get_error (job) != NULL ? sfu_cli_fail (sfu_job_get_error (job)) : SFU_EXIT_DONE;
}
