/* sfu-gallery.h: the page with all pictures, to look through, search and clear up. */
#pragma once

#include <adwaita.h>

#include "sfu-window.h"

G_BEGIN_DECLS

#define SFU_TYPE_GALLERY (sfu_gallery_get_type ())
G_DECLARE_FINAL_TYPE (SfuGallery, sfu_gallery, SFU, GALLERY, AdwNavigationPage)

/* @search: with the search open. Actions: gallery.search, .favourite, .delete, .export, .compare, .select-all, .show. */
SfuGallery *sfu_gallery_new (SfuWindow *window, gboolean search);

G_END_DECLS
