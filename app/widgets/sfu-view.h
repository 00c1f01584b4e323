/* sfu-view.h: where a picture lies in a view that is zoomed and panned. Numbers only, no widget. Test: tests/view.c. */
#pragma once

#include <graphene.h>
#include <glib.h>

G_BEGIN_DECLS

#define SFU_VIEW_MARGIN 20 /* of mat around a picture, at the least */

typedef struct {
  double width, height; /* of the view, in its own units, which coordinates are in */
  double scale;         /* device pixels a unit */
  guint picture_width, picture_height;

  gboolean fitting;     /* as large as the view allows; what follows counts otherwise */
  double zoom;          /* device pixels a picture pixel */
  double x, y;          /* picture pixels in the middle of the view */
} SfuView;

/* Fitting is 100 % where that is nearly so, for exact pixels. */
double sfu_view_zoom (const SfuView *self);
/* Where the picture lies, on the device's pixel grid. */
graphene_rect_t sfu_view_rect (const SfuView *self);
gboolean sfu_view_shows_all (const SfuView *self);

/* Puts another place of the picture in the middle. */
void sfu_view_look_at (SfuView *self, double x, double y);
/* Zooms so that what is at (@x, @y) of the view stays there. Between 5 % and 3200 %. */
void sfu_view_zoom_at (SfuView *self, double zoom, double x, double y);
double sfu_view_clamp_zoom (double zoom);

G_END_DECLS
