#include "sfu-checkpoint.h"

#include <string.h>

/* Chunks of prompts whose encoding is kept: about 250 kB each. What one job needs is kept whatever its length. */
#define KEPT_CHUNKS 64
#define KEPT_PROMPTS 3

struct _SfuCheckpoint {
  char *key; /* of what was asked for: see key_of() */
  SfuModel *model;
  SfuTaesd *taesd;
  SfuTokenizer *tokenizer;
  SfuNets nets;
  GpuDtype dtype;
  SfuPrograms *programs; /* of the last size */
  GHashTable *prompts;   /* rule and prompt -> SfuConditioning */
  GQueue recent;         /* the prompts table's keys, the latest first */
  guint kept_chunks;     /* of all of them */
};

static void
conditioning_free (gpointer data)
{
  sfu_conditioning_free (data);
}

/* What a request decides when the model is loaded. */
static char *
key_of (const SfuRequest *request)
{
  return g_strjoin ("\n", request->model, request->vae != NULL ? request->vae : "",
                    request->taesd != NULL ? request->taesd : "", sfu_precision_name (request->precision), NULL);
}

GpuDtype
sfu_choose_dtype (GpuDevice *device, SfuPrecision precision)
{
  if (precision == SFU_PRECISION_AUTO)
    return gpu_device_info (device)->kind == GPU_DEVICE_SOFTWARE ? GPU_DTYPE_F32 : GPU_DTYPE_F16;
  return precision == SFU_PRECISION_FP32 ? GPU_DTYPE_F32 : GPU_DTYPE_F16;
}

static gboolean
open_files (SfuCheckpoint *self, const SfuRequest *request, const char *const *folders, GError **error)
{
  const char *tokenizer;
  g_autofree char *taesd = g_strdup (request->taesd);
  self->model = sfu_model_open_with_vae (request->model, request->vae, error);
  if (self->model == NULL)
    return FALSE;
  tokenizer = sfu_model_tokenizer_folder (self->model);
  self->tokenizer = tokenizer != NULL ? sfu_tokenizer_new_from_folder (tokenizer, error) : sfu_tokenizer_new_builtin (error);
  if (self->tokenizer == NULL)
    return FALSE;
  if (taesd == NULL)
    taesd = sfu_taesd_find (request->model, folders);
  return taesd == NULL || (self->taesd = sfu_taesd_open (taesd, error)) != NULL;
}

static GpuBank *
bank_new (SfuCheckpoint *self, SfuPart part, GError **error)
{
  return gpu_bank_new (self->nets.device, sfu_model_weights (self->model, part), self->dtype, error);
}

SfuCheckpoint *
sfu_checkpoint_new (GpuDevice *device, GpuKernels kernels, const SfuRequest *request, const char *const *folders,
                    GError **error)
{
  g_autoptr (SfuCheckpoint) self = g_new0 (SfuCheckpoint, 1);
  SfuNets *nets = &self->nets;
  self->key = key_of (request);
  self->prompts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, conditioning_free);
  g_queue_init (&self->recent);
  nets->device = gpu_device_ref (device);
  nets->kernels = kernels;
  self->dtype = sfu_choose_dtype (device, request->precision);
  if (!open_files (self, request, folders, error))
    return NULL;
  nets->clip = sfu_model_clip_config (self->model);
  nets->unet = sfu_model_unet_config (self->model);
  nets->vae = sfu_model_vae_config (self->model);
  nets->arena = gpu_arena_new (device);
  nets->preview_arena = gpu_arena_new (device);
  if ((nets->clip_bank = bank_new (self, SFU_PART_TEXT, error)) == NULL
      || (nets->unet_bank = bank_new (self, SFU_PART_UNET, error)) == NULL
      || (nets->vae_bank = bank_new (self, SFU_PART_VAE, error)) == NULL)
    return NULL;
  if (self->taesd != NULL)
    {
      nets->taesd = sfu_taesd_config (self->taesd);
      nets->taesd_bank = gpu_bank_new (device, sfu_taesd_weights (self->taesd), self->dtype, error);
      if (nets->taesd_bank == NULL)
        return NULL;
    }
  return g_steal_pointer (&self);
}

void
sfu_checkpoint_free (SfuCheckpoint *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->programs, sfu_programs_free);
  gpu_bank_free (self->nets.clip_bank);
  gpu_bank_free (self->nets.unet_bank);
  gpu_bank_free (self->nets.vae_bank);
  gpu_bank_free (self->nets.taesd_bank);
  gpu_arena_unref (self->nets.arena);
  gpu_arena_unref (self->nets.preview_arena);
  gpu_device_unref (self->nets.device);
  g_clear_pointer (&self->tokenizer, sfu_tokenizer_unref);
  g_clear_pointer (&self->taesd, sfu_taesd_free);
  g_clear_pointer (&self->model, sfu_model_unref);
  g_hash_table_unref (self->prompts);
  g_queue_clear_full (&self->recent, g_free);
  g_free (self->key);
  g_free (self);
}

gboolean
sfu_checkpoint_serves (SfuCheckpoint *self, const SfuRequest *request)
{
  g_autofree char *key = key_of (request);
  return g_str_equal (key, self->key);
}

SfuModel *
sfu_checkpoint_model (SfuCheckpoint *self)
{
  return self->model;
}

