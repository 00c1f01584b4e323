/* sfu-job.h: one request on its way: what the engine does with it, seen from the thread that made it.
 *
 * The only object that engine and user interface share. The engine reports; the signals are emitted in the
 * main context that was the thread's default when the job was made, one idle for all that has gathered:
 *
 *   "state-changed" ()                               sfu_job_get_state() and error
 *   "step" (guint picture, guint step, double ms)    every step, in order; ms is what it took
 *   "preview" (SfuImage*, guint picture, guint step) the newest preview, or all of them where that was asked
 *   "tile" (SfuImage*, guint picture, guint step)    a small copy before each preview, where that was asked
 *   "moment" (SfuMoment*, guint picture)             where the sampler is after a step, where that was asked
 *   "picture" (SfuImage*, guint picture)             a finished picture
 *   "note" (guint kind, char*)                     an SfuNote and a sentence that the user should know
 *   "loading" (double fraction)                      how far loading, or tuning, has come, 0..1; the newest only
 *   "holding" (SfuHolding*)                          what the engine keeps on the device has changed
 */
#pragma once

#include <gio/gio.h>

#include "sfu-image.h"
#include "sfu-moment.h"
#include "sfu-request.h"

G_BEGIN_DECLS

#define SFU_TYPE_JOB (sfu_job_get_type ())
G_DECLARE_FINAL_TYPE (SfuJob, sfu_job, SFU, JOB, GObject)

typedef enum {
  SFU_JOB_QUEUED,
  SFU_JOB_LOADING,  /* the model */
  SFU_JOB_TUNING,   /* kernels for its shapes are measured on this device, for the first time */
  SFU_JOB_ENCODING, /* the prompt, and the picture to start from */
  SFU_JOB_SAMPLING,
  SFU_JOB_DECODING,
  SFU_JOB_DONE,     /* this and what follows are final */
  SFU_JOB_STOPPED,
  SFU_JOB_FAILED,
} SfuJobState;

/* What a note is about. Its sentence is in English; the window has words of its own for each kind. */
typedef enum {
  SFU_NOTE_PREVIEWS,       /* how previews are made */
  SFU_NOTE_FULL_PRECISION, /* 16 bits were not enough somewhere */
  SFU_NOTE_LOST_WORDS,     /* the end of a prompt did not fit */
  SFU_NOTE_PROMPT_EDITS,   /* words that should change from step to step, which they cannot yet */
  SFU_NOTE_BEGUN_AGAIN,    /* the device was lost, and the picture is made from its beginning */
  SFU_NOTE_NOT_KEPT,       /* a step could not be made into a picture */
} SfuNote;

typedef enum {
  SFU_PREVIEWS_NONE,
  SFU_PREVIEWS_LATEST, /* of every step, while somebody takes them: of those nobody took the last few are kept */
  SFU_PREVIEWS_ALL,
} SfuPreviews;

typedef enum {
  SFU_TASK_PAINT,
  SFU_TASK_CONTINUE, /* paint on from a moment */
  SFU_TASK_DEVELOP,  /* decode a moment's estimate as a finished picture */
  SFU_TASK_GLIMPSE,  /* the same by the preview decoder, reported as a preview */
  SFU_TASK_LOAD,     /* only make the model ready */
} SfuTask;

/* The model that the engine keeps on the device. */
typedef struct {
  char *model;            /* path; NULL: none */
  guint64 model_bytes;    /* of its weights on the device */
  guint64 free_bytes;     /* what the device has besides */
  double bytes_per_second; /* of its files, when it was loaded */
  gboolean software;      /* the device is the processor, and its memory the computer's */
  gboolean rough_previews; /* the model has no preview decoder */
} SfuHolding;

SfuJob *sfu_job_new (SfuRequest *request);
/* Goes on from @moment, with @request's prompts, guidance and seed, and scheduler, steps and size of the moment's
 * run. With the run's own request the picture is the one that the run would have given; with DeepCache, nearly: its
 * first step is a full one. */
SfuJob *sfu_job_new_continue (SfuRequest *request, SfuMoment *moment);
SfuJob *sfu_job_new_develop (SfuMoment *moment);
SfuJob *sfu_job_new_glimpse (SfuMoment *moment);
SfuJob *sfu_job_new_load (SfuRequest *request);
SfuRequest *sfu_job_get_request (SfuJob *self);

/* Before the job is queued. @every: decode each n-th step, and the last. */
void sfu_job_want_previews (SfuJob *self, SfuPreviews previews, guint every);
/* Before the job is queued: report previews with small copies that fit into @side x @side. */
void sfu_job_want_tiles (SfuJob *self, guint side);
/* Before the job is queued: report a moment after every step. */
void sfu_job_want_moments (SfuJob *self);
/* Write what the engine computes as NumPy files below @folder. */
void sfu_job_dump_to (SfuJob *self, const char *folder);

/* Main thread. */
SfuJobState sfu_job_get_state (SfuJob *self);
guint sfu_job_get_n_steps (SfuJob *self); /* model calls a picture; 0 until known */
const GError *sfu_job_get_error (SfuJob *self); /* why it failed */
double sfu_job_get_loading (SfuJob *self); /* how far loading, or tuning, has come, 0..1 */
/* After GPU_ERROR_OUT_OF_MEMORY: the largest size of the same shape that fits. FALSE, and 0 x 0: none does. */
gboolean sfu_job_get_fitting_size (SfuJob *self, guint *width, guint *height);

/* Any thread: ends the job between two submissions to the GPU. */
void sfu_job_stop (SfuJob *self);

/* Engine thread. */
GCancellable *sfu_job_get_cancellable (SfuJob *self);
SfuTask sfu_job_get_task (SfuJob *self);
SfuMoment *sfu_job_get_moment (SfuJob *self); /* what a task other than painting begins with */
gboolean sfu_job_wants_moments (SfuJob *self);
const char *sfu_job_get_dump_folder (SfuJob *self);
gboolean sfu_job_wants_preview (SfuJob *self, guint step, guint n_steps);
SfuPreviews sfu_job_get_previews (SfuJob *self);
void sfu_job_report_state (SfuJob *self, SfuJobState state);
void sfu_job_report_n_steps (SfuJob *self, guint n_steps);
void sfu_job_report_step (SfuJob *self, guint picture, guint step, double ms);
void sfu_job_report_preview (SfuJob *self, SfuImage *image, guint picture, guint step);
void sfu_job_report_moment (SfuJob *self, SfuMoment *moment, guint picture);
void sfu_job_report_picture (SfuJob *self, SfuImage *image, guint picture);
void sfu_job_report_note (SfuJob *self, SfuNote kind, const char *format, ...) G_GNUC_PRINTF (3, 4);
void sfu_job_report_loading (SfuJob *self, double fraction);
void sfu_job_report_holding (SfuJob *self, const SfuHolding *holding);
/* Before the end. */
void sfu_job_report_fitting_size (SfuJob *self, guint width, guint height);
/* The end: @error NULL for done; cancelled errors mean stopped. */
void sfu_job_report_end (SfuJob *self, const GError *error);

G_END_DECLS
