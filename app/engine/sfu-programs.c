#include "sfu-programs.h"

#include <math.h>
#include <string.h>

#include "sfu-budget.h"

/* A VAE level fewer than it has halves the picture once; so all known models' latents are an eighth. */
static guint
latent_side (const SfuNets *nets, guint side)
{
  return side >> (nets->vae->n_levels - 1);
}

static GpuStorage *
storage_new (SfuPrograms *self, guint64 bytes, GpuMemory memory, const char *label, GError **error)
{
  return gpu_storage_new (self->nets->device, bytes, memory, label, error);
}

static gboolean
make_storages (SfuPrograms *self, GError **error)
{
  GpuSampler *s = &self->sampler;
  guint64 plane = self->latent_floats * sizeof (float), image = (guint64) self->width * self->height * 3 * sizeof (float);
  return (s->calls = storage_new (self, SFU_MAX_CALLS * sizeof (GpuStepCall), GPU_MEMORY_DEVICE, "scheduler calls", error))
         && (s->state = storage_new (self, sizeof (GpuStepState), GPU_MEMORY_DOWNLOAD, "step state", error))
         && (s->slots = storage_new (self, STEP_SLOTS * plane, GPU_MEMORY_DEVICE, "latents", error))
         && (s->noise = storage_new (self, plane, GPU_MEMORY_DEVICE, "noise", error))
         && (s->x0 = storage_new (self, plane, GPU_MEMORY_DEVICE, "estimate", error))
         && (self->decode_state = storage_new (self, sizeof (GpuStepState), GPU_MEMORY_DOWNLOAD, "decoder state", error))
         && (self->preview_state = storage_new (self, sizeof (GpuStepState), GPU_MEMORY_DOWNLOAD, "preview state", error))
         && (self->pixels = storage_new (self, image, GPU_MEMORY_DOWNLOAD, "picture", error))
         && (self->preview_pixels = storage_new (self, image, GPU_MEMORY_DOWNLOAD, "preview", error));
}

static GpuOps *
new_ops (const SfuNets *nets, GpuDtype dtype, GError **error)
{
  GpuOps *ops = gpu_ops_new (nets->device, dtype, nets->kernels, error);
  if (ops != NULL)
    gpu_ops_set_tuning (ops, nets->tuning);
  return ops;
}

/* Makes a program of @ops once its weights are on the device. Takes @ops. */
static GpuProgram *
finish_program (const SfuNets *nets, const char *name, GpuOps *ops, GpuBank *bank, GpuArena *arena, GError **error)
{
  if (!gpu_bank_finish (bank, error))
    {
      gpu_ops_free (ops);
      return NULL;
    }
  return gpu_program_new (name, ops, arena, error);
}

static GpuProgram *
build_preview (const GpuStrips *strips, gpointer data, GError **error)
{
  SfuPrograms *self = data;
  const SfuNets *nets = self->nets;
  const GpuImageSink sink = { .pixels = self->preview_pixels, .state = self->preview_state, .factor = 1 };
  g_autoptr (GpuOps) ops = new_ops (nets, self->dtype, error);
  if (ops == NULL)
    return NULL;
  GpuTensor x = gpu_latent_input (ops, self->sampler.x0, self->sampler.channels, self->sampler.h, self->sampler.w,
                                  1 / nets->taesd->scaling_factor, TRUE);
  gpu_taesd_decode (ops, nets->taesd_bank, nets->taesd, strips, x, &sink);
  return finish_program (nets, "preview", g_steal_pointer (&ops), nets->taesd_bank, nets->preview_arena, error);
}

static gboolean
make_preview (SfuPrograms *self, GError **error)
{
  const SfuNets *nets = self->nets;
  if (nets->taesd == NULL)
    return TRUE;
  self->preview_program = sfu_budget_program (nets->taesd->n_levels - 1, self->height, sfu_budget_preview (nets->device, self->step_bytes),
                                              build_preview, self, error);
  return self->preview_program != NULL;
}