const SfuNets *
sfu_checkpoint_nets (SfuCheckpoint *self)
{
  return &self->nets;
}

GpuDtype
sfu_checkpoint_dtype (SfuCheckpoint *self)
{
  return self->dtype;
}

const char *
sfu_checkpoint_taesd_path (SfuCheckpoint *self)
{
  return self->taesd != NULL ? sfu_taesd_path (self->taesd) : NULL;
}

guint
sfu_checkpoint_native_side (SfuCheckpoint *self)
{
  return sfu_model_sample_size (self->model) << (self->nets.vae->n_levels - 1);
}

SfuPrograms *
sfu_checkpoint_programs (SfuCheckpoint *self, guint width, guint height, guint halves, guint n_tokens, GError **error)
{
  SfuPrograms *programs = self->programs;
  gboolean fits = programs != NULL && programs->width == width && programs->height == height && programs->halves == halves;
  if (fits && (n_tokens == 0 || programs->n_tokens == n_tokens))
    return programs;
  if (fits)
    {
      sfu_programs_set_n_tokens (programs, n_tokens);
      gpu_arena_release (self->nets.arena);
      return programs;
    }
  /* The old size's memory first: the new one may need it. */
  g_clear_pointer (&self->programs, sfu_programs_free);
  gpu_arena_release (self->nets.arena);
  gpu_arena_release (self->nets.preview_arena);
  self->programs = sfu_programs_new (&self->nets, self->dtype, width, height, halves,
                                     n_tokens > 0 ? n_tokens : self->nets.clip->max_positions, error);
  return self->programs;
}

/* -- prompts -- */

static void
forget_oldest (SfuCheckpoint *self)
{
  g_autofree char *oldest = g_queue_pop_tail (&self->recent);
  const SfuConditioning *conditioning = g_hash_table_lookup (self->prompts, oldest);
  self->kept_chunks -= conditioning->chunks->n_chunks;
  g_hash_table_remove (self->prompts, oldest);
}

/* Takes @key and @fresh. */
static void
keep (SfuCheckpoint *self, char *key, SfuConditioning *fresh)
{
  while (g_queue_get_length (&self->recent) >= KEPT_PROMPTS && self->kept_chunks + fresh->chunks->n_chunks > KEPT_CHUNKS)
    forget_oldest (self);
  self->kept_chunks += fresh->chunks->n_chunks;
  g_queue_push_head (&self->recent, key);
  g_hash_table_insert (self->prompts, key, fresh);
}

static SfuConditioning *
encode (SfuCheckpoint *self, SfuEmphasis rule, const char *prompt, GCancellable *cancellable, GError **error)
{
  guint length = self->nets.clip->max_positions;
  g_autoptr (SfuChunks) chunks = sfu_chunks_new (self->tokenizer, rule, prompt, length);
  g_autofree float *states = NULL, *empty = NULL;
  if (chunks->n_chunks > SFU_MAX_CHUNKS)
    {
      g_set_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID, "The prompt is too long: it has %u tokens, use %u at most.",
                   chunks->used, SFU_MAX_CHUNKS * (length - 2));
      return NULL;
    }
  if (rule == SFU_EMPHASIS_COMFYUI && chunks->weighted)
    {
      empty = g_new (float, (gsize) length * self->nets.clip->width);
      if (!sfu_checkpoint_fill_context (self, rule, "", length, empty, NULL, cancellable, error))
        return NULL;
    }
  states = sfu_nets_encode_prompt (&self->nets, self->dtype, chunks->ids, length, chunks->n_chunks, cancellable, error);
  if (states == NULL)
    return NULL;
  if (chunks->weighted)
    sfu_conditioning_weigh (rule, chunks, self->nets.clip->width, empty, states);
  return sfu_conditioning_new (g_steal_pointer (&chunks), g_steal_pointer (&states));
}

const SfuConditioning *
sfu_checkpoint_condition (SfuCheckpoint *self, SfuEmphasis rule, const char *prompt, GCancellable *cancellable, GError **error)
{
  g_autofree char *key = g_strconcat (sfu_emphasis_name (rule), "\n", prompt, NULL);
  SfuConditioning *known = g_hash_table_lookup (self->prompts, key);
  if (known == NULL && (known = encode (self, rule, prompt, cancellable, error)) != NULL)
    keep (self, g_steal_pointer (&key), known);
  return known;
}

gboolean
sfu_checkpoint_fill_context (SfuCheckpoint *self, SfuEmphasis rule, const char *prompt, guint n_tokens, float *states,
                             gint32 *ids, GCancellable *cancellable, GError **error)
{
  guint width = self->nets.clip->width;
  for (guint done = 0; done < n_tokens;)
    {
      const SfuConditioning *c = sfu_checkpoint_condition (self, rule, done == 0 ? prompt : "", cancellable, error);
      if (c == NULL)
        return FALSE;
      guint n = c->chunks->n_chunks * c->chunks->chunk_length;
      g_return_val_if_fail (done + n <= n_tokens, FALSE);
      memcpy (states + (gsize) done * width, c->states, (gsize) n * width * sizeof (float));
      if (ids != NULL)
        memcpy (ids + done, c->chunks->ids, n * sizeof *ids);
      done += n;
    }
  return TRUE;
}
