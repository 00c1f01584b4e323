/* sfu-picture-content.h: pictures on their way out of the window, by drag or clipboard: whoever takes them takes
 * what suits. */
#pragma once

#include <gtk/gtk.h>

#include "sfu-picture.h"

/* @pictures: (element-type SfuPicture): one goes as file, as PNG with its settings and as pixels, several as files.
 * @texture: (nullable): the pixels, where they are at hand. Returns NULL if there is nothing. */
GdkContentProvider *sfu_picture_content_new (GPtrArray *pictures, GdkTexture *texture);

/* Makes @widget a place to drag from. @prepare gives the pictures: (element-type SfuPicture) (transfer full). */
void sfu_picture_content_add_drag (GtkWidget *widget, GPtrArray *(*prepare) (GtkWidget *widget, gpointer data), gpointer data);
