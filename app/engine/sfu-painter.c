#include "sfu-painter.h"

#include <math.h>
#include <string.h>

#include "sfu-budget.h"
#include "sfu-dump.h"
#include "sfu-noise.h"
#include "sfu-png.h"
#include "sfu-preview.h"
#include "sfu-scheduler.h"

/* One picture while it is painted. */
typedef struct {
  SfuCheckpoint *checkpoint;
  SfuJob *job;
  const SfuRequest *request;
  GCancellable *cancellable;
  SfuScheduler *scheduler;
  SfuPrograms *programs;
  SfuNoise *noise;
  SfuDump *dump;
  guint picture;
  guint first_call; /* 0, or where a continued picture goes on */
  guint width, height;
  SfuEmphasis emphasis;
  guint n_tokens; /* of the longer prompt; 0 before they are encoded */
  gboolean exact; /* from now on in 32 bits */
  const SfuPass *filled; /* whose last full step was one of this picture's; NULL: none's was */
} Painting;

static GpuDevice *
device_of (Painting *self)
{
  return self->programs->nets->device;
}

/* The halves' prompts as floats behind each other, the unconditional one first. */
static gboolean
write_context (Painting *self, SfuPass *pass, GError **error)
{
  const SfuRequest *request = self->request;
  SfuPrograms *programs = self->programs;
  const char *const prompts[] = { request->negative, request->prompt };
  gsize n = (gsize) programs->n_tokens * programs->nets->clip->width;
  g_autofree float *both = g_new (float, programs->halves * n);

  for (guint half = 0; half < programs->halves; half++)
    if (!sfu_checkpoint_fill_context (self->checkpoint, self->emphasis, prompts[half + 2 - programs->halves], programs->n_tokens,
                                      both + half * n, NULL, self->cancellable, error))
      return FALSE;
  return gpu_transfer_write_floats (device_of (self), &pass->context, both, error)
         && gpu_program_run_wait (pass->context_program, self->cancellable, error);
}

static void
note_odd_words (SfuJob *job, const char *which, const SfuChunks *chunks)
{
  if (chunks->lost != NULL)
    sfu_job_report_note (job, SFU_NOTE_LOST_WORDS, "The %s is too long: only its first %u tokens count, and this is lost: “%s”.", which,
                         chunks->chunk_length, chunks->lost);
  if (chunks->has_edits)
    sfu_job_report_note (job, SFU_NOTE_PROMPT_EDITS, "The %s has words that change from step to step, as [a:b:0.5] or [a|b]: that cannot be done yet, "
                         "so it is read as it stands.", which);
}

static gboolean
dump_prompt (Painting *self, const char *prompt, const char *ids_name, const char *states_name, SfuDump *dump, GError **error)
{
  guint n = self->n_tokens, width = sfu_checkpoint_nets (self->checkpoint)->clip->width;
  g_autofree float *states = g_new (float, (gsize) n * width);
  g_autofree gint32 *ids = g_new (gint32, n);
  return sfu_checkpoint_fill_context (self->checkpoint, self->emphasis, prompt, n, states, ids, self->cancellable, error)
         && sfu_dump_tokens (dump, ids_name, ids, n, error) && sfu_dump_states (dump, states_name, states, n, width, error);
}

/* Encodes the prompts, which all pictures of a batch share, says what of them does not count, and finds their length. */
static gboolean
encode_prompts (Painting *self, gboolean guided, SfuDump *dump, GError **error)
{
  static const char *const names[] = { "prompt", "negative prompt" };
  const char *const prompts[] = { self->request->prompt, self->request->negative };

  sfu_job_report_state (self->job, SFU_JOB_ENCODING);
  for (guint i = 0; i < (guided ? 2 : 1); i++)
    {
      const SfuConditioning *c = sfu_checkpoint_condition (self->checkpoint, self->emphasis, prompts[i], self->cancellable, error);
      if (c == NULL)
        return FALSE;
      note_odd_words (self->job, names[i], c->chunks);
      self->n_tokens = MAX (self->n_tokens, c->chunks->n_chunks * c->chunks->chunk_length);
    }
  return dump == NULL
         || (dump_prompt (self, prompts[0], "tokens", "cond", dump, error)
             && (!guided || dump_prompt (self, prompts[1], "tokens-negative", "uncond", dump, error)));
}

/* The start picture's latent, with noise as the scheduler wants it (diffusers
 * pipeline_stable_diffusion_img2img.py, prepare_latents): first the encoder's sample, then the noise. */
