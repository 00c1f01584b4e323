/* sfu-session.h: what the window comes back to after its end, expected or not: a small JSON file in the state
 * folder, written whole a second after a change. Main thread. */
#pragma once

#include "sfu-request.h"

G_BEGIN_DECLS

typedef struct _SfuSession SfuSession;

/* Reads @path if it is there. The file says from now on that the program is running. */
SfuSession *sfu_session_open (const char *path);
/* Writes what is not written yet. @clean: the end was expected. */
void sfu_session_close (SfuSession *self, gboolean clean);

/* The program's last end was not expected. */
gboolean sfu_session_crashed (SfuSession *self);

SfuRequest *sfu_session_request (SfuSession *self);   /* transfer none; NULL: none was saved */
void sfu_session_set_request (SfuSession *self, SfuRequest *request);
const char *sfu_session_shown (SfuSession *self);     /* path of the picture that was on the canvas */
void sfu_session_set_shown (SfuSession *self, const char *path);
/* What was running or waited. (element-type SfuRequest) */
GPtrArray *sfu_session_queue (SfuSession *self);
void sfu_session_set_queue (SfuSession *self, GPtrArray *requests);
/* Former prompts, newest last. (element-type utf8) */
GPtrArray *sfu_session_prompts (SfuSession *self);
void sfu_session_add_prompt (SfuSession *self, const char *prompt);
void sfu_session_clear_prompts (SfuSession *self);


G_END_DECLS
