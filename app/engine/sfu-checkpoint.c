#include "sfu-checkpoint.h"

#include <gpu-unet-units.h>
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
  guint64 file_bytes;    /* copied while loading */
  gboolean loaded;
};

/* While it is being loaded. */
typedef struct {
  SfuCheckpoint *checkpoint;
  guint64 total;
  SfuLoadProgress progress;
  gpointer data;
} Loading;

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

gboolean
sfu_choose_branch (const GpuUnetConfig *unet, const SfuRequest *request, int *branch, GError **error)
{
  guint n = gpu_unet_n_branches (unet), wanted = request->deepcache.branch;
  *branch = request->deepcache.interval > 1 ? (int) wanted : SFU_NO_BRANCH;
  if (request->deepcache.interval <= 1 || wanted < n)
    return TRUE;
  g_set_error (error, SFU_REQUEST_ERROR, SFU_REQUEST_ERROR_INVALID,
               "The model has no branch %u for DeepCache: use 0 (which saves most) to %u.", wanted, n - 1);
  return FALSE;
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

/* The nets of the files that are open, with banks that are empty. */
static gboolean
make_nets (SfuCheckpoint *self, GpuDevice *device, GpuKernels kernels, GpuTuning *tuning, SfuNets *nets, GError **error)
{
  GpuBank **banks[] = { [SFU_PART_TEXT] = &nets->clip_bank, [SFU_PART_UNET] = &nets->unet_bank, [SFU_PART_VAE] = &nets->vae_bank };
  nets->device = gpu_device_ref (device);
  nets->kernels = kernels;
  nets->tuning = tuning;
  nets->clip = sfu_model_clip_config (self->model);
  nets->unet = sfu_model_unet_config (self->model);
  nets->vae = sfu_model_vae_config (self->model);
  nets->taesd = self->taesd != NULL ? sfu_taesd_config (self->taesd) : NULL;
  nets->arena = gpu_arena_new (device);
  nets->preview_arena = gpu_arena_new (device);
  for (guint i = 0; i < SFU_N_PARTS; i++)
    if ((*banks[i] = gpu_bank_new (device, sfu_model_weights (self->model, i), self->dtype, error)) == NULL)
      return FALSE;
  return self->taesd == NULL
         || (nets->taesd_bank = gpu_bank_new (device, sfu_taesd_weights (self->taesd), self->dtype, error)) != NULL;
}

void
sfu_nets_clear (SfuNets *nets)
{
  g_clear_pointer (&nets->clip_bank, gpu_bank_free);
  g_clear_pointer (&nets->unet_bank, gpu_bank_free);
  g_clear_pointer (&nets->vae_bank, gpu_bank_free);
  g_clear_pointer (&nets->taesd_bank, gpu_bank_free);
  g_clear_pointer (&nets->arena, gpu_arena_unref);
  g_clear_pointer (&nets->preview_arena, gpu_arena_unref);
  g_clear_pointer (&nets->device, gpu_device_unref);
}

gboolean
sfu_checkpoint_copy_nets (SfuCheckpoint *self, SfuNets *nets, GError **error)
{
  *nets = (SfuNets) { 0 };
  return make_nets (self, self->nets.device, self->nets.kernels, self->nets.tuning, nets, error);
}

SfuCheckpoint *
sfu_checkpoint_new (GpuDevice *device, GpuKernels kernels, GpuTuning *tuning, const SfuRequest *request,
                    const char *const *folders, GError **error)
{
  g_autoptr (SfuCheckpoint) self = g_new0 (SfuCheckpoint, 1);
  self->key = key_of (request);
  self->prompts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, conditioning_free);
  g_queue_init (&self->recent);
  self->dtype = sfu_choose_dtype (device, request->precision);
  if (!open_files (self, request, folders, error) || !make_nets (self, device, kernels, tuning, &self->nets, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sfu_checkpoint_free (SfuCheckpoint *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->programs, sfu_programs_free);
  sfu_nets_clear (&self->nets);
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

void
sfu_checkpoint_release_programs (SfuCheckpoint *self)
{
  g_clear_pointer (&self->programs, sfu_programs_free);
  gpu_arena_release (self->nets.arena);
  gpu_arena_release (self->nets.preview_arena);
}

void
sfu_checkpoint_forget_results (SfuCheckpoint *self)
{
  sfu_checkpoint_release_programs (self);
  g_hash_table_remove_all (self->prompts);
  g_queue_clear_full (&self->recent, g_free);
  self->kept_chunks = 0;
}

SfuPrograms *
sfu_checkpoint_programs (SfuCheckpoint *self, guint width, guint height, guint halves, guint n_tokens, int branch, GError **error)
{
  SfuPrograms *programs = self->programs;
  gboolean fits = programs != NULL && programs->width == width && programs->height == height && programs->halves == halves;
  if (fits && (n_tokens == 0 || (programs->n_tokens == n_tokens && programs->branch == branch)))
    return programs;
  if (fits)
    {
      sfu_programs_set_unet (programs, n_tokens, branch);
      gpu_arena_release (self->nets.arena);
      return programs;
    }
  /* The old size's memory first: the new one may need it. */
  sfu_checkpoint_release_programs (self);
  self->programs = sfu_programs_new (&self->nets, self->dtype, width, height, halves,
                                     n_tokens > 0 ? n_tokens : self->nets.clip->max_positions, branch, error);
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

/* -- loading -- */

static guint64
table_bytes (GpuWeights *weights)
{
  guint64 sum = 0;
  for (guint i = 0; i < gpu_weights_count (weights); i++)
    {
      const GpuWeight *weight = gpu_weights_nth (weights, i);
      guint64 bytes = gpu_dtype_bytes (weight->dtype);
      /* The encoder's half of the VAE is loaded when there is a picture to start from. */
      if (g_str_has_prefix (weight->name, "encoder.") || g_str_has_prefix (weight->name, "quant_conv."))
        continue;
      for (guint j = 0; j < weight->n_dims; j++)
        bytes *= weight->dims[j];
      sum += bytes;
    }
  return sum;
}

static gboolean
copied_cb (guint64 bytes, gpointer data)
{
  Loading *loading = data;
  SfuCheckpoint *self = loading->checkpoint;
  self->file_bytes += bytes;
  return loading->progress (MIN (1, self->file_bytes / (double) MAX (loading->total, 1)), loading->data);
}

static void
watch_banks (SfuCheckpoint *self, GpuUploadWatch watch, Loading *loading)
{
  GpuBank *banks[] = { self->nets.clip_bank, self->nets.unet_bank, self->nets.vae_bank, self->nets.taesd_bank };
  for (guint i = 0; i < G_N_ELEMENTS (banks); i++)
    if (banks[i] != NULL)
      gpu_bank_set_watch (banks[i], watch, loading);
}

gboolean
sfu_checkpoint_load (SfuCheckpoint *self, const SfuRequest *request, SfuLoadProgress progress, gpointer data,
                     GCancellable *cancellable, GError **error)
{
  Loading loading = { .checkpoint = self, .progress = progress, .data = data };
  guint side = sfu_checkpoint_native_side (self);
  SfuPrograms *programs;
  int branch;
  if (!sfu_choose_branch (self->nets.unet, request, &branch, error))
    return FALSE;
  for (guint i = 0; i < SFU_N_PARTS; i++)
    loading.total += table_bytes (sfu_model_weights (self->model, i));
  if (self->taesd != NULL)
    loading.total += table_bytes (sfu_taesd_weights (self->taesd));
  watch_banks (self, copied_cb, &loading);
  /* Weights go to the device where a net is built of them. */
  self->loaded = sfu_checkpoint_condition (self, SFU_EMPHASIS_NONE, "", cancellable, error) != NULL
                 && (programs = sfu_checkpoint_programs (self, request->width > 0 ? request->width : side,
                                                         request->height > 0 ? request->height : side,
                                                         request->guidance > 1 ? 2 : 1, 0, branch, error)) != NULL
                 && sfu_programs_decoder (programs, FALSE, error) != NULL;
  watch_banks (self, NULL, NULL);
  return self->loaded;
}

gboolean
sfu_checkpoint_is_whole (SfuCheckpoint *self)
{
  return self->loaded && !gpu_bank_failed (self->nets.clip_bank) && !gpu_bank_failed (self->nets.unet_bank)
         && !gpu_bank_failed (self->nets.vae_bank);
}

guint64
sfu_checkpoint_file_bytes (SfuCheckpoint *self)
{
  return self->file_bytes;
}

guint64
sfu_checkpoint_device_bytes (SfuCheckpoint *self)
{
  return gpu_bank_bytes (self->nets.clip_bank) + gpu_bank_bytes (self->nets.unet_bank) + gpu_bank_bytes (self->nets.vae_bank)
         + (self->nets.taesd_bank != NULL ? gpu_bank_bytes (self->nets.taesd_bank) : 0);
}