static gboolean
start_from_picture (Painting *self, float *latent, GError **error)
{
  const SfuNets *nets = self->programs->nets;
  const GpuSampler *s = &self->programs->sampler;
  gsize n = self->programs->latent_floats, pixels = (gsize) s->h * s->w;
  guint channels = s->channels;
  guint64 budget = sfu_budget_coder (nets->device, self->programs->step_bytes);
  double latent_factor, noise_factor;
  g_autoptr (SfuImage) image = NULL, fitted = NULL;
  g_autofree float *floats = g_new (float, (gsize) self->width * self->height * 3);
  g_autofree float *moments = NULL, *noise = g_new (float, n);

  if ((image = sfu_png_read (self->request->image, NULL, error)) == NULL)
    return FALSE;
  fitted = sfu_image_resize (image, self->width, self->height);
  for (gsize i = 0; i < (gsize) self->width * self->height * 3; i++)
    floats[i] = sfu_image_pixels (fitted)[i] / 255.0f;
  moments = sfu_nets_encode_image (nets, sfu_checkpoint_dtype (self->checkpoint), floats, self->width, self->height, budget,
                                   self->cancellable, error);
  for (gsize i = 0; moments != NULL && i < pixels * 2 * channels; i++)
    if (!isfinite (moments[i]))
      {
        sfu_job_report_note (self->job, SFU_NOTE_FULL_PRECISION, "16-bit numbers were not enough for the start picture, so it was encoded in 32 bits.");
        g_free (moments);
        moments = sfu_nets_encode_image (nets, GPU_DTYPE_F32, floats, self->width, self->height, budget, self->cancellable, error);
        break;
      }
  if (moments == NULL)
    return FALSE;

  sfu_noise_draw (self->noise, noise, n);
  for (gsize i = 0; i < n; i++)
    {
      const float *at = moments + i % pixels * 2 * channels + i / pixels;
      float deviation = expf (0.5f * CLAMP (at[channels], -30.0f, 20.0f));
      latent[i] = (at[0] + deviation * noise[i]) * nets->vae->scaling_factor;
    }
  sfu_noise_draw (self->noise, noise, n);
  sfu_scheduler_start_mix (self->scheduler, &latent_factor, &noise_factor);
  for (gsize i = 0; i < n; i++)
    latent[i] = latent_factor * latent[i] + noise_factor * noise[i];
  return TRUE;
}

static gboolean
start_from_noise (Painting *self, float *latent, GError **error)
{
  const GpuSampler *s = &self->programs->sampler;
  const guint shape[] = { s->channels, s->h, s->w };
  float sigma = sfu_scheduler_init_noise_sigma (self->scheduler);
  sfu_noise_draw (self->noise, latent, self->programs->latent_floats);
  if (!sfu_dump_planes (self->dump, "noise", -1, latent, shape, error))
    return FALSE;
  for (gsize i = 0; i < self->programs->latent_floats; i++)
    latent[i] *= sigma;
  return TRUE;
}

/* Latent, scheduler and counters to the device. */
static gboolean
write_start (Painting *self, GError **error)
{
  const GpuSampler *s = &self->programs->sampler;
  guint n_calls = sfu_scheduler_n_calls (self->scheduler);
  gsize n = self->programs->latent_floats;
  g_autofree GpuStepCall *calls = g_new0 (GpuStepCall, n_calls + 1);
  g_autofree float *timesteps = g_new (float, n_calls);
  g_autofree float *slots = g_new0 (float, STEP_SLOTS * n); /* all but the first begin as zeros */
  GpuStepState state = { .step = self->first_call, .n_slots = sfu_scheduler_n_slots (self->scheduler), .guidance = self->request->guidance };
  SfuMoment *moment = sfu_job_get_moment (self->job);

  if (moment != NULL)
    {
      /* The noise of the start (a picture's latent is drawn too) and of the steps that were taken is drawn and dropped, so that
       * the next ones get theirs. */
      for (guint i = 0; i < (self->request->image != NULL ? 2 : 1); i++)
        sfu_noise_draw (self->noise, slots, n);
      for (guint i = 0; i < self->first_call; i++)
        if (sfu_scheduler_call (self->scheduler, i)->needs_noise)
          sfu_noise_draw (self->noise, slots, n);
      memcpy (slots, moment->slots, moment->n_slots * n * sizeof (float));
    }
  else if (!(self->request->image != NULL ? start_from_picture (self, slots, error) : start_from_noise (self, slots, error)))
    return FALSE;
  G_STATIC_ASSERT (SFU_MAX_SLOTS == STEP_SLOTS && SFU_MAX_INPUTS == STEP_INPUTS);
  for (guint i = 0; i < n_calls; i++)
    {
      const SfuSchedulerCall *call = sfu_scheduler_call (self->scheduler, i);
      timesteps[i] = call->timestep;
      calls[i].timestep = call->timestep;
      calls[i].input_scale = call->input_scale;
      calls[i].x0_sample = call->x0_sample;
      calls[i].x0_model = call->x0_model;
      calls[i].x0_clamp = MIN (call->x0_clamp, G_MAXFLOAT);
      memcpy (calls[i].mix, call->mix, sizeof calls[i].mix);
    }
  return sfu_dump_timesteps (self->dump, timesteps, n_calls, error)
         && gpu_transfer_write (device_of (self), s->calls, 0, calls, (n_calls + 1) * sizeof *calls, error)
         && gpu_transfer_write (device_of (self), s->slots, 0, slots, STEP_SLOTS * n * sizeof (float), error)
         && gpu_transfer_write (device_of (self), s->state, 0, &state, sizeof state, error);
}