static gboolean
make_context (SfuPrograms *self, SfuPass *pass, GpuDtype dtype, GError **error)
{
  const SfuNets *nets = self->nets;
  guint width = nets->unet->cross_width;
  guint64 bytes = (guint64) self->halves * self->n_tokens * GPU_PADDED (width) * gpu_dtype_bytes (dtype);
  g_autoptr (GpuOps) ops = new_ops (nets, dtype, error);
  if (ops == NULL || (pass->context_storage = storage_new (self, bytes, GPU_MEMORY_DEVICE, "context", error)) == NULL)
    return FALSE;
  pass->context = gpu_tensor_over (pass->context_storage, dtype, self->halves, 1, self->n_tokens, width);
  gpu_unet_context (pass->unet, ops, pass->context);
  pass->context_program = finish_program (nets, "context", g_steal_pointer (&ops), nets->unet_bank, nets->arena, error);
  return pass->context_program != NULL;
}

static gboolean
make_schedule (SfuPrograms *self, SfuPass *pass, GpuDtype dtype, GError **error)
{
  const SfuNets *nets = self->nets;
  g_autoptr (GpuOps) ops = new_ops (nets, dtype, error);
  if (ops == NULL)
    return FALSE;
  gpu_unet_schedule (pass->unet, ops, &self->sampler);
  pass->schedule_program = finish_program (nets, "schedule", g_steal_pointer (&ops), nets->unet_bank, nets->arena, error);
  return pass->schedule_program != NULL;
}

static GpuProgram *
make_step (SfuPrograms *self, SfuPass *pass, GpuDtype dtype, gboolean cached, GError **error)
{
  const SfuNets *nets = self->nets;
  g_autoptr (GpuOps) ops = new_ops (nets, dtype, error);
  if (ops == NULL)
    return NULL;
  gpu_sampler_step (ops, &self->sampler, cached ? gpu_unet_cached_step (pass->unet, ops, &self->sampler)
                                                : gpu_unet_step (pass->unet, ops, &self->sampler),
                    gpu_unet_state (pass->unet));
  return finish_program (nets, cached ? "cached step" : "step", g_steal_pointer (&ops), nets->unet_bank, nets->arena, error);
}

/* What depends on the length of the prompt and the branch. */
static void
pass_clear_unet (SfuPass *pass)
{
  g_clear_pointer (&pass->context_program, gpu_program_free);
  g_clear_pointer (&pass->schedule_program, gpu_program_free);
  g_clear_pointer (&pass->step_program, gpu_program_free);
  g_clear_pointer (&pass->cached_program, gpu_program_free);
  g_clear_pointer (&pass->context_storage, gpu_storage_unref);
  g_clear_pointer (&pass->unet, gpu_unet_free);
}

static void
pass_clear (SfuPass *pass)
{
  pass_clear_unet (pass);
  g_clear_pointer (&pass->decode_program, gpu_program_free);
}

static gboolean
make_unet (SfuPrograms *self, SfuPass *pass, GpuDtype dtype, GError **error)
{
  const SfuNets *nets = self->nets;
  gboolean caches = self->branch != SFU_NO_BRANCH;
  pass->unet = gpu_unet_new (nets->device, nets->unet_bank, nets->unet, dtype, self->halves, self->sampler.h,
                             self->sampler.w, self->n_tokens, error);
  return pass->unet != NULL && (!caches || gpu_unet_keep (pass->unet, self->branch, self->sampler.h, self->sampler.w, error))
         && make_context (self, pass, dtype, error) && make_schedule (self, pass, dtype, error)
         && (pass->step_program = make_step (self, pass, dtype, FALSE, error)) != NULL
         && (!caches || (pass->cached_program = make_step (self, pass, dtype, TRUE, error)) != NULL);
}

