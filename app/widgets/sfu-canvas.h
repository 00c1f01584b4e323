/* sfu-canvas.h: the picture on its mat: zoom, pan, compare; an empty sheet of paper where there is none yet.
 *
 * Properties: "zoom" (picture pixels to device pixels, 1 is 100 %), "fitting". Its
 * size never depends on the picture. Left drag pans where the picture is larger than the view. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SFU_TYPE_CANVAS (sfu_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SfuCanvas, sfu_canvas, SFU, CANVAS, GtkWidget)

typedef enum { SFU_MAT_STYLE, SFU_MAT_LIGHT, SFU_MAT_MIDDLE, SFU_MAT_BLACK } SfuMat;

/* @texture: (nullable): NULL shows the paper. Zoom and place are kept if the size is the same. */
void sfu_canvas_set_texture (SfuCanvas *self, GdkTexture *texture);
/* The same picture in another state: @width x @height are the picture's, whatever the texture has. */
void sfu_canvas_set_preview (SfuCanvas *self, GdkTexture *texture, guint width, guint height);
GdkTexture *sfu_canvas_texture (SfuCanvas *self);
/* Shape of the empty paper, in pixels of the picture to come. */
void sfu_canvas_set_paper (SfuCanvas *self, guint width, guint height);
/* What lies on the empty paper. */
void sfu_canvas_set_placeholder (SfuCanvas *self, GtkWidget *child);

/* A second picture, left of a divider; the labels say what differs. @texture NULL: no comparison.
 * While it lasts Left, Right, Home and End move the divider. */
void sfu_canvas_compare (SfuCanvas *self, GdkTexture *texture, const char *left, const char *right);
gboolean sfu_canvas_is_comparing (SfuCanvas *self);
/* Shows one of the two whole, then the other. */
void sfu_canvas_flip (SfuCanvas *self);
/* Both beside each other, with the same zoom and place; or the divider again. */
void sfu_canvas_toggle_side_by_side (SfuCanvas *self);

double sfu_canvas_get_zoom (SfuCanvas *self);
void sfu_canvas_zoom_to (SfuCanvas *self, double zoom);
void sfu_canvas_zoom_by (SfuCanvas *self, double factor);
void sfu_canvas_fit (SfuCanvas *self);
/* The whole picture is in view, so that a drag can take it out. */
gboolean sfu_canvas_shows_all (SfuCanvas *self);

void sfu_canvas_set_mat (SfuCanvas *self, SfuMat mat);
/* Enlarged pixels are blended instead of square. */
void sfu_canvas_set_smooth (SfuCanvas *self, gboolean smooth);

G_END_DECLS