/* TRUE if the last run met numbers that are not finite; clears the flag. */
static gboolean
overflowed (Painting *self, GpuStorage *storage, gboolean *yes, GError **error)
{
  GpuStepState state;
  if (!gpu_transfer_read (device_of (self), storage, 0, &state, sizeof state, error))
    return FALSE;
  *yes = state.flags != 0;
  state.flags = 0;
  return gpu_transfer_write (device_of (self), storage, 0, &state, sizeof state, error);
}

static gboolean
not_finite_error (GError **error)
{
  g_set_error_literal (error, GPU_ERROR, GPU_ERROR_FAILED, "The model gave numbers that are not finite, in 32 bits too: its "
                       "file may be damaged, or guidance or size far from what it was trained for.");
  return FALSE;
}

/* DeepCache: every n-th step is a full one, and the first of each pass, which has nothing to reuse: at the start, when a
 * picture is continued, and when 16 bits have overflowed. */
static gboolean
is_cached (Painting *self, const SfuPass *pass, guint i)
{
  return pass->cached_program != NULL && self->filled == pass
         && sfu_scheduler_position (self->scheduler, i) % self->request->deepcache.interval != 0;
}

/* One call of the model. Where 16 bits overflow nothing has changed, and it is made again in 32. */
static gboolean
take_step (Painting *self, guint i, GError **error)
{
  const SfuSchedulerCall *call = sfu_scheduler_call (self->scheduler, i);
  gsize n = self->programs->latent_floats;
  gboolean bad;

  if (call->needs_noise)
    {
      g_autofree float *noise = g_new (float, n);
      sfu_noise_draw (self->noise, noise, n);
      if (!gpu_transfer_write (device_of (self), self->programs->sampler.noise, 0, noise, n * sizeof (float), error))
        return FALSE;
    }
  for (;;)
    {
      SfuPass *pass = sfu_programs_pass (self->programs, self->exact, error);
      gboolean new_window = self->filled != pass || i % STEP_WINDOW == 0;
      if (pass == NULL || (new_window && !gpu_program_run_wait (pass->schedule_program, self->cancellable, error))
          || !gpu_program_run_wait (is_cached (self, pass, i) ? pass->cached_program : pass->step_program, self->cancellable, error)
          || !overflowed (self, self->programs->sampler.state, &bad, error))
        return FALSE;
      if (!bad)
        {
          self->filled = pass;
          return TRUE;
        }
      if (self->exact || self->programs->dtype == GPU_DTYPE_F32)
        return not_finite_error (error);
      self->exact = TRUE;
      sfu_job_report_note (self->job, SFU_NOTE_FULL_PRECISION, "16-bit numbers were not enough for this picture, so it goes on in 32 bits.");
      pass = sfu_programs_pass (self->programs, TRUE, error);
      if (pass == NULL || !write_context (self, pass, error))
        return FALSE;
    }
}

static gboolean
dump_latent (Painting *self, const char *name, int step, GError **error)
{
  const GpuSampler *s = &self->programs->sampler;
  const guint shape[] = { s->channels, s->h, s->w };
  g_autofree float *latent = g_new (float, self->programs->latent_floats);
  if (self->dump == NULL)
    return TRUE;
  return gpu_transfer_read (device_of (self), s->slots, 0, latent, self->programs->latent_floats * sizeof (float), error)
         && sfu_dump_planes (self->dump, name, step, latent, shape, error);
}