SfuPass *
sfu_programs_pass (SfuPrograms *self, gboolean exact, GError **error)
{
  SfuPass *pass = exact && self->dtype != GPU_DTYPE_F32 ? &self->exact_pass : &self->pass;
  GpuDtype dtype = exact ? GPU_DTYPE_F32 : self->dtype;
  if (pass->step_program != NULL)
    return pass;
  pass_clear_unet (pass);
  if (!make_unet (self, pass, dtype, error))
    {
      pass_clear_unet (pass);
      return NULL;
    }
  if (pass == &self->pass)
    self->step_bytes = gpu_program_arena_bytes (pass->step_program);
  return pass;
}

typedef struct {
  SfuPrograms *programs;
  GpuDtype dtype;
} Decoder;

static GpuProgram *
build_decoder (const GpuStrips *strips, gpointer data, GError **error)
{
  Decoder *self = data;
  const SfuNets *nets = self->programs->nets;
  const GpuSampler *s = &self->programs->sampler;
  const GpuImageSink sink = { .pixels = self->programs->pixels, .state = self->programs->decode_state, .factor = 0.5f, .addend = 0.5f };
  g_autoptr (GpuOps) ops = new_ops (nets, self->dtype, error);
  if (ops == NULL)
    return NULL;
  GpuTensor x = gpu_latent_input (ops, s->slots, s->channels, s->h, s->w, 1 / nets->vae->scaling_factor, FALSE);
  gpu_vae_decode (ops, nets->vae_bank, nets->vae, strips, x, &sink);
  return finish_program (nets, "decode", g_steal_pointer (&ops), nets->vae_bank, nets->arena, error);
}

GpuProgram *
sfu_programs_decoder (SfuPrograms *self, gboolean exact, GError **error)
{
  const SfuNets *nets = self->nets;
  SfuPass *pass = exact && self->dtype != GPU_DTYPE_F32 ? &self->exact_pass : &self->pass;
  Decoder decoder = { .programs = self, .dtype = exact ? GPU_DTYPE_F32 : self->dtype };
  if (pass->decode_program == NULL)
    pass->decode_program = sfu_budget_program (nets->vae->n_levels - 1, self->height, sfu_budget_coder (nets->device, self->step_bytes),
                                               build_decoder, &decoder, error);
  return pass->decode_program;
}

void
sfu_programs_drop_preview (SfuPrograms *self)
{
  g_clear_pointer (&self->preview_program, gpu_program_free);
  gpu_arena_release (self->nets->preview_arena);
}

gboolean
sfu_programs_reserve (SfuPrograms *self, GError **error)
{
  GpuArena *arena = self->nets->arena;
  GpuProgram *decoder = sfu_programs_decoder (self, FALSE, error);
  g_autoptr (GError) lack = NULL;
  guint64 bytes;
  if (decoder == NULL)
    return FALSE;
  bytes = MAX (gpu_program_arena_bytes (self->pass.context_program), gpu_program_arena_bytes (self->pass.step_program));
  bytes = MAX (bytes, gpu_program_arena_bytes (self->pass.schedule_program));
  if (self->pass.cached_program != NULL)
    bytes = MAX (bytes, gpu_program_arena_bytes (self->pass.cached_program));
  bytes = MAX (bytes, gpu_program_arena_bytes (decoder));
  if (!gpu_arena_reserve (arena, bytes, &lack))
    {
      if (!g_error_matches (lack, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY) || self->preview_program == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&lack));
          return FALSE;
        }
      g_clear_error (&lack);
      sfu_programs_drop_preview (self);
      return gpu_arena_reserve (arena, bytes, error);
    }
  if (self->preview_program != NULL
      && !gpu_arena_reserve (self->nets->preview_arena, gpu_program_arena_bytes (self->preview_program), &lack))
    {
      g_debug ("Previews are estimated: %s", lack->message);
      sfu_programs_drop_preview (self);
    }
  return TRUE;
}

