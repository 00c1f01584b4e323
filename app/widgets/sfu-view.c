#include "sfu-view.h"

#include <math.h>

#define MIN_ZOOM 0.05
#define MAX_ZOOM 32.0
/* A picture that would be enlarged by less than this keeps its pixels. */
#define NEARLY_ONE 1.09
/* What a fitting picture may use of a view that is hardly there. */
#define MIN_SPACE 16

static double
fit_zoom (const SfuView *self)
{
  double w = MAX (self->width - 2 * SFU_VIEW_MARGIN, MIN_SPACE) * self->scale;
  double h = MAX (self->height - 2 * SFU_VIEW_MARGIN, MIN_SPACE) * self->scale;
  double zoom = MIN (w / MAX (self->picture_width, 1), h / MAX (self->picture_height, 1));
  return zoom >= 1.0 && zoom <= NEARLY_ONE ? 1.0 : zoom;
}

double
sfu_view_zoom (const SfuView *self)
{
  return self->fitting ? fit_zoom (self) : self->zoom;
}

/* Where @length begins in @space if its place @at is in the middle: centred where all of it is in view, with a margin at most else. */
static double
origin (const SfuView *self, double space, double length, double at)
{
  if (self->fitting || length <= space)
    return (space - length) / 2;
  return CLAMP (space / 2 - at, space - length - SFU_VIEW_MARGIN, SFU_VIEW_MARGIN);
}

graphene_rect_t
sfu_view_rect (const SfuView *self)
{
  double zoom = sfu_view_zoom (self) / self->scale;
  double w = self->picture_width * zoom, h = self->picture_height * zoom;
  double x = origin (self, self->width, w, self->x * zoom), y = origin (self, self->height, h, self->y * zoom);
  return GRAPHENE_RECT_INIT (round (x * self->scale) / self->scale, round (y * self->scale) / self->scale, w, h);
}

gboolean
sfu_view_shows_all (const SfuView *self)
{
  graphene_rect_t r = sfu_view_rect (self);
  return r.size.width <= self->width && r.size.height <= self->height;
}

void
sfu_view_look_at (SfuView *self, double x, double y)
{
  self->x = CLAMP (x, 0, self->picture_width);
  self->y = CLAMP (y, 0, self->picture_height);
}

double
sfu_view_clamp_zoom (double zoom)
{
  return CLAMP (zoom, MIN_ZOOM, MAX_ZOOM);
}

void
sfu_view_zoom_at (SfuView *self, double zoom, double x, double y)
{
  graphene_rect_t r = sfu_view_rect (self);
  double before = sfu_view_zoom (self) / self->scale, after;
  self->fitting = FALSE;
  self->zoom = sfu_view_clamp_zoom (zoom);
  after = self->zoom / self->scale;
  sfu_view_look_at (self, (x - r.origin.x) / before - (x - self->width / 2) / after, (y - r.origin.y) / before - (y - self->height / 2) / after);
}
