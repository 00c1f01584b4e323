/* sfu-dump.h: what the engine computes, as NumPy files: for comparison with other programs. Engine thread. */
#pragma once

#include "sfu-checkpoint.h"

typedef struct _SfuDump SfuDump;

/* @folder NULL: no dump, and NULL is returned without an error; every call below accepts NULL. Makes the
 * folder, and for @picture of a batch one of its own, "1" for the first. */
gboolean sfu_dump_open (const char *folder, guint picture, guint n_pictures, SfuDump **dump, GError **error);
void sfu_dump_free (SfuDump *self);

/* What all pictures of a batch share goes to the folder itself. */
gboolean sfu_dump_tokens (SfuDump *self, const char *name, const gint32 *ids, guint n, GError **error);
gboolean sfu_dump_states (SfuDump *self, const char *name, const float *states, guint n, guint width, GError **error);
gboolean sfu_dump_timesteps (SfuDump *self, const float *timesteps, guint n, GError **error);
/* The rest to the picture's own. @step < 0: no number. @chw: the shape. */
gboolean sfu_dump_planes (SfuDump *self, const char *name, int step, const float *values, const guint chw[3], GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuDump, sfu_dump_free)