SfuPrograms *
sfu_programs_new (const SfuNets *nets, GpuDtype dtype, guint width, guint height, guint halves, guint n_tokens,
                  int branch, GError **error)
{
  g_autoptr (SfuPrograms) self = g_new0 (SfuPrograms, 1);
  g_autoptr (GError) lack = NULL;
  self->nets = nets;
  self->dtype = dtype;
  self->width = width;
  self->height = height;
  self->halves = halves;
  self->n_tokens = n_tokens;
  self->branch = branch;
  self->sampler.channels = nets->unet->out_channels;
  self->sampler.h = latent_side (nets, height);
  self->sampler.w = latent_side (nets, width);
  self->latent_floats = (guint64) self->sampler.channels * self->sampler.h * self->sampler.w;
  if (!make_storages (self, error) || sfu_programs_pass (self, FALSE, error) == NULL)
    return NULL;
  /* The picture goes on without previews where there is no memory for their decoder. */
  if (!make_preview (self, &lack))
    {
      if (!g_error_matches (lack, GPU_ERROR, GPU_ERROR_OUT_OF_MEMORY))
        {
          g_propagate_error (error, g_steal_pointer (&lack));
          return NULL;
        }
      g_debug ("Previews are estimated: %s", lack->message);
    }
  return g_steal_pointer (&self);
}

void
sfu_programs_free (SfuPrograms *self)
{
  GpuStorage **storages[] = {
    &self->sampler.calls, &self->sampler.state, &self->sampler.slots, &self->sampler.noise,
    &self->sampler.x0, &self->decode_state, &self->pixels, &self->preview_state, &self->preview_pixels,
  };
  if (self == NULL)
    return;
  pass_clear (&self->pass);
  pass_clear (&self->exact_pass);
  g_clear_pointer (&self->preview_program, gpu_program_free);
  for (guint i = 0; i < G_N_ELEMENTS (storages); i++)
    g_clear_pointer (storages[i], gpu_storage_unref);
  g_free (self);
}

void
sfu_programs_set_unet (SfuPrograms *self, guint n_tokens, int branch)
{
  pass_clear_unet (&self->pass);
  pass_clear_unet (&self->exact_pass);
  self->n_tokens = n_tokens;
  self->branch = branch;
}

GpuProgram *
sfu_nets_text_program (const SfuNets *nets, GpuDtype dtype, guint n_ids, GpuStorage **tokens, GpuStorage **states, GError **error)
{
  guint width = nets->clip->width;
  guint64 bytes = (guint64) n_ids * GPU_PADDED (width) * gpu_dtype_bytes (dtype);
  g_autoptr (GpuOps) ops = new_ops (nets, dtype, error);
  if (ops == NULL
      || (*tokens = gpu_storage_new (nets->device, n_ids * sizeof (gint32), GPU_MEMORY_UPLOAD, "tokens", error)) == NULL
      || (*states = gpu_storage_new (nets->device, bytes, GPU_MEMORY_DEVICE, "prompt states", error)) == NULL)
    return NULL;
  GpuTensor in = { .storage = *tokens, .dtype = GPU_DTYPE_I32, .n = 1, .h = 1, .w = n_ids, .c = 1, .stride = 1 };
  gpu_clip (ops, nets->clip_bank, nets->clip, in, gpu_tensor_over (*states, dtype, 1, 1, n_ids, width));
  return finish_program (nets, "text encoder", g_steal_pointer (&ops), nets->clip_bank, nets->arena, error);
}

