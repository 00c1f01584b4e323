/* sfu-studio.h: where pictures are made: the engine, what is running, what waits, and the folder that results
 * go to. The window shows it and tells it what to do; it never waits for the GPU. Main thread.
 *
 * Properties: "running" (SfuRun or NULL), "paused". Signals:
 *   "run-started" (SfuRun*)              it has left the queue
 *   "run-ended" (SfuRun*)                done, stopped or failed; sfu_run_state() tells
 *   "picture-saved" (SfuRun*, SfuPicture*)
 *   "save-failed" (SfuRun*, GError*)     the picture is still in the run
 *   "note" (guint kind, char*)           an SfuNote and its sentence */
#pragma once

#include "sfu-engine.h"
#include "sfu-file-name.h"
#include "sfu-history.h"
#include "sfu-loader.h"
#include "sfu-queue.h"
#include "sfu-run.h"

G_BEGIN_DECLS

#define SFU_TYPE_STUDIO (sfu_studio_get_type ())
G_DECLARE_FINAL_TYPE (SfuStudio, sfu_studio, SFU, STUDIO, GObject)

SfuStudio *sfu_studio_new (const SfuEngineOptions *options, SfuHistory *history);

/* "landscape-%s"-like names are made by the studio: date, seed. */
void sfu_studio_set_preview_every (SfuStudio *self, guint every);
void sfu_studio_set_keep_stopped (SfuStudio *self, gboolean keep);
void sfu_studio_set_file_name (SfuStudio *self, SfuFileName style);
/* Index, UUID or part of a name; NULL: the best. From the next job on. */
void sfu_studio_set_device (SfuStudio *self, const char *device);
/* A failed run's picture is in the queue again. */
gboolean sfu_studio_begins_again (SfuStudio *self, SfuRun *run);

/* @count pictures with seeds that count on; 0: again and again until stopped. Returns the first ticket. */
SfuTicket *sfu_studio_submit (SfuStudio *self, SfuRequest *request, guint count, gboolean at_front);
/* Goes on from a step of an earlier run. */
void sfu_studio_continue (SfuStudio *self, SfuRequest *request, SfuMoment *moment);
/* Decodes and saves a step of a run as a picture of its own. */
void sfu_studio_keep (SfuStudio *self, SfuRun *run, guint step);
/* Fetches a step's preview again. The newest wish wins; while a run is on nothing happens. */
void sfu_studio_glimpse (SfuStudio *self, SfuRun *run, guint step);
/* Begins to load a model in the background: now, or when nothing runs or waits any more. */
void sfu_studio_preload (SfuStudio *self, SfuRequest *request);
/* Begins no loading, and stops the one that goes on in the background. */
void sfu_studio_cancel_preload (SfuStudio *self);
SfuLoader *sfu_studio_loader (SfuStudio *self);

SfuRun *sfu_studio_running (SfuStudio *self);
void sfu_studio_stop (SfuStudio *self);

/* What waits, to be moved about as one likes. What is put in begins by sfu_studio_submit() and _requeue(). */
SfuQueue *sfu_studio_queue (SfuStudio *self);
GListModel *sfu_studio_waiting (SfuStudio *self);
guint sfu_studio_n_waiting (SfuStudio *self);
/* Takes all out. Returns: (element-type SfuTicket) (transfer full), for sfu_studio_requeue(). */
GPtrArray *sfu_studio_clear (SfuStudio *self);
void sfu_studio_requeue (SfuStudio *self, GPtrArray *tickets, guint position);
/* Until all that waits is done, by what recent runs took; < 0: not known. */
double sfu_studio_seconds_waiting (SfuStudio *self);
void sfu_studio_set_paused (SfuStudio *self, gboolean paused);

/* Saves a run's picture again, where the history's folder is now. */
void sfu_studio_save (SfuStudio *self, SfuRun *run);
/* Runs whose picture is not in a file. */
guint sfu_studio_n_unsaved (SfuStudio *self);

/* The run that made a picture in this session, with its film; NULL if it is gone. */
SfuRun *sfu_studio_run_of (SfuStudio *self, SfuPicture *picture);

G_END_DECLS
