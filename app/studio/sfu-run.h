/* sfu-run.h: one picture being made, and afterwards the film of its steps. Main thread.
 *
 * Signals: "changed" whenever something below has another value; "preview" (guint step) when a step's picture
 * has come. */
#pragma once

#include "sfu-job.h"
#include "sfu-picture.h"

G_BEGIN_DECLS

#define SFU_TYPE_RUN (sfu_run_get_type ())
G_DECLARE_FINAL_TYPE (SfuRun, sfu_run, SFU, RUN, GObject)

#define SFU_RUN_TILE_SIDE 64

/* The job should want tiles of that side; those it does not bring are made from previews. */
SfuRun *sfu_run_new (SfuJob *job);
SfuJob *sfu_run_job (SfuRun *self);
SfuRequest *sfu_run_request (SfuRun *self);

SfuJobState sfu_run_state (SfuRun *self);
gboolean sfu_run_is_over (SfuRun *self);
guint sfu_run_step (SfuRun *self);    /* the last one made, from 1; 0: none yet */
guint sfu_run_n_steps (SfuRun *self); /* as many as will be; the request's until known */
guint sfu_run_first_step (SfuRun *self); /* 1, or where a continued run goes on */
/* Until the finished picture; < 0: not known yet. By its usual step, and the last decoding. */
double sfu_run_seconds_left (SfuRun *self);
double sfu_run_seconds (SfuRun *self); /* from start to end */
double sfu_run_step_seconds (SfuRun *self);   /* median of the last five, with DeepCache the mean; < 0: not known yet */
double sfu_run_decode_seconds (SfuRun *self); /* < 0: it is not over */
/* 0..1 of the whole, by time. */
double sfu_run_progress (SfuRun *self);

/* What there is of step @step (from 1), or NULL. Previews are let go of, oldest first, when the film gets heavy. */
SfuImage *sfu_run_preview (SfuRun *self, guint step);
SfuImage *sfu_run_tile (SfuRun *self, guint step);
SfuMoment *sfu_run_moment (SfuRun *self, guint step);
void sfu_run_set_preview (SfuRun *self, guint step, SfuImage *preview);
SfuMoment *sfu_run_last_moment (SfuRun *self);
/* What previews and moments take. */
gsize sfu_run_film_bytes (SfuRun *self);

/* The finished (or stopped) picture; NULL while there is none. */
SfuImage *sfu_run_image (SfuRun *self);
void sfu_run_set_image (SfuRun *self, SfuImage *image);
SfuPicture *sfu_run_picture (SfuRun *self);
void sfu_run_set_picture (SfuRun *self, SfuPicture *picture);

G_END_DECLS
