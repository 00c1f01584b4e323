/* sfu-library.h: the models in the user's folders. Main thread; files are looked at in another.
 * Implements GListModel of SfuLibraryModel, by title. Signal "scanned".
 *
 * A model's property "gone" (boolean): its file is no longer there. */
#pragma once

#include <gio/gio.h>

#include "sfu-model.h"

G_BEGIN_DECLS

#define SFU_TYPE_LIBRARY_MODEL (sfu_library_model_get_type ())
G_DECLARE_FINAL_TYPE (SfuLibraryModel, sfu_library_model, SFU, LIBRARY_MODEL, GObject)

/* Looks at what is at @path now, without listing it; blocks for as long as reading its headers takes. Any thread. */
SfuLibraryModel *sfu_library_model_new (const char *path);
const char *sfu_library_model_path (SfuLibraryModel *self);
const char *sfu_library_model_title (SfuLibraryModel *self);
const char *sfu_library_model_family (SfuLibraryModel *self); /* "Stable Diffusion 1.x"; "" if it cannot be used */
const char *sfu_library_model_badge (SfuLibraryModel *self);  /* the same, short: "SD 1.x" */
guint64 sfu_library_model_bytes (SfuLibraryModel *self);      /* on disk */
/* Device memory that its weights take, in 16 bits or as exact as the file is. */
guint64 sfu_library_model_device_bytes (SfuLibraryModel *self, gboolean exact);
guint sfu_library_model_side (SfuLibraryModel *self);         /* pixels of the pictures it was made for */
guint sfu_library_model_n_branches (SfuLibraryModel *self);   /* of its UNet, for DeepCache; 0 if it cannot be used */
const char *sfu_library_model_scheduler (SfuLibraryModel *self); /* its own, a name of sfu_scheduler_names() */
const GError *sfu_library_model_error (SfuLibraryModel *self); /* why it cannot be used; NULL: it can */
gboolean sfu_library_model_is_gone (SfuLibraryModel *self);
/* Looks whether the file is still there, and notifies "gone". */
void sfu_library_model_check (SfuLibraryModel *self);
/* The tokenizer that belongs to it, made when first asked for. Never NULL for a model that can be used. */
struct _SfuTokenizer *sfu_library_model_tokenizer (SfuLibraryModel *self);

#define SFU_TYPE_LIBRARY (sfu_library_get_type ())
G_DECLARE_FINAL_TYPE (SfuLibrary, sfu_library, SFU, LIBRARY, GObject)

/* @folders: (array zero-terminated=1): looked through two levels deep. @files: (array zero-terminated=1): single models. */
SfuLibrary *sfu_library_new (const char *const *folders, const char *const *files);
void sfu_library_set_folders (SfuLibrary *self, const char *const *folders);
void sfu_library_rescan (SfuLibrary *self);
/* Looks at one model now and lists it; blocks for as long as reading its headers takes. */
SfuLibraryModel *sfu_library_add (SfuLibrary *self, const char *path);
/* By path, else by file name or title. Returns: (transfer none) (nullable). */
SfuLibraryModel *sfu_library_find (SfuLibrary *self, const char *name);

G_END_DECLS