float *
sfu_nets_encode_prompt (const SfuNets *nets, GpuDtype dtype, const gint32 *ids, guint n_ids, guint n_chunks,
                        GCancellable *cancellable, GError **error)
{
  g_autoptr (GpuStorage) tokens = NULL, states = NULL;
  g_autoptr (GpuProgram) program = sfu_nets_text_program (nets, dtype, n_ids, &tokens, &states, error);
  gsize n = (gsize) n_ids * nets->clip->width;
  g_autofree float *all = NULL;
  if (program == NULL)
    return NULL;
  GpuTensor out = gpu_tensor_over (states, dtype, 1, 1, n_ids, nets->clip->width);
  all = g_new (float, n_chunks * n);
  for (guint i = 0; i < n_chunks; i++)
    {
      g_autofree float *chunk = NULL;
      if (!gpu_transfer_write (nets->device, tokens, 0, ids + i * n_ids, n_ids * sizeof *ids, error)
          || !gpu_program_run_wait (program, cancellable, error)
          || (chunk = gpu_transfer_read_floats (nets->device, &out, error)) == NULL)
        return NULL;
      memcpy (all + i * n, chunk, n * sizeof (float));
    }
  return g_steal_pointer (&all);
}

static GpuTensor
moments_tensor (const SfuNets *nets, GpuDtype dtype, GpuStorage *moments, guint width, guint height)
{
  return gpu_tensor_over (moments, dtype, 1, latent_side (nets, height), latent_side (nets, width), 2 * nets->vae->latent_channels);
}

typedef struct {
  const SfuNets *nets;
  GpuDtype dtype;
  guint width, height;
  GpuStorage *pixels, *moments; /* borrowed */
} Encoder;

static GpuProgram *
build_encoder (const GpuStrips *strips, gpointer data, GError **error)
{
  Encoder *self = data;
  const SfuNets *nets = self->nets;
  g_autoptr (GpuOps) ops = new_ops (nets, self->dtype, error);
  if (ops == NULL)
    return NULL;
  GpuTensor x = gpu_vae_encode (ops, nets->vae_bank, nets->vae, strips, gpu_image_input (ops, self->pixels, self->height, self->width));
  gpu_add (ops, x, (GpuTensor) { 0 }, GPU_ACT_NONE, moments_tensor (nets, self->dtype, self->moments, self->width, self->height));
  return finish_program (nets, "encode", g_steal_pointer (&ops), nets->vae_bank, nets->arena, error);
}

GpuProgram *
sfu_nets_image_program (const SfuNets *nets, GpuDtype dtype, guint width, guint height, guint64 budget, GpuStorage **pixels,
                        GpuStorage **moments, GError **error)
{
  guint64 pixel_bytes = (guint64) width * height * 3 * sizeof (float);
  guint64 moment_bytes = (guint64) latent_side (nets, height) * latent_side (nets, width)
                         * GPU_PADDED (2 * nets->vae->latent_channels) * gpu_dtype_bytes (dtype);
  Encoder encoder = { .nets = nets, .dtype = dtype, .width = width, .height = height };
  if ((encoder.pixels = *pixels = gpu_storage_new (nets->device, pixel_bytes, GPU_MEMORY_UPLOAD, "start picture", error)) == NULL
      || (encoder.moments = *moments = gpu_storage_new (nets->device, moment_bytes, GPU_MEMORY_DEVICE, "moments", error)) == NULL)
    return NULL;
  return sfu_budget_program (nets->vae->n_levels - 1, height, budget, build_encoder, &encoder, error);
}

float *
sfu_nets_encode_image (const SfuNets *nets, GpuDtype dtype, const float *pixels, guint width, guint height, guint64 budget,
                       GCancellable *cancellable, GError **error)
{
  g_autoptr (GpuStorage) image = NULL, moments = NULL;
  g_autoptr (GpuProgram) program = sfu_nets_image_program (nets, dtype, width, height, budget, &image, &moments, error);
  if (program == NULL || !gpu_transfer_write (nets->device, image, 0, pixels, (guint64) width * height * 3 * sizeof (float), error)
      || !gpu_program_run_wait (program, cancellable, error))
    return NULL;
  GpuTensor out = moments_tensor (nets, dtype, moments, width, height);
  return gpu_transfer_read_floats (nets->device, &out, error);
}
