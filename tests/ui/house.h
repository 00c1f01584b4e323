/* house.h: the real window around a real house, with an engine that only pretends: no GPU, no model read.
 *
 * The engine's three functions are defined here, so the linker takes these instead of the library's. */
#pragma once

#include "sfu-window-private.h"

/* What the engine does with a job that paints. Set before it is queued. */
typedef struct {
  guint steps;
  guint side;           /* of previews and picture */
  double ms;            /* from one preview to the next */
  guint hold_at;        /* waits after this step until the job is stopped; 0: goes through */
  gboolean tunes;       /* waits before the first step, with 42 % of kernels measured, until the job is stopped */
} Pretence;
extern Pretence pretence;
extern guint n_previews_reported; /* by all jobs that are over */

typedef struct {
  AdwApplication *application;
  SfuHouse house;
  SfuWindow *window;
  char *folder;         /* where it keeps everything; removed at the end */
  guint n_frames;       /* painted so far */
} TestHouse;

/* A window of that size on the screen, with the test model chosen and @n_pictures in the history. */
void test_house_open (TestHouse *self, int width, int height, guint n_pictures);
void test_house_close (TestHouse *self);

/* Runs the main loop until what has been changed is laid out and painted. */
void test_house_settle (TestHouse *self);
/* Runs the main loop until @done; ends the program with a sentence if that takes longer than a minute. */
void test_house_wait (gboolean (*done) (TestHouse *self), TestHouse *self, const char *what);

/* Presses Generate with @prompt in the field. */
void test_house_generate (TestHouse *self, const char *prompt);
