/* sfu-texture.h: pixels as GTK draws them. Main thread. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-image.h"

/* Shares the image's memory, without a copy. */
GdkTexture *sfu_texture_new (SfuImage *image);
