/* sfu-pace.h: how long pictures take, learned from those that were made. Main thread. */
#pragma once

#include "sfu-run.h"

G_BEGIN_DECLS

typedef struct _SfuPace SfuPace;

SfuPace *sfu_pace_new (void);
void sfu_pace_free (SfuPace *self);

/* A finished run's median step and its decoding. */
void sfu_pace_learn (SfuPace *self, SfuRun *run);
/* Steps and decoding of such a picture, by the same model's run of the nearest size; < 0: nobody knows yet. */
double sfu_pace_seconds (SfuPace *self, const SfuRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuPace, sfu_pace_free)

G_END_DECLS
