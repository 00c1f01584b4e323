/* sfu-cli-progress.h: what people see on stderr while a picture is made; nothing where it is no terminal. */
#pragma once

#include <glib.h>

typedef struct _SfuCliProgress SfuCliProgress;

SfuCliProgress *sfu_cli_progress_new (void);
void sfu_cli_progress_free (SfuCliProgress *self); /* ends the line */
/* A word for what goes on before there are steps: "loading the model". */
void sfu_cli_progress_phase (SfuCliProgress *self, const char *what);
/* The same, with how far it has come, 0..1. */
void sfu_cli_progress_share (SfuCliProgress *self, const char *what, double fraction);
void sfu_cli_progress_step (SfuCliProgress *self, guint picture, guint n_pictures, guint step, guint n_steps, double ms);
/* A sentence on a line of its own, whether there is a terminal or not. */
void sfu_cli_progress_note (SfuCliProgress *self, const char *sentence);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuCliProgress, sfu_cli_progress_free)