/* What the job needs to come back to this step. */
static gboolean
report_moment (Painting *self, guint step, GError **error)
{
  const GpuSampler *s = &self->programs->sampler;
  guint n_slots = sfu_scheduler_n_slots (self->scheduler);
  gsize n = self->programs->latent_floats;
  g_autoptr (SfuRequest) request = NULL;
  g_autoptr (SfuMoment) moment = NULL;
  if (!sfu_job_wants_moments (self->job))
    return TRUE;
  request = sfu_request_copy (self->request);
  request->seed += self->picture;
  request->batch = 1;
  request->width = self->width;
  request->height = self->height;
  moment = sfu_moment_new (request, step, sfu_scheduler_n_calls (self->scheduler), n_slots, n);
  if (!gpu_transfer_read (device_of (self), s->x0, 0, moment->x0, n * sizeof (float), error)
      || !gpu_transfer_read (device_of (self), s->slots, 0, moment->slots, n_slots * n * sizeof (float), error))
    return FALSE;
  sfu_job_report_moment (self->job, moment, self->picture);
  return TRUE;
}

static gboolean
sample (Painting *self, GError **error)
{
  guint n_calls = sfu_scheduler_n_calls (self->scheduler);
  SfuPreviewer previewer = { .programs = self->programs, .job = self->job, .dump = self->dump, .picture = self->picture };
  gboolean ok = TRUE;

  sfu_job_report_n_steps (self->job, n_calls);
  sfu_job_report_state (self->job, SFU_JOB_SAMPLING);
  for (guint i = self->first_call; i < n_calls && ok; i++)
    {
      gint64 start = g_get_monotonic_time ();
      ok = take_step (self, i, error);
      /* It went before this step to the same queue: there is nothing to wait for. */
      sfu_previewer_collect (&previewer, TRUE);
      if (!ok)
        break;
      sfu_job_report_step (self->job, self->picture, i + 1, (g_get_monotonic_time () - start) / 1000.0);
      sfu_previewer_begin (&previewer, i + 1, n_calls);
      ok = report_moment (self, i + 1, error) && dump_latent (self, "latent", i, error);
    }
  sfu_previewer_collect (&previewer, TRUE);
  return ok && dump_latent (self, "latent", -1, error);
}

static gboolean
decode (Painting *self, GError **error)
{
  gsize n = (gsize) self->width * self->height * 3;
  const guint shape[] = { self->height, self->width, 3 };
  const GpuStepState clean = { 0 };
  g_autofree float *pixels = g_new (float, n);
  g_autoptr (SfuImage) image = NULL;
  gboolean exact = FALSE, bad = FALSE;

  sfu_job_report_state (self->job, SFU_JOB_DECODING);
  for (;; exact = TRUE)
    {
      GpuProgram *decoder = sfu_programs_decoder (self->programs, exact, error);
      if (decoder == NULL
          || !gpu_transfer_write (device_of (self), self->programs->decode_state, 0, &clean, sizeof clean, error)
          || !gpu_program_run_wait (decoder, self->cancellable, error)
          || !overflowed (self, self->programs->decode_state, &bad, error))
        return FALSE;
      if (!bad)
        break;
      if (exact || self->programs->dtype == GPU_DTYPE_F32)
        return not_finite_error (error);
      sfu_job_report_note (self->job, SFU_NOTE_FULL_PRECISION, "16-bit numbers were not enough for the decoder, so it ran again in 32 bits.");
    }
  if (!gpu_transfer_read (device_of (self), self->programs->pixels, 0, pixels, n * sizeof (float), error)
      || !sfu_dump_planes (self->dump, "image", -1, pixels, shape, error))
    return FALSE;
  image = sfu_image_new_from_floats (pixels, self->width, self->height);
  sfu_job_report_picture (self->job, image, self->picture);
  return TRUE;
}

static gboolean
paint_picture (Painting *self, GError **error)
{
  SfuPass *pass = sfu_programs_pass (self->programs, FALSE, error);
  self->filled = NULL;
  return pass != NULL && sfu_programs_reserve (self->programs, error) && write_context (self, pass, error) && write_start (self, error) && sample (self, error)
         && decode (self, error);
}

