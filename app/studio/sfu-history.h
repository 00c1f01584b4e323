/* sfu-history.h: the pictures in the user's folder, newest first. Main thread; files are read in another.
 *
 * The files are the truth. An index beside the settings keeps what files cannot (favourites) and what would be
 * slow to read again (settings of thousands of files); without it everything else is found again.
 * Implements GListModel of SfuPicture. Signals: "loaded" (what was there at the start is in the list),
 * "favourites-changed". */
#pragma once

#include "sfu-picture.h"

G_BEGIN_DECLS

#define SFU_TYPE_HISTORY (sfu_history_get_type ())
G_DECLARE_FINAL_TYPE (SfuHistory, sfu_history, SFU, HISTORY, GObject)

/* @index_path: a JSON file, made when it is missing. */
SfuHistory *sfu_history_new (const char *folder, const char *index_path);
const char *sfu_history_folder (SfuHistory *self);
/* Lists another folder from now on. */
void sfu_history_set_folder (SfuHistory *self, const char *folder);
gboolean sfu_history_is_loaded (SfuHistory *self);

void sfu_history_add (SfuHistory *self, SfuPicture *picture);
guint sfu_history_find (SfuHistory *self, SfuPicture *picture); /* GTK_INVALID_LIST_POSITION-like G_MAXUINT: not there */
SfuPicture *sfu_history_find_path (SfuHistory *self, const char *path); /* transfer none, or NULL */

/* Takes a picture out and its file into a holding folder. Errors: G_IO_ERROR; the picture stays. */
gboolean sfu_history_remove (SfuHistory *self, SfuPicture *picture, GError **error);
/* Brings it back to where it was. */
gboolean sfu_history_restore (SfuHistory *self, SfuPicture *picture, GError **error);
/* The desktop's wastebasket gets all that is held; what it does not take is deleted. */
void sfu_history_empty_holding (SfuHistory *self);

/* Writes the index now. It is written by itself a second after a change. */
void sfu_history_save (SfuHistory *self);

G_END_DECLS
