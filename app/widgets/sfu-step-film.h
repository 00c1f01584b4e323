/* sfu-step-film.h: one small picture a step: progress display and scrubber at once.
 *
 * A GtkAccessibleRange ("Step", "step 9 of 20"). Signal: "step-chosen" (guint step), when the user scrubs. */
#pragma once

#include "sfu-run.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SFU_TYPE_STEP_FILM (sfu_step_film_get_type ())
G_DECLARE_FINAL_TYPE (SfuStepFilm, sfu_step_film, SFU, STEP_FILM, GtkWidget)

/* @run: (nullable): NULL shows @n_steps empty slots. */
void sfu_step_film_set_run (SfuStepFilm *self, SfuRun *run, guint n_steps);
/* 0: none. */
void sfu_step_film_set_step (SfuStepFilm *self, guint step);
guint sfu_step_film_step (SfuStepFilm *self);

G_END_DECLS
