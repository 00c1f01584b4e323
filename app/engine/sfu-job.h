/* sfu-job.h: one request on its way: what the engine does with it, seen from the thread that made it.
 *
 * The only object that engine and user interface share. The engine reports; the signals are emitted in the
 * main context that was the thread's default when the job was made, one idle for all that has gathered:
 *
 *   "state-changed" ()                               sfu_job_get_state() and error
 *   "step" (guint picture, guint step, double ms)    every step, in order; ms is what it took
 *   "preview" (SfuImage*, guint picture, guint step) the newest preview, or all of them where that was asked
 *   "picture" (SfuImage*, guint picture)             a finished picture
 *   "note" (char*)                                   a sentence that the user should know
 */
#pragma once

#include <gio/gio.h>

#include "sfu-image.h"
#include "sfu-request.h"

G_BEGIN_DECLS

#define SFU_TYPE_JOB (sfu_job_get_type ())
G_DECLARE_FINAL_TYPE (SfuJob, sfu_job, SFU, JOB, GObject)

typedef enum {
  SFU_JOB_QUEUED,
  SFU_JOB_LOADING,  /* the model */
  SFU_JOB_ENCODING, /* the prompt, and the picture to start from */
  SFU_JOB_SAMPLING,
  SFU_JOB_DECODING,
  SFU_JOB_DONE,     /* this and what follows are final */
  SFU_JOB_STOPPED,
  SFU_JOB_FAILED,
} SfuJobState;

typedef enum {
  SFU_PREVIEWS_NONE,
  SFU_PREVIEWS_LATEST, /* dropped while nobody has taken the last one */
  SFU_PREVIEWS_ALL,
} SfuPreviews;

SfuJob *sfu_job_new (SfuRequest *request);
SfuRequest *sfu_job_get_request (SfuJob *self);

/* Before the job is queued. @every: decode each n-th step, and the last. */
void sfu_job_want_previews (SfuJob *self, SfuPreviews previews, guint every);
/* Write what the engine computes as NumPy files below @folder. */
void sfu_job_dump_to (SfuJob *self, const char *folder);

/* Main thread. */
SfuJobState sfu_job_get_state (SfuJob *self);
guint sfu_job_get_n_steps (SfuJob *self); /* model calls a picture; 0 until known */
const GError *sfu_job_get_error (SfuJob *self); /* why it failed */

/* Any thread: ends the job between two submissions to the GPU. */
void sfu_job_stop (SfuJob *self);

/* Engine thread. */
GCancellable *sfu_job_get_cancellable (SfuJob *self);
const char *sfu_job_get_dump_folder (SfuJob *self);
gboolean sfu_job_wants_preview (SfuJob *self, guint step, guint n_steps);
SfuPreviews sfu_job_get_previews (SfuJob *self);
void sfu_job_report_state (SfuJob *self, SfuJobState state);
void sfu_job_report_n_steps (SfuJob *self, guint n_steps);
void sfu_job_report_step (SfuJob *self, guint picture, guint step, double ms);
void sfu_job_report_preview (SfuJob *self, SfuImage *image, guint picture, guint step);
void sfu_job_report_picture (SfuJob *self, SfuImage *image, guint picture);
void sfu_job_report_note (SfuJob *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The end: @error NULL for done; cancelled errors mean stopped. */
void sfu_job_report_end (SfuJob *self, const GError *error);

G_END_DECLS
