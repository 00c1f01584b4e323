/* sfu-request.h: what the user asked for: one value for window, command line, PNG files and history.
 * Made with sfu_request_new(), filled in by the maker, and immutable from the moment it is shared. Reference
 * counted, so any thread may hold one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SFU_REQUEST_ERROR (sfu_request_error_quark ())
GQuark sfu_request_error_quark (void);
typedef enum {
  SFU_REQUEST_ERROR_INVALID, /* a value that cannot be used; the message says which and what can */
} SfuRequestError;

typedef enum { SFU_PRECISION_AUTO, SFU_PRECISION_FP16, SFU_PRECISION_FP32 } SfuPrecision;

/* Reuse of what the UNet's deep layers gave in the step before (Ma et al. 2023). */
typedef struct {
  guint interval; /* every how many-th step is a full one; 1: all are */
  guint branch;   /* what the others run: 0 the least; see gpu_unet_n_branches() */
} SfuDeepCache;

typedef struct {
  gatomicrefcount refs;
  char *model;        /* path */
  char *vae, *taesd;  /* paths, or NULL: the model's own, and one that is found */
  char *prompt, *negative;
  char *emphasis;     /* what brackets in them mean: a1111, comfyui or none; NULL: none */
  guint width, height; /* pixels; 0: what the model was made for */
  guint steps, batch;
  char *scheduler, *sigmas, *spacing; /* NULL: as the model's own config says */
  double guidance;
  double eta;         /* NAN: the scheduler's default */
  guint64 seed;       /* of the first picture; the next ones count on */
  char *noise;        /* torch-cpu, torch-cpu-fp16 or philox */
  char *image;        /* path of a picture to start from, or NULL */
  double strength;    /* how far to go from it: 0..1 */
  SfuPrecision precision;
  SfuDeepCache deepcache;
} SfuRequest;

/* Every field at its default; model and prompt are empty. */
SfuRequest *sfu_request_new (void);
SfuRequest *sfu_request_copy (const SfuRequest *self);
SfuRequest *sfu_request_ref (SfuRequest *self);
void sfu_request_unref (SfuRequest *self);

/* FALSE with a sentence that says which value cannot be used, and what can. */
gboolean sfu_request_check (const SfuRequest *self, GError **error);

const char *sfu_precision_name (SfuPrecision precision);
gboolean sfu_precision_from_name (const char *name, SfuPrecision *precision);

/* "N", or "N:BRANCH" where the branch is not 0, as people write it. */
char *sfu_deepcache_to_text (SfuDeepCache deepcache);
gboolean sfu_deepcache_from_text (const char *text, SfuDeepCache *deepcache);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuRequest, sfu_request_unref)

G_END_DECLS