/* A moment's estimate of the finished picture: by the decoder, or by the preview's. */
static gboolean
develop (Painting *self, GError **error)
{
  SfuMoment *moment = sfu_job_get_moment (self->job);
  const GpuSampler *s = &self->programs->sampler;
  gboolean glimpse = sfu_job_get_task (self->job) == SFU_TASK_GLIMPSE;
  SfuPreviewer previewer = { .programs = self->programs, .job = self->job };
  if (moment->latent_floats != self->programs->latent_floats)
    {
      g_set_error_literal (error, GPU_ERROR, GPU_ERROR_FAILED, "The model has changed since this step was made: generate the picture again.");
      return FALSE;
    }
  if (!gpu_transfer_write (device_of (self), glimpse ? s->x0 : s->slots, 0, moment->x0, moment->latent_floats * sizeof (float), error))
    return FALSE;
  if (!glimpse)
    return decode (self, error);
  sfu_previewer_begin (&previewer, moment->step, moment->n_steps);
  sfu_previewer_collect (&previewer, TRUE);
  return TRUE;
}

/* FALSE if the moment was made by another scheduler or model than these. */
static gboolean
fits (Painting *self, SfuMoment *moment, GError **error)
{
  if (moment->n_slots <= STEP_SLOTS && moment->n_slots == sfu_scheduler_n_slots (self->scheduler)
      && moment->n_steps == sfu_scheduler_n_calls (self->scheduler) && moment->latent_floats == self->programs->latent_floats)
    return TRUE;
  g_set_error_literal (error, GPU_ERROR, GPU_ERROR_FAILED, "The model has changed since this step was made: generate the picture again.");
  return FALSE;
}

static gboolean
find_emphasis (Painting *self, GError **error)
{
  if (sfu_emphasis_from_name (self->request->emphasis, &self->emphasis))
    return TRUE;
  g_set_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID, "There is no emphasis “%s”: use a1111, comfyui or none.",
               self->request->emphasis);
  return FALSE;
}

gboolean
sfu_paint (SfuCheckpoint *checkpoint, SfuJob *job, GError **error)
{
  const SfuRequest *request = sfu_job_get_request (job);
  guint side = sfu_checkpoint_native_side (checkpoint);
  gboolean guided = request->guidance > 1;
  SfuTask task = sfu_job_get_task (job);
  SfuNoiseKind kind = SFU_NOISE_TORCH_CPU;
  SfuSchedulerOptions options = {
    .name = request->scheduler, .sigmas = request->sigmas, .spacing = request->spacing, .eta = request->eta,
    .steps = request->steps, .strength = request->image != NULL ? request->strength : 1,
  };
  Painting painting = {
    .checkpoint = checkpoint, .job = job, .request = request, .cancellable = sfu_job_get_cancellable (job),
    .width = request->width > 0 ? request->width : side, .height = request->height > 0 ? request->height : side,
  };
  JsonObject *own = sfu_model_scheduler_config (sfu_checkpoint_model (checkpoint));
  g_autoptr (JsonObject) config = own != NULL ? json_object_ref (own) : sfu_scheduler_sd1_config ();
  g_autoptr (SfuScheduler) scheduler = sfu_scheduler_new (config, &options, error);
  gboolean ok = TRUE;
  int branch;

  if (scheduler == NULL || !find_emphasis (&painting, error)
      || !sfu_choose_branch (sfu_checkpoint_nets (checkpoint)->unet, request, &branch, error))
    return FALSE;
  painting.scheduler = scheduler;
  if (task == SFU_TASK_DEVELOP || task == SFU_TASK_GLIMPSE)
    {
      painting.programs = sfu_checkpoint_programs (checkpoint, painting.width, painting.height, guided ? 2 : 1, painting.n_tokens, branch, error);
      return painting.programs != NULL && develop (&painting, error);
    }
  sfu_noise_kind_from_name (request->noise, &kind);
  for (guint i = 0; i < request->batch && ok; i++)
    {
      g_autoptr (SfuNoise) noise = sfu_noise_new (kind, request->seed + i);
      g_autoptr (SfuDump) dump = NULL;
      painting.picture = i;
      painting.noise = noise;
      painting.exact = FALSE;
      ok = sfu_dump_open (sfu_job_get_dump_folder (job), i, request->batch, &dump, error)
           && (i > 0 || encode_prompts (&painting, guided, dump, error));
      painting.dump = dump;
      if (ok && painting.programs == NULL)
        painting.programs = sfu_checkpoint_programs (checkpoint, painting.width, painting.height, guided ? 2 : 1, painting.n_tokens, branch, error);
      ok = ok && painting.programs != NULL;
      if (ok && task == SFU_TASK_CONTINUE)
        {
          ok = fits (&painting, sfu_job_get_moment (job), error);
          painting.first_call = sfu_job_get_moment (job)->step;
        }
      ok = ok && paint_picture (&painting, error);
    }
  return ok;
}
